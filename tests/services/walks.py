"""Tickets that things happen to at random, and what their events say about their clocks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk.domain import clocks as engine
from helpdesk.domain.access import Actor
from helpdesk.domain.calendars import Calendar
from helpdesk.domain.clocks import ClockState
from helpdesk.domain.problems import Problem
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import Outcome, Party, Priority, Status
from helpdesk.models import Event, Message
from helpdesk.models.rulebooks import rulebook_of
from helpdesk.services import (
    assignment,
    assists,
    decisions,
    merging,
    messages,
    operations,
    priorities,
    resolution,
    tickets,
)
from helpdesk.storage import session
from tests.factories import World
from tests.services import story
from tests.services.story import do, events, look, opened, owner_of, replied

TYPES = ["wrong_item", "damaged", "price_dispute", "logistics_stuck", "return_request", "cancel_order", "invoice"]
"""Of all three queues; platforms want the last but one solved and the one before it answered."""


class Walk:
    """A ticket that things happen to at random, in an order that nobody planned."""

    def __init__(self, world: World, now: datetime, dice: random.Random) -> None:
        self.world, self.now, self.dice = world, now, dice
        self.operations: list[tuple[int, Actor]] = []
        self.done: set[str] = set()
        self.sent: tuple[int, Actor] | None = None
        self.number = opened(world, now, type=self.dice.choice(TYPES), buyer_id="walker")
        self.deeds = [
            self.reply, self.reply, self.reply, self.take_back, self.hear, self.hear, self.wait, self.wait, self.wait,
            self.prioritise, self.correct, self.transfer, self.ask, self.resolve, self.resolve, self.undo, self.undo,
            self.merge,
        ]  # fmt: skip

    def step(self) -> None:
        self.now += timedelta(seconds=self.dice.choice([3, 3, 40, 900, 3600, 7 * 3600, 20 * 3600]))
        regrets = self.sent is not None and self.dice.random() < 0.3
        deed = self.take_back if regrets else self.dice.choice(self.deeds)
        with suppress(Problem):  # refused: it changed nothing, as other tests hold
            deed()
            self.done.add(deed.__name__)

    @property
    def version(self) -> int:
        return look(self.number).version

    def worker(self) -> Actor:
        """Somebody of the ticket's queue."""
        queue = look(self.number).queue_id
        people = (self.world.actors.agent, self.world.actors.warehouse, self.world.actors.finance)
        return next(person for person in people if queue in person.queues)

    def writer(self) -> Actor:
        return owner_of(self.world, self.number) if look(self.number).owner_id else self.world.actors.agent

    def reply(self) -> None:
        status = self.dice.choice([None, None, Status.PENDING_CUSTOMER, Status.PENDING_INTERNAL])
        solution = self.dice.random() < 0.2
        writer = self.writer()
        id = replied(self.number, actor=writer, now=self.now, is_solution=solution, status_after=status)
        self.sent = id, writer

    def take_back(self) -> None:
        if self.sent is not None:
            (id, author), self.sent = self.sent, None
            do(messages.take_back, self.number, id, actor=author, now=self.now)

    def hear(self) -> None:
        self.number = story.heard(self.number, actor=self.world.actors.system, now=self.now)

    def wait(self) -> None:
        status = self.dice.choice(
            [Status.OPEN, Status.PENDING_CUSTOMER, Status.PENDING_CUSTOMER, Status.PENDING_APPROVAL]
        )
        do(tickets.set_status, self.number, status, version=self.version, actor=self.worker(), now=self.now)

    def prioritise(self) -> None:
        priority = self.dice.choice(list(Priority))
        do(priorities.set_priority, self.number, priority, version=self.version, actor=self.worker(), now=self.now)

    def correct(self) -> None:
        code = self.dice.choice(TYPES)
        worker = self.worker()
        done = do(decisions.set_type, self.number, code, version=self.version, actor=worker, now=self.now)
        self.operations.append((done, worker))

    def transfer(self) -> None:
        queue, worker = self.dice.choice(["finance", "warehouse", "customer_service"]), self.worker()
        done = do(assignment.transfer, self.number, queue, reason="x", version=self.version, actor=worker, now=self.now)
        self.operations.append((done, worker))

    def ask(self) -> None:
        queue = self.dice.choice(["finance", "warehouse"])
        asking = {"party": None, "question": "?", "version": self.version, "actor": self.worker(), "now": self.now}
        do(assists.ask_for_help, self.number, queue, **asking)  # type: ignore[arg-type]

    def resolve(self) -> None:
        worker = self.worker()
        done = do(
            resolution.resolve,
            self.number,
            outcome=Outcome.EXPLAINED,
            shares={Party.UNDETERMINED: 100},
            version=self.version,
            actor=worker,
            now=self.now,
        )
        self.operations.append((done, worker))

    def merge(self) -> None:
        """Seldom, for nothing happens to it any more: it goes on where it is taken in."""
        if self.dice.random() < 0.2:
            into = opened(self.world, self.now, type="logistics_stuck", buyer_id="walker")
            merge = {"reason": "x", "actor": self.worker(), "now": self.now}
            do(merging.merge, {self.number: self.version}, into, **merge)  # type: ignore[arg-type]

    def undo(self) -> None:
        if self.operations:
            operation, actor = self.operations[-1]
            do(operations.undo, operation, actor=actor, now=self.now)


