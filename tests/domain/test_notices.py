"""Whom a notice concerns, when it is quiet, and how much fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.notices import (
    KINDS,
    House,
    Standing,
    concerned,
    fitted,
    is_quiet,
    is_urgent,
    kind_of,
    queues_of,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
STANDING = Standing(queue=1, owner=11, assignee=12)
HOUSE = House(
    roles={
        "agent": frozenset({11, 12, 13}),
        "supervisor": frozenset({21, 22}),
        "ops": frozenset({31}),
        "admin": frozenset({41}),
    },
    members={1: frozenset({11, 12, 21}), 2: frozenset({13})},
    stand_ins={12: 13},
)


@pytest.mark.parametrize(
    ("notify", "told"),
    [
        (["owner"], {11}),
        (["assignee"], {12, 13}),
        (["supervisor"], {21}),
        (["queue"], {11, 12, 13, 21}),
        (["queue:2"], {13}),
        (["user:41"], {41}),
        (["role:admin"], {41}),
        (["owner", "queue", "owner"], {11, 12, 13, 21}),
        (["user:99"], set()),
        (["queue:9", "queue:", "queue:x", "user:-1", "user:٣", "everybody", 7, None, ""], set()),
        ([], set()),
    ],
)
def test_who_is_told(notify: list[object], told: set[int]) -> None:
    assert concerned(notify, STANDING, HOUSE, actor=None) == told


def test_who_did_it_is_not_told_even_as_a_stand_in() -> None:
    assert concerned(["queue"], STANDING, HOUSE, actor=11) == {12, 13, 21}
    assert concerned(["assignee"], STANDING, HOUSE, actor=13) == {12}


def test_ops_are_told_where_a_queue_has_no_supervisor_and_where_there_is_no_ticket() -> None:
    assert concerned(["supervisor"], Standing(queue=2), HOUSE, actor=None) == {31}
    assert concerned(["supervisor", "owner", "queue"], Standing(), HOUSE, actor=None) == {31}


def test_a_stand_in_of_a_stand_in_is_left_in_peace() -> None:
    house = House(roles=HOUSE.roles, members=HOUSE.members, stand_ins={12: 13, 13: 11})
    assert concerned(["assignee"], STANDING, house, actor=None) == {12, 13}


def test_nobody_who_left_is_told() -> None:
    house = House(roles={"agent": frozenset({12})}, members=HOUSE.members, stand_ins={12: 99})
    assert concerned(["queue", "owner"], STANDING, house, actor=None) == {12}


def test_queues_whose_targets_hear_of_it() -> None:
    assert queues_of(["owner", "queue:2"], STANDING) == {1, 2}
    assert queues_of(["role:admin"], Standing()) == frozenset()


def test_a_kind_nobody_knows_stays_under_the_bell() -> None:
    assert (kind_of("from.the_future").bell, kind_of("from.the_future").outside) == (True, False)
    assert not KINDS["outbox.dead"].outside


@pytest.mark.parametrize(
    ("code", "params", "urgent"),
    [
        ("sla.stage", {"percent": 75}, False),
        ("sla.stage", {"percent": 100}, True),
        ("sla.stage", {"offset_seconds": -1800, "percent": None}, False),
        ("sla.stage", {"offset_seconds": 0}, True),
        ("sla.stage", {}, False),
        ("ticket.reminded", {}, True),
        ("ticket.assigned", {}, False),
    ],
)
def test_a_used_up_target_and_a_reminder_wait_for_no_digest(code: str, params: dict[str, int], urgent: bool) -> None:
    assert is_urgent(code, params) is urgent


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def test_quiet_hours_within_a_day_and_over_midnight() -> None:
    noon, two = 12 * 60, 14 * 60
    assert [is_quiet(at(11, 59), noon, two, SHANGHAI), is_quiet(at(12), noon, two, SHANGHAI)] == [False, True]
    assert [is_quiet(at(13, 59), noon, two, SHANGHAI), is_quiet(at(14), noon, two, SHANGHAI)] == [True, False]
    night, morning = 22 * 60, 7 * 60 + 30
    assert [is_quiet(at(hour), night, morning, SHANGHAI) for hour in (21, 22, 0, 7, 8)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert not is_quiet(at(3), None, None, SHANGHAI)


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_a_minute_is_quiet_in_the_hours_or_in_their_opposite(minute: int, begin: int, end: int) -> None:
    now = at(0) + timedelta(minutes=minute)
    if begin != end:
        assert is_quiet(now, begin, end, SHANGHAI) is not is_quiet(now, end, begin, SHANGHAI)


def more(count: int) -> str:
    return f"另有 {count} 条"


@given(st.lists(st.text(max_size=40), min_size=1, max_size=60), st.integers(20, 600))
def test_a_message_never_grows_over_its_limit_and_counts_what_it_leaves_out(lines: list[str], most: int) -> None:
    text = fitted(lines, most, more)
    if len("\n".join(lines).encode()) <= most:
        assert text == "\n".join(lines)
    else:
        assert len(text.encode()) <= most
        last = text.rpartition("\n")[2]
        count = int(last.removeprefix("另有 ").removesuffix(" 条"))
        assert text == "\n".join([*lines[: len(lines) - count], more(count)])
        assert 1 <= count <= len(lines)
