"""Imports: bad rows are told, good rows are stored once, and a stopped run goes on where it stood."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk.domain.access import Actor
from helpdesk.domain.imports import ORDERS, TICKETS, Unit
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed
from helpdesk.models import ImportFile, Inbound, JobRun, Message, Order, OrderLine, Parcel, Ticket
from helpdesk.queries.imports import bad_rows, import_run, resumable_imports
from helpdesk.services import imports
from helpdesk.services.imports import LEASE_SECONDS, Progress
from helpdesk.storage import session, unit_of_work
from tests.factories import World

OPTIONS = {"shop": "main", "channel": "tmall", "created_at": "column", "map": {}}


def create(world: World, now: datetime, *, kind: str = TICKETS, actor: Actor | None = None, **more: Any) -> int:
    given = {"name": "t.csv", "content": b"text\n", "options": OPTIONS, "total": 3, **more}
    with unit_of_work():
        return imports.create_run(kind, actor=actor or world.actors.system, now=now, **given)


def claim(run_id: int, now: datetime, holder: str = "one") -> Progress | None:
    with unit_of_work():
        return imports.claim(run_id, holder, now)


def claimed(run_id: int, now: datetime) -> Progress:
    run = claim(run_id, now)
    assert run is not None
    return run


def work(run: Progress, world: World, now: datetime, *rows: Mapping[str, Any] | Unit, holder: str = "one") -> Progress:
    units = [
        row if isinstance(row, Unit) else Unit(run.done + number, (row,), (run.done + number,))
        for number, row in enumerate(rows, 2)
    ]
    with unit_of_work():
        return imports.work_batch(run, units, holder=holder, actor=world.actors.system, now=now)


def count(model: type) -> int:
    return session().execute(select(func.count()).select_from(model)).scalar_one()


def test_the_same_file_with_the_same_options_is_the_same_run(world: World, now: datetime) -> None:
    assert create(world, now) == create(world, now)
    assert create(world, now, options={**OPTIONS, "shop": "second"}) != create(world, now)
    assert create(world, now, content=b"other") != create(world, now)
    assert count(ImportFile) == 2


def test_importing_is_not_for_everybody(world: World, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        create(world, now, actor=world.actors.agent)
    assert create(world, now, actor=world.actors.ops)


def test_rows_become_tickets_and_bad_ones_are_told_with_the_reason(world: World, now: datetime) -> None:
    run = claimed(create(world, now), now)
    progress = work(
        run,
        world,
        now,
        {"text": "发错货了", "external_id": "a"},
        {"text": " "},
        {"text": "少发一件", "shop": "nowhere"},
        {"text": "少发一件", "created_at": "soon"},
        Unit(9, ({},), (9,), Invalid("import.too_many_cells", cells=3, columns=2)),
    )
    assert progress.figures == {"created": 1, "bad": 4}
    assert [(bad.row, bad.code) for bad in bad_rows(run.run_id)] == [
        (3, "ticket.text_required"),
        (4, "import.unknown_shop"),
        (5, "import.bad_time"),
        (9, "import.too_many_cells"),
    ]
    assert count(Ticket) == 1


def test_every_column_arrives(world: World, now: datetime) -> None:
    run = claimed(create(world, now), now)
    work(
        run,
        world,
        now,
        {
            "external_id": "m-1",
            "text": "发错货了",
            "subject": "错发",
            "shop": "二号店",
            "channel": "京东",
            "order_number": "2026112300017",
            "customer_name": "王小明",
            "phone": "13800001234",
            "created_at": "2026-11-22 10:30",
        },
    )
    ticket = session().execute(select(Ticket)).scalar_one()
    inbound = session().execute(select(Inbound)).scalar_one()
    assert ticket.subject == "错发"
    assert (ticket.shop_id, ticket.channel_id) == (world.shop2.id, world.channels.jd.id)
    assert ticket.created_at.isoformat() == "2026-11-22T02:30:00+00:00"
    assert inbound.source == f"import:{world.shop2.id}:{world.channels.jd.id}"
    assert inbound.external_id == "m-1"
    assert session().get_one(Order, ticket.order_id).number == "2026112300017"


def test_created_at_can_be_now_for_all(world: World, now: datetime) -> None:
    run = claimed(create(world, now, options={**OPTIONS, "created_at": "now"}), now)
    work(run, world, now, {"text": "发错货了", "created_at": "2026-11-01 10:00"})
    assert session().execute(select(Ticket.created_at)).scalar_one() == now


def test_a_row_without_an_id_is_known_by_its_cells(world: World, now: datetime) -> None:
    run = claimed(create(world, now), now)
    row = {"text": "发错货了", "phone": "138"}
    progress = work(run, world, now, row, row, {**row, "phone": " 138 "}, {**row, "phone": "139"})
    assert progress.figures == {"created": 2, "repeated": 2}


def test_the_same_id_with_another_text_is_a_bad_row(world: World, now: datetime) -> None:
    run = claimed(create(world, now), now)
    progress = work(run, world, now, {"external_id": "a", "text": "发错货了"}, {"external_id": "a", "text": "少发了"})
    assert progress.figures == {"created": 1, "bad": 1}
    assert bad_rows(run.run_id)[0].code == "inbound.different_body"


def test_the_same_order_and_type_is_appended(world: World, now: datetime) -> None:
    run = claimed(create(world, now), now)
    order = {"order_number": "E-1", "text": "你们发错货了"}
    progress = work(run, world, now, {**order, "external_id": "a"}, {**order, "external_id": "b"})
    assert progress.figures == {"created": 1, "appended": 1}
    assert (count(Ticket), count(Message)) == (1, 2)


def test_a_bad_row_leaves_nothing_of_itself_behind(world: World, now: datetime) -> None:
    run = claimed(create(world, now), now)
    work(run, world, now, {"external_id": "a", "text": "x", "order_number": "9" * 61})
    assert (count(Inbound), count(Order), count(Ticket)) == (0, 0, 0)


def test_progress_is_stored_with_the_rows_it_counts(world: World, now: datetime) -> None:
    run = claimed(create(world, now), now)
    unit = Unit(2, ({"text": "发错货了"},), (2,))
    with suppress(RuntimeError), unit_of_work():
        imports.work_batch(run, [unit], holder="one", actor=world.actors.system, now=now)
        raise RuntimeError("crash before the commit")
    assert (import_run(run.run_id).done, count(Ticket)) == (0, 0)
    work(run, world, now, {"text": "发错货了"})
    assert (import_run(run.run_id).done, count(Ticket)) == (1, 1)


def test_a_run_belongs_to_one_holder_until_its_lease_has_run_out(world: World, now: datetime) -> None:
    run_id = create(world, now)
    assert resumable_imports(now) == [run_id]
    assert claim(run_id, now, "one") is not None
    assert resumable_imports(now) == []
    assert claim(run_id, now + timedelta(seconds=LEASE_SECONDS - 1), "two") is None
    later = now + timedelta(seconds=LEASE_SECONDS)
    assert resumable_imports(later) == [run_id]
    assert claim(run_id, later, "two") is not None


def test_a_holder_known_to_be_dead_is_followed_at_once(world: World, now: datetime) -> None:
    run_id = create(world, now)
    assert claim(run_id, now, "dead") is not None
    with unit_of_work():
        assert imports.claim(run_id, "two", now, instead_of="another") is None
        assert imports.claim(run_id, "two", now, instead_of=None) is None
        assert imports.claim(run_id, "two", now, instead_of="dead") is not None


def test_whoever_lost_the_lease_stores_nothing_more(world: World, now: datetime) -> None:
    """One was thought dead; two took over; one wakes up with a batch in its hands."""
    run = claimed(create(world, now), now)
    later = now + timedelta(minutes=1)
    other = claim(run.run_id, later, "two")
    assert other is not None
    with pytest.raises(Conflict):
        work(run, world, later, {"text": "发错货了"})
    work(other, world, later, {"text": "发错货了"}, holder="two")
    with pytest.raises(Conflict), unit_of_work():
        imports.finish(run, "one", later)
    assert (count(Ticket), import_run(run.run_id).done) == (1, 1)


def test_a_stale_batch_of_the_same_holder_stores_nothing(world: World, now: datetime) -> None:
    run = claimed(create(world, now), now)
    work(run, world, now, {"text": "发错货了"})
    with pytest.raises(Conflict):
        work(run, world, now, {"text": "少发一件"})
    assert count(Ticket) == 1


def test_a_finished_run_is_not_taken_again_unless_asked_for(world: World, now: datetime) -> None:
    run_id = create(world, now)
    run = work(claimed(run_id, now), world, now, {"text": "发错货了"}, {"text": ""})
    with unit_of_work():
        imports.finish(run, "one", now)
    assert (import_run(run_id).state, import_run(run_id).bad) == ("done", 1)
    create(world, now)
    assert claim(run_id, now) is None
    create(world, now, again=True)
    anew = claimed(run_id, now)
    assert (anew.done, anew.figures, bad_rows(run_id)) == (0, {}, [])
    assert work(anew, world, now, {"text": "发错货了"}).figures == {"repeated": 1}


def test_a_run_that_is_asked_to_stop_stops_and_can_go_on_later(world: World, now: datetime) -> None:
    run_id = create(world, now)
    run = work(claimed(run_id, now), world, now, {"text": "发错货了"})
    with unit_of_work():
        assert imports.request_cancel(run_id, actor=world.actors.ops)
    assert work(run, world, now, {"text": "少发一件"}).state == "cancelled"
    assert (import_run(run_id).state, count(Ticket), resumable_imports(now)) == ("cancelled", 1, [])
    with unit_of_work():
        assert not imports.request_cancel(run_id, actor=world.actors.ops)
    create(world, now)
    run = claimed(run_id, now)
    assert run.done == 1
    assert work(run, world, now, {"text": "少发一件"}).figures == {"created": 2}


def test_a_failed_run_says_so_and_goes_on_when_it_is_started_again(world: World, now: datetime) -> None:
    run_id = create(world, now)
    run = claimed(run_id, now)
    with unit_of_work():
        imports.fail(run, "one", "ZeroDivisionError", now)
    assert import_run(run_id).state == "failed"
    assert import_run(run_id).figures["error"] == "ZeroDivisionError"
    assert resumable_imports(now) == []
    create(world, now)
    assert claimed(run_id, now).figures == {}


def test_lines_of_a_sheet_become_one_order(world: World, now: datetime) -> None:
    run = claimed(create(world, now, kind=ORDERS), now)
    whole = {"number": "E-1", "paid": "129.00", "status": "已发货", "placed_at": "2026-11-20 09:00", "phone": "138"}
    parcel = {"carrier": "顺丰", "tracking_number": "SF1", "shipped_at": "2026-11-21"}
    rows = (
        {**whole, **parcel, "sku": "CUP", "name": "保温杯", "quantity": "2", "unit_price": "49.5"},
        {"number": "E-1", **parcel, "sku": "BRUSH", "name": "杯刷", "unit_price": "30"},
    )
    progress = work(run, world, now, Unit(2, rows, (2, 3)))
    order = session().execute(select(Order)).scalar_one()
    lines = session().scalars(select(OrderLine).order_by(OrderLine.position)).all()
    assert progress.figures == {"created": 1}
    assert (order.paid_fen, order.status, order.known) == (12_900, "shipped", True)
    assert [(line.name, line.quantity, line.unit_fen) for line in lines] == [("保温杯", 2, 4950), ("杯刷", 1, 3000)]
    assert session().execute(select(Parcel.tracking_number)).scalar_one() == "SF1"


def test_lists_of_jsonl_become_lines_parcels_and_history(world: World, now: datetime) -> None:
    run = claimed(create(world, now, kind=ORDERS), now)
    row = {
        "number": "E-1",
        "lines": [{"name": "保温杯", "unit_price": "49.5"}, {"name": "杯刷"}],
        "parcels": [{"tracking_number": "SF1"}, {"tracking_number": "SF2"}],
        "history": [{"status": "已付款", "at": "2026-11-20"}, {"status": "已发货", "at": "2026-11-21"}],
    }
    assert work(run, world, now, row).figures == {"created": 1}
    assert (count(OrderLine), count(Parcel)) == (2, 2)
    assert session().execute(select(Order.status)).scalar_one() == "shipped"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"number": "E-1", "paid": "1"}, {"number": "E-1", "paid": "2"}], "import.rows_disagree"),
        ([{"number": "E-1", "paid": "a lot"}], "import.bad_amount"),
        ([{"number": "2.02E+17"}], "import.digits_lost"),
        ([{"number": ""}], "order.number_required"),
        ([{"number": "E-1", "lines": "杯 x2"}], "import.not_a_list"),
        ([{"number": "E-1", "quantity": "2"}], "import.field_required"),
        ([{"number": "E-1", "carrier": "顺丰"}], "import.field_required"),
        ([{"number": "E-1", "history": [{"status": "paid"}]}], "import.field_required"),
        ([{"number": "E-1", "channel": "pigeon"}], "import.unknown_channel"),
    ],
)
def test_a_bad_order_is_refused_as_a_whole(world: World, now: datetime, rows: list[dict[str, Any]], code: str) -> None:
    run = claimed(create(world, now, kind=ORDERS), now)
    assert work(run, world, now, Unit(2, tuple(rows), (2,))).figures == {"bad": 1}
    assert [bad.code for bad in bad_rows(run.run_id)] == [code]
    assert count(Order) == 0


def test_what_is_kept_of_a_bad_row_holds_no_personal_text(world: World, now: datetime) -> None:
    run = claimed(create(world, now), now)
    work(run, world, now, {"text": "我叫王小明", "phone": "1" * 31, "created_at": "王小明"})
    kept = session().execute(select(JobRun.figures)).scalar_one()
    assert "王小明" not in json.dumps([dict(bad_rows(run.run_id)[0].params), kept], ensure_ascii=False)
