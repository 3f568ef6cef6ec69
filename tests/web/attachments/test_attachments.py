"""Files on the ticket page: put there, sent with words, seen by who sees the ticket, and by nobody else."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.views import Column
from helpdesk.models import Attachment, Note, Ticket
from helpdesk.queries.ticket_cells import ticket_cells
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.adapters.hostile_files import SCRIPT, picture
from tests.conftest import Client, Login, Statements
from tests.factories import World

SCRIPTED = {"X-Requested-With": "fetch"}


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def row(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        return tickets.ticket(world, now, owner=world.users.agent, hands=world.users.agent)


def photo(name: str = "外箱.png") -> tuple[BytesIO, str]:
    return BytesIO(picture()), name


def note(**more: Any) -> dict[str, Any]:
    return {"mode": "note", "text": "见图", "version": "1", **more}


def stored() -> list[Attachment]:
    session().rollback()
    return list(session().scalars(select(Attachment).order_by(Attachment.id)))


def test_a_file_is_staged_labelled_sent_and_seen(agent: Client, row: Ticket) -> None:
    strip = agent.submit(f"/attachments/to/{row.number}", {"file": photo(), "label": "goods"}, headers=SCRIPTED)
    assert strip.status_code == 200
    (file,) = stored()
    assert "外箱.png" in strip.text
    assert 'value="goods" selected' in strip.text
    assert agent.submit(f"/attachments/{file.id}/label", {"label": "outer_box"}).status_code == 204
    page = agent.get(f"/tickets/{row.number}").text
    assert f'name="file_id" value="{file.id}"' in page
    agent.submit(f"/tickets/{row.number}/compose", note(file_id=str(file.id)))
    page = agent.get(f"/tickets/{row.number}").text
    assert f'src="/attachments/thumb/{file.id}"' in page
    assert '<span class="tag">外箱</span>' in page
    assert 'name="file_id"' not in page


def test_without_a_script_the_form_brings_them_along(agent: Client, row: Ticket) -> None:
    data = note(file=[photo("一.png"), photo("二.png")])
    assert agent.submit(f"/tickets/{row.number}/compose", data).status_code == 302
    assert [(one.name, one.note_id is not None) for one in stored()] == [("一.png", True), ("二.png", True)]


def test_a_refused_form_keeps_its_files(agent: Client, row: Ticket) -> None:
    answer = agent.submit(f"/tickets/{row.number}/compose", note(text=" ", file=photo()))
    assert answer.status_code == 422
    (file,) = stored()
    assert f'name="file_id" value="{file.id}"' in answer.text
    answer = agent.submit(
        f"/tickets/{row.number}/compose", note(**{"file_id": str(file.id), f"label-{file.id}": "goods"})
    )
    assert answer.status_code == 302
    assert [(one.label, one.note_id is not None) for one in stored()] == [("goods", True)]


def test_a_bad_file_is_refused_with_the_words_given_back(agent: Client, row: Ticket) -> None:
    answer = agent.submit(f"/tickets/{row.number}/compose", note(file=(BytesIO(SCRIPT), "a.png")))
    assert answer.status_code == 422
    assert "“a.png”的内容不是可以保存的文件" in answer.text
    assert "见图</textarea>" in answer.text
    assert (stored(), list(session().scalars(select(Note)))) == ([], [])
    answer = agent.submit(f"/attachments/to/{row.number}", {"file": (BytesIO(b"MZ"), "a.exe")}, headers=SCRIPTED)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "attachment.unknown_kind")
    assert agent.submit(f"/attachments/to/{row.number}", headers=SCRIPTED).get_json()["code"] == "attachment.none_sent"


@pytest.mark.parametrize("ids", [["x"], ["0"], ["9" * 30], ["-1"], ["7"], ["1"] * 11])
def test_ids_that_nobody_staged_are_refused(agent: Client, row: Ticket, ids: list[str]) -> None:
    answer = agent.submit(f"/tickets/{row.number}/compose", note(file_id=ids))
    assert answer.status_code in (409, 422)
    assert list(session().scalars(select(Note))) == []


def test_what_is_removed_does_not_go_along(agent: Client, row: Ticket) -> None:
    agent.submit(f"/attachments/to/{row.number}", {"file": photo()}, headers=SCRIPTED)
    (file,) = stored()
    assert agent.submit(f"/attachments/{file.id}/remove", headers=SCRIPTED).status_code == 204
    assert stored() == []
    assert agent.submit(f"/attachments/{file.id}/remove").status_code == 404


def test_pictures_are_shown_and_documents_downloaded_in_a_sandbox(agent: Client, row: Ticket) -> None:
    text = BytesIO("重量 2 公斤".encode()), "称重 1.txt"
    agent.submit(f"/tickets/{row.number}/compose", note(file=[photo(), text]))
    image, document = stored()
    shown = agent.get(f"/attachments/{image.id}/外箱.png")
    assert (shown.status_code, shown.mimetype) == (200, "image/png")
    assert shown.headers["Content-Disposition"].startswith("inline;")
    loaded = agent.get(f"/attachments/{document.id}/称重 1.txt")
    assert loaded.text == "重量 2 公斤"
    assert loaded.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E7%A7%B0%E9%87%8D%201.txt"
    thumb = agent.get(f"/attachments/thumb/{image.id}")
    assert thumb.mimetype == "image/jpeg"
    for answer in (shown, loaded, thumb):
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "private" in answer.headers["Cache-Control"]
    assert agent.get(f"/attachments/thumb/{document.id}").status_code == 404
    assert agent.get(f"/attachments/{image.id}/other.png").status_code == 404


def test_nobody_out_of_sight_gets_a_file(agent: Client, world: World, login: Login, row: Ticket) -> None:
    agent.submit(f"/tickets/{row.number}/compose", note(file=photo()))
    (file,) = stored()
    for person, status in (("agent2", 200), ("auditor", 200), ("outsider", 404)):
        login(agent, getattr(world.users, person))
        assert agent.get(f"/attachments/{file.id}/{file.name}").status_code == status
        assert agent.get(f"/attachments/thumb/{file.id}").status_code == status
    assert agent.submit(f"/attachments/to/{row.number}", {"file": photo()}).status_code == 404
    agent.delete_cookie("unsnag_session")
    assert agent.get(f"/attachments/{file.id}/{file.name}").status_code == 302


def test_a_name_is_only_a_name(agent: Client, row: Ticket) -> None:
    name = '"><img src=x onerror=alert(1)>.png'
    agent.submit(f"/tickets/{row.number}/compose", note(file=photo(name)))
    page = agent.get(f"/tickets/{row.number}").text
    assert "<img src=x" not in page
    assert not re.search(r"onerror=alert\(1\)>", page)


def test_a_list_can_say_how_many_files_were_sent(agent: Client, row: Ticket) -> None:
    agent.submit(f"/tickets/{row.number}/compose", note(file=[photo("一.png"), photo("二.png")]))
    agent.submit(f"/attachments/to/{row.number}", {"file": photo()}, headers=SCRIPTED)
    session().rollback()
    assert ticket_cells([row.id], [Column.FILES])[row.id].files == 2


def test_files_cost_the_page_one_statement_where_there_are_some(
    agent: Client, row: Ticket, statements: Statements
) -> None:
    path = f"/tickets/{row.number}"
    agent.get(path)
    with statements() as without:
        agent.get(path)
    agent.submit(f"{path}/compose", note(file=[photo(f"{n}.png") for n in range(9)]))
    agent.get(path)
    with statements() as seen:
        agent.get(path)
    assert [one for one in without if "attachment.hash" in one] == []
    assert len([one for one in seen if "attachment.hash" in one]) == 1
    assert len(seen) <= len(without) + 1
    (file, *_) = stored()
    with statements() as seen:
        agent.get(f"/attachments/thumb/{file.id}")
    assert len(seen) <= 3
