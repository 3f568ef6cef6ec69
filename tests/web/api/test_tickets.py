"""Tickets over the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.models import Inbound, Ticket, TicketTag
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Frozen, Statements
from tests.factories import World
from tests.web.api.conftest import Calling, TokenOf

NEW = {"external_id": "e-1", "text": "收到的杯子碎了", "shop": "demo", "channel": "tmall"}


def new(world: World, **changes: object) -> dict[str, object]:
    return {**NEW, "shop": world.shop.code, "channel": world.channels.tmall.code, **changes}


def test_the_same_event_twice_is_one_ticket(call: Calling, world: World) -> None:
    first = call("POST", "/tickets", json=new(world, order_number="T1", buyer_id="b1"))
    again = call("POST", "/tickets", json=new(world, order_number="T1", buyer_id="b1"))
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert (first.json["outcome"], again.json["outcome"]) == ("created", "repeated")
    assert first.json["number"] == again.json["number"]
    assert first.headers["Location"] == f"/api/v1/tickets/{first.json['number']}"
    assert session().scalar(select(func.count()).select_from(Ticket)) == 1
    source = session().scalars(select(Inbound.source)).one()
    assert source.startswith("api:")
    assert source.endswith(f":{world.shop.id}:{world.channels.tmall.id}")


def test_a_ticket_is_told_with_codes_and_names_in_the_language_asked_for(call: Calling, world: World) -> None:
    number = call("POST", "/tickets", json=new(world, buyer_id="b1", customer_name="王小明")).json["number"]
    chinese = call("GET", f"/tickets/{number}").json
    english = call("GET", f"/tickets/{number}", headers={"Accept-Language": "en"}).json
    assert chinese["status"] == {"code": "new", "name": "新建"}
    assert english["status"]["code"] == "new"
    assert english["status"]["name"] != "新建"
    assert english["type"]["code"] == chinese["type"]["code"] != chinese["type"]["name"]
    assert chinese["created_at"].endswith("Z")
    assert chinese["customer"]["name"] == "王小明"


def test_personal_data_is_masked_without_the_scope(call: Calling, token: TokenOf, world: World) -> None:
    told = new(world, buyer_id="buyer-1", customer_name="王小明", phone="13812345678")
    number = call("POST", "/tickets", json=told).json["number"]
    seen = call("GET", f"/tickets/{number}", by=token("tickets:read")).json
    customer = {name: seen["customer"][name] for name in ("name", "phone", "buyer_id")}
    assert customer == {"name": "王****", "phone": "138****5678", "buyer_id": "****"}


def test_a_customer_who_matters_more_is_told_and_can_be_asked_for(call: Calling, world: World, frozen: Frozen) -> None:
    with unit_of_work():
        plain, buyer = tickets.customer(world), tickets.customer(world, vip_at=frozen.now, vip_reason="老客户")
        tickets.ticket(world, frozen.now, customer_id=plain.id)
        number = tickets.ticket(world, frozen.now, customer_id=buyer.id).number
    assert [one["customer"]["vip"] for one in call("GET", "/tickets").json["items"]] == [True, False]
    assert [one["number"] for one in call("GET", "/tickets", query_string={"vip": "1"}).json["items"]] == [number]
    assert "老客户" not in call("GET", f"/tickets/{number}").text


def test_tickets_can_be_asked_for_by_a_tag(call: Calling, world: World, frozen: Frozen) -> None:
    with unit_of_work():
        tickets.ticket(world, frozen.now)
        row = tickets.ticket(world, frozen.now)
        session().add(TicketTag(ticket_id=row.id, tag="双十一"))
    found = call("GET", "/tickets", query_string={"tag": "双十一"}).json["items"]
    assert [(one["number"], one["tags"]) for one in found] == [(row.number, ["双十一"])]
    assert call("GET", "/tickets", query_string={"tag": "x" * 31}).status_code == 422


def test_each_ticket_is_paged_once_whatever_comes_in_meanwhile(call: Calling, world: World, frozen: Frozen) -> None:
    with unit_of_work():
        numbers = [tickets.ticket(world, frozen.now, status=("open", "closed")[n % 2]).number for n in range(7)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = call("GET", "/tickets", query_string={"limit": 2, **({"cursor": cursor} if cursor else {})}).json
        assert page
        seen += [one["number"] for one in page["items"]]
        with unit_of_work():
            tickets.ticket(world, frozen.now)
        cursor = page["next"]
        if not cursor:
            break
    assert seen == numbers[::-1]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"status": "closed"}, {"closed"}),
        ({"active": "true"}, {"open"}),
        ({"queue": "warehouse"}, set()),
        ({"class": "B"}, {"open", "closed"}),
        ({"overdue": "1"}, set()),
        ({"owner": "none", "active": "1"}, {"open"}),
    ],
)
def test_the_list_takes_the_one_filter(
    call: Calling, world: World, frozen: Frozen, asked: dict[str, str], expected: set[str]
) -> None:
    with unit_of_work():
        tickets.ticket(world, frozen.now)
        tickets.ticket(world, frozen.now, status="closed")
    answer = call("GET", "/tickets", query_string=asked)
    assert {one["status"]["code"] for one in answer.json["items"]} == expected, answer.text


def test_several_fields_change_at_once_or_none(call: Calling, world: World, frozen: Frozen) -> None:
    with unit_of_work():
        number = tickets.ticket(world, frozen.now).number
    change = {"version": 1, "priority": "P1", "type": "wrong_item", "status": "pending_customer"}
    changed = call("PATCH", f"/tickets/{number}", json=change)
    assert changed.status_code == 200, changed.text
    told = changed.json
    assert told["version"] > 1
    assert (told["priority"], told["type"]["code"], told["status"]["code"]) == ("P1", "wrong_item", "pending_customer")
    refused = call(
        "PATCH", f"/tickets/{number}", json={"version": told["version"], "priority": "P3", "assignee": 999_999}
    )
    assert refused.status_code == 422
    assert call("GET", f"/tickets/{number}").json == told


def test_a_change_made_on_an_old_version_is_told_what_changed(call: Calling, world: World, frozen: Frozen) -> None:
    with unit_of_work():
        number = tickets.ticket(world, frozen.now).number
    call("PATCH", f"/tickets/{number}", json={"version": 1, "priority": "P1"})
    stale = call("PATCH", f"/tickets/{number}", json={"version": 1, "priority": "P3"})
    assert stale.status_code == 409
    assert stale.json["version"] == 2
    assert stale.json["changes"] == [
        {"field": "priority", "from": "P2", "to": "P1", "at": frozen.now.isoformat()},
    ]


def test_a_ticket_is_resolved_with_what_resolving_needs(call: Calling, world: World, frozen: Frozen) -> None:
    with unit_of_work():
        number = tickets.ticket(world, frozen.now).number
    bare = call("PATCH", f"/tickets/{number}", json={"version": 1, "status": "resolved"})
    assert bare.status_code == 422
    whole = {"version": 1, "status": "resolved", "outcome": "explained", "responsibility": {"courier": 100}}
    resolved = call("PATCH", f"/tickets/{number}", json=whole)
    assert resolved.json["status"]["code"] == "resolved", resolved.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"outcome": "explained"}, "outcome"),
        ({"status": "open", "responsibility": {"courier": 100}}, "responsibility"),
        ({"status": "open", "pending_on": "warehouse"}, "pending_on"),
        ({"priority": "P1", "reason": "急"}, "reason"),
    ],
)
def test_what_belongs_to_something_else_is_refused_alone(
    call: Calling, world: World, frozen: Frozen, change: dict[str, object], field: str
) -> None:
    with unit_of_work():
        number = tickets.ticket(world, frozen.now).number
    refused = call("PATCH", f"/tickets/{number}", json={"version": 1, **change})
    assert (refused.status_code, refused.json["field"]) == (422, field)


def test_a_ticket_moves_to_another_queue_with_a_reason(call: Calling, world: World, frozen: Frozen) -> None:
    with unit_of_work():
        number = tickets.ticket(world, frozen.now).number
    bare = call("PATCH", f"/tickets/{number}", json={"version": 1, "queue": "warehouse"})
    assert (bare.status_code, bare.json["code"]) == (422, "ticket.reason_required")
    moved = call("PATCH", f"/tickets/{number}", json={"version": 1, "queue": "warehouse", "reason": "要仓库查"})
    assert moved.json["queue"]["code"] == "warehouse", moved.text
    person = world.users.warehouse.id
    given = call("PATCH", f"/tickets/{number}", json={"version": moved.json["version"], "assignee": person})
    assert given.json["assignee"]["id"] == person, given.text
    nobody = call("PATCH", f"/tickets/{number}", json={"version": given.json["version"], "assignee": None})
    assert nobody.json["assignee"] is None


def test_a_token_of_one_shop_sees_and_writes_that_shop_alone(
    call: Calling, token: TokenOf, world: World, frozen: Frozen
) -> None:
    with unit_of_work():
        other = world.shop2
        own, foreign = (
            tickets.ticket(world, frozen.now).number,
            tickets.ticket(world, frozen.now, shop_id=other.id).number,
        )
    limited = token(shop_id=world.shop.id)
    listed = call("GET", "/tickets", by=limited).json
    assert [one["number"] for one in listed["items"]] == [own]
    for method, path, body in (
        ("GET", f"/tickets/{foreign}", None),
        ("PATCH", f"/tickets/{foreign}", {"version": 1, "priority": "P3"}),
    ):
        assert call(method, path, by=limited, json=body).status_code == 404
    assert call("POST", "/tickets", by=limited, json=new(world, shop=world.shop2.code)).status_code == 422
    shops = call("GET", "/shops", by=limited).json
    assert [one["code"] for one in shops["items"]] == [world.shop.code]
    without_shop = {name: value for name, value in new(world).items() if name != "shop"}
    assert call("POST", "/tickets", by=token(shop_id=world.shop2.id), json=without_shop).status_code == 201
    assert call("POST", "/tickets", json=without_shop).status_code == 422


def test_a_list_takes_four_statements_whatever_is_in_it(
    call: Calling, world: World, frozen: Frozen, statements: Statements
) -> None:
    with unit_of_work():
        for n in range(9):
            tickets.ticket(world, frozen.now + timedelta(minutes=n))
    call("GET", "/tickets")
    with statements() as seen:
        call("GET", "/tickets")
    assert len(seen) <= 4, seen
