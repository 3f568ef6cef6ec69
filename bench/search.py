"""How fast searching is: ``python -m bench.search [--sizes TICKETS …] [--folder FOLDER]``.

What ``bench.seed`` plants gets texts of its own, three to a ticket, made of some hundred pieces so that words are as
common or rare as in a shop; then they are indexed. Asked is what the page of results asks: tickets of that name or
number, the first page of texts that say it, and how many there are. Beside it stands LIKE on the same table.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from flask import Flask
from sqlalchemy import bindparam, func, select, text, update

from bench import seed
from bench.kept import planted
from helpdesk import create_app, timesource
from helpdesk.domain.access import Actor, Role
from helpdesk.domain.search_query import parse_query
from helpdesk.models import Message, User
from helpdesk.queries import search
from helpdesk.queries.search import Asked
from helpdesk.queries.search_names import named
from helpdesk.services import search_index
from helpdesk.storage import db, session, unit_of_work

SIZES = (100_000,)
LIMITS = {100_000: 10.0, 1_000_000: 30.0}
ROUNDS = 15
CHUNK = 20_000
NAMED_FIRST = 5

BEGINNINGS = (
    "你好", "您好", "在吗", "客服在不在", "请问一下", "急", "麻烦看看", "我是上周下的单", "又来打扰了", "怎么回事啊",
    "拍下三天了", "昨天刚收到", "第二次找你们了", "老顾客了", "帮我查一下", "不好意思",
)  # fmt: skip
THINGS = (
    "跑鞋", "羽绒服", "保温杯", "儿童餐椅", "蓝牙耳机", "空气炸锅", "行李箱", "牛仔裤", "床单四件套", "护手霜",
    "电饭煲", "台灯", "帆布包", "咖啡机", "瑜伽垫", "毛衣", "积木", "猫砂", "键盘", "珐琅锅",
)  # fmt: skip
MATTERS = (
    "快递停了四天一直没有更新",
    "收到的颜色和我选的不一样",
    "外包装压扁了里面也漏了",
    "少发了一件配件",
    "尺码发错了要换",
    "想改一下收货地址",
    "退款还没有到账",
    "买贵了能不能退差价",
    "发票抬头填错了要重开",
    "优惠券没有抵扣上",
    "显示签收了但是我没有收到",
    "一直不发货到底什么时候发",
    "用了两天就坏了",
    "说好的赠品没有给我",
    "运费多收了我的",
    "想取消订单不要了",
    "退货的运费谁出",
    "物流信息一直停在中转站",
    "保修卡没有放进来",
    "收到的是别人用过的",
)
ENDINGS = (
    "麻烦尽快处理一下", "请给我一个说法", "今天能解决吗", "等你们回复", "谢谢", "不然我要投诉了", "不行就退款吧",
    "拍了照片可以发给你", "在线等", "已经说了好几遍了", "什么时候能好", "我很着急用",
)  # fmt: skip
SAID = (
    "您好，已经在核实了，两小时内给您答复。",
    "已经联系仓库，今天补发，单号稍后发您。",
    "退款已经提交，一到三个工作日到账。",
    "实在抱歉，给您申请了补偿，您看可以吗？",
    "麻烦拍一下外箱和面单，我们马上处理。",
    "地址已经改好了，请放心。",
)


@dataclass(frozen=True, slots=True)
class Row:
    """Milliseconds of one kind of question, and of LIKE beside it."""

    what: str
    took: float
    cpu: float
    found: int
    beside: float | None
    limit: float | None

    @property
    def passed(self) -> bool:
        return self.limit is None or self.took <= self.limit

    def line(self) -> str:
        verdict = "    " if self.limit is None else "pass" if self.passed else "FAIL"
        bound = "" if self.limit is None else f"   at most {self.limit:g}"
        beside = "" if self.beside is None else f"   LIKE {self.beside:.1f}"
        took = f"{self.took:>7.1f} ms (cpu {self.cpu:.1f})"
        return f"  {verdict}  {self.what:<44} {took}{bound}{beside}   {self.found} shown"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="TICKETS", help="how many tickets")
    parser.add_argument("--folder", type=Path, help="keep filled databases here, and use them again")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        for size in options.sizes:
            app = filled(options.folder or Path(temporary), size)
            print(f"\n{size:,} tickets, {3 * size:,} messages", flush=True)
            with app.app_context():
                for row in asked(size):
                    print(row.line(), flush=True)
                    rows.append(row)
                db.engine.dispose()
    return 0 if all(row.passed for row in rows) else 1


def filled(store: Path, size: int) -> Flask:
    """The database in its folder, filled and indexed now if it isn't there."""
    folder = store / f"search-{size}"
    if folder.exists():
        return create_app(seed.settings(folder))
    folder.mkdir(parents=True)
    began = perf_counter()
    app = planted(folder, size, None)
    with app.app_context():
        _write_texts(3 * size)
        with unit_of_work():
            search_index.start_anew()
        while _built():
            pass
        with unit_of_work():
            session().execute(text("ANALYZE"))
    print(f"  {size:,} tickets filled and indexed in {perf_counter() - began:.0f} s", flush=True)
    return app


