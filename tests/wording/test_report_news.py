"""What a report's mail and message say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from helpdesk.domain.rulebook import Label
from helpdesk.wording.report_news import report_message

TYPES = {"wrong_item": Label("发错货", "Wrong item")}
PARAMS: dict[str, Any] = {
    "month": "2026-10",
    "day": "2026-10-31",
    "first": "2026-10-01",
    "last": "2026-10-31",
    "opened": 228,
    "opened_before": 240,
    "resolved": 220,
    "resolved_before": 0,
    "mean_seconds": 11_160,
    "mean_seconds_before": 26_280,
    "money_fen": 123_450,
    "money_fen_before": 100_000,
    "first_permille": 923,
    "solution_permille": None,
    "reopen_permille": 41,
    "top": [{"type": "wrong_item", "share_permille": 310, "mean_seconds": 14_040, "resolved": 28}],
}


@pytest.fixture(autouse=True)
def in_a_request(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


def message(code: str = "report.month", *, params: dict[str, Any] = PARAMS, **asked: Any) -> Any:
    values = {"url": "https://t.example/reports", "file": "", "markdown": True, "most_bytes": 1950, "locale": "zh_CN"}
    return report_message(code, params, TYPES, **{**values, **asked})


def test_a_month_in_a_few_lines() -> None:
    said = message()
    assert said.title == "Unsnag 月报 2026-10"
    assert said.text.splitlines() == [
        "- 新增 228 张（比上期 -5%），解决 220 张",
        "- 平均处理 3.1 小时，上期 7.3 小时",
        "- 首次响应按时 92.3%，重开 4.1%",
        "- 补偿 ¥1,234.50（比上期 +23%）",
        "- 发错货：占用时 31.0%，平均 3.9 小时，28 张",
        "[打开报表](https://t.example/reports)",
    ]


def test_mail_names_its_file_and_shows_the_address_as_it_is() -> None:
    lines = message(markdown=False, file="unsnag-2026-10.xlsx").text.splitlines()
    assert lines[-2:] == ["打开报表：https://t.example/reports", "附件：unsnag-2026-10.xlsx"]


def test_a_day_on_which_nothing_was_solved() -> None:
    params = {
        **PARAMS,
        "mean_seconds": None,
        "first_permille": None,
        "reopen_permille": None,
        "money_fen": 0,
        "top": [],
    }
    said = message("report.day", params=params, url="")
    assert said.title == "Unsnag 日报 2026-10-31"
    assert said.text == "- 新增 228 张（比上期 -5%），解决 220 张"


def test_a_change_from_next_to_nothing_is_none() -> None:
    params = {**PARAMS, "opened": 3, "opened_before": 1, "resolved": 40, "resolved_before": 40, "money_fen_before": 100}
    assert "比上期" not in message(params=params).text


def test_it_fits_into_what_a_robot_takes() -> None:
    top = [{**PARAMS["top"][0], "type": "型" * 60} for _ in range(5)]
    said = message(params={**PARAMS, "top": top}, most_bytes=600)
    assert len(f"### {said.title}\n{said.text}".encode()) <= 600
    assert said.text.splitlines()[-1].startswith("另有")


def test_a_type_that_the_rules_no_longer_know_keeps_its_code() -> None:
    top = [{**PARAMS["top"][0], "type": "retired"}]
    assert "- retired：占用时 31.0%，平均 3.9 小时，28 张" in message(params={**PARAMS, "top": top}).text
