from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.calendars import Calendar
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, TooMany
from helpdesk.domain.rulebook import Label
from helpdesk.web import filters
from helpdesk.wording import duration, event_text, hours_text, label, problem_text, status_label
from tests.conftest import Frozen


@pytest.fixture(autouse=True)
def request_at_ten(app: Flask, frozen: Frozen) -> object:
    with app.test_request_context(), force_locale("zh_CN"):
        yield


@pytest.mark.parametrize(
    ("fen", "shown"),
    [(0, "¥0.00"), (5, "¥0.05"), (23900, "¥239.00"), (123456789, "¥1,234,567.89"), (-505, "-¥5.05"), (None, "–")],
)
def test_money_is_yuan_with_both_fen(fen: int | None, shown: str) -> None:
    assert filters.money(fen) == shown


@given(st.integers(-(10**15), 10**15))
def test_money_shows_every_fen(fen: int) -> None:
    digits = filters.money(fen).replace("¥", "").replace(",", "").replace(".", "")
    assert int(digits) == fen


def test_a_time_is_on_the_shops_wall_and_exact_in_the_markup() -> None:
    shown = filters.when(datetime(2026, 11, 22, 1, 12, tzinfo=UTC))
    assert ">11-22 09:12</time>" in shown
    assert 'datetime="2026-11-22T01:12:00+00:00"' in shown
    assert filters.when(None) == "–"


def test_another_year_is_named_and_the_year_turns_at_the_shops_midnight(frozen: Frozen) -> None:
    frozen.now = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
    assert ">2027-01-01 00:00<" in filters.when(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "刚刚"), (59, "刚刚"), (60, "1 分钟前"), (3599, "59 分钟前"), (3600, "1 小时前"), (86400, "1 天前")],
)
def test_how_long_ago_in_the_greatest_unit(frozen: Frozen, seconds: int, shown: str) -> None:
    assert f">{shown}<" in filters.ago(frozen.now - timedelta(seconds=seconds))


def test_beyond_a_month_it_is_a_date(frozen: Frozen) -> None:
    assert ">10-01 10:00<" in filters.ago(datetime(2026, 10, 1, 2, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0, "0分", "0m"),
        (59, "0分", "0m"),
        (7920, "2时12分", "2h 12m"),
        (7200, "2时", "2h"),
        (-7920, "2时12分", "2h 12m"),
        (86400, "1天", "1d"),
        (100000, "1天3时", "1d 3h"),
    ],
)
def test_lengths_of_time_in_two_units(seconds: int, chinese: str, english: str) -> None:
    assert duration(seconds) == chinese
    with force_locale("en"):
        assert duration(seconds) == english


def test_names_that_are_data_in_the_readers_language() -> None:
    both = Label("仓库", "Warehouse")
    assert label(both) == "仓库"
    with force_locale("en"):
        assert label(both) == "Warehouse"
        assert label(SimpleNamespace(name_zh="天猫", name_en="Tmall")) == "Tmall"
        assert status_label("pending_customer") == "Pending customer"
    assert label(None) == ""


def test_an_icon_is_decoration_drawn_from_the_package() -> None:
    drawn = filters.icon("inbox", 20)
    assert 'aria-hidden="true"' in drawn
    assert 'width="20"' in drawn
    assert "<path d=" in drawn
    assert "\n" not in drawn


def test_a_problem_in_words_with_its_codes_in_words() -> None:
    assert problem_text(Conflict("ticket.illegal_move", old="closed", new="open")) == "工单不能从“已关闭”变成“处理中”。"
    assert "管理用户" in problem_text(NotAllowed("access.denied", permission="users:manage"))
    assert "100%" in problem_text(Invalid("ticket.shares_must_be_100"))
    assert "15分" in problem_text(TooMany("login.too_many", retry_after=899))
    assert "no.words_yet" in problem_text(Invalid("no.words_yet", a=1))
    assert "–" in problem_text(Conflict("account.login_taken"))


def test_an_event_in_words_with_its_codes_in_words() -> None:
    moved = SimpleNamespace(code="ticket.status", params={"from": "new", "to": "open"})
    given_up = SimpleNamespace(code="ticket.owner", params={"from": "林晓", "to": None})
    retyped = SimpleNamespace(
        code="ticket.type", params={"from": Label("漏发", "Missing item"), "to": Label("错发", "Wrong")}
    )
    assert event_text(moved) == "状态：新建 → 处理中"
    assert event_text(given_up) == "负责人：林晓 → 无"
    assert event_text(retyped) == "类型：漏发 → 错发"
    assert event_text(SimpleNamespace(code="x.y", params={})) == "x.y"


def test_working_hours_are_said_in_as_few_words_as_there_are_kinds_of_day() -> None:
    morning, day = [["09:00", "12:00"]], [["09:00", "12:00"], ["13:30", "18:00"]]
    week = {"mon": day, "tue": day, "wed": day, "fri": day, "sat": morning}
    calendar = Calendar.parse({"timezone": "Asia/Shanghai", "hours": week})
    assert hours_text(calendar) == (
        "周一至周三 09:00–12:00, 13:30–18:00；周五 09:00–12:00, 13:30–18:00；周六 09:00–12:00"
    )
    assert hours_text(Calendar.parse({"timezone": "Asia/Shanghai"})) == "没有固定的上班时间"


@pytest.mark.parametrize(("count", "shown"), [(0, "0"), (999, "999"), (1_000, "999+"), (2_600, "999+")])
def test_a_count_is_shown_up_to_999(count: int, shown: str) -> None:
    assert filters.capped(count) == shown
