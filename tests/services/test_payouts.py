"""What was agreed is paid once: in one file, with one result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import Event, Payout, PayoutBatch
from helpdesk.services import approvals, payouts
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do
from tests.services.test_compensations import bought, propose, row


@pytest.fixture
def agreed(world: World, now: datetime) -> list[int]:
    """Three broken things, 30.00 each."""
    return [propose(world, bought(world, now, f"o{n}"), 3_000, now, f"k{n}").id for n in range(3)]


def export(world: World, now: datetime, key: str = "one", **more: Any) -> PayoutBatch:
    id = do(payouts.export, key, actor=world.actors.finance, now=now, **more)
    return session().get_one(PayoutBatch, id, populate_existing=True)


def lines(batch_id: int) -> list[Payout]:
    return list(session().scalars(select(Payout).where(Payout.batch_id == batch_id).order_by(Payout.id)))


def test_a_file_takes_in_all_that_waits_once_and_the_same_press_gives_it_again(
    world: World, now: datetime, agreed: list[int]
) -> None:
    made = export(world, now)
    assert (made.number, made.rows, made.total_fen) == ("PAY-261123-01", 3, 9_000)
    assert [one.compensation_id for one in lines(made.id)] == agreed
    assert export(world, now).id == made.id
    with pytest.raises(Conflict, match="nothing_due"):
        export(world, now, "two")
    assert row(agreed[0]).state == "approved"  # until its result is known


def test_what_failed_goes_into_a_later_file_and_what_was_paid_never_again(
    world: World, now: datetime, agreed: list[int]
) -> None:
    made = export(world, now)
    paid, failed, open_still = (one.id for one in lines(made.id))
    do(payouts.settle, made.id, [paid], [failed], version=1, actor=world.actors.finance, now=now)
    assert [row(id).state for id in agreed] == ["paid", "approved", "approved"]
    second = export(world, now, "two")
    assert (second.number, [one.compensation_id for one in lines(second.id)]) == ("PAY-261123-02", [agreed[1]])
    do(payouts.settle, made.id, [open_still], [], version=2, actor=world.actors.finance, now=now)
    assert row(agreed[2]).state == "paid"
    with pytest.raises(Invalid, match="no_such_row"):
        do(payouts.settle, made.id, [failed], [], version=3, actor=world.actors.finance, now=now)
    codes = session().scalars(select(Event.code).where(Event.code.like("compensation.pa%"))).all()
    assert sorted(codes) == ["compensation.paid", "compensation.paid", "compensation.payout_failed"]


def test_results_are_entered_on_the_file_as_it_is(world: World, now: datetime, agreed: list[int]) -> None:
    made = export(world, now)
    [first, *_rest] = [one.id for one in lines(made.id)]
    with pytest.raises(Stale):
        do(payouts.settle, made.id, [first], [], version=7, actor=world.actors.finance, now=now)
    with pytest.raises(Invalid):
        do(payouts.settle, made.id, [first], [first], version=1, actor=world.actors.finance, now=now)
    with pytest.raises(NotFound):
        do(payouts.settle, 99, [], [], version=1, actor=world.actors.finance, now=now)
    assert [one.state for one in lines(made.id)] == ["exported"] * 3


@pytest.mark.parametrize("who", ["agent", "supervisor", "ops", "admin", "auditor"])
def test_only_finance_makes_files(world: World, now: datetime, agreed: list[int], who: str) -> None:
    with pytest.raises(NotAllowed):
        do(payouts.export, "k", actor=getattr(world.actors, who), now=now)


def test_what_stands_in_a_file_is_neither_withdrawn_nor_reversed(
    world: World, now: datetime, agreed: list[int]
) -> None:
    made = export(world, now)
    with pytest.raises(Conflict):
        do(approvals.withdraw, agreed[0], version=1, actor=world.actors.agent, now=now)
    with pytest.raises(Conflict, match="in_payment_file"):
        do(approvals.reverse, agreed[0], "错了", version=1, actor=world.actors.supervisor, now=now)
    do(payouts.settle, made.id, [one.id for one in lines(made.id)], [], version=1, actor=world.actors.finance, now=now)
    with pytest.raises(NotAllowed):  # the money has left: only who pays takes it back
        do(approvals.reverse, agreed[0], "错了", version=2, actor=world.actors.supervisor, now=now)
    do(approvals.reverse, agreed[0], "错了", version=2, actor=world.actors.finance, now=now)
    assert row(agreed[0]).state == "reversed"
