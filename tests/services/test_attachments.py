"""Files are staged by one person, and go with what he sends: all of them or nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.domain.attachments import MAX_FILES, Stored
from helpdesk.domain.problems import Conflict, Invalid, NotFound
from helpdesk.models import Attachment, Customer, Ticket
from helpdesk.queries import attachments as queries
from helpdesk.services import assists, attachments, messages
from helpdesk.services.messages import Draft
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services.story import conversation, do, look, opened

PHOTO = Stored("外箱.jpg", "image/jpeg", 1_000, "a" * 64, 40, 30)


@pytest.fixture
def number(world: World, now: datetime) -> str:
    return opened(world, now, type="logistics_stuck")


def staged(world: World, number: str, now: datetime, label: str = "", by: str = "agent") -> int:
    with unit_of_work():
        return attachments.add(number, PHOTO, label=label, actor=getattr(world.actors, by), now=now)


def row(file_id: int) -> Attachment | None:
    session().expire_all()
    return session().get(Attachment, file_id)


def test_a_note_takes_its_files_along(world: World, now: datetime, number: str) -> None:
    file_id = staged(world, number, now, "outer_box")
    note = do(messages.add_note, number, "见图", files=[file_id], actor=world.actors.agent, now=now)
    files = queries.files_of(look(number).id, world.actors.agent)
    (shown,) = files.told["note", note]
    assert (shown.id, shown.name, shown.label, files.staged) == (file_id, "外箱.jpg", "outer_box", ())


def test_a_reply_and_what_the_customer_said_take_theirs(world: World, now: datetime, number: str) -> None:
    first, second = staged(world, number, now), staged(world, number, now)
    heard = conversation(number)[-1].id
    reply = do(
        messages.reply, number, Draft("请看", heard, files=(first,)), version=1, actor=world.actors.agent, now=now
    )
    do(
        messages.record_customer_message,
        number,
        "箱子破了",
        now,
        files=[second],
        actor=world.actors.agent,
        now=now,
    )
    told = queries.files_of(look(number).id, world.actors.agent).told
    assert [one.id for one in told["message", reply]] == [first]
    assert [one.id for one in told["message", conversation(number)[-1].id]] == [second]


def test_an_answer_of_the_warehouse_takes_its_photos(world: World, now: datetime, number: str) -> None:
    stint = do(
        assists.ask_for_help,
        number,
        "warehouse",
        party=None,
        question="箱子什么样",
        version=1,
        actor=world.actors.agent,
        now=now,
    )
    file_id = staged(world, number, now, "weighing", by="warehouse")
    do(assists.answer, stint, "见图", files=[file_id], version=None, actor=world.actors.warehouse, now=now)
    kept = row(file_id)
    assert kept is not None
    assert (kept.attached_at, kept.note_id is not None, kept.label) == (now, True, "weighing")


def test_what_is_gone_sends_nothing(world: World, now: datetime, number: str) -> None:
    file_id = staged(world, number, now)
    do(attachments.remove, file_id, actor=world.actors.agent)
    with pytest.raises(Conflict, match="gone"):
        do(messages.add_note, number, "见图", files=[file_id], actor=world.actors.agent, now=now)
    with pytest.raises(NotFound):
        do(attachments.remove, file_id, actor=world.actors.agent)
    other = opened(world, now, type="logistics_stuck", text="另一个包裹也没动")
    elsewhere = staged(world, other, now)
    with pytest.raises(Conflict, match="gone"):
        do(messages.add_note, number, "见图", files=[elsewhere], actor=world.actors.agent, now=now)


def test_files_of_others_are_nobody_s_business(world: World, now: datetime, number: str) -> None:
    file_id = staged(world, number, now)
    with pytest.raises(Conflict, match="gone"):
        do(messages.add_note, number, "见图", files=[file_id], actor=world.actors.agent2, now=now)
    assert queries.files_of(look(number).id, world.actors.agent2).staged == ()
    with pytest.raises(NotFound):
        queries.one_file(file_id, world.actors.agent2)
    with pytest.raises(NotFound):
        do(attachments.remove, file_id, actor=world.actors.agent2)
    with pytest.raises(NotFound):
        staged(world, number, now, by="outsider")
    do(messages.add_note, number, "见图", files=[file_id], actor=world.actors.agent, now=now)
    assert queries.one_file(file_id, world.actors.agent2).id == file_id
    with pytest.raises(NotFound):
        queries.one_file(file_id, world.actors.outsider)


def test_labels_are_checked_and_only_of_what_waits(world: World, now: datetime, number: str) -> None:
    file_id = staged(world, number, now)
    assert do(attachments.relabel, {file_id: "waybill"}, actor=world.actors.agent) == 1
    assert do(attachments.relabel, {file_id: "goods"}, actor=world.actors.agent2) == 0
    with pytest.raises(Invalid):
        do(attachments.relabel, {file_id: "selfie"}, actor=world.actors.agent)
    do(messages.add_note, number, "见图", files=[file_id], actor=world.actors.agent, now=now)
    assert do(attachments.relabel, {file_id: ""}, actor=world.actors.agent) == 0
    kept = row(file_id)
    assert kept is not None
    assert kept.label == "waybill"


def test_so_many_and_no_more(world: World, now: datetime, number: str) -> None:
    for _ in range(MAX_FILES):
        staged(world, number, now)
    with pytest.raises(Conflict, match="too_many"):
        staged(world, number, now)
    with pytest.raises(Conflict, match="too_many"):
        do(messages.add_note, number, "见图", files=list(range(11)), actor=world.actors.agent, now=now)


def test_what_nobody_sends_is_forgotten_after_a_day(world: World, now: datetime, number: str) -> None:
    loose, sent = staged(world, number, now), staged(world, number, now)
    do(messages.add_note, number, "见图", files=[sent], actor=world.actors.agent, now=now)
    assert do(attachments.remove_staged, now + timedelta(hours=23)) == 0
    assert do(attachments.remove_staged, now + timedelta(hours=25)) == 1
    assert row(loose) is None
    assert attachments.hashes_in_use(["a" * 64, "b" * 64]) == {"a" * 64}


def test_a_customer_s_erasure_takes_his_files(world: World, now: datetime, number: str) -> None:
    sent = staged(world, number, now)
    do(messages.add_note, number, "见图", files=[sent], actor=world.actors.agent, now=now)
    with unit_of_work() as work:
        customer = Customer(shop_id=world.shop.id, channel_id=world.channels.tmall.id, name="陈女士")
        work.add(customer)
        work.flush()
        work.scalars(select(Ticket).where(Ticket.number == number)).one().customer_id = customer.id
        customer_id = customer.id
    assert do(attachments.erase_of_customer, customer_id) == 1
    assert row(sent) is None
