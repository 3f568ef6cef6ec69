"""The ticket page tells whose time it was, who was late, and what it waits for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from helpdesk.domain.tickets import Status
from helpdesk.services import assignment, pause_steps, tickets
from helpdesk.storage import unit_of_work
from tests import factories
from tests import tickets as rows
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World, add
from tests.services.story import do, look, opened, owner_of, replied, resolved

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


Shown = Callable[[str], str]


@pytest.fixture
def shown(client: Client, world: World, frozen: Frozen) -> Shown:
    """The page of a ticket as the auditor sees it when he comes to look."""

    def look_at(number: str) -> str:
        with unit_of_work():
            name, token = factories.open_session(world.users.auditor, frozen.now)
        client.set_cookie(name, token)
        return client.get(f"/tickets/{number}").text

    return look_at


def bar(page: str) -> list[tuple[str, float, float]]:
    """What is drawn: kind, place, width."""
    drawn = page.partition('class="lifeline-bar"')[2].partition("</svg>")[0].partition("</defs>")[2]
    found = re.findall(
        r'<rect (?:class="life-(\w+)"|fill="url\(#life-hatch\)") x="([\d.]+)" y="0" width="([\d.]+)"', drawn
    )
    return [(kind or "closed", float(x), float(width)) for kind, x, width in found]


def late_lines(page: str) -> list[str]:
    found = re.findall(r'<p class="lifeline-late">.*?</p>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", line).split()) for line in found]


def waiting_line(page: str) -> str:
    found = re.search(r'<p class="wait">.*?</p>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", found.group()).split()) if found else ""


def transferred(number: str, world: World, now: datetime) -> None:
    version = look(number).version
    do(assignment.transfer, number, "warehouse", reason="要查库", version=version, actor=world.actors.agent, now=now)


def test_the_bar_is_drawn_to_scale_and_told_in_words(shown: Shown, world: World, now: datetime, frozen: Frozen) -> None:
    """10:00 customer service, 11:00 the warehouse, which goes home at 18:00."""
    number = opened(world, now, "logistics_stuck")
    transferred(number, world, now + HOUR)
    frozen.shift(hours=10)
    page = shown(number)
    assert bar(page) == [("b", 0, 100), ("c", 100, 700), ("closed", 800, 200)]
    assert 'aria-label="仓库 7时，客服 1时，非工作时间 2时"' in page
    for row in ("<td>客服</td><td>1时</td>", "<td>仓库</td><td>7时</td>", "<td>非工作时间</td><td>2时</td>", "现在"):
        assert row in page


def test_whoever_overran_its_own_target_is_named(shown: Shown, world: World, now: datetime, frozen: Frozen) -> None:
    number = opened(world, now, "logistics_stuck")
    replied(number, actor=world.actors.agent, now=now)
    transferred(number, world, now + HOUR)
    frozen.shift(hours=6)
    page = shown(number)
    assert late_lines(page) == [
        "解决时限超出 2时工时：仓库用了 5时（目标 4时） 超出的时间按用时分摊：仓库 1时40分，客服 20分"
    ]


def test_where_every_queue_kept_its_target_who_used_most_is_named(
    shown: Shown, world: World, now: datetime, frozen: Frozen
) -> None:
    """Nobody answered for 35 minutes: that is within the queue's own two hours."""
    number = opened(world, now, "logistics_stuck")
    frozen.shift(minutes=35)
    page = shown(number)
    assert late_lines(page) == ["首次响应超出 5分工时：客服用了 35分"]


def test_a_late_first_response_is_not_the_warehouses_that_has_the_ticket(
    shown: Shown, world: World, now: datetime, frozen: Frozen
) -> None:
    number = opened(world, now)
    frozen.shift(minutes=35)
    assert late_lines(shown(number)) == ["首次响应超出 5分工时：客服用了 35分"]


def test_a_platforms_deadline_that_began_with_the_order_says_so(
    shown: Shown, world: World, now: datetime, frozen: Frozen
) -> None:
    number = opened(world, now)
    with unit_of_work():
        began = now - 40 * HOUR
        add(rows.clock(world, look(number), now, kind="platform", started_at=began, target_seconds=40 * 3600))
    frozen.shift(minutes=20)
    assert late_lines(shown(number)) == ["平台时限超时 20分：建单之前已经过了 1天16时"]


