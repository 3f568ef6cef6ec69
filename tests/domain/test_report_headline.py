"""What a report says of itself, and what it keeps silent about."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.report_headline import Origin, counts_differ, headline, shares_differ
from helpdesk.domain.reports import Line, Sums

HOUR = 3600


@dataclass(frozen=True)
class Row:
    line: Line
    before: Line


NOTHING = Sums()


def row(value: str, now: Sums, before: Sums = NOTHING) -> Row:
    return Row(Line(value, now), Line(value, before))


def sums(count: int, hours: float, **more: int) -> Sums:
    return Sums(opened=count, resolved=count, wall_seconds=round(count * hours * HOUR), **more)


WRONG = row("wrong_item", sums(164, 9.1), sums(80, 9.0))
STALLED = row("stalled", sums(286, 2.1), sums(290, 2.1))
REST = row("address", sums(550, 4.0), sums(560, 4.0))


def whole(*rows: Row) -> Row:
    now = before = Sums()
    for one in rows:
        now, before = now + one.line.sums, before + one.before.sums
    return row("", now, before)


def codes(*rows: Row, running: bool = False) -> list[str]:
    ordered = sorted(rows, key=lambda one: -one.line.sums.wall_seconds)
    return [finding.code for finding in headline(whole(*rows), ordered, running=running)]


def test_what_took_most_of_the_hours_comes_first_with_its_share_and_what_became_of_it() -> None:
    rows = [row("wrong_item", sums(300, 9.1), sums(140, 9.1)), STALLED, REST]
    first = headline(whole(*rows), rows, running=False)[0]
    assert (first.code, first.value) == ("top.more", "wrong_item")
    assert first.figures["share"] == pytest.approx(300 * 9.1 / (300 * 9.1 + 286 * 2.1 + 550 * 4), abs=1e-6)
    assert first.figures["factor"] == pytest.approx(300 / 140)


def test_where_it_came_from_is_said_if_that_stands_out() -> None:
    rows = [row("wrong_item", sums(900, 9.1), sums(400, 9.1)), STALLED]

    def told(origin: Origin) -> Origin | None:
        return headline(whole(*rows), rows, running=False, origin=origin)[0].origin

    east = Origin("warehouse", "华东仓", 0.66, 0.34, 600)
    assert told(east) == east
    assert told(Origin("warehouse", "华东仓", 0.66, 0.64, 600)) is None, "it has two thirds of everything"
    assert told(Origin("warehouse", "华东仓", 0.40, 0.10, 360)) is None, "that is not most of it"
    assert told(Origin("warehouse", "华东仓", 0.66, 0.34, 9)) is None, "too few"


def test_of_few_tickets_nothing_is_concluded() -> None:
    tiny = row("wrong_item", sums(5, 40.0), sums(1, 1.0))
    assert codes(tiny) == ["few"]
    assert codes(row("wrong_item", Sums())) == []


def test_a_share_of_one_type_alone_says_nothing() -> None:
    assert "top" not in "".join(codes(row("wrong_item", sums(300, 9.1), sums(100, 9.1))))


def test_sums_of_a_running_month_are_not_held_against_a_whole_one() -> None:
    found = codes(row("wrong_item", sums(100, 9.0), sums(400, 9.0)), REST, running=True)
    assert found[0] == "top"
    assert "volume" in found
    assert not {"volume.less", "growth"} & set(found)


def test_its_means_are() -> None:
    found = codes(row("wrong_item", sums(100, 3.1), sums(400, 7.3)), running=True)
    assert "speed.faster" in found


@pytest.mark.parametrize(
    ("now", "before", "code"),
    [(974, 1111, "volume.less"), (1111, 974, "volume.more"), (974, 980, "volume.same"), (26, 22, "volume.same")],
)
def test_more_or_fewer_is_said_where_it_is_more_than_chance(now: int, before: int, code: str) -> None:
    assert code in codes(row("a", sums(now, 2), sums(before, 2)))


def test_a_share_in_time_is_told_where_it_moved_by_more_than_chance() -> None:
    good = sums(1000, 2, solution_n=1000, solution_ok=950, first_n=1000, first_ok=990)
    bad = sums(1000, 2, solution_n=1000, solution_ok=890, first_n=1000, first_ok=985)
    assert "kept.more.solution" in codes(row("a", good, bad))
    assert "kept.less.solution" in codes(row("a", bad, good))
    small = sums(30, 2, solution_n=30, solution_ok=28)
    assert not [code for code in codes(row("a", small, bad)) if code.startswith("kept")]


def test_the_greatest_growth_is_told_beside_the_greatest_share() -> None:
    rows = [REST, row("stalled", sums(90, 0.5), sums(30, 0.5)), row("address", sums(28, 0.5), sums(20, 0.5))]
    found = headline(whole(*rows), rows, running=False)
    growth = next(one for one in found if one.code == "growth")
    assert (growth.value, growth.figures["factor"]) == ("stalled", 3.0)


def test_money_is_told_with_the_type_that_took_most_of_it() -> None:
    rows = [
        row("a", sums(200, 2, money_n=40, money_fen=500_000), sums(200, 2, money_n=40, money_fen=200_000)),
        row("b", sums(200, 2, money_n=20, money_fen=300_000), sums(200, 2, money_n=20, money_fen=300_000)),
    ]
    told = next(one for one in headline(whole(*rows), rows, running=False) if one.code.startswith("money"))
    assert (told.code, told.value) == ("money.more", "a")
    assert told.figures == pytest.approx({"fen": 800_000, "change": 0.6, "share": 0.625})


def test_money_that_went_here_and_there_names_nobody() -> None:
    each = sums(200, 2, money_n=10, money_fen=100_000)
    rows = [row(f"t{place}", sums(200, 2, money_n=10, money_fen=200_000), each) for place in range(8)]
    told = next(one for one in headline(whole(*rows), rows, running=False) if one.code.startswith("money"))
    assert (told.code, told.value) == ("money.more", "")
    unknown = [row("", sums(200, 2, money_n=40, money_fen=500_000), sums(200, 2, money_n=40, money_fen=200_000))]
    told = next(one for one in headline(whole(*unknown), unknown, running=False) if one.code.startswith("money"))
    assert (told.code, told.value) == ("money.more", "")


def test_chance_is_no_change() -> None:
    assert not counts_differ(110, 95)
    assert counts_differ(150, 95)
    assert not shares_differ((18, 20), (15, 20))
    assert not shares_differ((5, 5), (0, 1000)), "too few"
    assert not shares_differ((100, 100), (100, 100))
    assert shares_differ((950, 1000), (890, 1000))


@given(st.lists(st.tuples(*[st.integers(0, 60)] * 6), min_size=1, max_size=5), st.booleans())
def test_whatever_the_figures_it_says_at_most_five_things(figures: list[tuple[int, ...]], running: bool) -> None:
    rows = [
        row(f"t{place}", sums(a, b, money_n=c, money_fen=c * 100), sums(d, e, money_n=f, money_fen=f * 70))
        for place, (a, b, c, d, e, f) in enumerate(figures)
    ]
    found = headline(whole(*rows), sorted(rows, key=lambda one: -one.line.sums.wall_seconds), running=running)
    assert len(found) <= 5
    assert len({one.code for one in found}) == len(found)
