"""Months close by themselves on the 3rd, once, whenever the job worker comes to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from helpdesk.domain.reports import Side
from helpdesk.jobs.close_months import close_months, last_due
from helpdesk.models import Event, ReportLine, ReportMonth
from helpdesk.services import report_facts, report_months
from helpdesk.storage import db, session
from tests.factories import World
from tests.report_facts import fact, plant
from tests.services.story import do

SHANGHAI = ZoneInfo("Asia/Shanghai")
DUE = datetime(2026, 11, 3, 4, tzinfo=SHANGHAI).astimezone(UTC)


def planted(world: World, *days: date) -> None:
    plant(world, [fact(world, Side.OPENED, day, ticket_id=number) for number, day in enumerate(days, 1)])


def closed() -> list[date]:
    db.session.remove()
    return list(session().scalars(select(ReportMonth.month).order_by(ReportMonth.month)))


@pytest.mark.parametrize(
    ("local", "month"),
    [
        ("2026-11-03T03:59", date(2026, 9, 1)),
        ("2026-11-03T04:00", date(2026, 10, 1)),
        ("2026-12-03T03:00", date(2026, 10, 1)),
        ("2027-01-03T04:00", date(2026, 12, 1)),
        ("2027-02-01T00:00", date(2026, 12, 1)),
    ],
)
def test_a_month_is_due_on_the_third_at_four_in_the_shops_zone(local: str, month: date) -> None:
    assert last_due(datetime.fromisoformat(local).replace(tzinfo=SHANGHAI), SHANGHAI) == month


def test_a_month_closes_on_the_third_and_only_once(world: World) -> None:
    planted(world, date(2026, 10, 5))
    assert close_months(lambda: DUE - timedelta(seconds=1)) == 0
    assert [close_months(lambda: DUE), close_months(lambda: DUE)] == [1, 0]
    assert closed() == [date(2026, 10, 1)]
    assert session().scalar(select(func.count()).where(Event.code == "report.month_closed")) == 1


def test_after_months_of_standstill_every_month_is_closed(world: World) -> None:
    planted(world, date(2026, 8, 5), date(2026, 10, 5))
    assert close_months(lambda: DUE) == 3  # September had nothing, and is a month all the same
    assert closed() == [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)]


def test_what_somebody_opened_again_is_left_to_him(world: World) -> None:
    planted(world, date(2026, 10, 5))
    close_months(lambda: DUE)
    db.session.remove()
    do(report_months.reopen, date(2026, 10, 1), reason="补单", version=1, actor=world.actors.ops, now=DUE)
    assert close_months(lambda: DUE + timedelta(days=9)) == 0
    assert closed() == []


def test_a_month_with_tickets_still_to_be_counted_waits_for_the_next_run(world: World) -> None:
    (one,) = plant(world, [fact(world, Side.OPENED, date(2026, 10, 5))])
    do(report_facts.mark_all, [one.ticket_id])
    assert close_months(lambda: DUE) == 0
    assert closed() == []


def test_without_a_ticket_there_is_nothing_to_close(world: World) -> None:
    assert close_months(lambda: DUE) == 0


def test_who_is_stopped_begins_no_further_month(world: World) -> None:
    planted(world, date(2026, 8, 5))
    assert close_months(lambda: DUE, stopping=iter([False, True]).__next__) == 1


def test_a_crash_while_a_month_is_closed_leaves_nothing_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(world, date(2026, 10, 5))

    def crash(*_args: object, **_params: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(report_months, "record", crash)
    with pytest.raises(RuntimeError, match="the power went"):
        close_months(lambda: DUE)
    assert closed() == []
    assert session().scalar(select(func.count()).select_from(ReportLine)) == 0
    monkeypatch.undo()
    assert close_months(lambda: DUE) == 1