def test_in_time_nobody_is_named(shown: Shown, world: World, now: datetime, frozen: Frozen) -> None:
    number = opened(world, now, "logistics_stuck")
    frozen.shift(minutes=20)
    page = shown(number)
    assert (late_lines(page), bar(page)) == ([], [("b", 0, 1000)])


def test_a_resolved_ticket_keeps_its_line(shown: Shown, world: World, now: datetime, frozen: Frozen) -> None:
    number = opened(world, now, "logistics_stuck")
    resolved(number, actor=world.actors.agent, now=now + 5 * HOUR)
    frozen.shift(days=3)
    page = shown(number)
    assert bar(page) == [("b", 0, 1000)]
    assert "<td>客服</td><td>5时</td>" in page
    assert "现在" not in page.partition("lifeline-table")[2].partition("</table>")[0]
    assert late_lines(page)[-1] == "解决时限超出 1时工时：客服用了 5时（目标 2时）"


def test_what_is_too_narrow_to_be_seen_is_in_the_table(
    shown: Shown, world: World, now: datetime, frozen: Frozen
) -> None:
    number = opened(world, now, "logistics_stuck")
    agent = world.actors.agent
    replied(number, actor=agent, now=now + HOUR, status_after=Status.PENDING_CUSTOMER)
    version = look(number).version
    do(tickets.set_status, number, Status.OPEN, version=version, actor=agent, now=now + HOUR + timedelta(minutes=1))
    frozen.shift(days=20)
    page = shown(number)
    assert bar(page) == [("b", 0, 1000)]
    assert "<td>等客户</td><td>1分</td>" in page


def test_a_long_life_is_cut_to_its_latest_stretches(shown: Shown, world: World, now: datetime, frozen: Frozen) -> None:
    number = opened(world, now)
    frozen.shift(days=120)
    page = shown(number)
    assert page.partition("lifeline-table")[2].partition("</table>")[0].count("<tr>") == 101
    assert "段没有列出" in page


def test_a_ticket_that_has_just_come_has_no_line_yet(shown: Shown, world: World, now: datetime) -> None:
    assert 'class="lifeline"' not in shown(opened(world, now))


def test_a_wait_tells_how_long_already_and_what_comes_next(
    shown: Shown, world: World, now: datetime, frozen: Frozen
) -> None:
    number = opened(world, now, "logistics_stuck")
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    do(pause_steps.sweep, world.actors.system, now + DAY + timedelta(seconds=1))
    frozen.shift(hours=27)
    page = shown(number)
    assert waiting_line(page) == "等客户 1天3时，明天 10:00 第 2 次提醒客户，11-26 10:00 自动解决"
    assert "待客户到时，提醒客户" in page
    assert "自动回复" in page


def test_inside_it_is_told_for_whom(shown: Shown, world: World, now: datetime, frozen: Frozen) -> None:
    number = opened(world, now, "wrong_item")
    version, actor = look(number).version, owner_of(world, number)
    wanted = Status.PENDING_INTERNAL
    do(tickets.set_status, number, wanted, pending_on="finance", version=version, actor=actor, now=now)
    frozen.shift(hours=2)
    assert waiting_line(shown(number)).startswith("等财务 2时，18:00 提醒负责人")
    version = look(number).version
    do(tickets.set_status, number, wanted, pending_on="courier", version=version, actor=actor, now=frozen.now)
    assert waiting_line(shown(number)).startswith("等快递 0分")
    version = look(number).version
    do(tickets.set_status, number, wanted, pending_on=None, version=version, actor=actor, now=frozen.now)
    assert waiting_line(shown(number)).startswith("等内部答复 0分")
    version = look(number).version
    do(tickets.set_status, number, Status.PENDING_APPROVAL, version=version, actor=actor, now=frozen.now)
    assert waiting_line(shown(number)).startswith("等审批 0分")


def test_a_ticket_in_work_waits_for_nobody(shown: Shown, world: World, now: datetime) -> None:
    assert waiting_line(shown(opened(world, now))) == ""


def test_a_waiting_ticket_takes_no_more_statements(
    client: Client, world: World, login: Login, now: datetime, statements: Statements
) -> None:
    login(client, world.users.agent)
    number = opened(world, now, "logistics_stuck", order_number="A1")
    replied(number, actor=world.actors.agent, now=now, status_after=Status.PENDING_CUSTOMER)
    client.get(f"/tickets/{number}")
    with statements() as seen:
        client.get(f"/tickets/{number}")
    assert len(seen) <= 12, "\n".join(seen)
