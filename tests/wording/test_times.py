from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale

from helpdesk.wording import day_and_time, time_or_day

MONDAY = datetime(2026, 11, 22, 16, tzinfo=UTC)  # its midnight in Shanghai
NOW = MONDAY + timedelta(hours=10)


@pytest.mark.parametrize(
    ("hours", "chinese", "english"),
    [
        (18, "今天 18:00", "today 18:00"),
        (24, "今天 24:00", "today 24:00"),
        (24.5, "明天 00:30", "tomorrow 00:30"),
        (35, "明天 11:00", "tomorrow 11:00"),
        (59, "11-25 11:00", "25 Nov 11:00"),
        (-1, "11-22 23:00", "22 Nov 23:00"),
    ],
)
def test_a_day_is_said_as_people_say_it(app: Flask, hours: float, chinese: str, english: str) -> None:
    at = MONDAY + timedelta(hours=hours)
    with app.test_request_context():
        with force_locale("zh_CN"):
            assert day_and_time(at, NOW) == chinese
        with force_locale("en"):
            assert day_and_time(at, NOW) == english


def test_where_there_is_little_room_today_goes_without_saying(app: Flask) -> None:
    with app.test_request_context(), force_locale("zh_CN"):
        assert time_or_day(MONDAY + timedelta(hours=18), NOW) == "18:00"
        assert time_or_day(MONDAY + timedelta(hours=24), NOW) == "24:00"
        assert time_or_day(MONDAY + timedelta(hours=35), NOW) == "明天 11:00"