def retold(number: str) -> tuple[ClockState, int, str]:
    """The present cycle's solution clock, its queue's calendar and its cycle, counted from the events alone."""
    ticket = look(number)
    taken_back = set(session().scalars(select(Message.id).where(Message.state == "taken_back")))
    told = events(number)
    began = max((index for index, event in enumerate(told) if event.code == "ticket.reopened"), default=0)
    type_code = next(event.params["type"] for event in told if event.code == "ticket.created")
    priority = "P2"
    sent = {event.params["message"]: event.at for event in told if event.code == "message.sent"}
    state = engine.start(ticket.created_at if not began else told[began].at, None)
    frozen: tuple[str, str] | None = None
    by_resolve = False
    for index, event in enumerate(told):
        match event.code:
            case "ticket.type":
                type_code = event.params["to"]
            case "ticket.priority":
                priority = event.params["to"]
        if index <= began and began:
            continue
        was_running = state.stopped_at is None
        if event.code == "message.sent" and event.params["solution"] and event.params["message"] not in taken_back:
            state, by_resolve = engine.stop(state, event.at), by_resolve and not was_running
        elif event.code == "ticket.status":
            match event.params["from"], event.params["to"]:
                case _, "resolved":
                    state, by_resolve = engine.stop(state, event.at), was_running or by_resolve
                case "resolved", "open" if by_resolve:
                    state, by_resolve = engine.reopen(state, event.at), False
                case _, "pending_customer":
                    state = engine.pause(state, counts_from(event, told[index:], sent))
                case "pending_customer", _:
                    state = engine.resume(state, counts_from(event, told[index:], sent))
        if state.stopped_at is None:
            frozen = None
        elif frozen is None:
            frozen = type_code, priority
    promised = frozen or (type_code, priority)
    book = rulebook_of(1)
    target = book.solution_seconds(promised[0], Priority(promised[1]))
    return engine.retarget(state, target), ticket.cycle, book.type(promised[0]).queue


def counts_from(event: Event, told: list[Event], sent: dict[int, datetime]) -> datetime:
    """A status that goes back with a reply taken back goes back to when it was sent."""
    taken_back = [e.params["message"] for e in told if e.code == "message.taken_back" and e.at == event.at]
    return sent[taken_back[0]] if taken_back else event.at


@dataclass
class Told:
    """A clock of the present cycle, as the events tell it. ``by_resolve``: it was the resolve that stopped it."""

    state: ClockState
    cancelled: bool = False
    by_resolve: bool = False
    shelved: bool = False  # cancelled by the resolve, which may be undone

    @property
    def open(self) -> bool:
        return not self.cancelled and self.state.stopped_at is None


