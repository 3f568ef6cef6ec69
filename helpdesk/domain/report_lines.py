"""A month's lines counted fact by fact, exactly, and how two countings of it differ.

A fact counts once under each cut: of a ticket with several articles under each of them, without any under "".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from helpdesk.domain.reports import (
    MEASURED,
    UNSAID,
    WHOLE,
    Dimension,
    Fact,
    Line,
    Side,
    Sums,
    places,
    spread,
)

Place = tuple[str, str]
"""Cut (or ``WHOLE``) and value."""

FactKey = tuple[int, str, int]
"""Ticket, side, item."""


@dataclass(slots=True)
class _Tally:
    opened: int = 0
    resolved: int = 0
    money_n: int = 0
    measured: list[int] = field(default_factory=lambda: [0] * len(MEASURED))
    walls: list[int] = field(default_factory=list)
    works: list[int] = field(default_factory=list)
    time: Counter[str] = field(default_factory=Counter)
    parties: Counter[str] = field(default_factory=Counter)

    def line(self, value: str) -> Line:
        sums = Sums(self.opened, self.resolved, self.money_n, **dict(zip(MEASURED, self.measured, strict=True)))
        return Line(value, sums, spread(self.walls, self.works), dict(self.time), dict(self.parties))


class Counting:
    """Lines of a month as they grow, fact by fact."""

    def __init__(self) -> None:
        self._tallies: defaultdict[Place, _Tally] = defaultdict(_Tally)

    def add(self, fact: Fact, skus: Collection[str]) -> None:
        """``skus``: the articles on the ticket's order."""
        tallies = [self._tallies[place] for place in all_places(fact, skus)]
        if fact.side is Side.OPENED:
            for tally in tallies:
                tally.opened += 1
            return
        measured = [(at, amount) for at, name in enumerate(MEASURED) if (amount := getattr(fact, name))]
        for tally in tallies:
            for at, amount in measured:
                tally.measured[at] += amount
        if fact.side is Side.MONEY:
            for tally in tallies:
                tally.money_n += 1
            return
        parties = fact.parties or {UNSAID: 100}
        for tally in tallies:
            tally.resolved += 1
            tally.walls.append(fact.wall_seconds)
            tally.works.append(fact.work_seconds)
            for who, seconds in fact.time.items():
                tally.time[who] += seconds
            for party, percent in parties.items():
                tally.parties[party] += percent

    def lines(self) -> dict[Place, Line]:
        """One for each value that counted, and always the whole."""
        self._tallies.setdefault((WHOLE, ""), _Tally())
        return {place: tally.line(place[1]) for place, tally in sorted(self._tallies.items())}


def all_places(fact: Fact, skus: Collection[str]) -> list[Place]:
    """The (cut, value) under which a fact counts in a closed month: all cuts."""
    agent = "" if fact.agent_id is None else str(fact.agent_id)
    found: list[Place] = [(str(cut), value) for cut, value in places(fact)]
    found += [
        (Dimension.AGENT.value, agent),
        (Dimension.WAREHOUSE.value, fact.warehouse),
        (Dimension.COURIER.value, fact.courier),
    ]
    return found + [(Dimension.SKU.value, sku) for sku in set(skus) or ("",)]


@dataclass(slots=True)
class Differences:
    """Which facts of a month would be others if it were counted again, and which tickets these are of."""

    facts: list[Fact] = field(default_factory=list)  # as they would be
    gone: list[FactKey] = field(default_factory=list)  # that would not be there
    came: list[int] = field(default_factory=list)
    went: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.facts) + len(self.gone)

    def compare(
        self, ticket_id: int, stood: Mapping[FactKey, Fact], told: Mapping[FactKey, Fact], *, also: bool = False
    ) -> None:
        """Take up one ticket's facts of the month, as they are stored and as they would be.

        ``also``: something that is no fact differs, too.
        """
        facts = [fact for key, fact in told.items() if stood.get(key) != fact]
        gone = [key for key in stood if key not in told]
        if not facts and not gone and not also:
            return
        self.facts += facts
        self.gone += gone
        (self.came if not stood else self.changed if told else self.went).append(ticket_id)


def differing(stood: Mapping[Place, Line], told: Mapping[Place, Line]) -> Iterator[tuple[Place, Line, Line]]:
    """The lines that are not the same in both, the whole first. What one of them lacks is nought there."""
    for place in sorted(stood.keys() | told.keys(), key=lambda place: (place[0] != WHOLE, place)):
        nothing = Line(place[1])
        one, other = stood.get(place, nothing), told.get(place, nothing)
        if one != other:
            yield place, one, other


def key_of(fact: Fact) -> FactKey:
    """What a fact is unique by."""
    return fact.ticket_id, fact.side.value, fact.item_id


def fact_document(fact: Fact) -> dict[str, Any]:
    """As it is stored between a recalculation and its adoption; what is nought or nothing is left out."""
    found = {one.name: getattr(fact, one.name) for one in fields(Fact)}
    found |= {"at": fact.at.isoformat(), "day": fact.day.isoformat(), "side": fact.side.value}
    found |= {"time": dict(fact.time), "parties": dict(fact.parties)}
    return {name: value for name, value in found.items() if value or name in _ALWAYS}


_ALWAYS = ("hour", "agent_id")


def parse_fact(document: Mapping[str, Any]) -> Fact:
    """A stored fact again."""
    given = dict(document)
    given |= {
        "at": datetime.fromisoformat(given["at"]),
        "day": date.fromisoformat(given["day"]),
        "side": Side(given["side"]),
    }
    return Fact(**given)
