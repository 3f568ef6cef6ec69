"""A customer is forgotten wherever his words got to; the facts of his tickets stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import LargeBinary, select, update

from helpdesk.domain.access import Actor
from helpdesk.domain.attachments import Stored
from helpdesk.domain.bulk import Deed, Kind
from helpdesk.domain.imports import TICKETS
from helpdesk.domain.problems import Conflict, NotAllowed
from helpdesk.models import (
    Attachment,
    Customer,
    ImportFile,
    Inbound,
    JobRun,
    Message,
    Order,
    OrderStatus,
    Outbox,
    TicketDraft,
)
from helpdesk.services import attachments, bulk_runs, customers, drafts, erasing, imports, messages, search_index, vips
from helpdesk.storage import Base, session, unit_of_work
from tests.factories import World
from tests.services.story import conversation, do, events, heard, look, opened, owner_of, refused, replied, resolved

MARK = "记号ZQXJ"
HOUR = timedelta(hours=1)
CONTENT = f"text\n{MARK}\n".encode()


def traces() -> list[str]:
    """Every column of every table in which the mark stands."""
    session().expire_all()
    found = []
    for table in Base.metadata.sorted_tables:
        for row in session().execute(select(table)).mappings():
            for name, value in row.items():
                said = bytes(value).decode(errors="replace") if isinstance(table.c[name].type, LargeBinary) else value
                if MARK in str(said):
                    found.append(f"{table.name}.{name}")
    return sorted(set(found))


def known(world: World, now: datetime, **more: Any) -> str:
    """The ticket of a customer of whom the mark is told in every way the intake knows."""
    values: dict[str, Any] = {
        "text": f"{MARK}的东西不对",
        "subject": f"{MARK}投诉",
        "customer_name": MARK,
        "buyer_id": f"tb_{MARK}",
        "phone": "13900001111",
        "order_number": "T1",
    }
    return opened(world, now, **(values | more))


def sent() -> None:
    """The channel took what waited."""
    with unit_of_work() as work:
        work.execute(update(Message).where(Message.state == "queued").values(state="sent"))
        work.execute(update(Outbox).where(Outbox.kind == "reply").values(state="done"))


def said_everywhere(world: World, number: str, now: datetime) -> Actor:
    """A word about the customer in every place that takes one. Returns the ticket's agent."""
    actor = owner_of(world, number)
    heard(number, actor=actor, now=now, text=f"我是{MARK}")
    replied(number, actor=actor, now=now, text=f"{MARK}您好")
    photo = Stored(f"{MARK}.jpg", "image/jpeg", 1_000, "a" * 64, 40, 30)
    staged = do(attachments.add, number, photo, actor=actor, now=now)
    do(messages.add_note, number, f"{MARK}很急", files=[staged], actor=actor, now=now)
    do(attachments.add, number, photo, actor=actor, now=now)
    do(drafts.keep, number, "reply", f"{MARK}，", actor=actor, now=now)
    do(vips.name_vip, number, f"{MARK}是老客户", version=look(number).version, actor=actor, now=now)
    do(customers.reveal, number, reason=f"核对{MARK}", actor=actor, now=now)
    run = do(bulk_runs.choose, [look(number).id], chosen={"q": MARK}, actor=actor, now=now)
    do(bulk_runs.plan, run, Deed(Kind.NOTE, text=f"{MARK}一批"), version=1, actor=actor)
    with unit_of_work() as work:
        order = work.execute(select(Order)).scalar_one()
        order.address = f"杭州市 {MARK} 1 号"
        work.add(OrderStatus(order_id=order.id, status="signed", at=now, detail=f"{MARK}签收"))
    sent()
    return actor


def imported(number: str, world: World, now: datetime, state: str = "done") -> int:
    """A file that was imported while the ticket came in."""
    with unit_of_work() as work:
        run = imports.create_run(
            TICKETS, name=f"{MARK}.csv", content=CONTENT, options={}, total=1, actor=world.actors.system, now=now
        )
        work.execute(update(JobRun).where(JobRun.id == run).values(state=state, finished_at=now + HOUR))
        work.execute(update(Inbound).where(Inbound.ticket_id == look(number).id).values(source="import:1:1"))
    return run


def test_no_trace_of_the_customer_is_left_in_any_column(world: World, now: datetime) -> None:
    number = known(world, now)
    imported(number, world, now)
    actor = said_everywhere(world, number, now)
    resolved(number, actor=actor, now=now)
    assert len(traces()) > 12, traces()
    erased = do(erasing.erase, number, actor=world.actors.system, now=now + HOUR)
    assert traces() == []
    assert search_index.differences() == []
    assert (erased.tickets, erased.files, erased.imports) == (1, 2, 1)
    assert session().scalars(select(TicketDraft)).all() == []
    assert session().scalars(select(Attachment)).all() == []


