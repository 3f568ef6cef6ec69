"""Where the marks of charts stand: they are as long as their figures say, inside the chart, and none is lost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.reports import EDGES
from helpdesk.web.reports.charts import columns, heat, histogram, pareto, stacked, ticks

COUNTS = st.integers(0, 2_000_000)


@pytest.mark.parametrize(
    ("greatest", "values"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (7, [0, 2, 4, 6, 8]),
        (10, [0, 5, 10]),
        (1111, [0, 500, 1000, 1500]),
        (974, [0, 250, 500, 750, 1000]),
        (41000, [0, 20000, 40000, 60000]),
    ],
)
def test_axes_have_few_round_and_whole_figures(greatest: int, values: list[int]) -> None:
    assert [tick.value for tick in ticks(greatest, 100)] == values


@given(COUNTS)
def test_an_axis_reaches_what_is_drawn_in_four_steps(greatest: int) -> None:
    axis = ticks(greatest, 200)
    assert axis[-1].value >= greatest
    assert 2 <= len(axis) <= 5
    assert axis[-1].at == 200


@given(st.lists(st.dictionaries(st.sampled_from("ABC"), COUNTS), min_size=1, max_size=13))
def test_parts_of_a_column_stand_on_each_other_without_a_gap(figures: list[dict[str, int]]) -> None:
    chart = columns([(str(number), values) for number, values in enumerate(figures)], "BCA")
    for column, values in zip(chart.columns, figures, strict=True):
        assert column.total == sum(values.values())
        assert 0 <= column.x <= column.x + column.width <= chart.width
        floor = chart.floor
        for part in column.parts:
            assert part.y + part.height == pytest.approx(floor, abs=0.15)
            floor = part.y
        assert column.top >= 0


def test_columns_are_as_high_as_their_figures_against_the_axis() -> None:
    chart = columns([("a", {"A": 100, "B": 300}), ("b", {"B": 400})], "BA")
    length = chart.floor - chart.ticks[-1].at
    assert [tick.value for tick in chart.ticks] == [0, 100, 200, 300, 400]
    first, second = chart.columns
    assert [part.key for part in first.parts] == ["B", "A"]
    assert first.top == second.top == pytest.approx(chart.floor - length)
    assert second.parts[0].height == pytest.approx(length)


def test_the_busiest_hour_is_the_darkest_and_every_ticket_is_seen() -> None:
    week = [[0] * 24 for _ in range(7)]
    week[6][20], week[0][9], week[0][10] = 600, 1, 300
    chart = heat(week)
    shades = {cell.hour: cell.level for cell in chart.cells if cell.count}
    assert shades == {6 * 24 + 20: 6, 9: 1, 10: 3}
    assert chart.busiest.hour == 6 * 24 + 20
    assert {cell.level for cell in chart.cells if not cell.count} == {0}
    assert max(cell.x for cell in chart.cells) + chart.size <= chart.width
    assert max(cell.y for cell in chart.cells) + chart.size <= chart.height


def test_an_empty_week_is_drawn_light() -> None:
    assert {cell.level for cell in heat([[0] * 24] * 7).cells} == {0}


def test_few_types_come_to_most_of_the_hours() -> None:
    chart = pareto([("a", 50), ("b", 300), ("c", 150), ("d", 0)])
    assert [(rank.key, rank.reached) for rank in chart.ranks] == [("b", 0.6), ("c", 0.9), ("a", 1.0)]
    assert chart.vital == 2
    assert chart.ranks[0].width == chart.ranks[0].end == pytest.approx(0.6 * chart.width)
    assert chart.curve.endswith(f"{chart.width},{chart.ranks[-1].middle:g}")


@given(st.lists(st.integers(0, 10**9), max_size=40))
def test_what_a_pareto_leaves_out_is_said(values: list[int]) -> None:
    chart = pareto([(f"k{number}", value) for number, value in enumerate(values)])
    assert len(chart.ranks) + chart.rest == sum(value > 0 for value in values)
    assert all(rank.end <= chart.width for rank in chart.ranks)
    assert chart.total == sum(values)


@given(st.dictionaries(st.integers(0, len(EDGES) - 1), st.integers(1, 5000), max_size=60))
def test_every_ticket_stands_in_one_bar_of_the_histogram(bins: dict[int, int]) -> None:
    chart = histogram([(EDGES[number], count) for number, count in bins.items()])
    assert sum(bar.count for bar in chart.bars) == chart.total == sum(bins.values())
    assert len(chart.bars) <= 24
    for bar, after in pairwise(chart.bars):
        assert bar.last < after.first
        assert bar.x + bar.width <= after.x + 0.2
    for bar in chart.bars:
        assert bar.count == sum(count for number, count in bins.items() if bar.first <= number <= bar.last)
        assert chart.left <= bar.x <= bar.x + bar.width <= chart.width + 0.2
        assert bar.y >= chart.top - 0.1


def test_percentiles_stand_among_the_bars_they_belong_to() -> None:
    bins = [(low, 10) for low in EDGES[40:80]]
    median = EDGES[60]
    chart = histogram(bins, (("p50", median), ("p90", None)))
    (mark,) = chart.marks
    bar = next(bar for bar in chart.bars if bar.first <= 60 <= bar.last)
    assert bar.x - 1 <= mark.x <= bar.x + bar.width + 1
    assert all(before.x + 50 < after.x for before, after in pairwise(chart.times))


@given(st.lists(st.integers(0, 10**8), max_size=12))
def test_pieces_fill_the_bar(values: list[int]) -> None:
    pieces = stacked([(str(number), value) for number, value in enumerate(values)])
    if not any(values):
        assert pieces == ()
        return
    assert pieces[0].x == 0
    for piece, after in pairwise(pieces):
        assert piece.x + piece.width == pytest.approx(after.x)
    assert pieces[-1].x + pieces[-1].width == pytest.approx(1000)
