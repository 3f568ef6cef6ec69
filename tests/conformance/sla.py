"""Score the SLA engine against a file of business-time cases.

``python -m tests.conformance.sla FILE`` prints a line per failure and a last line
``core N ok M bad; advisory N ok M bad``; it exits with 1 if a core case is bad.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpdesk.domain import clocks
from helpdesk.domain.calendars import Calendar, is_open
from helpdesk.domain.clocks import ClockState

Case = Mapping[str, Any]

MOVES: Mapping[str, Callable[[ClockState, datetime], ClockState]] = {
    "pause": clocks.pause,
    "resume": clocks.resume,
    "resolve": clocks.stop,
    "reopen": clocks.reopen,
}


def instant(text: str) -> datetime:
    """An ISO instant; one without an offset is UTC."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def calendar_of(case: Case) -> Calendar:
    fields = ("hours", "overrides", "holidays", "breaks")
    return Calendar.parse({"timezone": case.get("timezone", "Etc/UTC"), **{name: case.get(name) for name in fields}})


def replay(case: Case) -> ClockState:
    """The clock after its events, in order of time; the clock can't do anything before it is created."""
    events = sorted(case["events"], key=lambda event: instant(event["at"]))
    create = next(event for event in events if event["type"] == "create")
    target = create.get("target_seconds", case.get("target_seconds"))
    state = clocks.start(instant(create["at"]), target, paused=create.get("initial") == "paused")
    for event in events:
        if event["type"] == "retarget":
            state = clocks.retarget(state, event.get("target_seconds"))
        elif event is not create:
            state = MOVES[event["type"]](state, instant(event["at"]))
    return state


def answer(case: Case) -> dict[str, Any]:
    """Everything that a case can ask for."""
    calendar = calendar_of(case)
    if case.get("op", "clock") == "is_open":
        return {"open": is_open(calendar, instant(case["at"]))}
    state = replay(case)
    now = instant(case.get("now") or max(case["events"], key=lambda event: instant(event["at"]))["at"])
    late = clocks.is_overdue(state, calendar, now)
    return {
        "elapsed_seconds": clocks.elapsed(state, calendar, now),
        "deadline": clocks.due_at(state, calendar),
        "breached": None if state.target_seconds is None else late,
        "state": "running" if state.running else "paused" if state.paused else "resolved",
    }


def accepted(case: Case) -> Iterator[dict[str, Any]]:
    """The expected answer, then the others that peers give to the same facts."""
    for other in ({}, *case.get("also_accept", ())):
        wanted = {**case["expected"], **other}
        if wanted.get("deadline"):
            wanted["deadline"] = instant(wanted["deadline"])
        yield wanted


def failure(case: Case) -> str | None:
    """What is wrong with the engine's answer; None if nothing is."""
    try:
        given = answer(case)
    except Exception as error:  # a crash is one bad case, not the end of the run
        return f"{type(error).__name__}: {error}"
    wishes = list(accepted(case))
    if any(all(given.get(name) == value for name, value in wanted.items()) for wanted in wishes):
        return None
    wrong = [name for name, value in wishes[0].items() if given.get(name) != value]
    return "; ".join(f"{name}: expected {wishes[0][name]}, got {given.get(name)}" for name in wrong)


def score(cases: list[Case]) -> tuple[Counter[tuple[str, bool]], list[str]]:
    """Counts by (tier, ok) and a line per failure."""
    counts: Counter[tuple[str, bool]] = Counter()
    lines = []
    for case in cases:
        problem = failure(case)
        tier = case.get("tier", "core")
        counts[tier, problem is None] += 1
        if problem is not None:
            lines.append(f"{tier} {case.get('id', '?')}: {problem}")
    return counts, lines


def load(path: Path) -> list[Case]:
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["cases"] if isinstance(document, dict) else document


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m tests.conformance.sla FILE", file=sys.stderr)
        return 2
    counts, lines = score(load(Path(arguments[0])))
    for line in lines:
        print(line)
    print("; ".join(f"{tier} {counts[tier, True]} ok {counts[tier, False]} bad" for tier in ("core", "advisory")))
    return 1 if counts["core", False] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
