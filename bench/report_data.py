"""Months of tickets as the report sees them: rows of tickets, their facts, sums, and closed months.

Written by the database itself from a few hundred prototypes and a table of five-minute slots, so that a million
tickets take a minute. The last month is the running one; all others are closed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select, text

from bench import seed
from helpdesk import timesource
from helpdesk.domain.access import Actor, Role
from helpdesk.domain.clocks import FAR_FUTURE
from helpdesk.domain.reports import bin_of
from helpdesk.models import Channel, Queue, ReportFact, Shop, Ticket, User, UserSession
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import report_proof
from helpdesk.queries.actors import system_actor
from helpdesk.services import report_months, report_sums
from helpdesk.services.sessions import token_hash
from helpdesk.storage import Base, UTCDateTime, is_postgresql, session, unit_of_work
from seeds import base

ZONE = ZoneInfo("Asia/Shanghai")
MONTHS = 24
SLOT = 300
PROTOTYPES = 997
AGENTS = 40
WAREHOUSES = ("", "华东仓", "华南仓", "华北仓", "西南仓")
COURIERS = ("", "顺丰", "中通", "圆通", "韵达", "极兔")
PARTIES = ("warehouse", "courier", "customer_service", "supplier")
ARTICLES = 3_000
TABLES = MetaData()
SLOTS = Table(
    "bench_slot", TABLES,
    Column("n", Integer, primary_key=True), Column("at", UTCDateTime), Column("day", Date), Column("hour", Integer),
)  # fmt: skip
KINDS = Table(
    "bench_kind", TABLES,
    Column("n", Integer, primary_key=True), Column("lag", Integer), Column("type", String), Column("klass", String),
    *(Column(name, Integer) for name in ("channel_id", "queue_id", "agent_id", "wall", "work", "wall_bin", "work_bin")),
    *(Column(name, Integer) for name in ("first_ok", "solution_ok", "queue_ok", "reopened", "money_fen", "own")),
    *(Column(name, String) for name in ("warehouse", "courier", "queue", "party")),
)  # fmt: skip
NUMBERS = Table("bench_number", TABLES, Column("n", Integer, primary_key=True), Column("slot", Integer))


@dataclass(frozen=True, slots=True)
class World:
    """What the rows point at, and the first days of the months that are filled."""

    months: tuple[date, ...]
    shop: int
    rule_version: int


def plant(size: int) -> None:
    """Fill a migrated, empty database."""
    with unit_of_work():
        base.plant(timesource.now())
    with unit_of_work():
        world = _world()
    with unit_of_work() as work:
        TABLES.create_all(work.connection())
        _keys_off()
        _prepare(world, size)
        _tickets(world)
        _facts(world)
    with unit_of_work():
        TABLES.drop_all(session().connection())
        found = report_proof.proof()
        report_sums.rewrite(found.days, found.parts)
    _analyse()
    actor = system_actor("bench")
    for month in world.months[:-1]:
        with unit_of_work():
            report_months.close(month, actor=actor, now=timesource.now())


def months() -> tuple[date, ...]:
    """The running month and those before it."""
    found = [timesource.now().astimezone(ZONE).date().replace(day=1)]
    while len(found) < MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return tuple(reversed(found))


def _world() -> World:
    shop = session().scalars(select(Shop.id).order_by(Shop.id)).first() or 0
    now = timesource.now()
    ops = User(login=seed.OPS, name=seed.OPS, role=Role.OPS.value, created_at=now)
    session().add(ops)
    session().add_all(User(login=f"p{n}", name=f"p{n}", role=Role.AGENT.value, created_at=now) for n in range(AGENTS))
    session().flush()
    session().add(
        UserSession(
            token_hash=token_hash(seed.token(seed.OPS)), user_id=ops.id, created_at=now, seen_at=now,
            expires_at=now + timedelta(days=30), address="127.0.0.1", agent="bench",
        )
    )  # fmt: skip
    return World(months(), shop, published_rulebook().version)


def ops() -> Actor:
    """Who looks at the reports."""
    return Actor(session().scalars(select(User.id).where(User.login == seed.OPS)).one(), Role.OPS)


def _keys_off() -> None:
    """What the database makes of its own rows need not be checked row by row."""
    if is_postgresql():
        session().execute(text("SET LOCAL session_replication_role = replica"))


def _prepare(world: World, size: int) -> None:
    begin = datetime.combine(world.months[0], datetime.min.time(), ZONE).astimezone(UTC)
    slots = int((timesource.now() - begin).total_seconds()) // SLOT - 1
    session().execute(insert(SLOTS), list(_slots(begin, slots)))
    session().execute(insert(KINDS), list(_prototypes()))
    session().execute(
        text(
            "INSERT INTO bench_number (n, slot) WITH RECURSIVE counted(n) AS "
            "(SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :size) "
            "SELECT n, CAST(n AS BIGINT) * :slots / :size FROM counted"
        ),
        {"size": size, "slots": slots - 1},
    )


def _slots(begin: datetime, many: int) -> Iterator[dict[str, Any]]:
    for n in range(many):
        at = begin + timedelta(seconds=n * SLOT)
        local = at.astimezone(ZONE)
        yield {"n": n, "at": at, "day": local.date(), "hour": local.hour}


def _prototypes() -> Iterator[dict[str, Any]]:
    dice = random.Random(1)
    types = [(code, kind.klass.value) for code, kind in published_rulebook().types.items()]
    queues = session().execute(select(Queue.id, Queue.code).order_by(Queue.id)).all()
    channels = list(session().scalars(select(Channel.id).order_by(Channel.id)))
    agents = list(session().scalars(select(User.id).where(User.role == Role.AGENT.value)))
    for n in range(PROTOTYPES):
        number = min(len(types) - 1, int(dice.expovariate(0.2)))
        type, klass = types[number]
        queue = queues[number % len(queues)]
        lag = max(1, min(3_000, int(dice.lognormvariate(4.2, 1.0))))
        wall = lag * SLOT
        work = wall * dice.randint(20, 90) // 100
        yield {
            "n": n, "lag": lag, "type": type, "klass": klass,
            "channel_id": dice.choice(channels), "queue_id": queue.id, "agent_id": dice.choice(agents),
            "wall": wall, "work": work, "wall_bin": bin_of(wall), "work_bin": bin_of(work),
            "first_ok": int(dice.random() < 0.9), "solution_ok": int(dice.random() < 0.85),
            "queue_ok": int(dice.random() < 0.8), "reopened": int(dice.random() < 0.06),
            "money_fen": dice.randint(100, 5_000) if dice.random() < 0.2 else 0,
            "own": wall * dice.randint(30, 90) // 100,
            "warehouse": dice.choice(WAREHOUSES), "courier": dice.choice(COURIERS), "queue": queue.code,
            "party": dice.choice(PARTIES),
        }  # fmt: skip


FROM = "FROM bench_number b JOIN bench_kind k ON k.n = b.n % 997 JOIN bench_slot o ON o.n = b.slot"
RESOLVED = "bench_slot r ON r.n = b.slot + k.lag"


def _tickets(world: World) -> None:
    """Closed ones, and those open that are not resolved by now."""
    given = {
        "id": "b.n", "number": "'EX-' || CAST(b.n AS VARCHAR)", "shop_id": ":shop", "channel_id": "k.channel_id",
        "queue_id": "k.queue_id", "owner_id": "k.agent_id", "subject": "'颜色发错了'", "type": "k.type",
        "klass": "k.klass", "tier": "'auto'", "rule_version": ":rules", "created_at": "o.at",
        "last_customer_message_at": "o.at", "first_resolved_at": "r.at", "resolved_at": "r.at", "burns_at": ":far",
        "status": "CASE WHEN r.at IS NULL THEN 'open' ELSE 'closed' END",
    }  # fmt: skip
    values = {"shop": world.shop, "rules": world.rule_version, "far": _instant(FAR_FUTURE)}
    _insert(Ticket, given, f"{FROM} LEFT JOIN {RESOLVED}", values)


def _facts(world: World) -> None:
    """Ids: three for each ticket."""
    shared = {
        "item_id": "0", "shop_id": ":shop", "channel_id": "k.channel_id", "queue_id": "k.queue_id",
        "agent_id": "k.agent_id", "type": "k.type", "klass": "k.klass", "rule_version": ":rules",
        "warehouse": "k.warehouse", "courier": "k.courier", "ticket_id": "b.n",
    }  # fmt: skip
    zeros = {column.name: "0" for column in ReportFact.__table__.columns if column.name.endswith(("_n", "_ok"))}
    zeros |= dict.fromkeys(("wall_seconds", "work_seconds", "reopened", "money_fen"), "0")
    opened = {"at": "o.at", "day": "o.day", "hour": "o.hour"}
    resolved = {"at": "r.at", "day": "r.day", "hour": "r.hour"} | {
        "wall_seconds": "k.wall", "work_seconds": "k.work", "wall_bin": "k.wall_bin", "work_bin": "k.work_bin",
        "first_n": "1", "first_ok": "k.first_ok", "solution_n": "1", "solution_ok": "k.solution_ok",
        "queue_n": "1", "queue_ok": "k.queue_ok", "reopened": "k.reopened",
    }  # fmt: skip
    values = {"shop": world.shop, "rules": world.rule_version}
    base = zeros | shared
    _insert(ReportFact, base | opened | {"id": "3 * b.n", "side": "'opened'"}, FROM, values)
    done = f"{FROM} JOIN {RESOLVED}"
    _insert(ReportFact, base | resolved | {"id": "3 * b.n + 1", "side": "'resolved'"}, done, values)
    paid = {"id": "3 * b.n + 2", "side": "'money'", "item_id": "b.n", "money_fen": "k.money_fen"}
    _insert(ReportFact, base | opened | paid, f"{FROM} WHERE k.money_fen > 0", values)
    for who, seconds in (("k.queue", "k.own"), ("'customer'", "k.wall - k.own")):
        _plain("report_fact_time", "fact_id, who, seconds", f"3 * b.n + 1, {who}, {seconds}", done)
    _plain("report_fact_party", "fact_id, party, percent", "3 * b.n + 1, k.party, 100", f"{done} WHERE b.n % 3 > 0")
    article = f"'SKU-' || CAST(CAST(b.n AS BIGINT) * 7919 % {ARTICLES} AS VARCHAR)"
    _plain("report_ticket_sku", "ticket_id, sku, batch, counts", f"b.n, {article}, '', true", FROM)
    if is_postgresql():
        for table in ("ticket", "report_fact"):
            session().execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))  # noqa: S608  names of its own


def _insert(model: type[Base], given: dict[str, str], source: str, values: dict[str, Any]) -> None:
    """Columns that are not given take their default, as the program would."""
    columns = {**{column.name: _default(column) for column in model.__table__.columns}, **given}
    names = ", ".join(f'"{name}"' for name in columns)
    session().execute(
        text(f"INSERT INTO {model.__tablename__} ({names}) SELECT {', '.join(columns.values())} {source}"), values
    )


def _default(column: Any) -> str:
    value = column.default.arg if column.default is not None and column.default.is_scalar else None
    if isinstance(value, bool):
        return str(value).lower()
    return "NULL" if value is None else repr(value)


def _plain(table: str, columns: str, values: str, source: str) -> None:
    session().execute(text(f"INSERT INTO {table} ({columns}) SELECT {values} {source}"))


def _instant(at: datetime) -> Any:
    return at if is_postgresql() else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _analyse() -> None:
    with unit_of_work():
        session().execute(text("ANALYZE"))
