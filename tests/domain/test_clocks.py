from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.domain import clocks
from helpdesk.domain.calendars import Calendar
from helpdesk.domain.clocks import FAR_FUTURE, ClockState, Kind, Pause, Step
from helpdesk.domain.tickets import Status
from seeds import calendar_data

HOUR = 3600
SHIPPED = {named.code: named.calendar for named in calendar_data.calendars()}
FINANCE = SHIPPED["finance"]
CLOSED = Calendar("Etc/UTC")


def at(text: str) -> datetime:
    """A moment of June 2026 in Shanghai: ``5 18:30`` is Friday, when finance closes."""
    day, time = text.split()
    zone = ZoneInfo("Asia/Shanghai")
    return datetime.fromisoformat(f"2026-06-{int(day):02}T{time}").replace(tzinfo=zone).astimezone(UTC)


FRIDAY = at("5 15:30")
STARTED = clocks.start(FRIDAY, 3 * HOUR)  # due at Friday's closing


# Deadlines


def test_a_ticket_due_at_fridays_closing_is_in_time_until_mondays_first_second():
    assert clocks.due_at(STARTED, FINANCE) == at("5 18:30")
    assert clocks.late_after(STARTED, FINANCE) == at("8 09:00")
    assert not clocks.is_overdue(STARTED, FINANCE, at("7 12:00"))
    assert not clocks.is_overdue(STARTED, FINANCE, at("8 09:00"))
    assert clocks.is_overdue(STARTED, FINANCE, at("8 09:00:01"))


def test_solved_on_mondays_first_second_is_in_time_and_one_second_later_is_late():
    in_time, late = clocks.stop(STARTED, at("8 09:00")), clocks.stop(STARTED, at("8 09:00:01"))
    assert clocks.elapsed(in_time, FINANCE, at("9 12:00")) == 3 * HOUR
    assert not clocks.is_overdue(in_time, FINANCE, at("9 12:00"))
    assert clocks.elapsed(late, FINANCE, at("9 12:00")) == 3 * HOUR + 1
    assert clocks.is_overdue(late, FINANCE, at("9 12:00"))


def test_a_clock_without_a_target_only_measures():
    measuring = clocks.start(FRIDAY, None)
    assert clocks.elapsed(measuring, FINANCE, at("8 10:00")) == 4 * HOUR
    assert clocks.due_at(measuring, FINANCE) is None
    assert clocks.late_after(measuring, FINANCE) is None
    assert clocks.stage_due(measuring, FINANCE, 50) is None
    assert clocks.remaining(measuring, FINANCE, at("8 10:00")) is None
    assert not clocks.is_overdue(measuring, FINANCE, at("30 10:00"))
    assert not clocks.is_provisional(measuring, FINANCE)


def test_remaining_runs_below_nothing():
    assert clocks.remaining(STARTED, FINANCE, at("5 16:30")) == 2 * HOUR
    assert clocks.remaining(STARTED, FINANCE, at("8 09:00:05")) == -5


def test_stages_are_due_at_the_last_instant_of_their_share():
    clock = clocks.start(at("1 09:00"), 6 * HOUR)
    assert clocks.stage_due(clock, FINANCE, 50) == at("1 13:30")  # three hours: held over the lunch break
    assert clocks.stage_due(clock, FINANCE, 75) == at("1 15:00")
    assert clocks.stage_due(clock, FINANCE, 100) == clocks.late_after(clock, FINANCE) == at("1 16:30")
    assert clocks.stage_due(clock, FINANCE, 150) == at("2 10:00")


def test_a_calendar_that_never_opens_is_never_late():
    clock = clocks.start(FRIDAY, HOUR)
    assert clocks.due_at(clock, CLOSED) is None
    assert clocks.late_after(clock, CLOSED) is None
    assert clocks.elapsed(clock, CLOSED, at("30 12:00")) == 0
    assert clocks.explain(clock, CLOSED, at("8 12:00"))[-1] == Step("clock.never")


def test_another_calendar_is_as_if_it_had_been_there_from_the_start():
    assert clocks.due_at(STARTED, SHIPPED["customer_service"]) == at("5 18:30")
    assert clocks.late_after(STARTED, SHIPPED["customer_service"]) == at("5 18:30")
    assert clocks.due_at(STARTED, SHIPPED["warehouse"]) == at("5 18:30")
    assert clocks.due_at(clocks.retarget(STARTED, 5 * HOUR), SHIPPED["warehouse"]) == at("6 09:00")


@pytest.mark.parametrize(
    ("created", "provisional"), [("2026-12-31T02:00Z", False), ("2026-12-31T09:00Z", True), ("2027-01-04T02:00Z", True)]
)
def test_deadlines_beyond_the_confirmed_holidays_are_provisional(created, provisional):
    clock = clocks.start(datetime.fromisoformat(created), 4 * HOUR)
    assert clocks.is_provisional(clock, FINANCE) is provisional
    assert not clocks.is_provisional(clock, SHIPPED["warehouse"])


