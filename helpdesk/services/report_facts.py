"""Keep the report's facts and sums in step with the tickets.

Whoever changes a ticket leaves a mark (``mark``) in his transaction. ``store`` takes up what the marked tickets tell,
replaces their facts, adds the difference to the sums, and removes the marks: one transaction, so that sums are at any
time those of the facts. What counts in a closed month stays there as it was, and counts nowhere else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Insert, delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from helpdesk.domain.reports import SUMMED, DayKey, Fact, PartKey, Side, bin_of, day_sums, month_parts
from helpdesk.models import (
    ReportDay,
    ReportDue,
    ReportFact,
    ReportFactParty,
    ReportFactTime,
    ReportMonth,
    ReportPart,
    ReportTicketSku,
    Ticket,
)
from helpdesk.storage import Base, insert_all_once, is_postgresql, session

FactKey = tuple[int, Side, int]
"""Ticket, side, item: what a fact is unique by."""

COLUMNS = tuple(one.name for one in fields(Fact) if one.name not in ("side", "time", "parties"))


def mark(ticket_id: int) -> None:
    """Something that the report counts may have changed on this ticket. Once is enough until it is written."""
    waiting = session().new
    if not any(isinstance(row, ReportDue) and row.ticket_id == ticket_id for row in waiting):
        session().add(ReportDue(ticket_id=ticket_id))


def mark_all(ticket_ids: Iterable[int]) -> None:
    """``mark`` for many."""
    insert_all_once(ReportDue, [{"ticket_id": ticket_id} for ticket_id in dict.fromkeys(ticket_ids)])


def mark_order(order_id: int) -> None:
    """The order's warehouse, parcels or articles changed: that concerns all tickets on it."""
    mark_all(session().scalars(select(Ticket.id).where(Ticket.order_id == order_id)))


def store(
    facts: Sequence[Fact],
    articles: Mapping[int, Collection[tuple[str, str]]],
    due: Sequence[tuple[int, int]],
) -> int:
    """Take up what tickets tell: ``facts`` and ``articles`` were read after the marks ``due`` (id, ticket).

    A ticket with a mark that is gone is left out: somebody else has read it later. Returns how many tickets were
    taken up.
    """
    tickets = _still_due(due)
    closed = frozenset(session().scalars(select(ReportMonth.month).with_for_update(read=True)))
    stored = {(fact.ticket_id, fact.side, fact.item_id): (id, fact) for id, fact in stored_facts(tickets)}
    frozen = {key for key, (_id, fact) in stored.items() if fact.month in closed}
    told = {
        key: fact
        for fact in facts
        if fact.ticket_id in tickets
        and fact.month not in closed
        and (key := (fact.ticket_id, fact.side, fact.item_id)) not in frozen
    }
    old = {key: found for key, found in stored.items() if key not in frozen and found[1] != told.get(key)}
    new = [fact for key, fact in told.items() if key not in stored or key in old]
    replace(old.values(), new)
    untouched = tickets - {ticket_id for ticket_id, _side, _item in frozen}
    keep_articles({ticket_id: set(articles.get(ticket_id, ())) for ticket_id in untouched})
    session().execute(delete(ReportDue).where(ReportDue.id.in_([id for id, _ticket in due])))
    return len(tickets)


def hold_still() -> None:
    """Nobody counts or closes until the end of the transaction: what is read now stays true.

    Pages go on reading; SQLite has one writer at a time anyway.
    """
    if is_postgresql():
        session().execute(text("LOCK TABLE report_month IN EXCLUSIVE MODE"))


def replace(old: Iterable[tuple[int, Fact]], new: Sequence[Fact]) -> None:
    """Put facts in the place of stored ones (row id, fact), and keep the sums in step."""
    old = list(old)
    _remove([id for id, _fact in old])
    _insert(new)
    gone = [fact for _id, fact in old]
    days, parts = day_sums(new), month_parts(new)
    days.subtract(day_sums(gone))
    parts.subtract(month_parts(gone))
    _add_days(days)
    _add_parts(parts)


def stored_facts(ticket_ids: Collection[int]) -> Iterator[tuple[int, Fact]]:
    """(row id, fact) of these tickets."""
    rows = session().execute(select(ReportFact.__table__).where(ReportFact.ticket_id.in_(ticket_ids))).mappings().all()
    ids = [row["id"] for row in rows]
    time: defaultdict[int, dict[str, int]] = defaultdict(dict)
    parties: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for id, who, seconds in session().execute(
        select(ReportFactTime.fact_id, ReportFactTime.who, ReportFactTime.seconds).where(
            ReportFactTime.fact_id.in_(ids)
        )
    ):
        time[id][who] = seconds
    for id, party, percent in session().execute(
        select(ReportFactParty.fact_id, ReportFactParty.party, ReportFactParty.percent).where(
            ReportFactParty.fact_id.in_(ids)
        )
    ):
        parties[id][party] = percent
    for row in rows:
        values = {name: row[name] for name in COLUMNS}
        yield row["id"], Fact(side=Side(row["side"]), time=time[row["id"]], parties=parties[row["id"]], **values)


