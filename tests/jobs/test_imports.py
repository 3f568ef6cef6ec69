"""An import from its file to its tickets, interrupted in every way."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from helpdesk.adapters.import_files import bad_rows_file, count_units, read_units
from helpdesk.domain.imports import ORDERS, TICKETS
from helpdesk.domain.problems import Problem
from helpdesk.jobs.import_file import work_off
from helpdesk.jobs.resume_imports import resume_imports
from helpdesk.models import Order, OrderLine, Ticket
from helpdesk.queries.imports import ImportRun, bad_rows, import_run
from helpdesk.services import imports
from helpdesk.services.imports import LEASE_SECONDS, Progress
from helpdesk.storage import session, unit_of_work
from tests.factories import World

OPTIONS = {"shop": "main", "channel": "tmall", "created_at": "column", "map": {}}
ROWS = 120


@pytest.fixture
def content() -> bytes:
    """120 rows: two full batches and a part of a third."""
    return ("编号,内容\n" + "".join(f"m{n},发错货了 {n}\n" for n in range(ROWS))).encode("gb18030")


def create(world: World, now: datetime, content: bytes, *, kind: str = TICKETS, name: str = "t.csv") -> int:
    total = count_units(kind, name, content, OPTIONS)
    with unit_of_work():
        return imports.create_run(
            kind, name=name, content=content, options=OPTIONS, total=total, actor=world.actors.system, now=now
        )


def tickets() -> int:
    return session().execute(select(func.count()).select_from(Ticket)).scalar_one()


def run_of(run_id: int) -> ImportRun:
    with unit_of_work():
        return import_run(run_id)


def test_a_file_becomes_tickets_and_each_commit_is_reported(world: World, now: datetime, content: bytes) -> None:
    run_id = create(world, now, content)
    reported: list[tuple[int, int]] = []

    def committed(progress: Progress) -> None:
        reported.append((progress.done, tickets()))

    assert work_off(run_id, holder="one", clock=lambda: now, committed=committed)
    assert reported == [(50, 50), (100, 100), (120, 120)]
    run = run_of(run_id)
    assert (run.state, run.done, run.total, run.figures) == ("done", 120, 120, {"created": 120})


def test_a_finished_file_creates_nothing_however_often_it_is_worked_off(
    world: World, now: datetime, content: bytes
) -> None:
    run_id = create(world, now, content)
    work_off(run_id, holder="one", clock=lambda: now)
    assert create(world, now, content) == run_id
    assert not work_off(run_id, holder="two", clock=lambda: now)
    assert resume_imports(lambda: now, "two") == 0
    assert tickets() == ROWS


def test_a_run_whose_process_died_is_resumed_where_it_stood(world: World, now: datetime, content: bytes) -> None:
    run_id = create(world, now, content)

    def die(_progress: Progress) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        work_off(run_id, holder="dying", clock=lambda: now, committed=die)
    assert resume_imports(lambda: now + timedelta(seconds=LEASE_SECONDS - 1), "two") == 0
    assert resume_imports(lambda: now + timedelta(seconds=LEASE_SECONDS), "two") == 1
    assert resume_imports(lambda: now + timedelta(hours=26), "two") == 0
    run = run_of(run_id)
    assert (run.state, run.figures, tickets()) == ("done", {"created": 120}, ROWS)


def test_a_stopping_worker_gives_the_run_back_at_once(world: World, now: datetime, content: bytes) -> None:
    run_id = create(world, now, content)
    answers = iter([False, True])
    assert work_off(run_id, holder="one", clock=lambda: now, stopping=lambda: next(answers))
    assert (run_of(run_id).state, run_of(run_id).done) == ("waiting", 50)
    assert resume_imports(lambda: now, "two") == 1
    assert tickets() == ROWS


def test_a_lost_database_leaves_the_run_to_be_resumed(
    world: World, now: datetime, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = create(world, now, content)

    def lost(*_args: object, **_more: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("gone"))

    with monkeypatch.context() as patch:
        patch.setattr(imports, "work_batch", lost)
        with pytest.raises(OperationalError):
            work_off(run_id, holder="one", clock=lambda: now)
    assert run_of(run_id).state == "running"
    assert resume_imports(lambda: now + timedelta(minutes=1), "two") == 1
    assert tickets() == ROWS


def test_a_mistake_of_the_program_fails_the_run_and_no_other(
    world: World, now: datetime, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, other = create(world, now, content), create(world, now, b"text\nhello\n")
    work_batch = imports.work_batch

    def sometimes(run: Progress, *args: object, **more: object) -> Progress:
        if run.run_id == failing and run.done == 50:
            raise ZeroDivisionError
        return work_batch(run, *args, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(imports, "work_batch", sometimes)
        assert resume_imports(lambda: now, "one") == 1
    assert (run_of(failing).state, run_of(failing).done, run_of(other).state) == ("failed", 50, "done")
    assert resume_imports(lambda: now + timedelta(hours=1), "one") == 0
    create(world, now, content)
    assert resume_imports(lambda: now, "one") == 1
    assert tickets() == ROWS + 1


def test_two_processes_share_a_file_without_doubling_a_row(world: World, now: datetime, content: bytes) -> None:
    """While one is between two batches its lease runs out and another finishes the file."""
    run_id = create(world, now, content)

    def overtaken(progress: Progress) -> None:
        if progress.done == 50:
            work_off(run_id, holder="two", clock=lambda: now + timedelta(minutes=1))

    assert not work_off(run_id, holder="one", clock=lambda: now, committed=overtaken)
    assert (run_of(run_id).state, tickets()) == ("done", ROWS)


def test_rows_of_one_order_belong_together_wherever_they_stand(world: World, now: datetime) -> None:
    content = "订单号,商品名称,数量\nE-1,保温杯,1\nE-2,雨伞,1\nE-1,杯刷,2\n,无主,1\n".encode()
    run_id = create(world, now, content, kind=ORDERS)
    work_off(run_id, holder="one", clock=lambda: now)
    lines = session().execute(
        select(Order.number, OrderLine.name, OrderLine.quantity)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .order_by(Order.number, OrderLine.position)
    )
    assert [tuple(line) for line in lines] == [("E-1", "保温杯", 1), ("E-1", "杯刷", 2), ("E-2", "雨伞", 1)]
    assert run_of(run_id).figures == {"created": 2, "bad": 1}


def test_the_same_rows_as_csv_excel_and_jsonl_are_the_same_tickets(world: World, now: datetime) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (["编号", "内容"], ["m1", "发错货了"]):
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    files = {
        "t.csv": "编号,内容\nm1,发错货了\n".encode(),
        "t.xlsx": out.getvalue(),
        "t.jsonl": '{"编号": "m1", "内容": "发错货了"}\n'.encode(),
    }
    for name, content in files.items():
        work_off(create(world, now, content, name=name), holder="one", clock=lambda: now)
    assert tickets() == 1


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        (TICKETS, "标题,电话\n你好,138\n", "import.column_missing"),
        (TICKETS, "内容,问题描述\na,b\n", "import.column_twice"),
        (ORDERS, "商品,数量\n杯,1\n", "import.column_missing"),
        (TICKETS, '内容\n"没有结束\n', "import.bad_csv"),
    ],
)
def test_a_bad_file_is_refused_before_anything_is_stored(
    world: World, now: datetime, kind: str, content: str, code: str
) -> None:
    with pytest.raises(Problem) as refused:
        create(world, now, content.encode(), kind=kind)
    assert refused.value.code == code


def test_bad_rows_come_back_as_they_were_and_can_be_imported_when_corrected(world: World, now: datetime) -> None:
    content = "内容,店铺,备注\n发错货了,,=1+1\n少发一件,nowhere,=2+2\n".encode()
    run_id = create(world, now, content)
    work_off(run_id, holder="one", clock=lambda: now)
    reasons = {bad.row: bad.code for bad in bad_rows(run_id)}
    written = bad_rows_file("t.csv", content, read_units(TICKETS, "t.csv", content, OPTIONS), reasons)
    assert written.decode("utf-8-sig").splitlines() == [
        "内容,店铺,备注,_row,_problem",
        "少发一件,nowhere,'=2+2,3,import.unknown_shop",
    ]
    corrected = written.replace(b"nowhere", b"second")
    work_off(create(world, now, corrected), holder="one", clock=lambda: now)
    assert tickets() == 2


def test_bad_rows_of_jsonl_stay_jsonl(world: World, now: datetime) -> None:
    content = b'{"text": "ok"}\n{"text": ""}\n{broken\n'
    run_id = create(world, now, content, name="t.jsonl")
    work_off(run_id, holder="one", clock=lambda: now)
    reasons = {bad.row: bad.code for bad in bad_rows(run_id)}
    written = bad_rows_file("t.jsonl", content, read_units(TICKETS, "t.jsonl", content, OPTIONS), reasons)
    assert written.decode().splitlines() == [
        '{"text": "", "_row": 2, "_problem": "ticket.text_required"}',
        '{"line": "{broken", "_row": 3, "_problem": "import.bad_json"}',
    ]
