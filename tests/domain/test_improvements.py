"""Whether an improvement helped, and what stands out."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.improvements import (
    MOVES,
    Day,
    State,
    Tally,
    Verdict,
    effect,
    span,
    student,
    suggestions,
    tail,
)

START = date(2026, 8, 3)


def poisson(dice: random.Random, mean: float) -> int:
    """Knuth's way: how many arrivals there are before the time is over."""
    count, time = 0, dice.expovariate(1)
    while time < mean:
        count, time = count + 1, time + dice.expovariate(1)
    return count


def series(
    seed: int, *, after: float = 1.0, mean: float = 4.0, volume: float = 1.0, weeks: int = 8, each: int = 1
) -> dict[date, Day]:
    """Restless days: more on Mondays, and some days busier than others; the type times ``after`` since the start."""
    dice = random.Random(seed)
    days = {}
    for at in range(-84, weeks * 7):
        day = START + timedelta(days=at)
        weekday = 1.4 if day.weekday() == 0 else 0.8 if day.weekday() > 4 else 1.0
        busy = dice.gammavariate(4, 1 / 4)
        quiet = volume if at >= 0 else 1.0
        count = poisson(dice, mean * weekday * busy * quiet * (after if at >= 0 else 1.0))
        days[day] = Day(count * each, count, poisson(dice, 30 * weekday * quiet))
    return days


def judged(days: dict[date, Day], weeks: int = 8, expected: int = 30) -> Verdict:
    return effect(days, START, START + timedelta(days=weeks * 7 - 1), expected).verdict


@pytest.mark.parametrize("weeks", [3, 8])
def test_what_did_nothing_is_called_better_in_one_of_twenty_cases_at_most(weeks: int) -> None:
    found = Counter(judged(series(seed, weeks=weeks), weeks) for seed in range(300))
    assert found[Verdict.BETTER] + found[Verdict.REACHED] <= 15
    assert found[Verdict.WORSE] <= 15


def test_a_quiet_month_is_no_success() -> None:
    found = Counter(judged(series(seed, volume=0.5)) for seed in range(200))
    assert found[Verdict.BETTER] + found[Verdict.REACHED] <= 10


def test_a_halving_is_seen_in_nine_of_ten_cases() -> None:
    found = Counter(judged(series(seed, after=0.5)) for seed in range(200))
    assert found[Verdict.BETTER] + found[Verdict.REACHED] >= 180


def test_a_doubling_is_called_worse() -> None:
    found = Counter(judged(series(seed, after=2.0)) for seed in range(100))
    assert found[Verdict.WORSE] >= 90


def test_as_much_as_was_expected_is_reached_and_less_is_better() -> None:
    days = series(1, after=0.4, mean=20)
    assert judged(days, expected=30) is Verdict.REACHED
    assert judged(days, expected=90) is Verdict.BETTER


def test_none_at_all_since_the_start_is_reached() -> None:
    found = effect(series(2, after=0.0), START, START + timedelta(days=55), 100)
    assert (found.verdict, found.change, found.rate_after) == (Verdict.REACHED, -1.0, 0.0)
    assert found.low == -1.0
    assert found.high is not None
    assert found.high < 0


def test_the_measure_s_unit_makes_no_difference() -> None:
    count, seconds = (
        effect(series(3, after=0.5, each=each), START, START + timedelta(days=55), 30) for each in (1, 3600)
    )
    assert count.verdict is seconds.verdict
    assert count.change == pytest.approx(seconds.change)
    assert count.high == pytest.approx(seconds.high)


def test_the_interval_holds_the_change() -> None:
    found = effect(series(4, after=0.7), START, START + timedelta(days=55), 30)
    assert found.by_volume
    low, change, high = (one or 0.0 for one in (found.low, found.change, found.high))
    assert -1 < low < change < high


def test_without_other_tickets_the_rate_is_per_day() -> None:
    days = {day: Day(one.amount, one.tickets) for day, one in series(5, after=0.5).items()}
    found = effect(days, START, START + timedelta(days=55), 30)
    assert not found.by_volume
    assert found.change == found.raw_change
    assert found.rate_before == pytest.approx(sum(week.sums.amount for week in found.before) / 84)


def test_before_its_start_there_is_nothing_to_judge() -> None:
    assert effect({}, None, START, 30).verdict is Verdict.NOT_STARTED
    assert effect({}, START + timedelta(days=1), START, 30).verdict is Verdict.NOT_STARTED


