"""The overdue board: what burns, in lanes; who could take it; what is at stake.

It asks the clocks themselves (``ticket.burns_at`` is the least last instant in time of those that run), never whether a
job has looked at them. Five statements, whatever the number of tickets: lanes with their counts, cards, the clocks and
questions of those, their calendars. ``people`` is another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from helpdesk.domain.access import WORKING_ROLES, Actor
from helpdesk.domain.routing import why_away
from helpdesk.domain.rulebook import Label, RuleBook
from helpdesk.models import (
    Channel,
    ClockRow,
    Customer,
    Membership,
    Note,
    Order,
    Queue,
    Stint,
    Ticket,
    TicketPause,
    User,
)
from helpdesk.models.calendars import load_calendars
from helpdesk.models.presence import whereabouts_columns, whereabouts_of
from helpdesk.models.tickets import is_active, is_open_assist, is_open_stay
from helpdesk.queries.board_lanes import (
    STATEMENTS_KEPT,
    URGENCIES,
    By,
    Figures,
    Lane,
    Section,
    counted_lanes,
    in_board_queues,
    in_lane,
    in_sight,
    is_in,
)
from helpdesk.queries.clock_faces import ClockFace, nearest
from helpdesk.queries.keyset import Statement
from helpdesk.queries.present import Present, Same
from helpdesk.storage import UTCDateTime, constants, plain_rows

MOST_LANES = 24
MOST_IN_LANE = 20
LEAST_IN_LANE = 4
MOST_CARDS = 120
"""On the whole board: many lanes show fewer each."""

OWNER = aliased(User)


@dataclass(frozen=True, slots=True)
class OpenAssist:
    """A question that another queue has not answered yet. ``late``: its own clock is over."""

    id: int
    queue_id: int
    queue: Label
    question: str
    late: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A ticket on the board. ``hands`` is who took it in its queue; ``paid_fen`` is its order's, fen.

    ``queue_over_since``: since when the present stay has outrun the queue's own clock (None: it hasn't). That lateness
    is the queue's, whatever the customer was promised. ``waits_since``: when the present wait began.
    """

    id: int
    number: str
    version: int
    subject: str
    type: str
    klass: str
    unconfirmed: bool
    queue_id: int
    queue: Label
    status: str
    pending_on: str | None
    priority: str
    urgency: int
    nudges: int
    vip: bool
    channel: Label
    hands: str | None
    hands_id: int | None
    owner: str | None
    paid_fen: int | None
    waits_since: datetime | None
    clock: ClockFace | None = None
    queue_over_since: datetime | None = None
    assists: tuple[OpenAssist, ...] = ()

    def seen(self) -> tuple[object, ...]:
        """What a reader sees of it, without what counts down by itself."""
        values = tuple(getattr(self, name) for name in self.__slots__ if name != "clock")
        return (*values, self.clock.seen() if self.clock else None)


@dataclass(frozen=True, slots=True)
class FilledLane:
    """A lane with the cards that burn first in it."""

    lane: Lane
    cards: tuple[Card, ...]

    @property
    def more(self) -> int:
        """How many stand behind the last card."""
        return max(0, self.lane.shown - len(self.cards))

    def seen(self) -> tuple[object, ...]:
        return (self.lane, *(card.seen() for card in self.cards))


@dataclass(frozen=True, slots=True)
class Board:
    """Lanes in order, ``hidden`` how many were left out; ``longest`` is the ticket that is overdue the longest."""

    lanes: tuple[FilledLane, ...]
    hidden: int
    figures: Figures
    longest: Card | None

    def seen(self) -> tuple[object, ...]:
        longest = self.longest.seen() if self.longest else None
        return (*(lane.seen() for lane in self.lanes), self.hidden, self.figures, longest)


