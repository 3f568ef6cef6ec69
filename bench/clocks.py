"""How many SLA computations a second: ``python -m bench.clocks``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

from helpdesk.domain import clocks
from helpdesk.domain.calendars import Calendar
from seeds import calendar_data
from seeds.rulebook_document import document

START = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 5_000


def rate(name: str, work: Callable[[int], object], rounds: int = ROUNDS) -> None:
    began = perf_counter()
    for number in range(rounds):
        work(number)
    seconds = perf_counter() - began
    print(f"{name:<44} {rounds / seconds:>10,.0f} a second {1e6 * seconds / rounds:>9.1f} us")


def moment(number: int) -> datetime:
    """Moments spread over the year, on no round second."""
    return START + timedelta(seconds=number * 6_047 % (350 * 86_400))


def main() -> None:
    shipped = {named.code: named.calendar for named in calendar_data.calendars()}
    finance = shipped["finance"]
    stored = finance.to_document()
    book = document()
    kind = next(row for row in book["types"] if row["code"] == "price_dispute")
    first, target = kind["first_response_seconds"], kind["solution_seconds"]
    percents = [stage["percent"] for stage in book["stages"]]

    def open_ticket(number: int) -> None:
        """Everything that opening a ticket computes: two deadlines and four stages for three clocks."""
        for calendar, seconds in ((shipped["customer_service"], first), (finance, target), (finance, target)):
            state = clocks.start(moment(number), seconds)
            clocks.due_at(state, calendar)
            for percent in percents:
                clocks.stage_due(state, calendar, percent)

    def paused_clock(number: int) -> None:
        state = clocks.start(moment(number), 8 * 3600)
        for hours in (3, 30, 60):
            paused = clocks.pause(state, moment(number) + timedelta(hours=hours))
            state = clocks.resume(paused, moment(number) + timedelta(hours=hours + 5))
        clocks.late_after(state, finance)

    rate("due_at, 4 h of finance", lambda n: clocks.due_at(clocks.start(moment(n), target), finance))
    rate("late_after, three pauses", paused_clock)
    rate("elapsed over a year", lambda n: clocks.elapsed(clocks.start(START, None), finance, moment(n)), ROUNDS // 10)
    rate("all instants of a new ticket", open_ticket)
    rate(
        "due_at, calendar parsed anew",
        lambda n: clocks.due_at(clocks.start(moment(n), target), Calendar.parse(stored)),
    )
    rate("explain", lambda n: clocks.explain(clocks.start(moment(n), target), finance, moment(n)), ROUNDS // 5)


if __name__ == "__main__":
    main()