def test_less_than_three_whole_weeks_are_too_early() -> None:
    found = effect(series(6), START, START + timedelta(days=19), 30)
    assert (found.verdict, len(found.after), found.change) == (Verdict.TOO_EARLY, 2, None)


def test_too_few_tickets_before_are_nothing_to_compare_with() -> None:
    assert judged(series(7, mean=0.02)) is Verdict.TOO_FEW


def test_weeks_before_the_first_ticket_are_not_taken_for_quiet_ones() -> None:
    until, days = START + timedelta(days=55), series(8)
    assert len(effect(days, START, until, 30, START - timedelta(days=40)).before) == 5
    assert effect(days, START, until, 30, START - timedelta(days=27)).verdict is Verdict.TOO_FEW
    assert effect(days, START, until, 30, START + timedelta(days=3)).verdict is Verdict.TOO_FEW


def test_twelve_weeks_before_and_half_a_year_after_are_compared_at_most() -> None:
    assert span(START, START + timedelta(days=1000)) == (START - timedelta(days=84), START + timedelta(days=181))
    assert span(START, START + timedelta(days=7)) == (START - timedelta(days=84), START + timedelta(days=6))


def test_handling_times_of_nought_are_nothing_to_compare_with() -> None:
    assert judged(series(9, each=0)) is Verdict.TOO_FEW


def test_student_s_quantile_falls_towards_two() -> None:
    assert [student(freedom) for freedom in (0.5, 1, 2.9, 30, 500)] == [12.706, 12.706, 4.303, 2.042, 2.042]


def test_each_step_can_be_taken_back() -> None:
    assert all(state in MOVES[to] for state, onward in MOVES.items() for to in onward)
    assert set(MOVES) == set(State)


# What stands out.


@given(st.data())
def test_the_tail_is_exact(data: st.DataObject) -> None:
    whole = data.draw(st.integers(1, 60))
    marked, drawn = data.draw(st.integers(0, whole)), data.draw(st.integers(0, whole))
    seen = data.draw(st.integers(0, min(marked, drawn)))
    ways = sum(comb(marked, some) * comb(whole - marked, drawn - some) for some in range(seen, min(marked, drawn) + 1))
    assert tail(seen, drawn, marked, whole) == pytest.approx(float(Fraction(ways, comb(whole, drawn))), rel=1e-9)


def test_a_warehouse_with_two_thirds_of_the_wrong_parcels_stands_out() -> None:
    (one,) = suggestions([Tally("wrong_item", "warehouse", "华东仓", 41, 62, 231, 562)], 60)
    assert (round(one.share, 2), round(one.elsewhere, 2), one.spared) == (0.66, 0.38, 17)
    assert one.expected_percent == 41
    assert one.chance < 0.01


@pytest.mark.parametrize(
    "tally",
    [
        Tally("wrong_item", "sku", "A", 9, 9, 9, 900),  # too few to say anything
        Tally("wrong_item", "sku", "A", 40, 100, 50, 105),  # too few others
        Tally("wrong_item", "sku", "A", 40, 100, 360, 1000),  # no more than elsewhere
        Tally("wrong_item", "sku", "A", 10, 30, 60, 300),  # may be chance
    ],
)
def test_what_may_be_chance_is_not_suggested(tally: Tally) -> None:
    assert suggestions([tally], 100) == []


def test_what_would_spare_most_comes_first() -> None:
    small, great = (Tally("t", "sku", name, seen, 200, seen + 5, 2000) for name, seen in (("S", 30), ("G", 90)))
    assert [one.tally.value for one in suggestions([small, great], 10)] == ["G", "S"]


def test_among_tickets_that_fall_by_lot_nothing_stands_out() -> None:
    dice = random.Random(11)
    loud = 0
    for _round in range(40):
        pairs = Counter((dice.choice("abc"), dice.choice("UVWXYZ")) for _ticket in range(900))
        types, values = Counter[str](), Counter[str]()
        for (type_, value), count in pairs.items():
            types[type_] += count
            values[value] += count
        tallies = [Tally(t, "sku", v, n, types[t], values[v], 900) for (t, v), n in pairs.items()]
        loud += bool(suggestions(tallies, 18))
    assert loud <= 2
