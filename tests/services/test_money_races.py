"""Two press at the same moment: they never share the same room, the same answer or the same pair of locks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from helpdesk.domain.problems import Problem
from helpdesk.models import Compensation, CompensationApproval, Order
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import approvals, compensations, intake
from helpdesk.services.compensations import Proposal
from helpdesk.storage import db, is_postgresql, session, unit_of_work
from tests import tickets as rows
from tests.factories import World
from tests.services.story import do, look, opened, owner_of, request

COUPONS = {"logistics_stuck": "logistics_stuck_coupon", "late_shipment": "late_shipment_coupon"}
NUMBER = "20261122001"
AT_ONCE = 6


@pytest.fixture
def order(world: World, now: datetime) -> Order:
    with unit_of_work():
        return rows.order(world, now, NUMBER, paid_fen=23_900)


@pytest.fixture
def pair(world: World, now: datetime, order: Order) -> tuple[str, str]:
    """Two tickets about one order."""
    more = {"order_number": NUMBER, "actor": world.actors.agent}
    return (
        opened(world, now, "logistics_stuck", **more),
        opened(world, now, "late_shipment", **more),
    )


def offering(world: World, number: str, now: datetime) -> Callable[[str], int]:
    """A coupon of 5 yuan by whom answers this ticket's customer, at the press of a button that has this key."""
    ticket = look(number)
    policy = COUPONS[ticket.type]
    actor = world.actors.agent if ticket.owner_id is None else owner_of(world, number)
    seen = next(one.evidence for one in published_rulebook().policies if one.code == policy)

    def press(key: str) -> int:
        proposal = Proposal(policy_code=policy, amount_fen=500, key=key, evidence=seen, why="等太久")
        return compensations.propose(number, proposal, version=None, actor=actor, now=now)

    return press


def at_once(app: Flask, deeds: list[Callable[[], object]]) -> list[Problem | object]:
    """What each came to; all begin together, each in a thread and a transaction of its own."""
    gate, ends = Barrier(len(deeds)), []

    def run(deed: Callable[[], object]) -> None:
        with app.app_context():
            gate.wait(10)
            try:
                ends.append(do(deed))
            except Problem as problem:
                ends.append(problem)

    threads = [Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    db.session.remove()  # what the test reads next begins after all of them
    assert len(ends) == len(deeds), "a thread died or still waits"
    return ends


def test_all_who_offer_at_once_on_one_order_share_one_limit(
    app: Flask, world: World, now: datetime, pair: tuple[str, str]
) -> None:
    """An agent gives 10 yuan for the one type, 15 for the other; either counts all that stands on the order."""
    offers = [offering(world, number, now) for number in pair]
    ends = at_once(app, [partial(offers[n % 2], f"k{n}") for n in range(AT_ONCE)])
    assert not [end for end in ends if isinstance(end, Problem)]
    held = session().execute(select(Compensation.state, Compensation.amount_fen)).all()
    alone = sum(fen for state, fen in held if state == "approved")
    assert len(held) == AT_ONCE
    assert 1000 <= alone <= 1500
    assert {state for state, _ in held} == {"approved", "proposed"}


def test_the_same_press_many_times_at_once_is_one_offer(
    app: Flask, world: World, now: datetime, pair: tuple[str, str]
) -> None:
    ends = at_once(app, [partial(offering(world, pair[0], now), "same")] * AT_ONCE)
    assert len(set(ends)) == 1
    assert session().scalar(select(func.count()).select_from(Compensation)) == 1


def test_an_offer_is_either_agreed_to_or_rejected(
    app: Flask, world: World, now: datetime, pair: tuple[str, str]
) -> None:
    press = offering(world, pair[0], now)
    ids = [do(press, f"k{n}") for n in range(3)]
    id = ids[-1]  # beyond what the agent may promise alone
    row = session().get_one(Compensation, id)
    assert row.state == "proposed"
    version = row.version
    boss = world.actors.supervisor
    ends = at_once(
        app,
        [
            lambda: approvals.approve(id, version=version, actor=boss, now=now),
            lambda: approvals.reject(id, "不合适", version=version, actor=boss, now=now),
        ],
    )
    assert sum(isinstance(end, Problem) for end in ends) == 1
    row = session().get_one(Compensation, id)
    agreed = session().scalar(select(func.count()).select_from(CompensationApproval))
    assert (row.state, agreed) in {("approved", 1), ("rejected", 0)}


def test_offers_and_customers_who_write_on_the_same_order_dont_hold_each_other_up(
    app: Flask, world: World, now: datetime, pair: tuple[str, str]
) -> None:
    def write(n: int) -> object:
        said = request(world, type="logistics_stuck", order_number=NUMBER, text=f"还没到 {n}")
        return intake.open_ticket(said, actor=world.actors.system, now=now)

    press = offering(world, pair[0], now)
    deeds: list[Callable[[], object]] = []
    for n in range(AT_ONCE):
        deeds += [partial(press, f"k{n}"), partial(write, n)]
    ends = at_once(app, deeds)
    assert not [end for end in ends if isinstance(end, Problem)]


class TestWhoWaitsForWhom:
    """Only those who count against the same limit wait for each other (PostgreSQL; SQLite has one writer)."""

    @pytest.fixture(autouse=True)
    def on_postgresql(self, app: Flask) -> None:
        if not is_postgresql():
            pytest.skip("SQLite has one writer")

    def waits(self, app: Flask, first: Callable[[], object], second: Callable[[], object]) -> bool:
        """Whether the second press waits for the first, which has proposed and not ended yet."""
        proposed, go_on = Event(), Event()

        def hold() -> None:
            with app.app_context(), unit_of_work():
                first()
                proposed.set()
                go_on.wait(10)

        thread = Thread(target=hold)
        thread.start()
        assert proposed.wait(10)
        db.session.remove()
        try:
            with unit_of_work():
                session().execute(text("SET LOCAL lock_timeout = '150ms'"))
                second()
        except OperationalError:
            return True
        finally:
            go_on.set()
            thread.join(10)
            db.session.remove()
        return False

    def press(self, world: World, now: datetime, who: str, order: str, policy: str = "late_shipment_coupon") -> Any:
        """An offer by this person on a ticket of his own, with a customer and an order of its own."""
        owner = getattr(world.users, who)
        with unit_of_work():
            of = rows.order(world, now, order, paid_fen=23_900)
            more = {"order_id": of.id, "customer_id": rows.customer(world).id, "owner": owner}
            number = rows.ticket(world, now, type="late_shipment", **more).number
        seen = next(one.evidence for one in published_rulebook().policies if one.code == policy)
        offered = Proposal(policy_code=policy, amount_fen=300, key=order, evidence=seen)
        return partial(compensations.propose, number, offered, version=None, actor=getattr(world.actors, who), now=now)

    def test_two_people_with_coupons_for_two_customers_dont_wait(self, app: Flask, world: World, now: datetime) -> None:
        assert not self.waits(app, self.press(world, now, "agent", "o1"), self.press(world, now, "agent2", "o2"))

    def test_money_through_the_platform_waits_within_a_shop(self, app: Flask, world: World, now: datetime) -> None:
        """Both count against the shop's day."""
        paid = ["late_shipment_percent"] * 2
        first, second = (
            self.press(world, now, who, who, one) for who, one in zip(("agent", "agent2"), paid, strict=True)
        )
        assert self.waits(app, first, second)

    def test_the_same_person_waits_for_himself(self, app: Flask, world: World, now: datetime) -> None:
        assert self.waits(app, self.press(world, now, "agent", "o1"), self.press(world, now, "agent", "o2"))
