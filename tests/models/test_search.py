"""The index has every text as soon as it is stored, none that was not, and can be built anew while people work."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask

from helpdesk.jobs.index_texts import index_texts
from helpdesk.models import Customer, Message, Note, Ticket
from helpdesk.models.search import SearchProgress
from helpdesk.services import customers, orders, search_index
from helpdesk.services.orders import OrderData, ParcelData
from helpdesk.storage import db, savepoint, session, unit_of_work
from tests import tickets
from tests.factories import World, add


@pytest.fixture
def desk(world: World, now: datetime) -> World:
    """Some of everything that is searched."""
    with unit_of_work():
        first = tickets.ticket(world, now, text="收到發錯貨了，SF1234567890")
        add(Note(ticket_id=first.id, text="已联系仓库核对", created_at=now))
        customers.find_or_create(
            shop_id=world.shop.id, channel_id=world.channels.tmall.id, name="", buyer_id="tb_8821", phone=""
        )
        data = OrderData(world.shop.id, world.channels.tmall.id, "20261123001", parcels=(ParcelData("YT0042"),))
        orders.upsert_order(data, now=now)
    return world


def test_the_index_equals_the_texts(desk: World) -> None:
    assert search_index.differences() == []
    assert len(list(search_index._postings())) > 40


def test_a_change_of_a_text_changes_the_index(desk: World) -> None:
    with unit_of_work():
        found = customers.find_or_create(
            shop_id=desk.shop.id,
            channel_id=desk.channels.tmall.id,
            name="李小雷",
            buyer_id="tb_8821",
            phone="13812345678",
        )
        assert found
    with unit_of_work():
        for message in session().query(Message):
            message.text = "已抹去"
        session().delete(session().query(Message).order_by(Message.id.desc()).first())
    assert search_index.differences() == []


def test_what_is_rolled_back_is_not_in_the_index(desk: World, now: datetime) -> None:
    with unit_of_work():
        row = session().query(Ticket).first()
        assert row
        tickets.message(row, "第一句留下来", now)
        with pytest.raises(ZeroDivisionError), savepoint():
            _fail_after(row, "这句没有存下", now)
        with savepoint():
            tickets.message(row, "第三句留下来", now)
    with pytest.raises(ZeroDivisionError), unit_of_work():
        _fail_after(row, "整笔都没有存下", now)
    assert search_index.differences() == []


def test_what_was_written_past_the_mapper_is_told(desk: World) -> None:
    with unit_of_work():
        session().execute(Message.__table__.update().values(text="悄悄改掉"))  # type: ignore[attr-defined]
    assert [(one.kind.name, one.first) for one in search_index.differences()] == [("MESSAGE", 0)]


def test_it_is_built_anew_while_people_write(desk: World, now: datetime, app: Flask) -> None:
    with unit_of_work():
        row = session().query(Ticket).first()
        assert row
        for number in range(7):
            tickets.message(row, f"第 {number} 句话", now)
    with unit_of_work():
        search_index.start_anew()
    assert search_index.left() > 0
    while _built(3):
        with unit_of_work():
            tickets.message(row, "期间写下的", now)
            buyer = session().query(Customer).filter_by(buyer_id="tb_8821").one()
            buyer.name = f"{buyer.name}改"
    assert search_index.left() == 0
    assert search_index.differences() == []
    said = app.test_cli_runner().invoke(args=["search", "check"])
    assert (said.exit_code, said.output) == (0, "the index equals the texts\n")


def test_the_job_reads_what_was_there_before_the_index_and_then_rests(desk: World) -> None:
    with unit_of_work():
        search_index.start_anew()
    db.session.remove()
    assert index_texts(stopping=lambda: True) == 0
    assert index_texts() > 0
    assert index_texts() == 0
    assert search_index.differences() == []


def test_the_commands_say_what_they_did_and_what_is_wrong(desk: World, app: Flask) -> None:
    run = app.test_cli_runner().invoke
    with unit_of_work():
        search_index.start_anew()
    assert run(args=["search", "check"]).exit_code == 1
    said = run(args=["search", "rebuild"])
    assert said.exit_code == 0
    assert "read " in said.output
    with unit_of_work():
        session().execute(Message.__table__.update().values(text="悄悄改掉"))  # type: ignore[attr-defined]
    said = run(args=["search", "check"])
    assert said.exit_code == 1
    assert "message 0 to 999" in said.output


def test_nothing_is_left_to_read_in_a_new_installation(app: Flask) -> None:
    assert search_index.left() == 0
    assert {row.below for row in session().query(SearchProgress)} <= {1}


def _built(batch: int) -> int:
    with unit_of_work():
        return search_index.build_some(batch)


def _fail_after(row: Ticket, text: str, now: datetime) -> None:
    tickets.message(row, text, now)
    session().flush()
    raise ZeroDivisionError
