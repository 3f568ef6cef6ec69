from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from helpdesk.models import DecisionRow, Event, Order, OrderLine, Parcel, ReplyTemplate, ReplyTemplateVersion, Ticket
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World, add
from tests.tickets import HOUR


def template(code: str, now: datetime, body: str, *, kind: str | None = "logistics_stuck", **version: object) -> None:
    row = ReplyTemplate(code=code, type=kind, shortcut=code)
    add(row)
    add(
        ReplyTemplateVersion(
            template_id=row.id,
            version=1,
            title_zh=f"话术 {code}",
            title_en=f"Reply {code}",
            body_zh=body,
            body_en=body,
            words="物流",
            created_at=now,
            **version,
        )
    )


@pytest.fixture
def full(world: World, now: datetime) -> Ticket:
    """A ticket with everything around it."""
    with unit_of_work():
        buyer = tickets.customer(world, phone="13812345678")
        bought = tickets.order(world, now, address="浙江省杭州市西湖区文一路 1 号", price_snapshot_fen=22_900)
        add(OrderLine(order_id=bought.id, position=1, name="跑鞋", spec="42 码", quantity=1, unit_fen=23_900))
        add(Parcel(order_id=bought.id, carrier="顺丰", tracking_number="SF123", shipped_at=now))
        row = tickets.ticket(
            world,
            now,
            text="快递三天不动了，急",
            customer_id=buyer.id,
            order_id=bought.id,
            owner=world.users.agent,
            hands=world.users.agent,
            tier="suggest",
            subject="快递三天不动了",
        )
        heard = tickets.message(row, "快递三天不动了，急", now)
        add(
            DecisionRow(
                ticket_id=row.id,
                message_id=heard.id,
                text_hash="x",
                facts={},
                rule_version=1,
                normaliser_version=1,
                type="logistics_stuck",
                tier="suggest",
                score=0.6,
                spans=[{"start": 0, "end": 2, "word": "快递", "type": "logistics_stuck", "how": "exact"}],
                runners_up=[{"type": "lost_parcel", "score": 0.4}],
                created_at=now,
            )
        )
        tickets.ticket(world, now, customer_id=buyer.id, subject="上个月的退货", status="closed")
        template(
            "push", now, "{customer}您好，{carrier} {tracking} 已催，{amount}券已备。", set_status="pending_customer"
        )
        template("other", now, "您好", kind=None)
        add(
            Event(
                ticket_id=row.id,
                at=now,
                actor_id=world.users.agent.id,
                source="page",
                code="ticket.owner",
                params={"from": None, "to": world.users.agent.id, "version": 1},
            )
        )
    return row


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


def test_one_page_shows_everything_for_an_answer(agent: Client, full: Ticket) -> None:
    page = agent.get(f"/tickets/{full.number}").text
    for fact in (
        "快递三天不动了",
        "<mark title=",
        "物流停滞",
        "判定正确",
        "丢件",
        "为什么",
        "开始计时",
        "跑鞋 42 码",
        "SF123",
        "¥239.00",
        "¥229.00",
        "138****5678",
        "浙江省杭州市****",
        "上个月的退货",
        "还可补",
        "王先生您好，顺丰 SF123 已催",
        "<b>林晓</b> 成为负责人",
        "11-23",
    ):
        assert fact in page, fact
    assert "13812345678" not in page
    assert "文一路" not in page


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("agent", 200),
        ("agent2", 200),
        ("supervisor", 200),
        ("finance", 200),
        ("ops", 200),
        ("admin", 200),
        ("auditor", 200),
        ("warehouse", 404),
        ("outsider", 404),
    ],
)
def test_only_who_may_see_it_finds_it(
    client: Client, world: World, login: Login, full: Ticket, person: str, status: int
) -> None:
    login(client, getattr(world.users, person))
    assert client.get(f"/tickets/{full.number}").status_code == status


@pytest.mark.parametrize("person", ["finance", "ops", "admin", "auditor"])
def test_who_reads_without_working_there_has_no_buttons(
    client: Client, world: World, login: Login, full: Ticket, person: str
) -> None:
    login(client, getattr(world.users, person))
    page = client.get(f"/tickets/{full.number}?panel=assign").text
    for action in ("claim", "type", "resolve", "compose", "reveal", "priority", "status", "assist"):
        assert f'action="/tickets/{full.number}/{action}"' not in page, action
    assert (f'action="/tickets/{full.number}/assign"' in page) == (person == "ops")
    assert "你可以查看这张工单" in page


def test_a_ticket_that_is_not_there_is_not_found(agent: Client) -> None:
    assert agent.get("/tickets/EX-000000-0000").status_code == 404
    assert agent.get("/tickets/" + "x" * 500).status_code == 404


def test_a_template_is_inserted_without_script(agent: Client, full: Ticket) -> None:
    page = agent.get(f"/tickets/{full.number}?template=push").text
    assert re.search(r"<textarea[^>]*>王先生您好，顺丰 SF123 已催", page)
    assert '<option value="pending_customer" selected>' in page
    assert 'name="template_id" value="push"' in page
    assert agent.get(f"/tickets/{full.number}?template=nobody-knows").status_code == 200


