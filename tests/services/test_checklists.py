"""Lists of what has to be done before a ticket may be resolved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.bulk import Deed, Kind
from helpdesk.domain.checklists import Item
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.rulebook import Label
from helpdesk.domain.tickets import Outcome, Party, Status
from helpdesk.models import BulkRow, Checklist, ChecklistItem, ChecklistTick, Event
from helpdesk.services import bulk_deeds, bulk_runs, checklists, decisions, ticket_patches
from helpdesk.services.ticket_patches import Patch
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do, events, heard, look, opened, refused, resolved

MINUTE = timedelta(minutes=1)
CALL, PHOTO = Label("给客户回电话", "Call the customer back"), Label("核对照片", "Check the photos")
GIFT = Label("送优惠券", "Add a voucher")
ROWS = (Item(None, CALL), Item(None, PHOTO), Item(None, GIFT, required=False))


def made(world: World, now: datetime, rows: tuple[Item, ...] = ROWS, type_code: str = "wrong_item") -> dict[str, int]:
    """The ids of the items, by their Chinese names."""
    do(checklists.set_checklist, type_code, version(type_code), rows, actor=world.actors.ops, now=now)
    return {item.name.zh: item.id or 0 for item in standing(type_code)}


def standing(type_code: str = "wrong_item") -> list[Item]:
    rows = session().scalars(
        select(ChecklistItem)
        .where(ChecklistItem.type == type_code, ChecklistItem.active)
        .order_by(ChecklistItem.position)
    )
    return [Item(row.id, Label(row.name_zh, row.name_en), row.required) for row in rows]


def version(type_code: str = "wrong_item") -> int:
    return session().scalar(select(Checklist.version).where(Checklist.type == type_code)) or 0


def ticked(world: World, number: str, item_id: int, now: datetime, *, on: bool = True, **more: Any) -> int:
    values: dict[str, Any] = {"version": version(), "actor": world.actors.warehouse} | more
    done, undone = ([item_id], []) if on else ([], [item_id])
    return do(checklists.set_ticks, number, done, undone, now=now, **values)


def test_a_list_is_kept_in_its_order_and_told(world: World, now: datetime) -> None:
    made(world, now)
    assert [(item.name, item.required) for item in standing()] == [(CALL, True), (PHOTO, True), (GIFT, False)]
    event = session().scalars(select(Event).where(Event.code == "checklist.changed")).one()
    assert (event.params["type"], event.params["changes"]["items"][0]) == ("wrong_item", [])
    assert [item["zh"] for item in event.params["changes"]["items"][1]] == [CALL.zh, PHOTO.zh, GIFT.zh]


def test_items_keep_their_ids_when_they_are_reworded_and_moved(world: World, now: datetime) -> None:
    ids = made(world, now)
    call = Item(ids[CALL.zh], Label("回访", "Call back"), required=False)
    do(
        checklists.set_checklist,
        "wrong_item",
        1,
        (Item(ids[PHOTO.zh], PHOTO), call),
        actor=world.actors.admin,
        now=now,
    )
    assert standing() == [Item(ids[PHOTO.zh], PHOTO), call]
    assert version() == 2


def test_saving_what_stands_there_is_no_change(world: World, now: datetime) -> None:
    made(world, now)
    do(checklists.set_checklist, "wrong_item", 1, standing(), actor=world.actors.ops, now=now)
    assert version() == 1
    assert len(session().scalars(select(Event).where(Event.code == "checklist.changed")).all()) == 1


@pytest.mark.parametrize(
    ("change", "problem", "code"),
    [
        ({"version": 0}, Stale, "checklist.stale"),
        ({"rows": (Item(99_999, CALL),)}, Stale, "checklist.stale"),
        ({"type_code": "moon"}, NotFound, "checklist.no_such_type"),
        ({"rows": (Item(None, Label("x" * 61, "")),)}, Invalid, "checklist.bad_item"),
        ({"who": "supervisor"}, NotAllowed, "queue.settings_by_ops"),
        ({"who": "agent"}, NotAllowed, "access.denied"),
    ],
)
def test_a_list_that_moved_on_or_is_none_of_his_is_not_changed(
    world: World, now: datetime, change: dict[str, Any], problem: type[Problem], code: str
) -> None:
    made(world, now)
    values: dict[str, Any] = {"type_code": "wrong_item", "version": 1, "rows": (), "who": "ops"} | change
    with refused(problem, code):
        do(
            checklists.set_checklist,
            values["type_code"],
            values["version"],
            values["rows"],
            actor=getattr(world.actors, values["who"]),
            now=now,
        )
    assert len(standing()) == 3


def test_a_tick_says_who_and_when_and_can_be_taken_back(world: World, now: datetime) -> None:
    ids, number = made(world, now), opened(world, now)
    assert ticked(world, number, ids[CALL.zh], now + MINUTE) == 1
    assert ticked(world, number, ids[CALL.zh], now + 2 * MINUTE, actor=world.actors.agent) == 0
    tick = session().scalars(select(ChecklistTick)).one()
    assert (tick.user_id, tick.at) == (world.users.warehouse.id, now + MINUTE)
    assert ticked(world, number, ids[CALL.zh], now + 3 * MINUTE, on=False) == 1
    assert ticked(world, number, ids[CALL.zh], now + 3 * MINUTE, on=False) == 0
    assert session().scalars(select(ChecklistTick)).all() == []
    task = {"zh": CALL.zh, "en": CALL.en}
    assert [event.params["task"] for event in events(number, "ticket.checked")] == [task]
    assert [event.params["task"] for event in events(number, "ticket.unchecked")] == [task]


def test_what_was_reworded_or_taken_off_since_is_not_ticked_unseen(world: World, now: datetime) -> None:
    ids, number = made(world, now), opened(world, now)
    other = made(world, now, type_code="logistics_stuck")
    with refused(Stale, "checklist.stale"):
        ticked(world, number, other[CALL.zh], now)
    with refused(Stale, "checklist.stale"):
        ticked(world, number, ids[CALL.zh], now, version=0)
    do(checklists.set_checklist, "wrong_item", 1, (), actor=world.actors.ops, now=now)
    with refused(Stale, "checklist.stale"):
        ticked(world, number, ids[CALL.zh], now)


def test_only_who_works_on_an_active_ticket_ticks(world: World, now: datetime) -> None:
    ids, number = made(world, now), opened(world, now)
    with refused(NotFound, "ticket.not_found"):
        ticked(world, number, ids[CALL.zh], now, actor=world.actors.outsider)
    with refused(NotAllowed, "ticket.not_yours"):
        ticked(world, number, ids[CALL.zh], now, actor=world.actors.auditor)
    for name in (CALL.zh, PHOTO.zh):
        ticked(world, number, ids[name], now)
    resolved(number, actor=world.actors.warehouse, now=now)
    with refused(Conflict, "ticket.not_active"):
        ticked(world, number, ids[GIFT.zh], now)


def test_a_ticket_is_resolved_once_all_that_is_required_is_done(world: World, now: datetime) -> None:
    ids, number = made(world, now), opened(world, now)
    ticked(world, number, ids[PHOTO.zh], now)
    with pytest.raises(Invalid) as found:
        resolved(number, actor=world.actors.warehouse, now=now)
    assert found.value.params["items"] == [{"zh": CALL.zh, "en": CALL.en}]
    assert look(number).status != "resolved"
    ticked(world, number, ids[CALL.zh], now)
    resolved(number, actor=world.actors.warehouse, now=now)
    assert look(number).status == "resolved"


def test_tickets_of_other_types_and_lists_without_required_items_ask_for_nothing(world: World, now: datetime) -> None:
    made(world, now, type_code="price_dispute")
    made(world, now, rows=(Item(None, GIFT, required=False),))
    number = opened(world, now)
    resolved(number, actor=world.actors.warehouse, now=now)
    assert look(number).status == "resolved"


def test_another_type_asks_for_its_own_list(world: World, now: datetime) -> None:
    made(world, now, type_code="missing_item")
    number = opened(world, now)
    do(decisions.set_type, number, "missing_item", version=look(number).version, actor=world.actors.warehouse, now=now)
    with refused(Invalid, "checklist.not_done"):
        resolved(number, actor=world.actors.warehouse, now=now)


def test_a_job_that_ends_a_silent_case_is_not_held_up(world: World, now: datetime) -> None:
    made(world, now)
    number = opened(world, now)
    shares = {Party.UNDETERMINED: 100}
    resolved(number, actor=world.actors.system, now=now, outcome=Outcome.NO_REPLY, shares=shares)
    assert look(number).status == "resolved"


def test_ticks_stay_when_the_customer_writes_again(world: World, now: datetime) -> None:
    ids, number = made(world, now), opened(world, now)
    for name in (CALL.zh, PHOTO.zh):
        ticked(world, number, ids[name], now)
    resolved(number, actor=world.actors.warehouse, now=now)
    heard(number, actor=world.actors.agent, now=now + MINUTE)
    resolved(number, actor=world.actors.warehouse, now=now + 2 * MINUTE)
    assert look(number).status == "resolved"


def test_a_program_is_told_what_is_missing(world: World, now: datetime) -> None:
    made(world, now)
    number = opened(world, now)
    patch = Patch(status=Status.RESOLVED, outcome=Outcome.RESENT, responsibility={Party.WAREHOUSE: 100})
    with refused(Invalid, "checklist.not_done"):
        do(ticket_patches.apply, number, patch, version=look(number).version, actor=world.actors.warehouse, now=now)


def test_in_bulk_a_ticket_with_something_left_is_refused_before_it_is_tried(world: World, now: datetime) -> None:
    ids = made(world, now)
    done, open_ = opened(world, now), opened(world, now)
    for name in (CALL.zh, PHOTO.zh):
        ticked(world, done, ids[name], now)
    chosen = [look(number).id for number in (done, open_)]
    deed, actor = Deed(Kind.RESOLVE, "resent", party="warehouse"), world.actors.warehouse
    seen = bulk_deeds.look(chosen, deed, actor)
    assert [len(seen[id_][1].left) for id_ in chosen] == [0, 2]
    run = do(bulk_runs.choose, chosen, chosen={}, actor=actor, now=now)
    do(bulk_runs.plan, run, deed, version=1, actor=actor)
    rows = session().scalars(select(BulkRow).where(BulkRow.run_id == run).order_by(BulkRow.id))
    assert [(row.ticket_id, row.code) for row in rows] == [(chosen[0], None), (chosen[1], "checklist.not_done")]
