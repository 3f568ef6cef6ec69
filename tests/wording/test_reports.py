"""The report in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask

from helpdesk.domain.report_headline import Finding, Origin
from helpdesk.domain.reports import Period, month_of
from helpdesk.wording import reports
from helpdesk.wording.reports import against_label, figure_label, fraction, headline_text, hours, percent, period_label

OCTOBER = month_of(date(2026, 10, 1))
EAST = Origin("warehouse", "华东仓", 0.66, 0.4, 90)
NAMES = {"wrong_item": "发错货", "华东仓": "华东仓"}


@pytest.fixture(autouse=True)
def chinese(app: Flask) -> Iterator[None]:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        yield


def said(*findings: Finding) -> list[str]:
    return headline_text(findings, "上月", lambda _cut, value: NAMES[value])


def test_what_took_most_of_the_hours_is_said_with_what_became_of_it_and_where_it_came_from() -> None:
    top = Finding("top.more", "wrong_item", {"share": 0.312, "factor": 2.08}, EAST)
    assert said(top) == ["发错货占了 31% 的处理工时，是上月的 2.1 倍；其中三分之二来自华东仓。"]


@pytest.mark.parametrize(
    ("finding", "sentence"),
    [
        (Finding("top", "wrong_item", {"share": 0.2}), "发错货占了 20% 的处理工时。"),
        (
            Finding("top.less", "wrong_item", {"share": 0.2, "factor": 0.45}),
            "发错货占了 20% 的处理工时，但已降到上月的 45%。",
        ),
        (
            Finding("speed.faster", "", {"mean": 3.1 * 3600, "before": 7.3 * 3600}),
            "平均处理时长从 7.3 小时降到 3.1 小时。",
        ),
        (Finding("volume.same", "", {"opened": 1219, "before": 1178}), "新建 1,219 张，与上月的 1,178 张相差不大。"),
        (Finding("volume.less", "", {"opened": 974, "change": 0.123}), "新建 974 张，比上月少 12%。"),
        (
            Finding("kept.less.solution", "", {"rate": 0.882, "points": 0.031}),
            "解决时限达成率降到 88.2%，下降 3.1 个百分点。",
        ),
        (Finding("growth", "wrong_item", {"opened": 90, "factor": 3.0}), "发错货增长最快：90 张，是上月的 3.0 倍。"),
        (
            Finding("money.more", "wrong_item", {"fen": 842_000, "change": 0.2, "share": 0.55}),
            "补偿 ¥8,420.00，比上月多 20%，其中发错货占 55%。",
        ),
        (Finding("few", "", {"opened": 5, "resolved": 3}), "这段时间只有 5 张新建、3 张解决，太少，不下结论。"),
    ],
)
def test_each_finding_is_one_sentence(finding: Finding, sentence: str) -> None:
    assert said(finding) == [sentence]


def test_every_sentence_can_be_said() -> None:
    figures = dict.fromkeys(
        ("share", "factor", "change", "rate", "points", "fen", "opened", "resolved", "mean", "before"), 0.5
    )
    for code in reports.SENTENCES:
        (sentence,) = said(Finding(code.removesuffix(".what"), "wrong_item", figures))
        assert "%(" not in sentence


@pytest.mark.parametrize(
    ("part", "words"),
    [(0.5, "一半"), (0.52, "一半"), (0.66, "三分之二"), (0.74, "四分之三"), (0.6, "60%"), (0.93, "93%")],
)
def test_fractions_are_said_where_they_are_near_enough(part: float, words: str) -> None:
    assert fraction(part) == words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, "0.00"), (1800, "0.50"), (3600, "1.0"), (9.1 * 3600, "9.1"), (1_234 * 3600, "1,234")],
)
def test_hours_have_as_many_places_as_can_be_compared(seconds: float | None, text: str) -> None:
    assert hours(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"), [(None, "–"), (0, "0%"), (0.042, "4.2%"), (0.314, "31%"), (0.996, "99.6%"), (1, "100%")]
)
def test_shares_are_rounded_where_that_hides_nothing(share: float | None, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("period", "against", "words"),
    [
        (OCTOBER, OCTOBER.before(), "上月"),
        (OCTOBER, month_of(date(2025, 10, 1)), "去年同月"),
        (OCTOBER, month_of(date(2026, 6, 1)), "2026年6月"),
        (Period(date(2026, 10, 5), date(2026, 10, 11)), Period(date(2026, 9, 28), date(2026, 10, 4)), "前 7 天"),
    ],
)
def test_what_is_compared_with_has_a_name(period: Period, against: Period, words: str) -> None:
    assert against_label(period, against) == words


def test_periods_are_named_by_their_month_or_their_days() -> None:
    assert period_label(OCTOBER) == "2026年10月"
    assert period_label(Period(date(2026, 10, 5), date(2026, 10, 5))) == "2026-10-05"
    assert period_label(Period(date(2026, 10, 5), date(2026, 10, 6))) == "2026-10-05 至 2026-10-06"


def test_figures_with_a_key_say_of_what_they_are() -> None:
    assert figure_label("time:customer", "等客户") == "用了时间：等客户"
    assert figure_label("late_first") == "首次响应超时"