def test_the_facts_stay(world: World, now: datetime) -> None:
    number = known(world, now)
    actor = owner_of(world, number)
    resolved(number, actor=actor, now=now)
    before = look(number)
    facts = (before.type, before.status, before.outcome, before.first_resolved_at, before.order_id, before.customer_id)
    said = [(one.direction, one.sent_at) for one in conversation(number)]
    do(erasing.erase, number, actor=world.actors.admin, now=now + HOUR)
    after = look(number)
    assert facts == (
        *(after.type, after.status, after.outcome, after.first_resolved_at, after.order_id, after.customer_id),
    )
    assert said == [(one.direction, one.sent_at) for one in conversation(number)]
    assert {one.text for one in conversation(number)} == {after.subject} == {erasing.GONE}
    assert session().scalars(select(Order.number)).all() == ["T1"]
    assert session().get_one(Customer, after.customer_id).erased_at == now + HOUR
    assert len(events(number, "customer.erased")) == 1


def test_all_his_tickets_are_forgotten_and_nobody_elses(world: World, now: datetime) -> None:
    first = known(world, now)
    second = known(world, now, order_number="T2")
    other = opened(world, now, text="别人的话", customer_name="吴", buyer_id="tb_2", order_number="T3")
    for number in (first, second):
        resolved(number, actor=owner_of(world, number), now=now)
    assert do(erasing.erase, second, actor=world.actors.system, now=now).tickets == 2
    assert {look(first).subject, look(second).subject} == {erasing.GONE}
    assert conversation(other)[0].text == "别人的话"
    assert session().get_one(Customer, look(other).customer_id).name == "吴"


def test_doing_it_again_finds_nothing_new(world: World, now: datetime) -> None:
    number = known(world, now)
    resolved(number, actor=owner_of(world, number), now=now)
    do(erasing.erase, number, actor=world.actors.system, now=now)
    again = do(erasing.erase, number, actor=world.actors.system, now=now + HOUR)
    assert (again.texts, again.files, again.imports) == (0, 0, 0)
    assert session().get_one(Customer, look(number).customer_id).erased_at == now


def test_where_nobody_knows_the_customer_the_ticket_alone_is_forgotten(world: World, now: datetime) -> None:
    number, other = opened(world, now, text="你好甲"), opened(world, now, text="你好乙")
    resolved(number, actor=owner_of(world, number), now=now)
    assert do(erasing.erase, number, actor=world.actors.system, now=now).tickets == 1
    assert conversation(other)[0].text == "你好乙"


def test_who_comes_again_is_somebody_new(world: World, now: datetime) -> None:
    number = known(world, now)
    resolved(number, actor=owner_of(world, number), now=now)
    do(erasing.erase, number, actor=world.actors.system, now=now)
    again = known(world, now + HOUR, order_number="T9")
    assert look(again).customer_id != look(number).customer_id


def test_what_is_still_worked_on_is_not_forgotten(world: World, now: datetime) -> None:
    number = known(world, now)
    with refused(Conflict, "customer.still_open"):
        do(erasing.erase, number, actor=world.actors.system, now=now)


def test_a_reply_that_waits_is_sent_as_it_was_written(world: World, now: datetime) -> None:
    number = known(world, now)
    actor = owner_of(world, number)
    replied(number, actor=actor, now=now)
    with unit_of_work() as work:
        work.execute(update(Message).where(Message.direction == "out").values(state="queued"))
    resolved(number, actor=actor, now=now)
    with refused(Conflict, "customer.not_at_rest"):
        do(erasing.erase, number, actor=world.actors.system, now=now)


@pytest.mark.parametrize("login", ["agent", "supervisor", "auditor"])
def test_forgetting_is_not_for_everybody(world: World, now: datetime, login: str) -> None:
    number = known(world, now)
    with refused(NotAllowed, "access.denied"):
        do(erasing.erase, number, actor=getattr(world.actors, login), now=now)


def test_a_file_that_is_still_read_stays_and_one_that_was_emptied_can_be_brought_again(
    world: World, now: datetime
) -> None:
    number = known(world, now)
    run = imported(number, world, now, state="waiting")
    resolved(number, actor=owner_of(world, number), now=now)
    assert do(erasing.erase, number, actor=world.actors.system, now=now).imports == 0
    with unit_of_work() as work:
        work.execute(update(JobRun).where(JobRun.id == run).values(state="done"))
    assert do(erasing.erase, number, actor=world.actors.system, now=now).imports == 1
    assert session().scalars(select(ImportFile.content)).all() == [b""]
    do(imports.store_file, "again.csv", CONTENT, actor=world.actors.system, now=now)
    session().expire_all()
    assert session().scalars(select(ImportFile.content)).all() == [CONTENT]