def board(
    actor: Actor,
    now: datetime,
    book: RuleBook,
    *,
    by: By = By.QUEUE,
    section: Section = Section.ALL,
    most_in_lane: int = MOST_IN_LANE,
    most_cards: int = MOST_CARDS,
) -> Board:
    """The actor's board at ``now``: the tickets of his queues, of all queues for a role that reads every board.

    ``book`` are the rules in force: they say how long a ticket may wait.
    """
    lanes, figures = counted_lanes(actor, now, book, by, section)
    shown, hidden = lanes[:MOST_LANES], len(lanes[MOST_LANES:])
    size = min(most_in_lane, max(LEAST_IN_LANE, most_cards // max(1, len(shown))))
    places = tuple((place, lane.id, lane.code, lane.klass) for place, lane in enumerate(shown) if lane.shown)
    found = _found(actor, now, Same(book), by, section, places, size, figures.oldest)
    cards = _completed({row.id: _card(row) for row in found}, now)
    filled = tuple(
        FilledLane(lane, tuple(cards[row.id] for row in found if row.place == place))
        for place, lane in enumerate(shown)
    )
    longest = next((cards[row.id] for row in found if row.place == LONGEST), None)
    return Board(filled, hidden, figures, longest)


Place = tuple[int, int | None, str | None, str | None]
"""A lane's place, id, code and class."""

LONGEST = -1
"""The place of the ticket that is overdue the longest, beside those of the lanes."""


def _found(
    actor: Actor,
    now: datetime,
    book: Same,
    by: By,
    section: Section,
    lanes: tuple[Place, ...],
    size: int,
    oldest: datetime | None,
) -> Sequence[Row[Any]]:
    """The tickets of all places, in the order in which they burn. One statement."""
    if not lanes and oldest is None:
        return ()
    statement, present = _built_places(actor, book, by, section, lanes, size, oldest is not None)
    return plain_rows(statement, {**present.values(now), "oldest": oldest}).all()


@lru_cache(maxsize=STATEMENTS_KEPT)
def _built_places(
    actor: Actor, book: Same, by: By, section: Section, lanes: tuple[Place, ...], size: int, with_longest: bool
) -> tuple[Statement, Present]:
    """Built once for a person and a view, as long as the same lanes are filled."""
    present: Any = Present()
    parts = [
        _first(place, size).where(
            in_sight(actor), in_lane(lane_id, code, klass, by), is_in(section, book.value, present)
        )
        for place, lane_id, code, klass in lanes
    ]
    if with_longest:
        longest = Ticket.burns_at == bindparam("oldest", type_=UTCDateTime)
        parts.append(_first(LONGEST, 1).where(in_sight(actor), Ticket.urgency.in_(constants(URGENCIES)), longest))
    places = union_all(*(select(part.subquery()) for part in parts)).subquery()
    statement = (
        select(places.c.place, *_COLUMNS)
        .select_from(places)
        .join(Ticket, Ticket.id == places.c.id)
        .join(Queue, Queue.id == Ticket.queue_id)
        .join(Channel, Channel.id == Ticket.channel_id)
        .outerjoin(Stint, and_(Stint.ticket_id == Ticket.id, is_open_stay))
        .outerjoin(User, User.id == Stint.assignee_id)
        .outerjoin(OWNER, OWNER.id == Ticket.owner_id)
        .outerjoin(Order, Order.id == Ticket.order_id)
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(TicketPause, and_(TicketPause.ticket_id == Ticket.id, TicketPause.ended_at.is_(None)))
        .order_by(places.c.place, Ticket.urgency.desc(), Ticket.burns_at, Ticket.id)
    )
    return statement, present


def _first(place: int, size: int) -> Select[int, int]:
    """Ids of what burns first; the lane's condition lets an index give the order."""
    return (
        select(literal(place).label("place"), Ticket.id.label("id"))
        .where(is_active)
        .order_by(Ticket.urgency.desc(), Ticket.burns_at, Ticket.id)
        .limit(size)
    )


_COLUMNS = (
    Ticket.id,
    Ticket.number,
    Ticket.version,
    Ticket.subject,
    Ticket.type,
    Ticket.klass,
    Ticket.tier,
    Ticket.queue_id,
    Queue.name_zh.label("queue_zh"),
    Queue.name_en.label("queue_en"),
    Ticket.status,
    Ticket.pending_on,
    Ticket.priority,
    Ticket.urgency,
    Ticket.nudges,
    Customer.vip_at,
    Channel.name_zh.label("channel_zh"),
    Channel.name_en.label("channel_en"),
    User.name.label("hands"),
    User.id.label("hands_id"),
    OWNER.name.label("owner"),
    Order.paid_fen,
    TicketPause.started_at.label("waits_since"),
)


def _card(row: Row[Any]) -> Card:
    return Card(
        id=row.id,
        number=row.number,
        version=row.version,
        subject=row.subject,
        type=row.type,
        klass=row.klass,
        unconfirmed=row.tier in ("suggest", "none"),
        queue_id=row.queue_id,
        queue=Label(row.queue_zh, row.queue_en),
        status=row.status,
        pending_on=row.pending_on,
        priority=row.priority,
        urgency=row.urgency,
        nudges=row.nudges,
        vip=row.vip_at is not None,
        channel=Label(row.channel_zh, row.channel_en),
        hands=row.hands,
        hands_id=row.hands_id,
        owner=row.owner,
        paid_fen=row.paid_fen,
        waits_since=row.waits_since,
    )


def _completed(cards: Mapping[int, Card], now: datetime) -> dict[int, Card]:
    """The cards with their clocks and open questions."""
    clocks: dict[int, list[Row[Any]]] = {}
    for row in _running_clocks(cards):
        clocks.setdefault(row.ticket_id, []).append(row)
    towards_customer = {ticket_id: [row for row in rows if row.stint_id is None] for ticket_id, rows in clocks.items()}
    calendars = load_calendars(
        {(row.calendar_id, row.calendar_version) for rows in towards_customer.values() for row in rows}
    )
    questions = _questions(cards, now)
    return {
        ticket_id: replace(
            card,
            clock=nearest(towards_customer.get(ticket_id, ()), calendars, now),
            queue_over_since=_queue_over_since(clocks.get(ticket_id, ()), now),
            assists=tuple(questions.get(ticket_id, ())),
        )
        for ticket_id, card in cards.items()
    }


def _queue_over_since(rows: Sequence[Row[Any]], now: datetime) -> datetime | None:
    """Since when the clock of the present stay is over; None while it isn't."""
    late = [row.late_after for row in rows if row.is_stay and row.late_after is not None and row.late_after < now]
    return min(late, default=None)


def _running_clocks(tickets: Mapping[int, Card]) -> Sequence[Row[Any]]:
    """Neither met nor cancelled: those towards the customer, and those of the stays and questions that are open."""
    if not tickets:
        return ()
    return plain_rows(_clocks(), {"tickets": sorted(tickets)}).all()


@cache
def _clocks() -> Statement:
    return (
        select(
            ClockRow.ticket_id,
            ClockRow.stint_id,
            and_(Stint.id.is_not(None), Stint.kind == "stay", Stint.left_at.is_(None)).label("is_stay"),
            ClockRow.kind,
            ClockRow.calendar_id,
            ClockRow.calendar_version,
            ClockRow.target_seconds,
            ClockRow.started_at,
            ClockRow.pauses,
            ClockRow.due_at,
            ClockRow.late_after,
            ClockRow.met_at,
            ClockRow.provisional,
        )
        .outerjoin(Stint, Stint.id == ClockRow.stint_id)
        .where(
            ClockRow.ticket_id.in_(bindparam("tickets", expanding=True)),
            ClockRow.met_at.is_(None),
            ClockRow.cancelled_at.is_(None),
            or_(ClockRow.stint_id.is_(None), Stint.kind == "stay"),
        )
    )


def _questions(tickets: Mapping[int, Card], now: datetime) -> dict[int, list[OpenAssist]]:
    """What other queues are asked on these tickets, the oldest first."""
    if not tickets:
        return {}
    found: dict[int, list[OpenAssist]] = {}
    for row in plain_rows(_asked(), {"tickets": sorted(tickets)}).all():
        late = row.late_after is not None and row.late_after < now
        asked = OpenAssist(row.id, row.queue_id, Label(row.name_zh, row.name_en), row.question or "", late)
        found.setdefault(row.ticket_id, []).append(asked)
    return found


@cache
def _asked() -> Statement:
    return (
        select(
            Stint.id,
            Stint.ticket_id,
            Stint.queue_id,
            Queue.name_zh,
            Queue.name_en,
            Note.text.label("question"),
            ClockRow.late_after,
        )
        .join(Queue, Queue.id == Stint.queue_id)
        .outerjoin(Note, Note.id == Stint.question_note_id)
        .outerjoin(ClockRow, and_(ClockRow.stint_id == Stint.id, ClockRow.cancelled_at.is_(None)))
        .where(is_open_assist, Stint.ticket_id.in_(bindparam("tickets", expanding=True)))
        .order_by(Stint.id)
    )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works in queues of the board. ``in_hand`` counts tickets and questions, waiting ones too."""

    id: int
    name: str
    queues: frozenset[int]
    present: bool
    in_hand: int


def people(actor: Actor, now: datetime) -> list[Person]:
    """Who works in the board's queues, by name, and who of them is there at ``now``. One statement."""
    statement, present = _built_people(actor)
    found: dict[int, Person] = {}
    for row in plain_rows(statement, present.values(now)).all():
        known = found.get(row.id)
        queues = (known.queues if known else frozenset()) | {row.queue_id}
        there = not why_away(whereabouts_of(row), now)
        found[row.id] = Person(row.id, row.name, queues, there, row.in_hand)
    return list(found.values())


@lru_cache(maxsize=STATEMENTS_KEPT)
def _built_people(actor: Actor) -> tuple[Statement, Present]:
    now: Any = Present()
    held = select(func.count()).select_from(Stint).where(Stint.assignee_id == User.id, Stint.left_at.is_(None))
    statement = (
        select(
            User.id,
            User.name,
            Membership.queue_id,
            *whereabouts_columns(now),
            held.correlate(User).scalar_subquery().label("in_hand"),
        )
        .join(Membership, Membership.user_id == User.id)
        .where(
            User.active,
            User.role.in_(constants(role.value for role in WORKING_ROLES)),
            in_board_queues(actor, Membership.queue_id),
        )
        .order_by(User.name, User.id)
    )
    return statement, now
