"""Tags and checklists, by programs."""

from __future__ import annotations

import pytest

from helpdesk.domain.checklists import Item
from helpdesk.domain.rulebook import Label
from helpdesk.services import checklists
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Frozen
from tests.factories import World
from tests.services.story import do
from tests.web.api.conftest import Calling, TokenOf

ROWS = (Item(None, Label("回电话", "Call")), Item(None, Label("看照片", "Photos"), required=False))


@pytest.fixture
def number(world: World, frozen: Frozen) -> str:
    with unit_of_work():
        return tickets.ticket(world, frozen.now).number


@pytest.fixture
def asked(world: World, frozen: Frozen) -> None:
    do(checklists.set_checklist, "logistics_stuck", 0, ROWS, actor=world.actors.ops, now=frozen.now)


def test_a_ticket_is_resolved_by_a_program_once_its_list_is_done(call: Calling, number: str, asked: None) -> None:
    resolve = {"version": 1, "status": "resolved", "outcome": "explained"}
    refused = call("PATCH", f"/tickets/{number}", json=resolve)
    assert (refused.status_code, refused.json["code"]) == (422, "checklist.not_done")
    told = call("GET", f"/tickets/{number}/checklist", headers={"Accept-Language": "en"}).json
    assert [(one["name"], one["required"], one["done_at"]) for one in told["items"]] == [
        ("Call", True, None),
        ("Photos", False, None),
    ]
    ticked = call(
        "POST", f"/tickets/{number}/checklist", json={"version": told["version"], "done": [told["items"][0]["id"]]}
    )
    assert ticked.json["items"][0]["done_by"] is not None
    assert call("PATCH", f"/tickets/{number}", json=resolve).status_code == 200


def test_a_list_that_moved_on_is_not_ticked(call: Calling, number: str, asked: None) -> None:
    item = call("GET", f"/tickets/{number}/checklist").json["items"][0]["id"]
    for body in ({"version": 9, "done": [item]}, {"version": 1, "done": [9999]}):
        answer = call("POST", f"/tickets/{number}/checklist", json=body)
        assert (answer.status_code, answer.json["code"]) == (409, "checklist.stale")
    assert call("POST", f"/tickets/{number}/checklist", json={"version": 1, "done": [0]}).status_code == 422


def test_a_type_without_a_list_has_no_items(call: Calling, number: str) -> None:
    assert call("GET", f"/tickets/{number}/checklist").json == {"version": 0, "items": []}


def test_tags_are_put_on_and_taken_off_all_or_none(call: Calling, number: str) -> None:
    path = f"/tickets/{number}/tags"
    assert call("POST", path, json={"version": 1, "add": ["双十一", "加急"]}).json == {"tags": ["加急", "双十一"]}
    assert call("POST", path, json={"version": 1, "add": ["加急"], "remove": ["双十一"]}).json == {"tags": ["加急"]}
    assert call("POST", path, json={"version": 1, "add": ["又一个", "x" * 31]}).status_code == 422
    assert call("POST", path, json={"version": 9, "add": ["又一个"]}).status_code == 409
    assert call("GET", f"/tickets/{number}").json["tags"] == ["加急"]


def test_who_only_reads_marks_nothing(call: Calling, token: TokenOf, number: str, asked: None) -> None:
    reader = token("tickets:read")
    assert call("GET", f"/tickets/{number}/checklist", by=reader).status_code == 200
    for path in ("tags", "checklist"):
        assert call("POST", f"/tickets/{number}/{path}", by=reader, json={"version": 1}).status_code == 403
