"""What people are told of: kinds of news, whom a notice concerns, quiet hours, and how much fits into a message."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.domain.access import TABLE, Permission, Role

MINUTES_A_DAY = 24 * 60
MOST_NOTIFY = 20
"""Entries of one notice that are read; a notice names groups, not a crowd one by one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of news. ``bell`` and ``mail``: where a person hears of it until he chooses.

    ``urgent`` news doesn't wait for a digest's time, yet never breaks quiet hours. What is not ``outside`` stays
    under bells: no mail, no robot. What is ``alone`` shares its mail or message with nothing else. ``needs``: only
    people with this permission hear of it; ``unasked``: only these roles do until they choose.
    """

    code: str
    bell: bool = True
    mail: bool = False
    urgent: bool = False
    outside: bool = True
    alone: bool = False
    needs: Permission | None = None
    unasked: frozenset[Role] | None = None

    def default(self, role: Role) -> tuple[bool, bool]:
        """(bell, mail) of somebody of this role who hasn't chosen."""
        return (self.bell, self.mail) if self.unasked is None or role in self.unasked else (False, False)


def _report(code: str, *, bell: bool) -> Kind:
    """Figures: mail of its own with the file, for those who may read reports; who answers for them needn't ask."""
    ops = frozenset({Role.OPS, Role.SUPERVISOR})
    return Kind(code, bell=bell, mail=True, urgent=True, alone=True, needs=Permission.REPORTS_READ, unasked=ops)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.code: kind
        for kind in (
            Kind("sla.stage", mail=True),
            Kind("pause.step"),
            Kind("ticket.assigned"),
            Kind("ticket.transferred"),
            Kind("ticket.customer_replied"),
            Kind("ticket.confirmed"),
            Kind("ticket.mentioned"),
            Kind("ticket.merged"),
            Kind("ticket.reminded", mail=True, urgent=True),
            Kind("assist.asked"),
            Kind("assist.answered"),
            Kind("money.asked", mail=True, urgent=True),
            Kind("money.decided"),
            Kind("shares.blamed"),
            Kind("appeal.filed", mail=True),
            Kind("appeal.decided"),
            Kind("absence.stand_in", mail=True),
            Kind("calendar.unconfirmed", mail=True),
            _report("report.month", bell=True),
            _report("report.day", bell=False),
            Kind("outbox.dead", outside=False),
        )
    }
)
OUTSIDE_KINDS: tuple[str, ...] = tuple(code for code, kind in KINDS.items() if kind.outside)
"""What mail and robots may carry."""


def kinds_for(role: Role) -> tuple[Kind, ...]:
    """What somebody of this role can hear of."""
    return tuple(kind for kind in KINDS.values() if kind.needs is None or kind.needs in TABLE[role])


def kind_of(code: str) -> Kind:
    """The kind; one that nobody knows (any more) is told under the bell only."""
    return KINDS.get(code) or Kind(code, outside=False)


def is_urgent(code: str, params: Mapping[str, Any]) -> bool:
    """Whether the news must not wait for a digest. A stage of a clock is urgent once its target is used up."""
    if code != "sla.stage":
        return kind_of(code).urgent
    percent, offset = params.get("percent"), params.get("offset_seconds")
    return (isinstance(percent, int) and percent >= 100) or (isinstance(offset, int) and offset >= 0)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the ticket of a notice stands, in ids: its queue, who answers the customer, in whose hands it is."""

    queue: int | None = None
    owner: int | None = None
    assignee: int | None = None


@dataclass(frozen=True, slots=True)
class House:
    """Who works here now, in ids of active people. ``stand_ins``: who is really in for those away."""

    roles: Mapping[str, frozenset[int]] = field(default_factory=dict)
    members: Mapping[int, frozenset[int]] = field(default_factory=dict)
    stand_ins: Mapping[int, int] = field(default_factory=dict)

    @property
    def people(self) -> frozenset[int]:
        return frozenset().union(*self.roles.values())


def concerned(notify: Iterable[object], standing: Standing, house: House, *, actor: int | None) -> frozenset[int]:
    """Ids of the people whom a notice concerns, each once.

    Entries: ``assignee``, ``owner``, ``supervisor`` (supervisors who are members of the ticket's queue, ops where
    there is none), ``queue``, ``queue:<id>``, ``user:<id>``, ``role:<role>``; others are passed over. Who is away is
    told, and his stand-in too. The one who did it (``actor``) isn't.
    """
    told = frozenset[int]().union(*(_group(str(entry), standing, house) for entry in list(notify)[:MOST_NOTIFY]))
    told |= {house.stand_ins[user] for user in told if user in house.stand_ins}
    return (told & house.people) - {actor}


def queues_of(notify: Iterable[object], standing: Standing) -> frozenset[int]:
    """Ids of the queues that a notice is about: its ticket's, and those it names. Their targets hear of it."""
    named = (_number(str(entry), "queue:") for entry in list(notify)[:MOST_NOTIFY])
    return frozenset(queue for queue in (standing.queue, *named) if queue is not None)


def _group(entry: str, standing: Standing, house: House) -> Collection[int]:
    in_queue = house.members.get(standing.queue, frozenset()) if standing.queue is not None else frozenset()
    match entry:
        case "assignee":
            return {standing.assignee} - {None}  # type: ignore[return-value]
        case "owner":
            return {standing.owner} - {None}  # type: ignore[return-value]
        case "queue":
            return in_queue
        case "supervisor":
            return (in_queue & house.roles.get("supervisor", frozenset())) or house.roles.get("ops", frozenset())
    if (queue := _number(entry, "queue:")) is not None:
        return house.members.get(queue, frozenset())
    if (user := _number(entry, "user:")) is not None:
        return {user}
    if entry.startswith("role:"):
        return house.roles.get(entry.removeprefix("role:"), frozenset())
    return ()


def _number(entry: str, prefix: str) -> int | None:
    number = entry.removeprefix(prefix)
    return int(number) if entry.startswith(prefix) and number.isascii() and number.isdigit() else None


def is_quiet(now: datetime, begin: int | None, end: int | None, zone: ZoneInfo) -> bool:
    """Whether ``now`` (UTC) lies in the quiet hours from minute ``begin`` of the day to before minute ``end``.

    Minutes since midnight on the wall clock of ``zone``; ``begin`` after ``end`` goes over midnight.
    """
    if begin is None or end is None:
        return False
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    return begin <= minute < end if begin <= end else minute >= begin or minute < end


def fitted(lines: Sequence[str], most_bytes: int, more: Callable[[int], str]) -> str:
    """As many lines, joined, as fit into ``most_bytes`` of UTF-8; ``more(n)`` says that n were left out."""
    whole = "\n".join(lines)
    if len(whole.encode()) <= most_bytes:
        return whole
    room = most_bytes - len(more(len(lines)).encode())
    taken = sum(used <= room for used in accumulate(len(line.encode()) + 1 for line in lines))
    return "\n".join([*lines[:taken], more(len(lines) - taken)])
