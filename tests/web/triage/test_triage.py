"""The triage page: as forms without script, and as the page's script speaks with it."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from helpdesk.models import Correction, Ticket
from helpdesk.services import decisions
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World
from tests.queries.test_triage import unsure

SCRIPT = {"X-Triage": "1"}
CLOSE = (("lost_parcel", 0.4), ("late_shipment", 0.3))


@pytest.fixture
def number(client: Client, world: World, frozen: Frozen, login: Login) -> str:
    with unit_of_work():
        number = unsure(world, frozen.now, runners_up=CLOSE, text="物流那边一直这样").number
    login(client, world.users.agent)
    return number


def said(client: Client, number: str, *, script: bool = True, **fields: Any) -> TestResponse:
    return client.submit(f"/triage/{number}", {"version": 1, **fields}, headers=SCRIPT if script else {})


def of(number: str) -> Ticket:
    return session().execute(select(Ticket).where(Ticket.number == number)).scalar_one()


def corrections() -> list[tuple[str, str]]:
    return [(row.from_type, row.to_type) for row in session().scalars(select(Correction))]


def test_the_card_shows_why_and_what_else_it_could_be(client: Client, number: str) -> None:
    page = client.get("/triage").text
    assert '<mark title="“物流”指向物流停滞">物流</mark>那边一直这样' in page
    assert "已发货" in page
    assert "¥99" in page
    choices = re.findall(r'name="type" value="(\w+)"( checked)?', page)
    assert choices == [("lost_parcel", " checked"), ("late_shipment", ""), ("other", "")]
    assert "还剩 1 张，今天已确认 0 张" in page


def test_every_type_a_person_may_choose_is_found_by_pinyin(client: Client, number: str) -> None:
    page = client.get("/triage").text
    words = {name: words for words, name in re.findall(r'data-words="([^"]+)".*?data-type="(\w+)"', page)}
    assert "fch" in words["wrong_item"] or "cf" in words["wrong_item"]
    assert "oversold" not in words or "chaomai" in words["oversold"]
    assert len(words) >= 15


def test_a_decision_tells_what_was_done_and_brings_the_next_card(
    client: Client, world: World, frozen: Frozen, number: str
) -> None:
    with unit_of_work():
        unsure(world, frozen.now, due_in=9 * tickets.HOUR, text="后面还有一张")
    last = re.findall(r'data-cursor="([^"]+)"', client.get("/triage").text)[0]
    answer = said(client, number, type="late_shipment", last=last).json
    assert answer
    assert answer["text"].startswith(number)
    assert (answer["left"], answer["done"]) == (1, 1)
    assert "还有一张" in answer["card"]
    assert corrections() == [("other", "late_shipment")]
    ticket = of(number)
    assert (ticket.type, ticket.tier) == ("late_shipment", "manual")


def test_what_was_guessed_is_confirmed_and_can_be_unsaid(
    client: Client, world: World, frozen: Frozen, login: Login
) -> None:
    with unit_of_work():
        number = unsure(world, frozen.now, tier="suggest", type="lost_parcel").number
    login(client, world.users.agent)
    answer = said(client, number, type="lost_parcel").json
    assert answer
    assert corrections() == [("lost_parcel", "lost_parcel")]
    assert of(number).tier == "manual"
    undone = client.submit(answer["undo"], headers=SCRIPT).json
    assert undone
    assert corrections() == []
    ticket = of(number)
    assert (ticket.type, ticket.tier, ticket.version) == ("lost_parcel", "suggest", undone["version"])
    assert (undone["left"], undone["done"]) == (1, 0)


def test_a_decision_that_moved_the_ticket_away_can_be_unsaid_too(client: Client, world: World, number: str) -> None:
    answer = said(client, number, other="wrong_item").json
    assert answer
    assert of(number).queue_id == world.queues.warehouse.id
    assert client.submit(answer["undo"], headers=SCRIPT).status_code == 200
    ticket = of(number)
    assert (ticket.queue_id, ticket.type, ticket.tier) == (world.queues.customer_service.id, "other", "none")


def test_the_whole_list_goes_before_the_candidates(client: Client, number: str) -> None:
    said(client, number, type="lost_parcel", other="quality")
    assert of(number).type == "quality"


def test_somebody_else_was_faster(client: Client, world: World, frozen: Frozen, number: str) -> None:
    with unit_of_work():
        decisions.decide(number, "quality", version=1, actor=world.actors.agent2, now=frozen.now)
    answer = said(client, number, type="lost_parcel")
    assert answer.status_code == 409
    assert answer.json
    assert "已经有人定了" in answer.json["text"]
    assert answer.json["problem"]
    assert of(number).type == "quality"
    assert corrections() == [("other", "quality")]


def test_what_moved_in_between_is_not_crossed(client: Client, number: str) -> None:
    assert said(client, number, type="lost_parcel", version=9).status_code == 409
    assert of(number).tier == "none"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 422),
        ({"type": "no_such_type"}, 422),
        ({"type": "stock_mismatch"}, 422),
        ({"type": "x" * 41}, 422),
        ({"type": "quality", "last": "nonsense"}, 200),
    ],
)
def test_nonsense_is_refused_in_words(client: Client, number: str, fields: dict[str, Any], status: int) -> None:
    answer = said(client, number, **fields)
    assert answer.status_code == status
    assert answer.json
    assert answer.json["text"]


def test_without_script_the_page_comes_again(client: Client, number: str) -> None:
    answer = said(client, number, script=False, type="lost_parcel")
    assert answer.headers["Location"] == "/triage"
    page = unescape(client.get("/triage").text)
    assert f"{number} 归为" in page
    assert "类型都确认过了" in page
    undo = re.findall(r'action="(/operations/\d+/undo)"', page)[0]
    client.submit(undo)
    assert of(number).tier == "none"


def test_who_skipped_goes_on_where_he_was(client: Client, world: World, frozen: Frozen, number: str) -> None:
    with unit_of_work():
        later = unsure(world, frozen.now, due_in=9 * tickets.HOUR).number
    skip = re.findall(r'href="(/triage\?after=[^"]+)"', client.get("/triage").text)[0]
    page = client.get(unescape(skip)).text
    assert number not in page
    assert f"/triage/{later}?after=" in page
    answer = client.submit(f"/triage/{later}{skip.removeprefix('/triage')}", {"version": 1, "type": "quality"})
    assert answer.headers["Location"].startswith("/triage?after=")
    assert client.get("/triage?after=nonsense").status_code == 422


def test_the_page_takes_a_steady_number_of_statements(
    client: Client, world: World, frozen: Frozen, number: str, statements: Statements
) -> None:
    with unit_of_work():
        for _ in range(15):
            unsure(world, frozen.now)
    client.get("/triage")
    with statements() as seen:
        page = client.get("/triage").text
    assert page.count("data-card=") == 12
    assert len([one for one in seen if one.startswith("SELECT")]) <= 6


def test_somebody_elses_ticket_is_not_there_for_him(
    client: Client, world: World, login: Login, frozen: Frozen, number: str, now: datetime
) -> None:
    login(client, world.users.outsider)
    assert "类型都确认过了" in client.get("/triage").text
    assert said(client, number, type="quality").status_code == 404
