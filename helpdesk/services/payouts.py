"""Payment files: what was agreed is handed to the bank or the platform once, and its result is entered.

A file takes in all agreed money that stands in no other file; its rows never change. What failed may stand in a
later one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select, update

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Conflict, Invalid, NotFound, Stale
from helpdesk.models import Compensation, Payout, PayoutBatch, Shop, Ticket
from helpdesk.models.promised import PAYOUTS
from helpdesk.services.events import record, record_all
from helpdesk.storage import insert_all_once, insert_once, session

MAX_KEY = 100
MOST_IN_FILE = 5_000


def export(key: str, *, shop_id: int | None = None, actor: Actor, now: datetime) -> int:
    """Make a payment file of what waits (of one shop, or of all); returns its id.

    ``key`` names this press of the button: the same one again gives the same file. Two at once never share a row:
    the rows are locked, and a payout that stands is unique per compensation. ``Conflict`` where nothing waits.
    """
    actor.require(Permission.MONEY_PAY)
    if not key or len(key) > MAX_KEY:
        raise Invalid("input.bad_value", field="key")
    known = session().scalar(select(PayoutBatch.id).where(PayoutBatch.key == key))
    if known is not None:
        return known
    due = _due(shop_id)
    if not due:
        raise Conflict("payout.nothing_due")
    batch_id = insert_once(
        PayoutBatch,
        key=key,
        number=_number(now),
        created_by_id=actor.id,
        created_at=now,
        rows=len(due),
        total_fen=sum(row.amount_fen for row in due),
        version=1,
    )
    if batch_id is None:
        raise Stale("payout.made_meanwhile")
    insert_all_once(
        Payout,
        [
            {
                "key": f"{batch_id}:{row.id}",
                "batch_id": batch_id,
                "compensation_id": row.id,
                "amount_fen": row.amount_fen,
                "state": "exported",
            }
            for row in due
        ],
    )
    if session().scalar(select(func.count()).where(Payout.batch_id == batch_id)) != len(due):
        raise Stale("payout.made_meanwhile")
    record("payout.exported", actor=actor, now=now, batch=batch_id, rows=len(due))
    facts = [(row.ticket_id, {"compensation": row.id, "amount_fen": row.amount_fen, "batch": batch_id}) for row in due]
    record_all("compensation.exported", facts, actor=actor, now=now)
    return batch_id


def settle(
    batch_id: int, paid: Collection[int], failed: Collection[int], *, version: int, actor: Actor, now: datetime
) -> None:
    """Enter what became of rows of a file (ids of payouts). Those not named stay open.

    Raises ``Stale`` if somebody entered results meanwhile, ``Invalid`` for a row that isn't this file's or has a
    result.
    """
    actor.require(Permission.MONEY_PAY)
    batch = session().get(PayoutBatch, batch_id, with_for_update=True)
    if batch is None:
        raise NotFound("payout.not_found", batch=batch_id)
    if batch.version != version:
        raise Stale("payout.stale", number=batch.number)
    results = {**dict.fromkeys(paid, "paid"), **dict.fromkeys(failed, "failed")}
    if len(results) != len(paid) + len(failed):
        raise Invalid("input.bad_value", field="result")
    rows = session().scalars(select(Payout).where(Payout.batch_id == batch_id, Payout.state == "exported")).all()
    open_rows = {row.id: row for row in rows}
    if not results.keys() <= open_rows.keys():
        raise Invalid("payout.no_such_row", number=batch.number)
    for id, result in results.items():
        row = open_rows[id]
        row.state, row.settled_by_id, row.settled_at = result, actor.id, now
    batch.version += 1
    session().flush()
    _tell(open_rows, results, actor, now)
    record("payout.settled", actor=actor, now=now, batch=batch_id, paid=len(paid), failed=len(failed))


def _tell(rows: dict[int, Payout], results: dict[int, str], actor: Actor, now: datetime) -> None:
    """What was paid is paid; either way its ticket's story says so."""
    settled = {rows[id].compensation_id: result for id, result in results.items()}
    paid = [id for id, result in settled.items() if result == "paid"]
    session().execute(
        update(Compensation)
        .where(Compensation.id.in_(paid), Compensation.state == "approved")
        .values(state="paid", version=Compensation.version + 1)
        .execution_options(synchronize_session="fetch")
    )
    about = session().execute(
        select(Compensation.id, Compensation.ticket_id, Compensation.amount_fen).where(Compensation.id.in_(settled))
    )
    facts = [(settled[id], ticket_id, {"compensation": id, "amount_fen": fen}) for id, ticket_id, fen in about]
    for result, code in (("paid", "compensation.paid"), ("failed", "compensation.payout_failed")):
        record_all(code, [(ticket, params) for word, ticket, params in facts if word == result], actor=actor, now=now)


def _due(shop_id: int | None) -> list[Compensation]:
    """Agreed money in no standing payout, the oldest first, locked."""
    stands = exists().where(Payout.compensation_id == Compensation.id, Payout.state != "failed")
    found = (
        select(Compensation)
        .join(Ticket, Ticket.id == Compensation.ticket_id)
        .where(
            Compensation.state == "approved",
            Compensation.kind.in_(PAYOUTS),
            Compensation.reverses_id.is_(None),
            ~stands,
        )
        .order_by(Compensation.decided_at, Compensation.id)
        .limit(MOST_IN_FILE)
        .with_for_update(of=Compensation)
    )
    if shop_id is not None:
        found = found.where(Ticket.shop_id == shop_id)
    return list(session().scalars(found, execution_options={"populate_existing": True}))


def _number(now: datetime) -> str:
    """PAY-261123-01: the day in the first shop's zone, and which of that day. Its unique key decides a race."""
    zone = session().execute(select(Shop.timezone).order_by(Shop.id).limit(1)).scalar_one()
    day = f"PAY-{now.astimezone(ZoneInfo(zone)):%y%m%d}-"
    last = session().scalar(
        select(PayoutBatch.number).where(PayoutBatch.number.startswith(day)).order_by(PayoutBatch.id.desc()).limit(1)
    )
    return f"{day}{int(last.rpartition('-')[2]) + 1 if last else 1:02d}"
