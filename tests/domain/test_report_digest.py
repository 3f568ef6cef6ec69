"""Which reports are due, what is told of them, and who sees the same."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.report_digest import due, due_since, figures, key_of, reach, says_nothing, scope_of
from helpdesk.domain.reports import Line, Period, Sums

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))


def day(*parts: int) -> Period:
    return Period(date(*parts), date(*parts))


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ((2026, 11, 1, 7, 59), [("day", day(2026, 10, 30))]),
        ((2026, 11, 1, 8, 0), [("month", OCTOBER), ("day", day(2026, 10, 30))]),
        ((2026, 11, 1, 9, 0), [("month", OCTOBER), ("day", day(2026, 10, 31))]),
        ((2026, 11, 2, 0, 0), [("month", OCTOBER), ("day", day(2026, 10, 31))]),
        ((2026, 11, 10, 23, 59), [("month", OCTOBER), ("day", day(2026, 11, 9))]),
        ((2026, 11, 11, 0, 0), [("day", day(2026, 11, 9))]),
        ((2026, 1, 1, 12, 0), [("month", Period(date(2025, 12, 1), date(2025, 12, 31))), ("day", day(2025, 12, 31))]),
    ],
)
def test_months_go_out_on_the_first_at_eight_and_days_at_nine(
    local: tuple[int, ...], expected: list[tuple[str, Period]]
) -> None:
    assert list(due(datetime(*local))) == expected  # type: ignore[arg-type]  # noqa: DTZ001  the shop's wall


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_a_digest_is_never_more_than_a_day_late(local: datetime) -> None:
    for kind, period in due(local):
        late = local - due_since(kind, period)
        assert timedelta() <= late < (timedelta(days=10) if kind == "month" else timedelta(days=1))


def line(value: str, **sums: int) -> Line:
    return Line(value, Sums(**sums))


def test_figures_are_numbers_and_codes() -> None:
    whole = line("", opened=40, resolved=30, wall_seconds=300_000, first_n=30, first_ok=27, money_fen=12_345)
    types = [
        line("invoice", resolved=10, wall_seconds=30_000),
        line("wrong_item", resolved=12, wall_seconds=210_000),
        line("quality", opened=3),
    ]
    told = figures(whole, line("", opened=20), types)
    assert told == {
        "opened": 40,
        "resolved": 30,
        "mean_seconds": 10_000,
        "money_fen": 12_345,
        "opened_before": 20,
        "resolved_before": 0,
        "mean_seconds_before": None,
        "money_fen_before": 0,
        "first_permille": 900,
        "solution_permille": None,
        "reopen_permille": 0,
        "top": [
            {"type": "wrong_item", "share_permille": 700, "mean_seconds": 17_500, "resolved": 12},
            {"type": "invoice", "share_permille": 100, "mean_seconds": 3_000, "resolved": 10},
        ],
    }
    assert not says_nothing(told)
    assert says_nothing(figures(line(""), line("", opened=20), []))


def test_at_most_five_types_are_named() -> None:
    types = [line(f"t{number}", resolved=1, wall_seconds=number) for number in range(9)]
    told = figures(line("", resolved=9, wall_seconds=36), line(""), types)
    assert [row["type"] for row in told["top"]] == ["t8", "t7", "t6", "t5", "t4"]


def test_who_sees_what() -> None:
    assert reach(Actor(1, Role.FINANCE, frozenset({3}))) is None
    assert reach(Actor(1, Role.SUPERVISOR, frozenset({3}))) == frozenset({3})
    assert scope_of(None) == "all"
    assert scope_of(frozenset({12, 3})) == "q3.12"


@given(st.frozensets(st.integers(1, 10**9), max_size=60))
def test_a_key_has_room_for_any_number_of_queues(queues: frozenset[int]) -> None:
    assert len(key_of("month", OCTOBER, scope_of(queues))) <= 120
    assert scope_of(queues) != scope_of(queues | {10**9 + 1})


def test_keys_say_which_period() -> None:
    assert key_of("month", OCTOBER, "all") == "month:2026-10:all"
    assert key_of("day", day(2026, 10, 31), "q3") == "day:2026-10-31:q3"
