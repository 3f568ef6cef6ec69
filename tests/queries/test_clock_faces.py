"""What is left of a clock: the share of working time, and when it is due."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain import clocks
from helpdesk.domain.calendars import Calendar
from helpdesk.domain.clocks import ClockState, Pause
from helpdesk.models.clocks import pauses_of
from helpdesk.queries.clock_faces import ClockFace, face, nearest

HOUR = timedelta(hours=1)
DAY_SHIFT = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
OFFICE = Calendar.parse({"timezone": "Asia/Shanghai", "hours": DAY_SHIFT})
NEVER = Calendar.parse({"timezone": "Asia/Shanghai", "hours": {}})
MONDAY = datetime(2026, 11, 22, 16, tzinfo=UTC)  # its midnight in Shanghai


@dataclass
class Row:
    """The columns of a clock, computed as the services do."""

    started_at: datetime
    target_seconds: int = 4 * 3600
    pauses: list[list[str | None]] = field(default_factory=list)
    met_at: datetime | None = None
    due_at: datetime | None = None
    late_after: datetime | None = None
    kind: str = "solution"
    calendar_id: int = 1
    calendar_version: int = 1
    provisional: bool = False


def row(started_at: datetime, *pauses: Pause, met_at: datetime | None = None, calendar: Calendar = OFFICE) -> Row:
    state = ClockState(started_at, 4 * 3600, pauses, met_at)
    return Row(
        started_at,
        pauses=pauses_of(state),
        met_at=met_at,
        due_at=clocks.due_at(state, calendar),
        late_after=clocks.late_after(state, calendar),
    )


LATE_AFTERNOON = row(MONDAY + 15 * HOUR)
"""Three hours are used on Monday, the fourth on Tuesday from nine: due at ten."""


def at(hours: float) -> ClockFace:
    return face(LATE_AFTERNOON, OFFICE, MONDAY + hours * HOUR)


@pytest.mark.parametrize(
    ("hours", "percent", "working_left"),
    [(15, 100, 14400), (16.5, 62, 9000), (18, 25, 3600), (24, 25, 3600), (33, 25, 3600), (33.5, 12, 1800), (34, 0, 0)],
)
def test_the_ring_shows_working_time_so_that_it_stands_still_at_night(
    hours: float, percent: int, working_left: int
) -> None:
    shown = at(hours)
    assert (shown.percent, shown.working_left) == (percent, working_left)
    assert shown.remaining_seconds == (34 - hours) * 3600


def test_it_rests_while_nobody_works_unless_it_is_due_within_the_hour() -> None:
    assert not at(17.9).resting
    assert at(18).resting
    assert at(32.9).resting
    assert not at(33).resting
    early = face(row(MONDAY + 13.9 * HOUR), OFFICE, MONDAY + 18 * HOUR)
    assert (early.level, early.resting) == ("over", False)
    pressing = Row(MONDAY + 15 * HOUR, due_at=MONDAY + 33 * HOUR, late_after=MONDAY + 33 * HOUR)
    nearly = face(pressing, OFFICE, MONDAY + 32.5 * HOUR)
    assert (nearly.level, nearly.closed, nearly.resting) == ("warn", True, False)


def test_a_browser_can_count_on_within_the_opening() -> None:
    open_now, closed = at(16), at(20)
    assert (open_now.opens_at, open_now.closes_at) == (MONDAY + 16 * HOUR, MONDAY + 18 * HOUR)
    assert (closed.opens_at, closed.closes_at) == (MONDAY + 33 * HOUR, MONDAY + 42 * HOUR)
    for shown in (open_now, closed):
        assert shown.opens_at is not None
        assert shown.closes_at is not None
        later = shown.opens_at + HOUR / 2
        assert shown.working_left - (later - shown.opens_at).seconds == at((later - MONDAY) / HOUR).working_left


def test_what_a_reader_sees_changes_with_opening_and_closing_but_not_with_each_second() -> None:
    assert at(15).seen() == at(16.99).seen()
    assert at(17.9).seen() != at(18).seen()
    assert at(18).seen() == at(32.9).seen()
    assert at(32.9).seen() != at(33).seen()


def test_what_is_due_at_a_closing_holds_until_the_next_opening() -> None:
    full = row(MONDAY + 14 * HOUR)
    shown = face(full, OFFICE, MONDAY + 20 * HOUR)
    assert (shown.level, shown.percent, shown.resting) == ("ok", 0, True)
    assert shown.ends_at == MONDAY + 33 * HOUR
    assert face(full, OFFICE, MONDAY + 17 * HOUR).ends_at == MONDAY + 18 * HOUR


def test_a_paused_clock_keeps_its_share_and_a_met_one_shows_what_was_left() -> None:
    paused = face(row(MONDAY + 9 * HOUR, Pause(MONDAY + 10 * HOUR)), OFFICE, MONDAY + 16 * HOUR)
    assert (paused.state, paused.level, paused.percent, paused.opens_at) == ("paused", "paused", 75, None)
    met = face(row(MONDAY + 9 * HOUR, met_at=MONDAY + 11 * HOUR), OFFICE, MONDAY + 16 * HOUR)
    assert (met.percent, met.opens_at, met.resting) == (50, None, False)


def test_a_calendar_that_never_opens_counts_nothing() -> None:
    shown = face(row(MONDAY, calendar=NEVER), NEVER, MONDAY + HOUR)
    assert (shown.percent, shown.opens_at, shown.closes_at, shown.ends_at, shown.resting) == (
        100,
        None,
        None,
        None,
        False,
    )


def test_the_nearest_clock_is_shown_and_a_paused_one_only_alone() -> None:
    soon, later = row(MONDAY + 9 * HOUR), row(MONDAY + 12 * HOUR)
    waits = row(MONDAY + 9 * HOUR, Pause(MONDAY + 10 * HOUR))
    now, calendars = MONDAY + 12 * HOUR, {(1, 1): OFFICE}
    chosen = nearest([waits, later, soon], calendars, now)
    assert chosen is not None
    assert chosen.due_at == soon.due_at
    alone = nearest([waits], calendars, now)
    assert alone is not None
    assert alone.state == "paused"
    assert nearest([], calendars, now) is None


@given(started=st.integers(-40 * 24 * 60, 0), present=st.integers(-45 * 24 * 60, 30 * 24 * 60))
def test_what_is_left_is_what_the_engine_says(started: int, present: int) -> None:
    clock = row(MONDAY + timedelta(minutes=started))
    now = MONDAY + timedelta(minutes=present)
    assert face(clock, OFFICE, now).working_left == clocks.remaining(
        ClockState(clock.started_at, 4 * 3600), OFFICE, now
    )
