"""Files over the API: listed and downloaded by who sees their ticket."""

from __future__ import annotations

import hashlib

import pytest
from flask import Flask

from helpdesk.adapters import file_store
from helpdesk.domain.attachments import Examined
from helpdesk.services import attachments, messages
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.conftest import Frozen
from tests.factories import World
from tests.web.api.conftest import Calling, TokenOf

CONTENT = "重量 2 公斤".encode()


@pytest.fixture
def number(app: Flask, world: World, frozen: Frozen) -> str:
    """A ticket with a note that carries a file, and a file that nobody has sent yet."""
    stored = file_store.put(app.config["UNSNAG"].data, Examined("称重.txt", "text/plain", CONTENT))
    agent, now = world.actors.agent, frozen.now
    with unit_of_work():
        found = tickets.ticket(world, now, owner=world.users.agent).number
        sent = attachments.add(found, stored, label="weighing", actor=agent, now=now)
        attachments.add(found, stored, actor=agent, now=now)
        messages.add_note(found, "见附件", files=[sent], actor=agent, now=now)
    return found


def test_what_was_sent_is_listed_and_downloaded(call: Calling, number: str) -> None:
    (file,) = call("GET", f"/tickets/{number}/files").json["items"]
    assert (file["name"], file["label"], file["message_id"]) == ("称重.txt", "weighing", None)
    assert file["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    answer = call("GET", f"/files/{file['id']}")
    assert (answer.data, answer.mimetype) == (CONTENT, "application/octet-stream")
    assert answer.headers["Content-Disposition"].startswith("attachment;")


def test_nobody_gets_what_he_does_not_see(call: Calling, token: TokenOf, world: World, number: str) -> None:
    (file,) = call("GET", f"/tickets/{number}/files").json["items"]
    elsewhere, without = token("tickets:read", shop_id=world.shop2.id), token("orders:write")
    for path in (f"/tickets/{number}/files", f"/files/{file['id']}"):
        assert call("GET", path, by=elsewhere).status_code == 404
        assert call("GET", path, by=without).status_code == 403
    assert call("GET", f"/files/{file['id'] + 1}").status_code == 404  # staged
    assert call("GET", "/tickets/EX-1/files").status_code == 404
