"""Replays the plan through the services, in order of time, so that every event, clock and stage is true.

Between two steps time passes as it does for the job worker: stages fire when they come due, waits are ended, and
since the queues hand out by themselves what waits is given to who has room.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import func, select, update

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.replies import fill
from helpdesk.domain.tickets import ACTIVE, NUDGE_WITHIN_SECONDS, Status
from helpdesk.models import Channel, ClockStage, PauseStep, Queue, Shop, Stint, Ticket, TicketPause, User
from helpdesk.models.tickets import is_open_assist, is_open_stay
from helpdesk.services import (
    accounts,
    assignment,
    assists,
    decisions,
    dispatch,
    intake,
    merging,
    messages,
    orders,
    outbox,
    passwords,
    pause_steps,
    priorities,
    reminders,
    resolution,
    sla,
    tickets,
)
from helpdesk.storage import session, unit_of_work
from seeds.demo import blame, drafts, history, history_rows, house, material, money, people, phrases
from seeds.demo.history import PastTicket
from seeds.demo.orders import order_data
from seeds.demo.people import PASSWORD, PEOPLE
from seeds.demo.plan import plan
from seeds.demo.steps import (
    OWNER,
    SYSTEM,
    Agree,
    Answer,
    Ask,
    Claim,
    Close,
    DemoPlan,
    Dispute,
    Hear,
    Jot,
    Judge,
    Merge,
    Move,
    Offer,
    Open,
    PlannedTicket,
    Rank,
    Resolve,
    Step,
    Tell,
    Triage,
    Urge,
    Wait,
)
from seeds.demo.times import ZONE

SEED = 20261122
TOLD_BEFORE = timedelta(minutes=2)
"""The channel tells of the order before its buyer complains."""

COPIED_AFTER = timedelta(seconds=40)
SWEEP_EVERY = timedelta(hours=1)
"""Stages that fall due close to each other are fired together, as by a job worker that has a lot to do."""

STEP_AFTER = timedelta(minutes=1)
"""Steps on waits are punctual: a reminder that came late would put off those behind it."""

DAYS_AT_ONCE = 5
"""Stored in one transaction."""


@dataclass(slots=True)
class Stage:
    """The installation that the plan is played on: ids, people, and where each ticket stands."""

    shops: dict[str, int]
    channels: dict[str, int]
    queues: dict[str, int]
    actors: dict[str, Actor]
    names: dict[int, str]
    tickets: dict[int, PlannedTicket]
    now: datetime
    opens_at: datetime
    hands_out: bool = False
    ids: dict[int, int] = field(default_factory=dict)  # of the rows, by the plan's keys
    swept_until: datetime | None = None
    rows: list[object] = field(default_factory=list)  # kept at hand: the session forgets what nobody holds

    def actor_of(self, ticket: Ticket, by: str, planned: PlannedTicket) -> Actor:
        """``owner`` is whoever answers the customer; the planned agent while nobody does."""
        if by != OWNER:
            return self.actors[by]
        owners = {actor.id: actor for actor in self.actors.values()}
        return owners.get(ticket.owner_id or 0) or self.actors[planned.agent]


def load(now: datetime, say: Callable[[str], None] = lambda _line: None) -> int:
    """Plant people and play the demo's plan up to ``now``. Returns how many tickets there are.

    The base has to be planted.
    """
    return play(plan(SEED, now), say, history.write(SEED, now))


def play(written: DemoPlan, say: Callable[[str], None] = lambda _line: None, past: Sequence[PastTicket] = ()) -> int:
    """Play a plan in one transaction: an interrupted demo leaves nothing behind. Returns how many tickets there are.

    ``past``: what was closed before the plan begins.
    """
    hashed = passwords.hashed(PASSWORD)
    with unit_of_work(), _without_collecting():
        _open_shops()
        _hire(hashed, past[0].created if past else written.begins)
        stage = _set(written)
        if past:
            say(f"before: {_plant(past, stage)} tickets")
        house.equip({person.login: stage.actors[person.login] for person in PEOPLE}, written.begins)
        for month, batches in groupby(_batches(written), key=lambda steps: _month(steps[0].at)):
            before = len(stage.ids)
            for steps in batches:
                _play(stage, steps)
                money.pay(stage.actors[money.FINANCE], steps[-1].at)
            say(f"{month}: {len(stage.ids) - before} tickets")
        stage.swept_until = None
        _let_time_pass(stage, written.now)
        outbox.expire_notices(written.now)
        house.tell({person.login: stage.actors[person.login] for person in PEOPLE}, written.now)
        house.ask_for({person.login: stage.actors[person.login] for person in PEOPLE}, written.now)
    return len(stage.ids) + len(past)


def _plant(past: Sequence[PastTicket], stage: Stage) -> int:
    people = {login: actor.id for login, actor in stage.actors.items()}
    places = stage.shops, stage.channels, stage.queues
    return history_rows.plant(past, history_rows.house(*places, people, people[SYSTEM], money.FINANCE))


def _open_shops() -> None:
    known = set(session().scalars(select(Shop.code)))
    session().add_all(Shop(code=shop.code, name=shop.name) for shop in material.shops() if shop.code not in known)
    session().flush()
    session().execute(update(Shop).values(self_service=True))


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Cyclic garbage is little, and looking for it among millions of objects takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _batches(written: DemoPlan) -> Iterator[list[Step]]:
    """A few days' steps; none reaches into another month."""
    for _, steps in groupby(written.steps, key=lambda step: (_month(step.at), _day(step.at) // DAYS_AT_ONCE)):
        yield list(steps)


def _month(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m}"


def _day(at: datetime) -> int:
    return at.astimezone(ZONE).day


def _hire(password_hash: str, now: datetime) -> None:
    admin = _system()
    queues = {row.code: row.id for row in session().execute(select(Queue.code, Queue.id))}
    for person in PEOPLE:
        accounts.create_user(
            person.login,
            name=person.name,
            role=person.role,
            password_hash=password_hash,
            capacity=person.capacity,
            member_of=[queues[code] for code in person.queues],
            actor=admin,
            now=now,
        )


def _system() -> Actor:
    user_id = session().execute(select(User.id).where(User.role == Role.SYSTEM.value)).scalars().first()
    if user_id is None:
        raise RuntimeError("the base is planted first")
    return Actor(id=user_id, role=Role.SYSTEM, source="api")


def _set(written: DemoPlan) -> Stage:
    queues = {row.code: row for row in session().scalars(select(Queue))}
    users = {row.login: row for row in session().scalars(select(User))}
    actors = {SYSTEM: _system()}
    for person in PEOPLE:
        own = [queues[code] for code in person.queues]
        actors[person.login] = Actor(
            id=users[person.login].id,
            role=person.role,
            queues=frozenset(queue.id for queue in own),
            writing_queues=frozenset(queue.id for queue in own if queue.writes_to_buyers),
        )
    return Stage(
        shops={row.code: row.id for row in session().execute(select(Shop.code, Shop.id))},
        channels={row.code: row.id for row in session().execute(select(Channel.code, Channel.id))},
        queues={code: row.id for code, row in queues.items()},
        actors=actors,
        names={row.id: row.name for row in users.values()},
        tickets={ticket.key: ticket for ticket in written.tickets},
        now=written.now,
        opens_at=house.opens_at(written.now),
    )


def _play(stage: Stage, steps: list[Step]) -> None:
    """Some days' steps. The session forgets the rows of the days before: it would look through them at each flush."""
    session().flush()
    session().expunge_all()
    stage.rows = [*session().scalars(select(Shop)), *session().scalars(select(Channel))]
    stage.rows += session().scalars(select(Queue))
    for step in steps:
        _let_time_pass(stage, step.at)
        if isinstance(step.action, Open):
            _open(stage, stage.tickets[step.ticket], step.action, step.at)
        else:
            _act(stage, step)


def _let_time_pass(stage: Stage, until: datetime) -> None:
    """What the job worker does meanwhile: stages and steps at about their time, and handing out what waits."""
    if stage.swept_until is not None and until < stage.swept_until + SWEEP_EVERY:
        return
    if not stage.hands_out and until >= stage.opens_at:
        house.open_desks({person.login: stage.actors[person.login] for person in PEOPLE}, stage.opens_at, stage.now)
        stage.hands_out = True
    job = Actor(id=stage.actors[SYSTEM].id, role=Role.SYSTEM, source="job")
    _take_steps(job, until)
    overdue = select(func.min(ClockStage.due_at)).where(ClockStage.fired_at.is_(None), ClockStage.due_at < until)
    while (due := session().scalar(overdue)) is not None:
        sla.sweep(job, min(due + SWEEP_EVERY, until))
    if stage.hands_out:
        for queue_id in dispatch.queues_in_need():
            dispatch.hand_out(queue_id, actor=job, now=until)
    stage.swept_until = until


def _take_steps(job: Actor, until: datetime) -> None:
    """Steps on waits that came due and whose wait has lasted so long."""
    due_at = (
        select(func.min(PauseStep.due_at))
        .join(TicketPause, TicketPause.id == PauseStep.pause_id)
        .where(PauseStep.fired_at.is_(None), PauseStep.due_at < until, TicketPause.ended_at.is_(None))
    )
    while (due := session().scalar(due_at)) is not None:
        pause_steps.sweep(job, min(due + STEP_AFTER, until))


def _open(stage: Stage, planned: PlannedTicket, action: Open, at: datetime) -> None:
    if planned.order is not None:
        told = order_data(planned.order, stage.shops[planned.shop], stage.channels[planned.channel])
        orders.upsert_order(told, now=at - TOLD_BEFORE)
    origin = "form" if action.by != SYSTEM else "monitor" if action.typed else "api"
    buyer = planned.buyer if planned.order is None else None  # an order that is known names him
    opened = intake.open_ticket(
        intake.TicketRequest(
            text=action.text,
            source=f"{origin}:{planned.shop}:{planned.channel}",
            external_id=f"demo-{planned.key}",
            shop_id=stage.shops[planned.shop],
            channel_id=stage.channels[planned.channel],
            order_number=planned.order_number,
            created_at=at,
            customer_name=buyer.name if buyer else "",
            buyer_id=buyer.buyer_id if buyer else "",
            phone=buyer.phone if buyer else "",
            type=planned.type if action.typed else None,
            priority=action.priority,
        ),
        actor=stage.actors[action.by],
        now=at,
    )
    stage.ids[planned.key] = opened.ticket_id


def _act(stage: Stage, step: Step) -> None:
    """One step on a ticket that is there, by whoever has it in hand."""
    planned, now = stage.tickets[step.ticket], step.at
    ticket = session().get_one(Ticket, stage.ids[step.ticket])
    stage.rows.append(ticket)
    owner, number, version = stage.actor_of(ticket, OWNER, planned), ticket.number, ticket.version
    if ticket.status not in ACTIVE and not isinstance(step.action, Hear | Close | Dispute | Judge):
        return  # a rule has ended its wait meanwhile
    match step.action:
        case Triage():
            _triage(ticket, planned, owner, now)
        case Claim(by):
            if ticket.queue_id in stage.actors[by].queues and not _in_hands(ticket):
                assignment.claim(number, actor=stage.actors[by], now=now)
        case Answer():
            _answer(stage, ticket, planned, step.action, owner, now)
        case Hear():
            _hear(stage, ticket, planned, step, now)
        case Jot(by, text):
            actor = stage.actor_of(ticket, by, planned)
            if ticket.queue_id in actor.queues or ticket.owner_id == actor.id:
                messages.add_note(number, text, actor=actor, now=now)
        case Ask(queue, party, question):
            if ticket.queue_id != stage.queues[queue]:
                assists.ask_for_help(
                    number, queue, party=party, question=question, version=version, actor=owner, now=now
                )
        case Tell(queue, answer):
            _tell(stage, ticket, queue, answer, now)
        case Urge():
            supervisor = people.supervisor(_queue_code(stage, ticket))
            reminders.remind(number, actor=stage.actors[supervisor], now=now)
        case Move(queue, reason):
            if ticket.queue_id != stage.queues[queue]:
                assignment.transfer(number, queue, reason=reason, version=version, actor=owner, now=now)
        case Wait(status, pending_on):
            tickets.set_status(number, status, pending_on=pending_on, version=version, actor=owner, now=now)
        case Rank(priority):
            priorities.set_priority(number, priority, version=version, actor=owner, now=now)
        case Offer():
            money.offer(ticket, step.action, owner, now)
        case Agree():
            money.answer(ticket, _queue_code(stage, ticket), stage.actors, now)
        case Dispute() | Judge():
            blame.appeal(ticket, step.action, stage.actors[step.action.by], now)
        case Resolve(by=by):
            blame.resolve(ticket, step.action, stage.actors[SYSTEM] if by == SYSTEM else owner, owner, now)
        case Merge(into, reason):
            _merge(stage, ticket, stage.tickets[into], reason, now)
        case Close():
            resolution.close(number, actor=stage.actors[SYSTEM], now=now)


def _queue_code(stage: Stage, ticket: Ticket) -> str:
    return next(code for code, queue_id in stage.queues.items() if queue_id == ticket.queue_id)


def _in_hands(ticket: Ticket) -> bool:
    held = select(Stint.id).where(Stint.ticket_id == ticket.id, is_open_stay, Stint.assignee_id.is_not(None))
    return session().scalar(held) is not None


def _tell(stage: Stage, ticket: Ticket, queue: str, answer: str, now: datetime) -> None:
    """By whoever has the question in hand, else by the first of those who work there."""
    asked = select(Stint.id, Stint.assignee_id).where(
        Stint.ticket_id == ticket.id, Stint.queue_id == stage.queues[queue], is_open_assist
    )
    question = session().execute(asked).one_or_none()
    if question is None:
        return
    members = {stage.actors[login].id: stage.actors[login] for login in people.logins(queue)}
    actor = members.get(question.assignee_id or 0) or next(iter(members.values()))
    assists.answer(question.id, answer, actor=actor, now=now, version=None)


def _merge(stage: Stage, ticket: Ticket, planned: PlannedTicket, reason: str, now: datetime) -> None:
    """Into the planned one, by who answers there; nothing to merge where the intake took both for one."""
    target = session().get_one(Ticket, stage.ids[planned.key])
    stage.rows.append(target)
    owner = stage.actor_of(target, OWNER, planned)
    if target is not ticket and ticket.queue_id in owner.queues:
        merging.merge({ticket.number: ticket.version}, target.number, reason=reason, actor=owner, now=now)


def _triage(ticket: Ticket, planned: PlannedTicket, owner: Actor, now: datetime) -> None:
    """Correct the type, or confirm one that nobody could be sure of."""
    if ticket.type != planned.type:
        decisions.set_type(ticket.number, planned.type, version=ticket.version, actor=owner, now=now)
    elif ticket.tier in {"suggest", "none"}:
        decisions.confirm_type(ticket.number, version=ticket.version, actor=owner, now=now)


def _answer(stage: Stage, ticket: Ticket, planned: PlannedTicket, action: Answer, owner: Actor, now: datetime) -> None:
    template = phrases.templates()[action.template] if action.template else None
    text, status = action.text, None
    if template is not None:
        body = template["body_en" if planned.buyer.english else "body_zh"]
        text = fill(body, {**planned.values, "agent": stage.names[owner.id], "promise_time": action.promise}).text
        status = Status(template["set_status"]) if template["set_status"] else None
    made = drafts.drafted(planned, action.template, text, now)
    draft = messages.Draft(
        made.text,
        last_message_id=0,
        cross_newer=True,  # who follows the plan has read everything
        is_solution=template["marks_solution"] if template else action.solution,
        status_after=status,
        template_code=action.template or None,
        template_version=1 if template else None,
        filled=text if template else None,
        rank=made.rank,
        suggested_code=made.suggested,
        suggested_version=1 if made.suggested else None,
    )
    message = messages.reply(ticket.number, draft, version=ticket.version, actor=owner, now=now)
    if action.copied and now + COPIED_AFTER < stage.now:
        messages.mark_copied(ticket.number, message, actor=owner, now=now + COPIED_AFTER)


def _hear(stage: Stage, ticket: Ticket, planned: PlannedTicket, step: Step, now: datetime) -> None:
    """The customer again. One who asks where things stand comes the way he came first, and is recognised."""
    action = step.action
    assert isinstance(action, Hear)  # noqa: S101  narrowed by the caller's match
    since = now - (ticket.last_customer_message_at or ticket.created_at)
    joins = planned.order_number and ticket.type != "other" and since < timedelta(seconds=NUDGE_WITHIN_SECONDS)
    if action.nudge and joins:
        request = intake.TicketRequest(
            text=action.text,
            source=f"form:{planned.shop}:{planned.channel}",
            external_id=f"demo-{planned.key}-{now.isoformat()}",
            shop_id=ticket.shop_id,
            channel_id=ticket.channel_id,
            order_number=planned.order_number,
            created_at=now,
            type=ticket.type,
        )
        intake.open_ticket(request, actor=stage.actors[planned.agent], now=now)
        return
    messages.record_customer_message(ticket.number, action.text, now, actor=stage.actors[SYSTEM], now=now)