# Moves


def test_waiting_for_the_customer_over_the_weekend_adds_no_time():
    waiting = clocks.pause(STARTED, at("5 16:30"))
    assert waiting.paused
    assert not waiting.running
    assert clocks.due_at(waiting, FINANCE) is None
    assert clocks.late_after(waiting, FINANCE) is None
    assert clocks.stage_due(waiting, FINANCE, 50) is None
    assert clocks.elapsed(waiting, FINANCE, at("8 12:00")) == HOUR
    back = clocks.resume(waiting, at("8 10:00"))
    assert clocks.due_at(back, FINANCE) == at("8 12:00")
    assert clocks.late_after(back, FINANCE) == at("8 13:30")


def test_what_was_late_before_the_pause_stays_late_and_its_stages_stay_due():
    waiting = clocks.pause(STARTED, at("8 10:00"))
    assert clocks.late_after(waiting, FINANCE) == at("8 09:00")
    assert clocks.is_overdue(waiting, FINANCE, at("9 10:00"))
    assert clocks.stage_due(waiting, FINANCE, 75) == at("5 17:45")
    assert clocks.stage_due(waiting, FINANCE, 150) is None


def test_a_target_used_up_to_the_second_before_a_pause_holds_as_long_as_the_pause():
    waiting = clocks.pause(STARTED, at("5 18:30"))
    assert clocks.due_at(waiting, FINANCE) == at("5 18:30")
    assert clocks.late_after(waiting, FINANCE) is None
    assert clocks.late_after(clocks.resume(waiting, at("9 10:00")), FINANCE) == at("9 10:00")


def test_repeated_moves_change_nothing():
    paused = clocks.pause(STARTED, at("5 16:00"))
    assert clocks.pause(paused, at("5 17:00")) == paused
    assert clocks.resume(STARTED, at("5 17:00")) == STARTED
    assert clocks.reopen(paused, at("5 17:00")) == paused
    stopped = clocks.stop(paused, at("5 17:00"))
    assert clocks.stop(stopped, at("5 18:00")) == stopped
    assert clocks.pause(stopped, at("5 18:00")) == stopped
    assert clocks.resume(stopped, at("5 18:00")) == stopped
    assert clocks.unmeet(STARTED) == STARTED


def test_a_pause_without_length_leaves_no_trace():
    assert clocks.resume(clocks.pause(STARTED, at("5 16:00")), at("5 16:00")) == STARTED
    assert clocks.reopen(clocks.stop(STARTED, at("5 16:00")), at("5 16:00")) == STARTED


def test_an_undone_resolve_runs_on_without_the_time_between():
    reopened = clocks.reopen(clocks.stop(STARTED, at("5 16:30")), at("8 09:30"))
    assert reopened.pauses == (Pause(at("5 16:30"), at("8 09:30")),)
    assert clocks.due_at(reopened, FINANCE) == at("8 11:30")


def test_a_clock_resolved_while_it_waited_runs_on_from_the_reopening():
    stopped = clocks.stop(clocks.pause(STARTED, at("5 16:30")), at("5 17:00"))
    assert clocks.elapsed(stopped, FINANCE, at("9 10:00")) == HOUR
    assert not stopped.paused
    reopened = clocks.reopen(stopped, at("8 09:30"))
    assert reopened.running
    assert reopened.pauses == (Pause(at("5 16:30"), at("8 09:30")),)


def test_an_answer_taken_back_leaves_the_clock_as_if_it_had_never_stopped():
    for before in (STARTED, clocks.pause(STARTED, at("5 16:00"))):
        assert clocks.unmeet(clocks.stop(before, at("5 16:30"))) == before


def test_a_clock_can_begin_paused():
    waiting = clocks.start(FRIDAY, 3 * HOUR, paused=True)
    assert waiting.paused
    assert clocks.elapsed(waiting, FINANCE, at("5 17:00")) == 0
    assert clocks.due_at(clocks.resume(waiting, at("5 16:30")), FINANCE) == at("8 10:00")


def test_a_move_never_lands_before_the_last_one():
    paused = clocks.pause(STARTED, FRIDAY - timedelta(minutes=1))
    assert paused.pauses == (Pause(FRIDAY),)
    again = clocks.pause(clocks.resume(paused, at("5 16:00")), at("5 15:45"))
    assert again.pauses[-1] == Pause(at("5 16:00"))
    stopped = clocks.stop(again, at("5 15:50"))
    assert stopped.stopped_at == at("5 16:00")
    assert clocks.reopen(clocks.stop(STARTED, at("5 17:00")), at("5 16:00")) == STARTED