@pytest.mark.parametrize(
    "panel", ["transfer", "assist", "type", "priority", "status", "resolve", "reveal", "templates"]
)
def test_panels_open_without_script(agent: Client, full: Ticket, panel: str) -> None:
    page = agent.get(f"/tickets/{full.number}?panel={panel}").text
    assert re.search(rf'<dialog[^>]*id="panel-{panel}"[^>]* open>', page)


def test_the_list_one_came_from_travels_along(agent: Client, full: Ticket) -> None:
    page = agent.get(f"/tickets/{full.number}?tab=mine&priority=P2").text
    assert 'href="/tickets?tab=mine&amp;priority=P2"' in page
    assert f'action="/tickets/{full.number}/compose?tab=mine&amp;priority=P2"' in page
    assert agent.get(f"/tickets/{full.number}?tab=nonsense").status_code == 200


def test_a_long_story_shows_its_end_first(agent: Client, world: World, full: Ticket, now: datetime) -> None:
    with unit_of_work():
        for minute in range(70):
            tickets.message(full, f"第 {minute:02} 条", now + timedelta(minutes=minute))
    page = agent.get(f"/tickets/{full.number}").text
    assert "第 69 条" in page
    assert "第 05 条" not in page
    earlier = re.search(r'href="([^"]*shown=[^"]*)"', page)
    assert earlier is not None
    page = agent.get(earlier.group(1).replace("&amp;", "&")).text
    assert "第 05 条" in page
    assert "更早的记录" not in page
    assert agent.get(f"/tickets/{full.number}?shown=999999999").status_code == 200


def test_an_english_customer_is_answered_in_english_whoever_reads(
    client: Client, world: World, login: Login, now: datetime
) -> None:
    with unit_of_work() as work:
        row = tickets.ticket(world, now, subject="Parcel is stuck", text="My parcel is stuck")
        template("chase", now, "We are chasing it.")
        work.merge(world.users.agent).locale = "en"
    login(client, world.users.agent)
    page = client.get(f"/tickets/{row.number}").text
    assert "We are chasing it." in page
    assert "Tracking stalled" in page


def test_an_order_only_spoken_of_and_no_order_are_told_apart(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        spoken = Order(shop_id=world.shop.id, channel_id=world.channels.jd.id, number="X1", known=False, updated_at=now)
        add(spoken)
        unknown = tickets.ticket(world, now, order_id=spoken.id).number
        none = tickets.ticket(world, now).number
    assert "系统里还没有这个订单" in agent.get(f"/tickets/{unknown}").text
    assert "这张工单没有订单号" in agent.get(f"/tickets/{none}").text


def test_a_resolved_ticket_is_read_and_noted_upon_but_not_worked_on(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, status="resolved", resolved_at=now, outcome="resent", hands=world.users.agent)
    page = agent.get(f"/tickets/{row.number}").text
    assert "已补发" in page
    assert f'action="/tickets/{row.number}/resolve"' not in page
    assert 'value="note"' in page
    assert 'value="customer"' in page
    assert 'value="reply"' not in page


def test_an_open_assist_is_shown_to_both_sides(client: Client, world: World, login: Login, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        tickets.assist(world, row, world.queues.warehouse, now, due_in=HOUR, question="实际发出哪个尺码？")
    for person in (world.users.agent, world.users.warehouse):
        login(client, person)
        page = client.get(f"/tickets/{row.number}").text
        assert "仓库协助中" in page
        assert "实际发出哪个尺码？" in page
    assert f'action="/tickets/{row.number}/compose"' in page, "who is asked may note and answer"
    assert 'value="reply"' not in page


def test_the_page_takes_at_most_twelve_statements(
    agent: Client, world: World, full: Ticket, now: datetime, statements: Statements, frozen: Frozen
) -> None:
    with unit_of_work():
        tickets.assist(world, full, world.queues.warehouse, now, due_in=HOUR, question="？")
        for place in range(40):
            tickets.ticket(world, now, customer_id=full.customer_id, order_id=full.order_id)
            template(f"more{place}", now, "您好")
            tickets.message(full, "在吗", now)
    agent.get(f"/tickets/{full.number}")
    with statements() as seen:
        agent.get(f"/tickets/{full.number}")
    assert len(seen) <= 12, "\n".join(seen)


def test_panels_come_when_one_is_asked_for(agent: Client, full: Ticket) -> None:
    page = agent.get(f"/tickets/{full.number}").text
    assert 'data-dialog="panel-resolve"' in page
    assert 'id="panel-resolve"' not in page
    asked = agent.get(f"/tickets/{full.number}?panel=resolve").text
    assert 'id="panel-resolve"' in asked
    assert 'id="template-list"' in asked, "the others come along: one answer is enough"
