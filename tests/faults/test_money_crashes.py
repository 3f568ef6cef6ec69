"""The program dies before any one of the statements of a step with money: nothing of the step has happened.

Pressed again, with the same key or version, it happens once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import event, func, select

from helpdesk.domain.problems import Stale
from helpdesk.models import Compensation, CompensationApproval, Payout, PayoutBatch
from helpdesk.services import approvals, compensations, payouts
from helpdesk.services.compensations import Proposal
from helpdesk.storage import db, session
from tests.factories import World
from tests.services.story import do, everything
from tests.services.test_compensations import DAMAGED, bought, propose, row, told

MOST_STATEMENTS = 80


class Died(Exception):  # noqa: N818  no error of the program
    """Nothing of money catches it. (SQLAlchemy drops the connection of an interrupt, with its lock still held.)"""


@contextmanager
def dying_before(statement: int) -> Iterator[None]:
    """The program ends before the n-th statement inside."""
    seen = 0

    def count(_connection: object, _cursor: object, statement_text: str, *_rest: object) -> None:
        nonlocal seen
        seen += not statement_text.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK"))
        if seen == statement:
            raise Died

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", count)


def crash_everywhere(deed: Callable[[], object]) -> int:
    """Do it after a crash before each of its statements; returns how many times it died."""
    before = everything()
    for statement in range(1, MOST_STATEMENTS):
        db.session.remove()
        try:
            with dying_before(statement):
                do(deed)
        except Died:
            db.session.remove()
            assert everything() == before, f"torn before statement {statement}"
        else:
            db.session.remove()
            return statement - 1
    raise AssertionError("it never came to an end")


def proposing(world: World, number: str, fen: int, now: datetime) -> Callable[[], int]:
    wanted = Proposal(**DAMAGED, amount_fen=fen, key="k", why="压坏了")
    return partial(compensations.propose, number, wanted, version=None, actor=world.actors.agent, now=now)


@pytest.mark.parametrize(("fen", "asked"), [(3_000, 0), (3_001, 1)], ids=["holds at once", "somebody is asked"])
def test_a_proposal_is_made_whole_or_not_at_all(world: World, now: datetime, fen: int, asked: int) -> None:
    deed = proposing(world, bought(world, now, "o1"), fen, now)
    assert crash_everywhere(deed) > 3
    do(deed)  # the same press again
    [made] = session().scalars(select(Compensation)).all()
    assert made.amount_fen == fen
    assert len(told("money.asked")) == asked


def test_an_answer_is_given_whole_or_not_at_all(world: World, now: datetime) -> None:
    made = propose(world, bought(world, now, "o1"), 3_001, now)
    answer = partial(approvals.approve, made.id, version=made.version, actor=world.actors.supervisor, now=now)
    assert crash_everywhere(answer) > 3
    with pytest.raises(Stale):
        do(answer)
    assert row(made.id).state == "approved"
    assert session().scalar(select(func.count()).select_from(CompensationApproval)) == 1
    assert len(told("money.decided")) == 1


def test_a_reversal_stands_beside_what_it_takes_back_or_neither_has_changed(world: World, now: datetime) -> None:
    made = propose(world, bought(world, now, "o1"), 3_000, now)
    back = partial(approvals.reverse, made.id, "客户退货了", version=1, actor=world.actors.finance, now=now)
    assert crash_everywhere(back) > 3
    with pytest.raises(Stale):
        do(back)
    assert row(made.id).state == "reversed"
    assert session().scalars(select(Compensation.reverses_id).where(Compensation.id != made.id)).all() == [made.id]


def test_a_payment_file_holds_all_its_rows_or_there_is_none(world: World, now: datetime) -> None:
    for n in range(3):
        propose(world, bought(world, now, f"o{n}"), 3_000, now, f"k{n}")
    export = partial(payouts.export, "press", actor=world.actors.finance, now=now)
    assert crash_everywhere(export) > 3
    batch = session().scalars(select(PayoutBatch)).one()
    assert do(export) == batch.id  # the same press again
    sums = session().execute(select(func.count(), func.sum(Payout.amount_fen))).one()
    assert (batch.rows, batch.total_fen) == tuple(sums) == (3, 9_000)


def test_a_result_is_entered_for_all_rows_or_for_none(world: World, now: datetime) -> None:
    ids = [propose(world, bought(world, now, f"o{n}"), 3_000, now, f"k{n}").id for n in range(2)]
    finance = world.actors.finance
    batch_id = do(payouts.export, "press", actor=finance, now=now)
    paid, failed = session().scalars(select(Payout.id).order_by(Payout.id)).all()
    settle = partial(payouts.settle, batch_id, [paid], [failed], version=1, actor=finance, now=now)
    assert crash_everywhere(settle) > 3
    with pytest.raises(Stale):
        do(settle)
    assert [row(id).state for id in ids] == ["paid", "approved"]
    again = do(payouts.export, "another press", actor=finance, now=now)
    assert session().scalars(select(Payout.compensation_id).where(Payout.batch_id == again)).all() == [ids[1]]


def test_an_unanswered_proposal_goes_up_one_rung_however_often_the_job_dies(world: World, now: datetime) -> None:
    made = propose(world, bought(world, now, "o1"), 3_001, now)
    later = now + timedelta(hours=3)
    sweep = partial(approvals.escalate_overdue, later, 100, actor=world.actors.system)
    assert crash_everywhere(sweep) > 3
    assert do(sweep) == 0
    assert row(made.id).asked == "finance"
    assert [notice.payload["params"]["rung"] for notice in told("money.asked")] == ["supervisor", "finance"]