def _write_texts(many: int) -> None:
    """Ids of messages begin at three (``bench.seed``); those in the middle are ours."""
    table = Message.__table__
    statement = update(table).where(table.c.id == bindparam("key")).values(text=bindparam("words"))
    for low in range(3, many + 3, CHUNK):
        with unit_of_work() as work:
            rows = [{"key": n, "words": _said(n)} for n in range(low, min(low + CHUNK, many + 3))]
            work.connection().execute(statement, rows)


def _said(n: int) -> str:
    """Deterministic, and no two neighbours alike."""
    if n % 3 == 1:
        return SAID[n // 3 % len(SAID)]
    dice = n * 2_654_435_761 % 2**32
    thing = THINGS[dice % 211 % (len(THINGS) - 1) if dice % 997 else -1]  # the last one is rare
    parts = BEGINNINGS[dice % 16], f"买的{thing}{MATTERS[dice // 16 % 20]}", ENDINGS[dice // 320 % 12]
    number = f"，尾号{dice % 9_000 + 1_000}" if n % 5 == 0 else ""
    return "，".join(parts) + number


def _built() -> int:
    with unit_of_work():
        return search_index.build_some()


QUESTIONS = (
    ("a common word", "退款", True),
    ("two common words", "退款 羽绒服", True),
    ("a common sentence", "快递停了四天一直没有更新", True),
    ("a rare word", "珐琅锅", True),
    ("a number in few texts", "尾号4711", True),
    ("nothing", "宇宙飞船", True),
    ("a word under a filter", "状态:待客户 颜色", True),
    ("an order's number", "{order}", False),
    ("a ticket's number", "{number}", False),
    ("the end of a ticket's number", "{tail}", False),
)


def asked(size: int) -> Iterator[Row]:
    actor = Actor(session().scalars(select(User.id).where(User.login == seed.OPS)).one(), Role.OPS)
    number = session().scalar(text("SELECT number FROM ticket WHERE id = :id").bindparams(id=size // 2)) or ""
    values = {"order": seed.order_number(size // 3), "number": number, "tail": number[-6:]}
    for what, words, in_texts in QUESTIONS:
        words = words.format(**values)
        took, cpu, found = _timed(words, actor)
        beside = _like(words.split(":")[-1].split()[-1]) if in_texts else None
        yield Row(f"{what}: {words}", took, cpu, found, beside, LIMITS.get(size))


def _timed(words: str, actor: Actor) -> tuple[float, float, int]:
    """Medians in milliseconds, after one that doesn't count; how many tickets were shown."""
    seconds, computed, shown = [], [], 0
    query = parse_query(words, {"status": {"待客户": "pending_customer"}})
    for _ in range(ROUNDS + 1):
        db.session.remove()
        began, cpu = perf_counter(), process_time()
        question = Asked(query.terms, query.chosen)
        now = timesource.now()
        called = named(question, actor, now, size=NAMED_FIRST)
        page = search.page(question, actor, now)
        if page.older:
            search.count(question, actor, now)
        seconds.append(perf_counter() - began)
        computed.append(process_time() - cpu)
        shown = len(page.found) + len(called.found)
    return 1000 * median(seconds[1:]), 1000 * median(computed[1:]), shown


def _like(word: str) -> float:
    """The newest twenty messages that contain it, and how many there are up to a thousand, by looking at each text."""
    pattern = f"%{word}%"
    said = select(Message.ticket_id).where(Message.text.like(pattern))
    seconds = []
    for _ in range(3):
        began = perf_counter()
        session().execute(said.order_by(Message.id.desc()).limit(search.PAGE)).all()
        session().execute(select(func.count()).select_from(said.limit(search.MOST_COUNTED).subquery())).scalar()
        seconds.append(perf_counter() - began)
    return 1000 * median(seconds)


if __name__ == "__main__":
    sys.exit(main())
