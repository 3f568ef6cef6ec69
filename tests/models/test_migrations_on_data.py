"""An installation that is upgraded, or taken back to an earlier version, keeps what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import flask_migrate
from flask import Flask
from sqlalchemy import MetaData, Table, func, select, text

from helpdesk.models import Holiday, HolidayYear, PauseStep, TicketPause
from helpdesk.storage import db, unit_of_work
from tests import tickets
from tests.factories import World, add

KEPT = ("user", "queue", "ticket", "stint", "message", "clock", "customer", "work_calendar")


def test_a_downgrade_and_an_upgrade_keep_tickets_people_and_clocks(app: Flask, world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, owner=world.users.agent)
        tickets.ticket(world, now, status="resolved")
    before = counts()
    with earlier_version("0001"):
        assert counts() == before
    assert counts() == before
    assert read('SELECT DISTINCT presence FROM "user"') == [("online",)]


def test_what_waits_already_has_its_wait_after_the_upgrade(app: Flask, world: World, now: datetime) -> None:
    with unit_of_work():
        waiting = tickets.ticket(world, now, status="pending_customer")
        tickets.ticket(world, now)
        pause = TicketPause(ticket_id=waiting.id, status="pending_customer", rule_version=1, started_at=now)
        add(pause)
        add(PauseStep(pause_id=pause.id, step_code="remind", due_at=now))
    with earlier_version("0001"):
        pass
    db.session.remove()
    waits = db.session.execute(select(TicketPause.ticket_id, TicketPause.status, TicketPause.started_at)).all()
    assert waits == [(waiting.id, "pending_customer", waiting.created_at)]


def test_holidays_that_calendars_follow_are_published_after_the_upgrade(app: Flask, world: World) -> None:
    with unit_of_work():
        add(HolidayYear(year=2026, status="confirmed"), HolidayYear(year=2027, status="draft"))
        add(Holiday(day=date(2026, 1, 1), kind="off", name_zh="元旦", name_en="New Year's Day"))
        add(Holiday(day=date(2027, 1, 1), kind="off", name_zh="元旦", name_en="New Year's Day"))
    with earlier_version("0001"):
        pass
    db.session.remove()
    years = {year.year: (year.version, year.published) for year in db.session.scalars(select(HolidayYear))}
    assert years == {2026: (1, [["2026-01-01", "off", "元旦", "New Year's Day"]]), 2027: (1, [])}


@contextmanager
def earlier_version(revision: str) -> Iterator[None]:
    """The database as an earlier version of the program left it; whatever happens, it is upgraded again."""
    db.session.remove()
    db.engine.dispose()
    try:
        flask_migrate.downgrade(revision=revision)
        yield
    finally:
        flask_migrate.upgrade()
        db.engine.dispose()


def counts() -> dict[str, int]:
    """Rows by table, asked of the database itself: the models speak of the present version only."""
    with db.engine.connect() as connection:
        tables = {name: Table(name, MetaData(), autoload_with=connection) for name in KEPT}
        return {
            name: connection.execute(select(func.count()).select_from(t)).scalar_one() for name, t in tables.items()
        }


def read(statement: str) -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]
