"""A ticket's life as one line of time: who had it when, and who used up a promise that was broken.

A stretch belongs to the queue that has the ticket, to the customer while we wait for him, or to whoever
has to approve. Another queue that was asked for help has it while the ticket waits for just that. What
lies outside the working time of the queue is ``CLOSED``; between a resolve and the next cycle the ticket
is ``RESOLVED`` and nobody's.

Lateness is blamed on the queue that used the time (PRODUCT, SLA). Each stay in a queue has a clock of its
own, so the queue that overran its own targets by most is to blame; where none did, whoever used most of
what the customer's clock counted. Instants are aware UTC datetimes, durations whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from helpdesk.domain import clocks as engine
from helpdesk.domain.calendars import SECOND, Calendar, Span, open_intervals, open_spans
from helpdesk.domain.clocks import ClockState
from helpdesk.domain.tickets import ACTIVE, Status

CUSTOMER = "customer"
APPROVAL = "approval"
CLOSED = "closed"
RESOLVED = "resolved"
BEFORE = "before"
"""Who used what a clock had counted before there was a ticket: a platform's, which began with the order."""


@dataclass(frozen=True, slots=True)
class Move:
    """From ``at`` on the ticket was in this status; ``pending_on`` is whom 待内部 waited for."""

    at: datetime
    status: Status
    pending_on: str | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """A stretch in which a queue had the ticket, or (``assist``) was asked for help; ``left`` None: it still has."""

    queue: str
    entered: datetime
    left: datetime | None
    assist: bool = False

    def covers(self, at: datetime) -> bool:
        return self.entered <= at and (self.left is None or at < self.left)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch ``[start, end)`` of a ticket's life.

    ``who`` is the code of the queue that works, or ``CUSTOMER``, ``APPROVAL``, ``CLOSED``, ``RESOLVED``. ``queue``
    is the queue that answers for it in any case: that which has the ticket, or the one that is asked for help.
    """

    start: datetime
    end: datetime
    who: str
    queue: str

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class QueueUse:
    """A stay's own clock: how much of its working time the queue used, and its target (seconds)."""

    queue: str
    used_seconds: int
    target_seconds: int

    @property
    def over_seconds(self) -> int:
        return max(0, self.used_seconds - self.target_seconds)


