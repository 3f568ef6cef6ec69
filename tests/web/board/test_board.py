from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from helpdesk.models import TicketPause
from helpdesk.queries import pace
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World, add
from tests.tickets import HOUR


@pytest.fixture(autouse=True)
def measured_anew() -> Iterator[None]:
    pace.forget()
    yield
    pace.forget()


@pytest.fixture
def boss(client: Client, world: World, login: Login) -> Client:
    """The supervisor of customer service."""
    login(client, world.users.supervisor)
    return client


def shown(page: str) -> list[str]:
    """Numbers of the cards, lane by lane from the top."""
    return re.findall(r'data-number="([^"]+)"', page)


def chip(page: str, name: str) -> str:
    """The count on the chip of this name."""
    found = re.search(rf'<a class="chip[^>]*>{name} <span>(\d+)</span>', page)
    assert found, name
    return found.group(1)


def test_the_board_shows_what_burns_with_its_facts(boss: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        bought = tickets.order(world, now)
        calm = tickets.ticket(world, now, due_in=5 * HOUR).number
        row = tickets.ticket(
            world,
            now,
            due_in=-2 * HOUR,
            subject="快递停了",
            order_id=bought.id,
            hands=world.users.agent2,
            owner=world.users.agent,
            nudges=2,
            priority="P1",
        )
        tickets.assist(world, row, world.queues.warehouse, now, due_in=-HOUR, question="称重是多少？")
        add(TicketPause(ticket_id=row.id, status="pending_internal", rule_version=1, started_at=now - 3 * HOUR))
    page = boss.get("/board").text
    assert shown(page) == [row.number, calm]
    for fact in (
        *("快递停了", "超时 2时", "周舟", "林晓答复客户", "物流停滞", "天猫", "¥239.00", "×2", "P1"),
        *("等仓库答复", "已过时限", "称重是多少？", "1 张已超时", "最久超时", "2时", "在手 2"),
    ):
        assert fact in page, fact


def test_lanes_hold_no_more_than_twenty_and_lead_to_the_rest(boss: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        for place in range(23):
            tickets.ticket(world, now, due_in=-place * HOUR - HOUR)
    page = boss.get("/board?show=overdue").text
    assert len(shown(page)) == 20
    assert "还有 3 张" in page
    more = re.search(r'<a class="link" href="([^"]+)">还有', page)
    assert more
    assert more.group(1) == "/tickets?queue=customer_service&amp;class=B&amp;overdue=1"
    assert len(re.findall("data-ticket", boss.get(more.group(1).replace("&amp;", "&")).text)) == 23


@pytest.mark.parametrize(
    ("query", "address"),
    [
        ("by=agent&show=soon", "owner={agent}&amp;soon=1"),
        ("by=channel", "channel=tmall"),
        ("by=type&show=unassigned", "type=logistics_stuck&amp;tab=unassigned"),
        ("show=stuck", "queue=customer_service&amp;class=B&amp;stuck=1"),
        ("show=approval", "queue=customer_service&amp;class=B&amp;status=pending_approval"),
    ],
)
def test_the_rest_of_a_lane_is_the_list_that_shows_the_same(
    boss: Client, world: World, now: datetime, monkeypatch: pytest.MonkeyPatch, query: str, address: str
) -> None:
    monkeypatch.setattr("helpdesk.queries.board.MOST_CARDS", 1)
    monkeypatch.setattr("helpdesk.queries.board.LEAST_IN_LANE", 1)
    nobody = "unassigned" in query
    status = "pending_approval" if "approval" in query or "stuck" in query else "open"
    with unit_of_work():
        for _ in range(3):
            row = tickets.ticket(
                world, now, due_in=HOUR / 2, hands=None if nobody else world.users.agent, status=status
            )
            if status != "open":
                since = now - timedelta(days=5)
                add(TicketPause(ticket_id=row.id, status=status, rule_version=1, started_at=since))
    page = boss.get(f"/board?{query}").text
    assert len(shown(page)) == 1
    expected = address.format(agent=world.users.agent.id)
    more = re.search(r'<a class="link" href="/tickets\?([^"]+)">还有 2 张', page)
    assert more
    assert sorted(more.group(1).split("&amp;")) == sorted(expected.split("&amp;"))
    assert boss.get("/tickets?" + more.group(1).replace("&amp;", "&")).text.count("data-ticket") == 3


def test_chips_count_every_section_and_empty_ones_say_so(boss: Client, world: World, now: datetime) -> None:
    for section, words in (
        ("overdue", "没有超时的工单"),
        ("soon", "1 小时内没有到期的"),
        ("unassigned", "都有人负责了"),
        ("stuck", "没有等得太久的工单"),
        ("approval", "没有待审批的工单"),
    ):
        assert words in boss.get(f"/board?show={section}").text
    assert "没有在手的工单" in boss.get("/board").text
    with unit_of_work():
        tickets.ticket(world, now, due_in=-HOUR)
        tickets.ticket(world, now, due_in=HOUR, hands=world.users.agent)
        tickets.ticket(world, now, status="pending_approval", hands=world.users.agent)
    page = boss.get("/board").text
    counts = {name: chip(page, name) for name in ("全部在手", "已超时", "1 小时内到期", "未分派", "等得太久", "待审批")}
    assert list(counts.values()) == ["3", "1", "1", "1", "0", "1"]


def test_a_supervisor_sees_his_queue_and_operations_all(
    boss: Client, client: Client, world: World, now: datetime, login: Login
) -> None:
    with unit_of_work():
        own = tickets.ticket(world, now).number
        foreign = tickets.ticket(world, now, queue=world.queues.warehouse, klass="C").number
    assert shown(boss.get("/board").text) == [own]
    for who in ("ops", "admin", "auditor"):
        login(client, getattr(world.users, who))
        page = client.get("/board").text
        assert shown(page) == [own, foreign]
        assert ("panel-assign" in page) == (who == "ops")
        assert "我来接手" not in page


@pytest.mark.parametrize("query", ["by=x", "show=x", "by=queue%00"])
def test_an_address_that_cannot_be_is_refused_clearly(boss: Client, world: World, query: str) -> None:
    for path in ("/board", "/board/lanes", "/board/wall"):
        assert boss.get(f"{path}?{query}").status_code == 422


def test_the_refresh_costs_nothing_while_nothing_changes(
    boss: Client, world: World, now: datetime, frozen: Frozen
) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, due_in=2 * HOUR)
    for path, page in (("/board/lanes?by=agent", "/board?by=agent"), ("/board/wall/lanes", "/board/wall")):
        frozen.now = now
        pace.forget()
        first = boss.get(path)
        assert shown(first.text) == [row.number]
        assert "data-live-for" in first.text
        etag = first.headers["ETag"]
        assert f'data-etag="{etag.strip(chr(34))}"' in boss.get(page).text
        frozen.shift(minutes=4)
        again = boss.get(path, headers={"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")
        frozen.shift(minutes=56)
        assert boss.get(path, headers={"If-None-Match": etag}).status_code == 200  # due within the hour


def test_the_board_is_right_and_says_so_while_the_job_worker_is_stopped(
    boss: Client, world: World, now: datetime, frozen: Frozen
) -> None:
    with unit_of_work():
        tickets.ticket(world, now, due_in=HOUR)
    frozen.shift(hours=2)
    for path in ("/board", "/board/wall"):
        page = boss.get(path).text
        assert "超时 1时" in page
        assert "后台任务已停止" in page
    assert "后台任务已停止" in boss.get("/board/wall/lanes").text


def test_the_wall_has_no_menu_and_few_cards(boss: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        for _ in range(17):
            tickets.ticket(world, now, due_in=-HOUR)
    page = boss.get("/board/wall").text
    assert len(shown(page)) == 15
    assert "还有 2 张" in page
    assert "10:00" in page  # the shop's time
    assert "<nav" not in page
    assert "<form" not in page


def test_the_forecast_stands_with_its_basis_and_says_when_it_knows_too_little(
    boss: Client, world: World, now: datetime
) -> None:
    with unit_of_work():
        for _ in range(30):
            tickets.ticket(world, now, due_in=2 * HOUR)
    assert "数据太少，不做预测" in boss.get("/board").text
    with unit_of_work():
        for day in range(1, 15):
            for _ in range(2):
                at = now - timedelta(days=day) + timedelta(minutes=30)
                tickets.ticket(world, at, status="resolved", created_at=at - HOUR, first_resolved_at=at, resolved_at=at)
    pace.forget()
    page = boss.get("/board").text
    assert "按目前的节奏，12:00 起来不及" in page
    assert "近 14 天同一时段的平均" in page
    assert "共解决 28 张" in page
    assert "在手 30 张" in page


def test_the_menu_counts_what_is_late_in_the_persons_queues(boss: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, due_in=-HOUR)
        tickets.ticket(world, now, due_in=-HOUR, queue=world.queues.warehouse, klass="C")
    page = boss.get("/tickets").text
    entry = page[page.index('href="/board"') :][:900]
    assert re.search(r'class="nav-hot">1<', entry)


def test_who_may_not_see_the_board_has_no_entry(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    assert 'href="/board"' not in client.get("/tickets").text
    assert client.get("/board").status_code == 403


@pytest.mark.parametrize("path", ["/board", "/board?by=agent", "/board/lanes", "/board/wall"])
def test_it_takes_a_fixed_number_of_statements(
    boss: Client, world: World, now: datetime, statements: Statements, path: str
) -> None:
    def taken() -> int:
        with statements() as seen:
            assert boss.get(path).status_code == 200
        return len(seen)

    def more() -> None:
        with unit_of_work():
            for _ in range(10):
                row = tickets.ticket(world, now, due_in=-HOUR, hands=world.users.agent)
                tickets.assist(world, row, world.queues.warehouse, now, due_in=HOUR, question="?")

    more()
    boss.get(path)  # the pace is measured once in a while
    few = taken()
    more()
    assert few == taken() <= 10