def test_a_new_target_keeps_what_has_elapsed():
    waiting = clocks.pause(STARTED, at("5 16:30"))
    shorter = clocks.retarget(waiting, HOUR // 2)
    assert clocks.due_at(shorter, FINANCE) == at("5 16:00")
    assert clocks.is_overdue(shorter, FINANCE, at("5 16:30"))
    assert not clocks.is_overdue(clocks.retarget(shorter, 3 * HOUR), FINANCE, at("5 16:30"))


def test_stored_pauses_that_overlap_are_not_counted_twice():
    state = ClockState(FRIDAY, HOUR, (Pause(at("5 16:00"), at("5 17:00")), Pause(at("5 16:30"), at("5 16:45"))))
    assert list(clocks.counting_spans(state)) == [(FRIDAY, at("5 16:00")), (at("5 17:00"), None)]


# Policy


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("status", list(Status))
def test_only_the_solution_waits_and_only_for_the_customer(kind, status):
    waits = (kind, status) == (Kind.SOLUTION, Status.PENDING_CUSTOMER)
    assert clocks.pauses_while(kind, status) is waits


def test_what_burns_first_is_the_least_deadline():
    assert clocks.burns_at([None, at("8 09:00"), at("5 18:30")]) == at("5 18:30")
    assert clocks.burns_at([None]) == clocks.burns_at([]) == FAR_FUTURE


# Explanations


def codes(steps: tuple[Step, ...]) -> list[str]:
    return [step.code for step in steps]


def test_an_explanation_follows_the_clock_through_hours_pauses_and_the_weekend():
    clock = clocks.resume(clocks.pause(STARTED, at("5 16:30")), at("5 17:30"))
    steps = clocks.explain(clock, FINANCE, at("8 11:00"))
    assert steps == (
        Step("clock.started", {"at": FRIDAY, "target_seconds": 3 * HOUR}),
        Step("clock.counted", {"begin": FRIDAY, "end": at("5 16:30"), "seconds": HOUR, "total": HOUR}),
        Step("clock.paused", {"begin": at("5 16:30"), "end": at("5 17:30")}),
        Step("clock.counted", {"begin": at("5 17:30"), "end": at("5 18:30"), "seconds": HOUR, "total": 2 * HOUR}),
        Step("clock.closed", {"first": date(2026, 6, 6), "last": date(2026, 6, 7)}),
        Step("clock.counted", {"begin": at("8 09:00"), "end": at("8 10:00"), "seconds": HOUR, "total": 3 * HOUR}),
        Step("clock.due", {"at": at("8 10:00"), "target_seconds": 3 * HOUR}),
        Step("clock.overdue", {"seconds": HOUR}),
    )


def test_an_explanation_names_holidays_make_up_days_and_unconfirmed_years():
    clock = clocks.start(datetime.fromisoformat("2026-02-13T18:00+08:00"), 12 * HOUR)
    steps = {step.code: step.params for step in clocks.explain(clock, FINANCE, clock.started_at)}
    assert steps["clock.make_up"] == {"first": date(2026, 2, 14), "last": date(2026, 2, 14)}
    assert steps["clock.holiday"] == {"first": date(2026, 2, 15), "last": date(2026, 2, 23)}
    late_in_the_year = clocks.start(datetime.fromisoformat("2026-12-31T18:00+08:00"), HOUR)
    last = clocks.explain(late_in_the_year, FINANCE, late_in_the_year.started_at)[-1]
    assert last == Step("clock.provisional", {"confirmed_through": date(2026, 12, 31)})


def test_an_explanation_says_how_long_the_closing_second_holds():
    assert clocks.explain(STARTED, FINANCE, at("5 16:00"))[-1] == Step("clock.late_after", {"at": at("8 09:00")})


def test_an_explanation_ends_with_the_stop_or_with_the_open_pause():
    stopped = clocks.stop(STARTED, at("5 16:30"))
    assert clocks.explain(stopped, FINANCE, at("9 10:00"))[-1] == Step(
        "clock.stopped", {"at": at("5 16:30"), "elapsed_seconds": HOUR}
    )
    waiting = clocks.pause(STARTED, at("5 16:30"))
    assert codes(clocks.explain(waiting, FINANCE, at("9 10:00"))) == ["clock.started", "clock.counted", "clock.paused"]


def test_an_explanation_without_a_target_counts_up_to_now():
    steps = clocks.explain(clocks.start(FRIDAY, None), FINANCE, at("5 16:30"))
    assert codes(steps) == ["clock.started", "clock.counted"]
    assert steps[-1].params["total"] == HOUR


def test_a_long_explanation_leaves_out_its_middle_and_says_so():
    steps = clocks.explain(clocks.start(FRIDAY, 400 * HOUR), FINANCE, FRIDAY)
    assert len(steps) == clocks.MAX_STEPS + 1
    assert steps[clocks.MAX_STEPS // 2].code == "clock.more"
    count = steps[clocks.MAX_STEPS // 2].params["count"]
    assert isinstance(count, int)
    assert count > 20
    assert "clock.due" in codes(steps)
