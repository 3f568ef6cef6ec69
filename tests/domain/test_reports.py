"""What the report counts: sums, percentiles, periods."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.problems import Invalid
from helpdesk.domain.reports import (
    EDGES,
    HISTOGRAM_ERROR,
    MOST_DAYS,
    UNSAID,
    WHOLE,
    Dimension,
    Fact,
    Line,
    Period,
    Side,
    Spread,
    Sums,
    bin_of,
    bin_seconds,
    change,
    day_sums,
    histogram_percentile,
    histogram_spread,
    line_document,
    month_of,
    month_parts,
    parse_line,
    percentile,
    ratio,
    spread,
)

DAY = date(2026, 11, 3)  # a Tuesday
seconds = st.integers(0, 200 * 86_400)


def fact(side: Side = Side.RESOLVED, **more: object) -> Fact:
    values: dict[str, object] = {
        "ticket_id": 1,
        "at": datetime(2026, 11, 3, 2, tzinfo=UTC),
        "day": DAY,
        "hour": 10,
        "shop_id": 1,
        "channel_id": 2,
        "queue_id": 3,
        "agent_id": None,
        "type": "wrong_item",
        "klass": "C",
        "rule_version": 1,
        **more,
    }
    return Fact(side, **values)  # type: ignore[arg-type]


def test_percentiles_are_the_nearest_rank() -> None:
    assert percentile([1, 2, 3, 4], 50) == 2
    assert percentile([1, 2, 3, 4, 5], 90) == 5
    assert percentile([7], 50) == percentile([7], 90) == 7
    assert percentile([], 50) is None
    assert spread([3, 1, 2], [30, 10, 20]) == Spread(2, 3, 20, 30)


@given(st.lists(st.integers(60, 200 * 86_400), min_size=1), st.sampled_from([50, 90]))
def test_a_histogram_is_off_by_its_printed_error_at_most(times: list[int], percent: int) -> None:
    bins: dict[int, int] = {}
    for time in times:
        bins[bin_of(time)] = bins.get(bin_of(time), 0) + 1
    exact, read = percentile(sorted(times), percent), histogram_percentile(bins, percent)
    assert exact is not None
    assert read is not None
    assert abs(read - exact) <= HISTOGRAM_ERROR * exact


@given(seconds)
def test_each_time_falls_into_the_bin_whose_edges_hold_it(time: int) -> None:
    number = bin_of(time)
    assert EDGES[number] <= time < EDGES[number + 1]
    assert EDGES[number] <= bin_seconds(number) < EDGES[number + 1]


def test_times_beyond_the_histogram_stay_in_its_ends() -> None:
    assert bin_of(-5) == 0
    assert bin_seconds(0) == 30
    assert bin_seconds(bin_of(10**10)) == EDGES[-1]


def test_no_times_have_no_percentiles() -> None:
    assert histogram_percentile({}, 50) is None
    assert histogram_spread({}, {}) == Spread(exact=False)
    assert spread([], []).of("wall", 90) is None


def test_a_fact_counts_under_everything_its_type_class_channel_and_queue() -> None:
    sums = day_sums([fact(wall_seconds=90, first_n=1, first_ok=1), fact(Side.OPENED)])
    for cut, value in (
        (WHOLE, ""),
        (Dimension.TYPE, "wrong_item"),
        (Dimension.CLASS, "C"),
        (Dimension.CHANNEL, "2"),
        (Dimension.QUEUE, "3"),
    ):
        found = {name: sums[DAY, cut, value, name] for name in ("opened", "resolved", "wall_seconds", "first_ok")}
        assert found == {"opened": 1, "resolved": 1, "wall_seconds": 90, "first_ok": 1}


def test_money_is_counted_beside_the_tickets() -> None:
    sums = day_sums([fact(Side.MONEY, item_id=4, money_fen=1_550), fact(Side.MONEY, item_id=5, money_fen=50)])
    assert sums[DAY, WHOLE, "", "money_n"] == 2
    assert sums[DAY, WHOLE, "", "money_fen"] == 1_600
    assert sums[DAY, WHOLE, "", "resolved"] == 0
    assert not month_parts([fact(Side.MONEY, money_fen=50)])


def test_a_month_has_whose_time_whose_fault_how_long_and_at_which_hour() -> None:
    time = {"warehouse": 100, "customer": 0, "closed": 20}
    parts = month_parts([fact(wall_seconds=120, work_seconds=100, time=time, parties={"courier": 100})])
    first = date(2026, 11, 1)
    assert {key[3:]: amount for key, amount in parts.items() if key[1] == WHOLE} == {
        ("wall", str(bin_of(120))): 1,
        ("work", str(bin_of(100))): 1,
        ("time", "warehouse"): 100,
        ("time", "closed"): 20,
        ("party", "courier"): 100,
    }
    assert {key[0] for key in parts} == {first}
    opened = month_parts([fact(Side.OPENED)])
    assert opened[first, WHOLE, "", "hour", str(24 + 10)] == 1


def test_a_ticket_for_which_nobody_was_named_is_told_apart() -> None:
    assert month_parts([fact()])[date(2026, 11, 1), WHOLE, "", "party", UNSAID] == 100


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=20))
def test_taking_facts_away_again_leaves_nothing(times: list[tuple[int, int]]) -> None:
    facts = [fact(ticket_id=at, wall_seconds=wall, work_seconds=work) for at, (wall, work) in enumerate(times)]
    sums, parts = day_sums(facts), month_parts(facts)
    sums.subtract(day_sums(facts))
    parts.subtract(month_parts(facts))
    assert not any(sums.values())
    assert not any(parts.values())


def test_quotients_of_nothing_are_nothing() -> None:
    assert ratio(1, 0) is None
    assert ratio(1, 4) == 0.25
    assert change(3.0, 2.0) == 0.5
    assert change(3.0, 0) is None
    assert change(None, 2.0) is None
    empty = Sums()
    assert (empty.mean("wall"), empty.kept("first"), empty.reopen_rate) == (None, None, None)


def test_sums_add_up_and_have_means_and_rates() -> None:
    both = Sums(resolved=1, wall_seconds=10, first_n=1, first_ok=1) + Sums(
        resolved=2, wall_seconds=11, first_n=1, reopened=1
    )
    assert both.mean("wall") == 7
    assert both.kept("first") == 0.5
    assert both.reopen_rate == pytest.approx(1 / 3)


def test_a_month_is_compared_with_the_month_before() -> None:
    march = month_of(date(2026, 3, 17))
    assert march == Period(date(2026, 3, 1), date(2026, 3, 31))
    assert march.month == date(2026, 3, 1)
    assert march.before() == Period(date(2026, 2, 1), date(2026, 2, 28))


def test_other_periods_are_compared_with_as_many_days_before() -> None:
    week = Period(date(2026, 11, 8), date(2026, 11, 14))
    assert week.month is None
    assert week.days == 7
    assert week.before() == Period(date(2026, 11, 1), date(2026, 11, 7))


def test_a_period_has_an_order_and_a_limit() -> None:
    with pytest.raises(Invalid, match=r"report\.period_reversed"):
        Period(DAY, DAY - timedelta(days=1))
    with pytest.raises(Invalid, match=r"report\.period_too_long"):
        Period(DAY, DAY + timedelta(days=MOST_DAYS))
    assert Period(DAY, DAY + timedelta(days=MOST_DAYS - 1)).days == MOST_DAYS


def test_the_month_of_a_fact_is_that_of_its_day() -> None:
    assert fact().month == date(2026, 11, 1)


def test_a_line_comes_back_from_its_document() -> None:
    line = Line("wrong_item", Sums(opened=3, money_fen=7), Spread(1, 2, 3, 4), {"warehouse": 5}, {"courier": 100})
    assert parse_line("wrong_item", line_document(line)) == line
    assert parse_line("x", {}) == Line("x")