@dataclass(frozen=True, slots=True)
class Share:
    """What one of them used of a clock, and its part of the overrun, in seconds."""

    who: str  # a queue's code, APPROVAL or BEFORE
    seconds: int
    over_seconds: int


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who used a customer clock. The shares add up to ``counted_seconds`` and ``over_seconds``, the greatest first.

    ``blame`` is a queue's code, ``APPROVAL`` or ``BEFORE``; None while the clock is in time.
    """

    counted_seconds: int
    over_seconds: int
    shares: tuple[Share, ...]
    blame: str | None


def life(
    created: datetime,
    end: datetime,
    moves: Iterable[Move],
    stays: Sequence[Stay],
    calendars: Mapping[str, Calendar],
) -> tuple[Segment, ...]:
    """The life from ``created`` to ``end`` in segments that touch, never overlap and leave nothing out.

    ``moves`` in the order in which they happened; before the first the ticket is new. ``calendars`` are by queue; one
    without a calendar is always open. Nothing for a ticket that never was in a queue, or an empty stretch.
    """
    own = sorted((stay for stay in stays if not stay.assist), key=lambda stay: stay.entered)
    assists = [stay for stay in stays if stay.assist]
    if not own or end <= created:
        return ()
    states = _states(created, moves, own)
    edges = {created, end, *(move.at for move in states)}
    edges |= {at for stay in stays for at in (stay.entered, stay.left) if at is not None}
    inside = sorted(at for at in edges if created <= at <= end)
    held = (_held(start, close, _latest(states, start), own, assists) for start, close in pairwise(inside))
    return tuple(_joined(part for segment in held for part in _cut(segment, calendars.get(segment.queue))))


def held_by(queue: str, segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """The same line as if this queue had had the ticket all the time.

    For the first response: customers are answered by those who may write to them, whoever else has the ticket.
    """
    return tuple(replace(segment, who=queue, queue=queue) for segment in segments)


def seconds_by_who(segments: Iterable[Segment]) -> dict[str, int]:
    """Whole seconds by ``who``, in the order in which they first appear. A queue's are working time."""
    sums: dict[str, timedelta] = {}
    for segment in segments:
        sums[segment.who] = sums.get(segment.who, timedelta()) + segment.length
    return {who: length // SECOND for who, length in sums.items()}


def attribution(
    clock: ClockState, calendar: Calendar, segments: Sequence[Segment], queue_clocks: Iterable[QueueUse], now: datetime
) -> Attribution:
    """Who used what a customer's clock has counted, up to ``now`` or its stop, and who is to blame if it is late.

    All that the clock counted belongs to whoever had the ticket then, in or out of his own working time. The overrun
    is shared in proportion to what each has used. ``queue_clocks`` are those of the clock's cycle.
    """
    counted = engine.elapsed(clock, calendar, now)
    over = 0 if clock.target_seconds is None else max(0, counted - clock.target_seconds)
    used = shared(counted, _use(clock, calendar, segments, now))
    overrun = shared(over, {who: timedelta(seconds=seconds) for who, seconds in used.items()})
    shares = [Share(who, seconds, overrun.get(who, 0)) for who, seconds in used.items()]
    shares.sort(key=lambda share: (-share.seconds, share.who))
    return Attribution(counted, over, tuple(shares), _blame(shares, queue_clocks) if over else None)


def shared(total: int, weights: Mapping[str, timedelta]) -> dict[str, int]:
    """``total`` whole seconds split in proportion to the weights, nothing lost to rounding; {} without any weight."""
    whole = sum(weights.values(), timedelta())
    if not whole:
        return {}
    parts = {who: total * (weight // _GRAIN) // (whole // _GRAIN) for who, weight in weights.items()}
    by_loss = sorted(weights, key=lambda who: (-(total * (weights[who] // _GRAIN) % (whole // _GRAIN)), who))
    for who in by_loss[: total - sum(parts.values())]:
        parts[who] += 1
    return parts


_GRAIN = timedelta(microseconds=1)


def _states(created: datetime, moves: Iterable[Move], own: Sequence[Stay]) -> list[Move]:
    """The moves in order of time, the first at the beginning.

    A new cycle begins when the customer wrote, as its stay does, not when we heard of it.
    """
    states = [Move(created, Status.NEW)]
    for move in moves:
        move = replace(move, at=max(move.at, states[-1].at))
        ended = states[-1].status not in ACTIVE and move.status in ACTIVE
        if ended and len(states) > 1:
            begun = [stay.entered for stay in own if states[-1].at <= stay.entered <= move.at]
            move = replace(move, at=min([*begun, move.at]))
        states.append(move)
    return states


def _latest(states: Sequence[Move], at: datetime) -> Move:
    """The state at this instant; of several of one instant the last."""
    return next(move for move in reversed(states) if move.at <= at)


def _held(start: datetime, end: datetime, state: Move, own: Sequence[Stay], assists: Sequence[Stay]) -> Segment:
    """A stretch in which nothing changes."""
    queue = _holder(start, own)
    if state.status not in ACTIVE:
        return Segment(start, end, RESOLVED, queue)
    match state.status:
        case Status.PENDING_CUSTOMER:
            return Segment(start, end, CUSTOMER, queue)
        case Status.PENDING_APPROVAL:
            return Segment(start, end, APPROVAL, queue)
        case Status.PENDING_INTERNAL:
            asked = any(one.queue == state.pending_on and one.covers(start) for one in assists)
            queue = state.pending_on if asked and state.pending_on else queue
    return Segment(start, end, queue, queue)


def _holder(at: datetime, own: Sequence[Stay]) -> str:
    """The queue that has the ticket: the latest of its stays that began, the first before any did.

    A transfer that was undone leaves two stays over one stretch; the ticket was where it had come to last.
    """
    here = [stay for stay in own if stay.covers(at)] or [stay for stay in own if stay.entered <= at]
    return here[-1].queue if here else own[0].queue


def _cut(segment: Segment, calendar: Calendar | None) -> Iterator[Segment]:
    """A working queue's stretch with its closed hours told apart; anybody else's as it is."""
    if segment.who != segment.queue or calendar is None:
        yield segment
        return
    cursor = segment.start
    for begin, end in open_intervals(calendar, segment.start, segment.end):
        if cursor < begin:
            yield Segment(cursor, begin, CLOSED, segment.queue)
        yield Segment(begin, end, segment.who, segment.queue)
        cursor = end
    if cursor < segment.end:
        yield Segment(cursor, segment.end, CLOSED, segment.queue)


def _joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Neighbours of one kind are one."""
    for _, run in groupby(segments, key=lambda segment: (segment.who, segment.queue)):
        first, *others = run
        yield replace(first, end=(others or [first])[-1].end)


def _use(clock: ClockState, calendar: Calendar, segments: Sequence[Segment], now: datetime) -> dict[str, timedelta]:
    """Counted time by who had the ticket. What lies behind the line's end belongs to who had it last."""
    sums: dict[str, timedelta] = {}
    place, last = 0, len(segments) - 1
    for begin, end in _counted(clock, calendar, now) if segments else ():
        while begin < end:
            segment = segments[place]
            who = APPROVAL if segment.who == APPROVAL else segment.queue
            close = end if place == last else min(end, segment.end)
            if begin < segments[0].start:
                who, close = BEFORE, min(end, segments[0].start)
            if begin < close:
                sums[who] = sums.get(who, timedelta()) + close - begin
                begin = close
            else:
                place += 1
    return sums


def _counted(clock: ClockState, calendar: Calendar, now: datetime) -> Iterator[Span]:
    for begin, end in engine.counting_spans(clock):
        yield from open_spans(calendar, begin, now if end is None else end)


def _blame(shares: Sequence[Share], queue_clocks: Iterable[QueueUse]) -> str | None:
    """Who overran its own targets by most, else who used most."""
    over: dict[str, int] = {}
    for clock in queue_clocks:
        if clock.over_seconds:
            over[clock.queue] = over.get(clock.queue, 0) + clock.over_seconds
    if over:
        return min(over, key=lambda queue: (-over[queue], queue))
    return shares[0].who if shares else None
