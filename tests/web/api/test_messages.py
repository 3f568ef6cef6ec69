"""What is said on a ticket, orders and templates over the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk.models import ClockRow, Message, Outbox, ReplyTemplate
from helpdesk.services import messages, templates
from helpdesk.services.messages import Draft
from helpdesk.services.templates import Content
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Frozen
from tests.factories import World
from tests.services.story import do
from tests.web.api.conftest import Calling, TokenOf


@pytest.fixture
def number(world: World, frozen: Frozen) -> str:
    with unit_of_work():
        return tickets.ticket(world, frozen.now, status="pending_customer").number


def test_what_the_customer_said_is_heard_once_and_ends_the_wait_for_him(call: Calling, number: str) -> None:
    told = {"external_id": "m-1", "text": "照片补上了"}
    first, again = (call("POST", f"/tickets/{number}/messages", json=told) for _ in range(2))
    assert [first.json["outcome"], again.json["outcome"]] == ["heard", "repeated"], first.text
    assert call("GET", f"/tickets/{number}").json["status"]["code"] == "open"
    listed = call("GET", f"/tickets/{number}/messages").json["items"]
    assert [(one["direction"], one["text"]) for one in listed][1:] == [("in", "照片补上了")]
    other = call("POST", f"/tickets/{number}/messages", json={**told, "text": "不是这句"})
    assert (other.status_code, other.json["code"]) == (422, "inbound.different_body")


def test_a_reply_by_a_system_is_automatic_and_meets_no_promise(
    call: Calling, world: World, frozen: Frozen, number: str
) -> None:
    sent = call("POST", f"/tickets/{number}/replies", json={"text": "已收到，正在核实。"})
    assert sent.status_code == 201, sent.text
    assert (sent.json["direction"], sent.json["automatic"], sent.json["state"]) == ("out", True, "queued")
    assert call("GET", f"/tickets/{number}").json["status"]["code"] == "pending_customer"
    assert session().scalars(select(ClockRow.met_at)).all() == [None]
    left = session().scalar(select(func.count()).select_from(Outbox).where(Outbox.kind == "reply"))
    assert left == (1 if world.channels.tmall.sender else 0)
    gap = call("POST", f"/tickets/{number}/replies", json={"text": "您好 {customer}"})
    assert (gap.status_code, gap.json["code"]) == (422, "message.unresolved_placeholders")


def test_a_resolved_ticket_takes_no_reply(call: Calling, world: World, frozen: Frozen) -> None:
    with unit_of_work():
        ended = tickets.ticket(world, frozen.now, status="closed").number
    assert call("POST", f"/tickets/{ended}/replies", json={"text": "晚了"}).status_code == 409


def test_messages_are_paged_oldest_first_and_the_last_cursor_stays_good(
    call: Calling, world: World, frozen: Frozen, number: str
) -> None:
    for n in range(4):
        call("POST", f"/tickets/{number}/messages", json={"external_id": f"m{n}", "text": f"第 {n} 句"})
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = call("GET", f"/tickets/{number}/messages", query_string={"limit": 2, **cursor}).json
        seen += [one["text"] for one in page["items"]]
        if not page["next"]:
            break
        cursor = {"cursor": page["next"]}
    assert seen[1:] == [f"第 {n} 句" for n in range(4)]


def test_a_note_stays_among_us(call: Calling, number: str) -> None:
    written = call("POST", f"/tickets/{number}/notes", json={"text": "仓库说已补发"})
    assert (written.status_code, written.json["text"]) == (201, "仓库说已补发")
    assert written.json["author"]["name"] == "系统 1"
    assert [one["id"] for one in call("GET", f"/tickets/{number}/notes").json["items"]] == [written.json["id"]]
    assert session().scalar(select(func.count()).select_from(Message).where(Message.direction == "out")) == 0


def test_people_and_systems_write_on_the_same_ticket(call: Calling, world: World, frozen: Frozen, number: str) -> None:
    with unit_of_work():
        messages.reply(number, Draft("我是客服", 1_000), version=1, actor=world.actors.agent, now=frozen.now)
    said = call("GET", f"/tickets/{number}/messages").json["items"][-1]
    assert (said["author"]["name"], said["automatic"]) == (world.users.agent.name, False)


ORDER: dict[str, Any] = {
    "channel": "tmall",
    "status": "shipped",
    "paid_fen": 12_900,
    "placed_at": "2026-11-20T10:00:00+08:00",
    "address": "浙江省杭州市西湖区文三路 1 号",
    "customer_name": "王小明",
    "buyer_id": "b1",
    "phone": "13812345678",
    "lines": [{"name": "马克杯", "quantity": 2, "sku": "CUP-1", "unit_fen": 6_450}],
    "parcels": [{"tracking_number": "SF1", "carrier": "顺丰", "shipped_at": "2026-11-21T02:00:00Z"}],
    "history": [{"status": "shipped", "at": "2026-11-21T02:00:00Z"}],
}


def test_an_order_is_told_once_and_looked_up(call: Calling, token: TokenOf, world: World) -> None:
    path = f"/orders/{world.shop.code}/T20261120001"
    first = call("PUT", path, json=ORDER)
    assert (first.status_code, first.json["outcome"]) == (201, "created"), first.text
    assert call("PUT", path, json=ORDER).json["outcome"] == "repeated"
    more = {"channel": "tmall", "parcels": [{"tracking_number": "SF1", "signed_at": "2026-11-22T02:00:00Z"}]}
    assert call("PUT", path, json=more).json["outcome"] == "updated"
    known = call("GET", path).json
    assert (known["paid_fen"], known["placed_at"], known["lines"][0]["quantity"]) == (12_900, "2026-11-20T02:00:00Z", 2)
    assert known["parcels"][0]["signed_at"] == "2026-11-22T02:00:00Z"
    assert (known["customer"]["phone"], known["address"]) == ("13812345678", ORDER["address"])
    masked = call("GET", path, by=token("orders:read")).json
    assert (masked["customer"], masked["address"]) == (
        {"name": "王****", "phone": "138****5678", "buyer_id": "****"},
        "浙江省杭州市****",
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"paid_fen": -1}, "paid_fen"),
        ({"paid_fen": 12.5}, "paid_fen"),
        ({"lines": [{"name": "杯", "quantity": 0}]}, "lines.0.quantity"),
        ({"lines": [{"name": "杯"}] * 201}, "lines"),
        ({"parcels": [{"tracking_number": "SF1", "colour": "red"}]}, "parcels.0.colour"),
        ({"history": [{"status": "paid"}]}, "history.0.at"),
        ({"placed_at": "9999-01-01T00:00:00Z"}, "placed_at"),
    ],
)
def test_a_bad_field_of_an_order_is_named(call: Calling, world: World, changes: dict[str, Any], field: str) -> None:
    refused = call("PUT", f"/orders/{world.shop.code}/T1", json={**ORDER, **changes})
    assert (refused.status_code, refused.json["field"]) == (422, field), refused.text


def test_a_token_of_one_shop_reaches_no_order_of_another(call: Calling, token: TokenOf, world: World) -> None:
    path = f"/orders/{world.shop.code}/T1"
    call("PUT", path, json=ORDER)
    limited = token(shop_id=world.shop2.id)
    assert call("GET", path, by=limited).status_code == 404
    assert call("PUT", path, by=limited, json=ORDER).status_code == 422


@pytest.fixture
def template(world: World, now: datetime) -> str:
    """A template that everybody may use; its code."""
    said = Content("all", "道歉", "{customer}您好，您的订单 {order} 已在核实。")
    made = do(templates.create, said, actor=world.actors.ops, now=now)
    do(templates.create, Content("personal", "自己的", "好的"), actor=world.actors.agent, now=now)
    return session().get_one(ReplyTemplate, made).code


def test_templates_that_everybody_may_use_are_listed(call: Calling, template: str) -> None:
    assert [one["code"] for one in call("GET", "/templates").json["items"]] == [template]
    assert call("GET", f"/templates/{template}").json["title"] == "道歉"
    assert call("GET", "/templates/nothing").status_code == 404


def test_a_template_is_filled_for_a_ticket_and_names_what_is_missing(
    call: Calling, token: TokenOf, template: str
) -> None:
    told = {"external_id": "e1", "text": "杯子碎了", "shop": "main", "channel": "tmall"}
    number = call("POST", "/tickets", json={**told, "customer_name": "王小明", "buyer_id": "b1"}).json["number"]
    asked = {"query_string": {"ticket": number}}
    filled = call("GET", f"/templates/{template}/rendered", **asked).json
    assert (filled["text"], filled["missing"]) == ("王小明您好，您的订单 {order} 已在核实。", ["order"])
    masked = call("GET", f"/templates/{template}/rendered", by=token("templates:read", "tickets:read"), **asked)
    assert masked.json["text"].startswith("王****您好")
    alone = call("GET", f"/templates/{template}/rendered", by=token("templates:read"), **asked)
    assert (alone.status_code, alone.json["scope"]) == (403, "tickets:read")
    nowhere = call("GET", f"/templates/{template}/rendered", query_string={"ticket": "EX-1"})
    assert nowhere.status_code == 404


def test_a_ticket_of_tomorrow_is_refused(call: Calling, number: str, frozen: Frozen) -> None:
    late = (frozen.now + timedelta(days=1)).isoformat()
    told = {"external_id": "m-1", "text": "还没说", "sent_at": late}
    assert call("POST", f"/tickets/{number}/messages", json=told).json["code"] == "ticket.created_in_future"
