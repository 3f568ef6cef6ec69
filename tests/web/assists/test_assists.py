from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from helpdesk.models import Attachment, Note, Stint
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.adapters.hostile_files import picture
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World
from tests.queries.test_assist_desk import asked
from tests.tickets import HOUR


@pytest.fixture
def question(world: World, frozen: Frozen) -> int:
    """Asked of the warehouse by customer service. Its id."""
    with unit_of_work():
        order = tickets.order(world, frozen.now)
        return asked(world, frozen.now, question="拦截了吗？", order_id=order.id).id


def test_the_warehouse_answers_and_goes_on_to_the_next(
    client: Client, world: World, login: Login, frozen: Frozen, question: int
) -> None:
    with unit_of_work():
        asked(world, frozen.now + HOUR, question="下一个问题")
    login(client, world.users.warehouse)
    page = client.get("/assists").text
    assert page.index("拦截了吗？") < page.index("下一个问题")
    assert "林晓问仓库" in page
    assert "20261122001" in page
    assert "拦截失败，已在路上" in page
    answer = client.submit(f"/assists/{question}/answer", {"answer": "拦截成功"})
    assert answer.headers["Location"] == "/assists"
    page = client.get("/assists").text
    assert "已答复 EX-250101-0001。" in page
    assert page.index("下一个问题") < page.index("拦截成功")  # which stands among today's answers now
    assert session().scalars(select(Note.text).order_by(Note.id.desc())).first() == "拦截成功"


def test_it_stands_in_the_menu_of_who_is_asked(client: Client, world: World, login: Login, question: int) -> None:
    assert 'href="/assists"' in login(client, world.users.warehouse).get("/tickets").text
    assert 'href="/assists"' in login(client, world.users.finance).get("/tickets").text
    assert 'href="/assists"' not in login(client, world.users.agent).get("/tickets").text


def test_what_was_typed_is_given_back(client: Client, world: World, login: Login, question: int) -> None:
    login(client, world.users.warehouse)
    answer = client.submit(f"/assists/{question}/answer", {"answer": " "})
    assert answer.status_code == 422
    assert f'id="answer-{question}-error"' in answer.text
    answer = client.submit(f"/assists/{question}/answer", {"answer": "x" * 5001})
    assert answer.status_code == 422
    assert "x" * 5001 in answer.text


def test_somebody_else_was_faster_and_the_words_are_not_lost(
    client: Client, world: World, login: Login, frozen: Frozen, question: int
) -> None:
    login(client, world.users.warehouse)
    client.submit(f"/assists/{question}/answer", {"answer": "拦截成功"})
    answer = client.submit(f"/assists/{question}/answer", {"answer": "我也查到了"})
    assert answer.status_code == 409
    assert "我也查到了" in answer.text
    assert "没有送出" in answer.text


def test_taking_a_question_tells_the_others(client: Client, world: World, login: Login, question: int) -> None:
    login(client, world.users.warehouse)
    answer = client.submit(f"/assists/{question}/claim")
    assert answer.headers["Location"] == f"/assists#ask-{question}"
    assert "你在查" in client.get("/assists").text
    assert session().get_one(Stint, question).assignee_id == world.users.warehouse.id
    assert "赵仓在查" in login(client, world.users.auditor).get("/assists").text


def test_others_look_and_don_t_answer(client: Client, world: World, login: Login, question: int) -> None:
    page = login(client, world.users.auditor).get("/assists").text
    assert "拦截了吗？" in page
    assert "<textarea" not in page
    assert "没有人在等你们答复" in login(client, world.users.agent).get("/assists").text
    for who in (world.users.agent, world.users.finance, world.users.auditor):
        login(client, who)
        assert client.submit(f"/assists/{question}/answer", {"answer": "好"}).status_code in {403, 404}
    assert session().get_one(Stint, question).left_at is None


def test_an_unchanged_desk_costs_no_second_page(
    client: Client, world: World, login: Login, frozen: Frozen, question: int
) -> None:
    login(client, world.users.warehouse)
    first = client.get("/assists/rows")
    assert "拦截了吗？" in first.text
    etag = first.headers["ETag"]
    frozen.shift(minutes=1)
    assert client.get("/assists/rows", headers={"If-None-Match": etag}).status_code == 304
    with unit_of_work():
        asked(world, frozen.now, question="又一个")
    changed = client.get("/assists/rows", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert "2 个问题在等答复" in changed.text


def test_the_page_asks_the_same_for_many_questions(
    client: Client, world: World, login: Login, frozen: Frozen, statements: Statements, question: int
) -> None:
    login(client, world.users.warehouse)
    client.get("/assists")
    with statements() as few:
        client.get("/assists")
    with unit_of_work():
        for n in range(20):
            order = tickets.order(world, frozen.now, f"N{n}")
            asked(world, frozen.now + timedelta(minutes=n), order_id=order.id)
    with statements() as many:
        client.get("/assists")
    assert len(many) == len(few)
    assert len(many) <= 9


def test_the_warehouse_photographs_what_it_answers(client: Client, world: World, login: Login, question: int) -> None:
    login(client, world.users.warehouse)
    page = client.get("/assists").text
    assert 'name="photo_outer_box" accept="image/*" capture="environment"' in page
    sent = {
        "answer": "见图",
        "number": "EX-250101-0001",
        "photo_outer_box": [(BytesIO(picture()), "1.png"), (BytesIO(picture()), "2.png")],
        "photo_weighing": (BytesIO(picture()), "3.png"),
    }
    assert client.submit(f"/assists/{question}/answer", sent).status_code == 302
    kept = session().execute(select(Attachment.label, Attachment.note_id).order_by(Attachment.id)).all()
    assert [label for label, _note in kept] == ["outer_box", "outer_box", "weighing"]
    assert None not in {note for _label, note in kept}


def test_a_photo_that_is_none_gives_the_answer_back(client: Client, world: World, login: Login, question: int) -> None:
    login(client, world.users.warehouse)
    sent = {"answer": "见图", "number": "EX-250101-0001", "photo_goods": (BytesIO(b"<svg>"), "a.png")}
    answer = client.submit(f"/assists/{question}/answer", sent)
    assert answer.status_code == 422
    assert "见图</textarea>" in answer.text
    assert "不是可以保存的文件" in answer.text
