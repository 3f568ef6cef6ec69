"""Where a ticket goes, who answers its customer, and into whose hands it is given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from helpdesk.domain.rulebook import RuleBook

ROUND_ROBIN, LEAST_LOAD, MANUAL = "round_robin", "least_load", "manual"

SEEN_WITHIN = timedelta(minutes=15)
"""Whoever has not been seen for longer has gone, whatever he said of himself."""


@dataclass(frozen=True, slots=True)
class Route:
    """The type's queue; and the queue whose people answer the customer."""

    queue: str
    answering_queue: str


def route(rulebook: RuleBook, type_code: str) -> Route:
    """Class and queue follow from the type alone (PRODUCT: class and queue follow from type and rule version)."""
    return Route(queue=rulebook.type(type_code).queue, answering_queue=rulebook.answering_queue)


@dataclass(frozen=True, slots=True)
class Load:
    """Active tickets of one's own, and the id of the latest of them (0: none)."""

    tickets: int
    latest: int


def choose_owner(loads: Mapping[int, Load]) -> int | None:
    """The person with the fewest active tickets of his own; None if nobody can.

    Ties go to whose latest ticket is the oldest, else the first of the list would get every ticket of a quiet day.
    """
    return min(loads, key=lambda user: (loads[user].tickets, loads[user].latest, user), default=None)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What is known of somebody's being there. ``seen_at`` (UTC) is his last sign of life, None without a login."""

    presence: str  # his own word: online or away
    seen_at: datetime | None
    absent: bool
    on_shift: bool  # also who has no shifts at all


def why_away(known: Whereabouts, now: datetime) -> str:
    """Why nothing is handed to him at ``now``: absent, off_shift, away or unseen; empty if he is there."""
    if known.absent:
        return "absent"
    if not known.on_shift:
        return "off_shift"
    if known.presence != "online":
        return "away"
    if known.seen_at is None or now - known.seen_at > SEEN_WITHIN:
        return "unseen"
    return ""


@dataclass(frozen=True, slots=True)
class SkillRule:
    """A skill, and the codes of the types and channels that ask for it."""

    code: str
    types: frozenset[str]
    channels: frozenset[str]


def needed_skills(skills: Iterable[SkillRule], type_code: str, channel: str) -> frozenset[str]:
    """Codes of the skills that a ticket of this type, from this channel, asks for."""
    return frozenset(skill.code for skill in skills if type_code in skill.types or channel in skill.channels)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the queue. ``load`` counts what is in his hands and doesn't wait for a customer.

    ``latest`` grows with each thing he is given (0: nothing in hand); ``capacity`` None is no limit; ``why_not`` says
    what keeps him if he isn't ``available``.
    """

    user_id: int
    load: int
    latest: int
    capacity: int | None
    skills: frozenset[str] = frozenset()
    available: bool = True
    why_not: str = ""
    stand_in: int | None = None

    @property
    def has_room(self) -> bool:
        return self.capacity is None or self.load < self.capacity

    @property
    def free(self) -> bool:
        """There, and with room for one more."""
        return self.available and self.has_room

    def given(self, latest: int) -> Candidate:
        """The same person with one more thing in hand."""
        return replace(self, load=self.load + 1, latest=latest)


@dataclass(frozen=True, slots=True)
class Choice:
    """Who gets it, None if it waits; and why, as codes and figures."""

    user_id: int | None
    reason: Mapping[str, Any]


def choose(
    mode: str,
    candidates: Collection[Candidate],
    needs: frozenset[str],
    last_assigned: int | None,
    *,
    prefers: int | None = None,
) -> Choice:
    """Who of the queue's people gets a ticket that asks for the skills ``needs``.

    Only who is there, has room and the skills. Skills that nobody of the queue has at all are passed over: as much
    as the best of the queue has is asked for, and while those who have it are busy or away the ticket waits.
    ``prefers``, or his stand-in while he is on leave, gets it if he can, whatever the mode. Round robin goes on
    behind ``last_assigned`` in the order of the people's ids. Least load takes the smallest share of the capacity
    (the largest among the candidates stands in for none), of equals whose latest was given longest ago, then the
    next in turn.
    """
    best = max((len(needs & one.skills) for one in candidates), default=0)
    skilled = [one for one in candidates if len(needs & one.skills) == best]
    free = [one for one in skilled if one.free]
    if not free:
        return Choice(None, {"mode": mode, "waits_for": _waits_for(skilled, candidates)})
    wanted = next((one.stand_in or one.user_id for one in candidates if one.user_id == prefers), None)
    chosen = next((one for one in free if one.user_id == wanted), None)
    if chosen is None:
        chosen, how = _by_mode(mode, free, candidates, last_assigned), mode
    else:
        how = "owner" if chosen.user_id == prefers else "stand_in"
    return Choice(chosen.user_id, _reason(how, chosen, needs))


def _by_mode(
    mode: str, free: Sequence[Candidate], candidates: Collection[Candidate], last_assigned: int | None
) -> Candidate:
    if mode == ROUND_ROBIN:
        return min(free, key=lambda one: _turn(one, last_assigned))
    unlimited = max((one.capacity for one in candidates if one.capacity), default=1)
    return min(
        free, key=lambda one: (Fraction(one.load, one.capacity or unlimited), one.latest, _turn(one, last_assigned))
    )


def _turn(one: Candidate, last_assigned: int | None) -> tuple[bool, int]:
    """Places in the circle behind the last one."""
    return (last_assigned is not None and one.user_id <= last_assigned, one.user_id)


def _reason(how: str, chosen: Candidate, needs: frozenset[str]) -> dict[str, Any]:
    reason: dict[str, Any] = {"mode": how, "load": chosen.load, "capacity": chosen.capacity}
    if needs & chosen.skills:
        reason["skills"] = sorted(needs & chosen.skills)
    if needs - chosen.skills:
        reason["lacking"] = sorted(needs - chosen.skills)
    return reason


def _waits_for(skilled: Sequence[Candidate], candidates: Collection[Candidate]) -> str:
    """members: nobody belongs here; skill: others could, but may not; room: who is there is full; people: nobody is."""
    if not candidates:
        return "members"
    if any(one.free for one in candidates):
        return "skill"
    return "room" if any(one.available for one in skilled) else "people"
