"""Merged, split and taken back in any order: no word is lost, clocks and sums are what counting anew says."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.links import Relation
from helpdesk.domain.problems import Conflict, Problem
from helpdesk.domain.splitting import RELATIONS
from helpdesk.domain.tickets import ACTIVE, Status
from helpdesk.jobs.follow_reports import follow_reports
from helpdesk.models import Message, Queue, Ticket
from helpdesk.services import operations, splitting
from helpdesk.services.splitting import Wanted
from helpdesk.storage import db, session
from tests.factories import World
from tests.services.story import do, heard, look, opened, refused, replied
from tests.services.test_clock_history import check_rows_against_the_engine
from tests.services.test_parting import as_stored, merged
from tests.services.test_report_facts import check_sums

TYPES = ("logistics_stuck", "quality", "service_complaint", "price_dispute", "wrong_item")
STEPS = 12


def everywhere(world: World) -> Actor:
    """A supervisor of all queues: what he may not do is not what these stories are about."""
    queues = frozenset(session().scalars(select(Queue.id)))
    return replace(world.actors.supervisor, queues=queues, writing_queues=queues)


class Desk:
    """One customer's tickets about one order, and somebody who merges and splits them as the dice fall."""

    def __init__(self, world: World, now: datetime, dice: random.Random) -> None:
        self.world, self.now, self.dice, self.actor = world, now, dice, everywhere(world)
        self.numbers: list[str] = []
        self.said: set[int] = set()
        self.before: dict[int, dict[str, dict[str, Any]]] = {}  # by operation: what it found, until something follows
        self.done: list[str] = []
        self.order = f"T{dice.randrange(10**9)}"
        self.open()
        self.open()

    def step(self) -> None:
        self.now += timedelta(minutes=self.dice.randrange(1, 200))
        deeds = [self.open, self.hear, self.hear, self.hear, self.reply, self.merge, self.merge, self.split, self.split]
        deed: Callable[[], None] = self.dice.choice([*deeds, self.undo, self.undo, self.undo])
        try:
            deed()
        except Problem as problem:
            db.session.remove()
            self.done.append(problem.code)
        else:
            self.done.append(deed.__name__)

    def open(self) -> None:
        kind = self.dice.choice(TYPES)
        about = {"order_number": self.order, "customer_name": "周", "corrects": False}
        number = opened(self.world, self.now, type=kind, text=f"{kind} {len(self.numbers)}", **about)
        self.before.clear()
        if number not in self.numbers:
            self.numbers.append(number)
        self.remember()

    def hear(self) -> None:
        self.before.clear()
        heard(self.some(), actor=self.world.actors.system, now=self.now, text=f"还有 {self.now}")
        self.remember()

    def reply(self) -> None:
        status = self.dice.choice([None, Status.PENDING_CUSTOMER])
        number = self.some(ACTIVE)
        replied(number, actor=self.actor, now=self.now, **{"status_after": status} if status else {})
        self.before.clear()
        self.remember()

    def merge(self) -> None:
        into = self.some(ACTIVE)
        others = [one for one in self.of(ACTIVE) if one != into]
        sources = self.dice.sample(others, min(len(others), self.dice.randrange(1, 3)))
        found = self.stored()
        self.keep(merged(sources, into, actor=self.actor, now=self.now), found)

    def split(self) -> None:
        number = self.some(ACTIVE)
        ids = sorted(splitting.can_move(look(number)))
        chosen = self.dice.sample(ids, min(len(ids), self.dice.randrange(1, 3)))
        wanted = Wanted(self.dice.choice(TYPES), self.dice.choice(RELATIONS), self.order, "另一件事")
        found, version = self.stored(), look(number).version
        done = do(splitting.split, number, chosen, wanted, version=version, actor=self.actor, now=self.now)
        self.numbers.append(done.number)
        self.keep(done.operation, found)

    def undo(self) -> None:
        """The last one first, as people do; nothing came between, so everything is as it was."""
        if not self.before:
            return
        operation, found = self.before.popitem()
        do(operations.undo, operation, actor=self.actor, now=self.now)
        now = self.stored()
        assert {number: now[number] for number in found} == found
        self.before.clear()

    def keep(self, operation: int, found: dict[str, dict[str, Any]]) -> None:
        self.before = {operation: found}

    def stored(self) -> dict[str, dict[str, Any]]:
        db.session.remove()
        return {number: as_stored(number) for number in self.numbers}

    def some(self, statuses: frozenset[Status] | None = None) -> str:
        return self.dice.choice(self.of(statuses))

    def of(self, statuses: frozenset[Status] | None = None) -> list[str]:
        return [one for one in self.numbers if statuses is None or look(one).status in statuses]

    def remember(self) -> None:
        self.said |= self.words()

    def words(self) -> set[int]:
        tickets = select(Ticket.id).where(Ticket.number.in_(self.numbers))
        rows = session().scalars(select(Message.id).where(Message.ticket_id.in_(tickets))).all()
        assert len(rows) == len(set(rows))
        return set(rows)

    def check(self) -> None:
        db.session.remove()
        assert self.words() == self.said
        for number in self.numbers:
            check_rows_against_the_engine(number)


@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_nothing_is_lost_and_clocks_are_right_in_any_order(world: World, now: datetime, seed: int) -> None:
    """Each example is a customer of his own, in the same shop."""
    desk = Desk(world, now, random.Random(seed))
    for _ in range(STEPS):
        desk.step()
        desk.check()
    follow_reports()
    check_sums()


@pytest.mark.parametrize("seed", [2, 7, 19])
def test_a_long_story_too(world: World, now: datetime, seed: int) -> None:
    desk = Desk(world, now, random.Random(seed))
    for _ in range(40):
        desk.step()
        desk.check()
        follow_reports()
        check_sums()
    assert {"merge", "split", "undo"} <= set(desk.done), desk.done


def test_a_ticket_made_by_a_split_is_not_undone_once_it_took_others_in(world: World, now: datetime) -> None:
    actor, later = everywhere(world), now + timedelta(hours=2)
    number = opened(world, now, type="logistics_stuck", order_number="T1", customer_name="周")
    heard(number, actor=world.actors.agent, now=now + timedelta(hours=1), text="差价没退")
    ids, version = splitting.can_move(look(number)), look(number).version
    wanted = Wanted("quality", Relation.CHILD, "T1", "另一件事")
    done = do(splitting.split, number, ids, wanted, version=version, actor=actor, now=later)
    other = opened(world, later, type="service_complaint", order_number="T1", customer_name="周")
    merged([other], done.number, actor=actor, now=later)
    with refused(Conflict, "split.moved_on"):
        do(operations.undo, done.operation, actor=actor, now=later)