@dataclass
class Retelling:
    """First response and platforms' clocks of the present cycle, from the events alone.

    Platforms are those of Tmall; ``always`` is a calendar that never closes.
    """

    book: RuleBook
    always: Calendar
    type: str
    began: datetime
    priority: str = "P2"
    first_response: Told = field(init=False)
    platforms: dict[str, Told] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)  # messages that were not taken back in the end

    def __post_init__(self) -> None:
        self.begin(self.began)

    def begin(self, at: datetime) -> None:
        self.began = at
        target = self.book.first_response_seconds(self.type, Priority(self.priority))
        self.first_response = Told(engine.start(at, target))
        self.platforms = {}
        self.bind(at)

    def bind(self, at: datetime) -> None:
        """What platforms demand follows the type."""
        binding = {rule.code: rule for rule in self.book.platform_rules if rule.fits("tmall", self.type)}
        for code, told in self.platforms.items():
            told.cancelled = told.cancelled or (told.open and code not in binding)
        for code, rule in binding.items():
            there = code in self.platforms and not self.platforms[code].cancelled
            if not there and not (rule.met_by == "reply" and self.first_response.state.stopped_at):
                self.platforms[code] = Told(engine.start(self.began, rule.seconds))

    def everything(self) -> Iterator[tuple[str, Told]]:
        """Each with what meets it."""
        yield "reply", self.first_response
        for code, told in self.platforms.items():
            rule = self.book.platform_rule(code)
            assert rule is not None
            yield rule.met_by, told

    def answer(self, at: datetime) -> None:
        for met_by, told in self.everything():
            if met_by == "reply" and told.open:
                told.state = engine.stop(told.state, at)

    def resolve(self, at: datetime) -> None:
        for met_by, told in self.everything():
            if told.open and (met_by == "resolve" or engine.is_overdue(told.state, self.always, at)):
                told.state, told.by_resolve = engine.stop(told.state, at), True
            elif told.open:
                told.cancelled = told.shelved = True

    def undo_resolve(self, at: datetime) -> None:
        for _, told in self.everything():
            if told.by_resolve:
                ours = told is self.first_response
                told.state = engine.reopen(told.state, at) if ours else engine.unmeet(told.state)
            told.cancelled = told.cancelled and not told.shelved
            told.by_resolve = told.shelved = False
        self.bind(at)

    def retarget(self) -> None:
        target = self.book.first_response_seconds(self.type, Priority(self.priority))
        if self.first_response.open:
            self.first_response.state = engine.retarget(self.first_response.state, target)


def retell(number: str, always: Calendar) -> Retelling:
    """The events from the first to the last; a message that was taken back has never been sent."""
    told = events(number)
    created = next(event for event in told if event.code == "ticket.created")
    retelling = Retelling(rulebook_of(1), always, created.params["type"], look(number).created_at)
    taken_back = set(session().scalars(select(Message.id).where(Message.state == "taken_back")))
    reopenings = {event.at for event in told if event.code == "ticket.reopened"}
    for event in told:
        match event.code, event.params.get("from"), event.params.get("to"):
            case "ticket.type", _, str(code):
                retelling.type = code
                retelling.bind(event.at)
                retelling.retarget()
            case "ticket.priority", _, str(priority):
                retelling.priority = priority
                retelling.retarget()
            case "message.sent", _, _ if event.params["message"] not in taken_back:
                retelling.answer(event.at)
            case "ticket.status", _, "resolved":
                retelling.resolve(event.at)
            case "ticket.status", "resolved", "open" if event.at not in reopenings:
                retelling.undo_resolve(event.at)
            case "ticket.status", _, "merged":
                for _, one in retelling.everything():
                    one.cancelled = one.cancelled or one.open
            case "ticket.reopened", _, _:
                retelling.begin(event.at)
    return retelling