def _still_due(due: Sequence[tuple[int, int]]) -> frozenset[int]:
    """The tickets all of whose marks are still there."""
    ids = [id for id, _ticket in due]
    there = set(session().scalars(select(ReportDue.id).where(ReportDue.id.in_(ids)).with_for_update()))
    taken = {ticket_id for id, ticket_id in due if id not in there}
    return frozenset(ticket_id for _id, ticket_id in due) - taken


def _remove(ids: Sequence[int]) -> None:
    if ids:  # the times and shares go with them
        session().execute(delete(ReportFact).where(ReportFact.id.in_(ids)))


def _insert(facts: Sequence[Fact]) -> None:
    if not facts:
        return
    session().execute(insert(Base.metadata.tables[ReportFact.__tablename__]), [_row(fact) for fact in facts])
    key = (ReportFact.ticket_id, ReportFact.side, ReportFact.item_id)
    rows = session().execute(select(ReportFact.id, *key).where(ReportFact.ticket_id.in_({f.ticket_id for f in facts})))
    ids = {tuple(place): id for id, *place in rows}
    by_id = [(ids[fact.ticket_id, fact.side, fact.item_id], fact) for fact in facts]
    insert_all_once(
        ReportFactTime,
        [{"fact_id": id, "who": who, "seconds": n} for id, fact in by_id for who, n in fact.time.items()],
    )
    insert_all_once(
        ReportFactParty,
        [{"fact_id": id, "party": party, "percent": n} for id, fact in by_id for party, n in fact.parties.items()],
    )


def _row(fact: Fact) -> dict[str, Any]:
    resolved = fact.side is Side.RESOLVED
    return {
        "side": fact.side.value,
        **{name: getattr(fact, name) for name in COLUMNS},
        "wall_bin": bin_of(fact.wall_seconds) if resolved else None,
        "work_bin": bin_of(fact.work_seconds) if resolved else None,
    }


def _add_days(sums: Counter[DayKey]) -> None:
    """Add to the sums by day, in one order for everybody: two who do so at once wait, and don't block each other."""
    rows: defaultdict[tuple[str, date, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(SUMMED, 0))
    for (day, cut, value, name), amount in sums.items():
        if amount:
            rows[str(cut), day, value][name] = amount
    if not rows:
        return
    documents = [{"cut": cut, "day": day, "value": value, **rows[cut, day, value]} for cut, day, value in sorted(rows)]
    session().execute(_adding(ReportDay, SUMMED, is_postgresql()), documents)
    session().execute(
        delete(ReportDay).where(
            ReportDay.day.in_({day for _cut, day, _value in rows}),
            ReportDay.opened == 0,
            ReportDay.resolved == 0,
            ReportDay.money_n == 0,
        )
    )


def _add_parts(sums: Counter[PartKey]) -> None:
    rows = sorted(
        (str(cut), month, value, part, key, amount) for (month, cut, value, part, key), amount in sums.items() if amount
    )
    if not rows:
        return
    names = ("cut", "month", "value", "part", "key", "amount")
    documents = [dict(zip(names, row, strict=True)) for row in rows]
    session().execute(_adding(ReportPart, ("amount",), is_postgresql()), documents)
    session().execute(delete(ReportPart).where(ReportPart.month.in_({row[1] for row in rows}), ReportPart.amount == 0))


@cache
def _adding(model: type[Base], names: tuple[str, ...], postgresql: bool) -> Insert:
    """Insert, or add to the row that is there."""
    table = Base.metadata.tables[model.__tablename__]
    statement = (postgresql_insert if postgresql else sqlite_insert)(table)
    added = {name: table.c[name] + statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=added)


def keep_articles(wanted: Mapping[int, set[tuple[str, str]]]) -> None:
    """The (SKU, batch) of each ticket, written only where they differ."""
    stored: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    for row in session().execute(select(ReportTicketSku.__table__).where(ReportTicketSku.ticket_id.in_(wanted))):
        stored[row.ticket_id].add((row.sku, row.batch))
    changed = [ticket_id for ticket_id, articles in wanted.items() if articles != stored[ticket_id]]
    if not changed:
        return
    session().execute(delete(ReportTicketSku).where(ReportTicketSku.ticket_id.in_(changed)))
    insert_all_once(
        ReportTicketSku,
        [
            {"ticket_id": ticket_id, "sku": sku, "batch": batch, "counts": (sku, batch) in first}
            for ticket_id, first in ((one, _first_batches(wanted[one])) for one in changed)
            for sku, batch in sorted(wanted[ticket_id])
        ],
    )


def _first_batches(articles: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of each article, the batch by which its ticket counts."""
    return {(sku, min(batch for other, batch in articles if other == sku)) for sku, _batch in articles}
