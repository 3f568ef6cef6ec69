"""What an installation starts with."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.domain.problems import Problem
from helpdesk.models import (
    CalendarVersion,
    Channel,
    HolidayYear,
    Queue,
    ReplyTemplate,
    ReplyTemplateVersion,
    RuleBookRow,
    Shop,
    Ticket,
    User,
    WorkCalendar,
)
from helpdesk.models.calendars import load_calendar
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries.actors import system_actor
from helpdesk.services import intake
from helpdesk.storage import Base, db, session, unit_of_work
from seeds import base


def plant(now: datetime) -> base.Planted:
    with unit_of_work():
        return base.plant(now)


def contents() -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    return {
        name: sorted((tuple(row) for row in session().execute(select(table))), key=repr)
        for name, table in Base.metadata.tables.items()
    }


def test_a_new_installation_can_take_in_its_first_ticket(app: Flask, now: datetime) -> None:
    plant(now)
    shop, channel = session().scalars(select(Shop)).one(), session().scalars(select(Channel)).first()
    assert channel is not None
    with unit_of_work():
        opened = intake.open_ticket(
            intake.TicketRequest(
                text="发错货了，颜色不对", source="form", external_id="1", shop_id=shop.id, channel_id=channel.id
            ),
            actor=system_actor("cli"),
            now=now,
        )
    ticket = session().get_one(Ticket, opened.ticket_id)
    assert (ticket.type, ticket.klass, ticket.rule_version) == ("wrong_item", "C", 1)


def test_planting_again_changes_nothing(app: Flask, now: datetime) -> None:
    assert plant(now).added
    before = contents()
    db.session.remove()
    again = plant(now + timedelta(days=400))
    assert (again.added, again.kept_rules) == ({}, False)
    assert contents() == before


def test_what_people_changed_stays_changed(app: Flask, now: datetime) -> None:
    plant(now)
    with unit_of_work():
        session().scalars(select(Queue).where(Queue.code == "warehouse")).one().name_zh = "东莞仓"
        session().scalars(select(Shop)).one().name = "我的店"
        words = session().scalars(select(ReplyTemplateVersion)).first()
        assert words is not None
        words.body_zh = "我们自己的话"
        session().get_one(HolidayYear, 2026).status = "draft"
    before = contents()
    db.session.remove()
    plant(now)
    assert contents() == before


def test_a_template_that_is_missing_comes_back_alone(app: Flask, now: datetime) -> None:
    plant(now)
    with unit_of_work() as work:
        row = session().scalars(select(ReplyTemplate)).first()
        assert row is not None
        code = row.code
        for version in session().scalars(
            select(ReplyTemplateVersion).where(ReplyTemplateVersion.template_id == row.id)
        ):
            work.delete(version)
        work.flush()
        work.delete(row)
    assert plant(now).added == {"reply templates": 1}
    assert session().scalar(select(func.count(ReplyTemplate.id)).where(ReplyTemplate.code == code)) == 1


def test_another_rule_book_is_kept_and_said(app: Flask, now: datetime) -> None:
    document, _ = base.shipped_rules()
    with unit_of_work():
        session().add(
            RuleBookRow(
                version=1, status="published", hash="of another", document=document, created_at=now, published_at=now
            )
        )
    assert plant(now).kept_rules
    assert session().scalars(select(RuleBookRow.hash)).all() == ["of another"]


def test_the_shipped_rule_book_can_be_read_back_and_its_hash_is_stable(app: Flask, now: datetime) -> None:
    plant(now)
    book = published_rulebook()
    assert book.version == 1
    assert len(book.types) == 23
    row = session().scalars(select(RuleBookRow)).one()
    assert len(row.hash) == 64
    assert row.document == base.shipped_rules()[0]


def test_each_queue_works_by_the_calendar_of_its_name_and_only_customer_service_writes(
    app: Flask, now: datetime
) -> None:
    plant(now)
    rows = session().execute(
        select(Queue.code, WorkCalendar.code, Queue.writes_to_buyers)
        .join(WorkCalendar, WorkCalendar.id == Queue.calendar_id)
        .order_by(Queue.position)
    )
    assert [tuple(row) for row in rows] == [
        ("customer_service", "customer_service", True),
        ("warehouse", "warehouse", False),
        ("finance", "finance", False),
    ]


def test_the_stored_finance_calendar_knows_the_holidays_and_how_far_they_are_confirmed(
    app: Flask, now: datetime
) -> None:
    plant(now)
    years = session().execute(select(HolidayYear.year, HolidayYear.status).order_by(HolidayYear.year))
    assert [tuple(row) for row in years] == [(2025, "confirmed"), (2026, "confirmed")]
    row = session().scalars(select(WorkCalendar).where(WorkCalendar.code == "finance")).one()
    calendar = load_calendar(row.id, row.version)
    stored = session().scalars(select(CalendarVersion).where(CalendarVersion.calendar_id == row.id)).one().document
    assert stored == calendar.to_document()
    assert stored["confirmed_through"] == "2026-12-31"


def test_nobody_can_log_in_before_an_account_is_made(app: Flask, now: datetime) -> None:
    plant(now)
    users = session().scalars(select(User)).all()
    assert [(user.login, user.password_hash) for user in users] == [("system", None)]


def test_without_base_there_is_no_system_actor(app: Flask) -> None:
    with pytest.raises(Problem):
        system_actor("cli")
