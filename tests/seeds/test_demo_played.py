"""What stands in the database once the demo's plan was played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.replies import unresolved
from helpdesk.domain.tickets import ACTIVE, Party, Status
from helpdesk.models import (
    Absence,
    Appeal,
    Channel,
    ClockRow,
    ClockStage,
    Envelope,
    Event,
    Message,
    Notification,
    NotificationTarget,
    Order,
    OrderLine,
    Outbox,
    Parcel,
    PauseStep,
    Queue,
    Responsibility,
    Shift,
    Shop,
    Stint,
    TemplateUse,
    Ticket,
    TicketEvidence,
    TicketPause,
    User,
)
from helpdesk.models.tickets import is_open_assist, is_open_stay
from helpdesk.queries import rota
from helpdesk.queries.template_library import library
from helpdesk.storage import session, unit_of_work
from seeds import base, demo
from seeds.demo import history, house
from seeds.demo.history import PastTicket
from seeds.demo.loader import SEED
from seeds.demo.people import PASSWORD, PEOPLE
from seeds.demo.steps import DemoPlan, Open
from seeds.demo.times import ZONE, last_months
from tests import databases
from tests.seeds.test_demo import CLOSE_ENOUGH_HOURS, HOUR, of, shanghai

TICKETS = 605
"""Five of them merged into others."""
NOW = shanghai(2026, 11, 22, 18, 25)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The demo in a database of its own; the tests below only read it."""
    database = databases.SQLite(tmp_path_factory.mktemp("demo"))
    with database.app.app_context():
        with unit_of_work():
            base.plant(NOW, demo.shops())
        lines: list[str] = []
        assert demo.load(NOW, lines.append) == len(past()) + TICKETS
        assert [line.split(":")[0] for line in lines] == ["before", "2026-09", "2026-10", "2026-11"]
    yield database.app
    databases.engine_of(database.app).dispose()


@cache
def past() -> tuple[PastTicket, ...]:
    """What was closed before the plan begins."""
    return history.write(SEED, NOW)


def facts_of(code: str) -> list[dict[str, Any]]:
    return list(session().scalars(select(Event.params).where(Event.code == code)))


def mailboxes() -> Any:
    return select(User.email).where(User.role != "system")


@pytest.fixture
def stage(played: Flask) -> Iterator[None]:
    with played.app_context():
        yield


class Undone(Exception):  # noqa: N818  ends a unit of work without storing it
    pass


@pytest.mark.slow
@pytest.mark.usefixtures("stage")
class TestPlayed:
    def test_the_stored_rows_show_the_same_figures(self) -> None:
        first, second, _ = last_months(NOW)
        rows = session().execute(
            select(Ticket.type, Ticket.created_at, Ticket.first_resolved_at).where(
                Ticket.first_resolved_at.is_not(None)
            )
        )
        handled = [(row.type, row.first_resolved_at, row.first_resolved_at - row.created_at) for row in rows]

        def mean(month: Any, *types: str) -> float:
            own = [
                t.total_seconds()
                for code, at, t in handled
                if month.start <= at < month.end and (not types or code in types)
            ]
            return sum(own) / len(own) / HOUR

        assert mean(first) == pytest.approx(3.5, abs=CLOSE_ENOUGH_HOURS)
        assert mean(second) == pytest.approx(3.1, abs=CLOSE_ENOUGH_HOURS)
        assert mean(second, "wrong_item") == pytest.approx(3.9, abs=CLOSE_ENOUGH_HOURS)

    def test_every_status_is_there(self) -> None:
        counts = Counter(session().scalars(select(Ticket.status)))
        assert set(counts) == {status.value for status in Status}
        assert 65 <= sum(counts[status.value] for status in ACTIVE) <= 110

    def test_every_planned_ticket_is_one_and_nothing_else_is(self) -> None:
        assert session().scalar(select(func.count(Ticket.id))) == len(past()) + TICKETS

    def test_merged_ones_lead_to_another_ticket_of_their_order(self) -> None:
        target = aliased(Ticket)
        rows = session().execute(
            select(Ticket, target, Event)
            .join(target, target.id == Ticket.merged_into_id)
            .join(Event, (Event.ticket_id == Ticket.id) & (Event.code == "ticket.merged"))
        )
        pairs = [(row[0], row[1], row[2]) for row in rows]
        assert 3 <= len(pairs) <= 6
        for merged, into, event in pairs:
            assert (merged.order_id, merged.customer_id) == (into.order_id, into.customer_id)
            assert merged.type != into.type
            assert merged.first_resolved_at is None
            assert event.reason_note_id is not None
            assert into.resolved_at is None or event.at < into.resolved_at
        assert {into.status in ACTIVE for _, into, _ in pairs} == {True, False}

    def test_all_channels_but_one_and_both_shops(self) -> None:
        assert session().scalar(select(func.count(func.distinct(Ticket.shop_id)))) == 2
        used = set(session().scalars(select(Channel.code).join(Ticket, Ticket.channel_id == Channel.id)))
        assert used == {"tmall", "jd", "pinduoduo", "douyin"}
        assert set(session().scalars(select(Shop.code))) == set(demo.shops())

    def test_deadlines_are_met_missed_near_and_far(self) -> None:
        active = Ticket.status.in_([status.value for status in ACTIVE])
        burns = list(session().scalars(select(Ticket.burns_at).where(active)))
        assert 4 <= sum(at < NOW for at in burns) <= 20
        assert sum(NOW <= at < NOW + timedelta(hours=1) for at in burns) >= 4
        assert sum(NOW + timedelta(hours=6) < at < NOW + timedelta(days=10) for at in burns) >= 4
        for kind in ("first_response", "solution", "queue"):
            met = Counter(session().scalars(select(ClockRow.breached).where(ClockRow.kind == kind)))
            assert met[False] > met[True] > 20

    def test_stages_that_came_due_have_fired_about_then_and_none_twice(self) -> None:
        rows = (
            session()
            .execute(
                select(ClockStage.due_at, ClockStage.fired_at, ClockStage.silent).where(
                    ClockStage.fired_at.is_not(None)
                )
            )
            .all()
        )
        assert len(rows) > 500
        aloud = [row for row in rows if not row.silent]  # what was past when its clock began is only recorded
        assert max(row.fired_at - row.due_at for row in aloud) <= timedelta(hours=1)
        due = select(func.count(ClockStage.id)).where(ClockStage.fired_at.is_(None), ClockStage.due_at < NOW)
        assert session().scalar(due) == 0

    def test_what_needs_a_look_is_there(self) -> None:
        def count(*conditions: Any) -> int:
            active = Ticket.status.in_([status.value for status in ACTIVE])
            return session().scalar(select(func.count(Ticket.id)).where(active, *conditions)) or 0

        assert count(Ticket.tier.in_(["suggest", "none"])) >= 20
        assert count(Ticket.nudges > 0) >= 3
        assert count(Ticket.cycle > 1) >= 2
        in_nobodys_hands = select(Stint.ticket_id).where(is_open_stay, Stint.assignee_id.is_(None))
        assert count(Ticket.id.in_(in_nobodys_hands)) >= 2
        assert count(Ticket.id.in_(select(Stint.ticket_id).where(is_open_assist))) >= 3
        longest = select(func.count(Message.id)).group_by(Message.ticket_id).order_by(func.count(Message.id).desc())
        assert (session().scalars(longest).first() or 0) >= 10

    def test_closed_are_those_that_were_solved_a_week_ago(self) -> None:
        week = timedelta(days=7)
        for row in session().scalars(select(Ticket).where(Ticket.status == "closed")):
            assert row.resolved_at is not None
            assert row.closed_at is not None
            assert timedelta() <= row.closed_at - row.resolved_at - week <= timedelta(minutes=16)
        waiting = session().scalars(select(Ticket.resolved_at).where(Ticket.status == "resolved"))
        assert min(at for at in waiting if at) > NOW - week - timedelta(minutes=16)

    def test_types_are_mostly_recognised_and_corrected_by_people_where_not(self) -> None:
        corrected = session().scalar(select(func.count(Event.id)).where(Event.code == "ticket.type")) or 0
        assert 0 < corrected < 0.15 * 600

    def test_orders_stand_behind_the_tickets(self) -> None:
        with_order = session().scalar(select(func.count(Ticket.id)).where(Ticket.order_id.is_not(None))) or 0
        assert with_order > 550
        known = session().scalar(select(func.count(Order.id)).where(Order.known)) or 0
        unknown = session().scalar(select(func.count(Order.id)).where(~Order.known)) or 0
        assert known > 500
        assert unknown > 3
        assert session().scalar(select(func.count(func.distinct(OrderLine.order_id)))) == known
        assert (session().scalar(select(func.count(Parcel.id))) or 0) > 250
        differing = select(func.count(Order.id)).where(Order.price_snapshot_fen < Order.paid_fen)
        assert (session().scalar(differing) or 0) > 20

    def test_no_reply_left_with_a_placeholder_in_it(self) -> None:
        sent = session().scalars(select(Message.text).where(Message.direction == "out")).all()
        assert len(sent) > 700
        assert [text for text in sent if unresolved(text)] == []

    def test_templates_were_taken_passed_over_and_rewritten(self) -> None:
        uses = session().execute(select(TemplateUse.distance, TemplateUse.length, TemplateUse.rank)).all()
        assert len(uses) > 500
        assert 0.4 < sum(use.distance == 0 for use in uses) / len(uses) < 0.8
        assert {use.rank for use in uses} == {1, 2, 3, None}
        ops = Actor(id=0, role=Role.OPS)
        figures = [row.figures for row in library(ops) if row.figures.suggested >= 5]
        assert len(figures) > 20
        accepted = [one.accepted for one in figures if one.accepted is not None]
        assert min(accepted) < 0.9 < max(accepted) <= 1
        assert any(one.reopened for one in figures)

    def test_evidence_was_ticked_and_a_few_are_responsible_for_nothing_that_could_be_found(self) -> None:
        marks = Counter(session().scalars(select(TicketEvidence.present)))
        assert min(marks[True], marks[False]) > 50
        shares = Counter(session().scalars(select(Responsibility.party)))
        assert 0.01 < shares["undetermined"] / shares.total() < 0.1
        assert set(shares) == {party.value for party in Party}

    def test_the_warehouse_has_appealed_three_times(self) -> None:
        rows = session().scalars(select(Appeal).order_by(Appeal.appealed_at)).all()
        assert sorted(row.state for row in rows) == ["open", "rejected", "upheld"]
        assert {row.party for row in rows} == {"warehouse"}
        upheld = next(row for row in rows if row.state == "upheld")
        assert upheld.decided_percent is not None
        assert upheld.decided_percent < upheld.percent
        assert NOW - rows[-1].appealed_at < timedelta(hours=48)

    def test_everything_happened_in_the_past(self) -> None:
        for column in (Event.at, Message.sent_at, Ticket.created_at, Stint.entered_at):
            assert (session().scalar(select(func.max(column))) or NOW) <= NOW

    def test_whoever_is_handed_a_ticket_is_named_with_the_reason(self) -> None:
        whys = [facts["why"] for facts in facts_of("ticket.assignee") if "why" in facts]
        assert {"least_load", "round_robin"} <= {why["mode"] for why in whys}
        assert any(why.get("skills") for why in whys)
        modes = {row.code: row.assignment for row in session().execute(select(Queue.code, Queue.assignment))}
        assert modes == {"customer_service": "least_load", "warehouse": "round_robin", "finance": "manual"}

    def test_every_queue_is_late_with_something_and_the_warehouse_has_no_hands_left(self) -> None:
        active = Ticket.status.in_([status.value for status in ACTIVE])
        late = select(Queue.code).join(Ticket, Ticket.queue_id == Queue.id).where(active, Ticket.burns_at < NOW)
        assert set(session().scalars(late)) == set(house.HANDING_OUT)
        waiting = select(Queue.code).join(Stint, Stint.queue_id == Queue.id)
        waiting = waiting.where(is_open_stay, Stint.assignee_id.is_(None))
        assert "warehouse" in set(session().scalars(waiting))

    def test_waits_were_reminded_of_and_one_was_ended_with_a_word_to_the_customer(self) -> None:
        deeds = Counter(facts["pause_action"] for facts in facts_of("pause.step"))
        assert deeds["remind_customer"] >= 3
        assert deeds["resolve"] >= 1
        told = select(func.count(Message.id)).where(Message.automatic, Message.direction == "out")
        assert session().scalar(told) == deeds["remind_customer"] + deeds["resolve"]
        late = select(func.count(PauseStep.id)).join(TicketPause, TicketPause.id == PauseStep.pause_id)
        late = late.where(PauseStep.fired_at.is_(None), TicketPause.ended_at.is_(None), PauseStep.due_at < NOW)
        assert session().scalar(late) == 0

    def test_a_platforms_deadline_is_near(self) -> None:
        near = select(func.count(ClockRow.id)).where(
            ClockRow.code == "ship_48h",
            ClockRow.met_at.is_(None),
            ClockRow.cancelled_at.is_(None),
            ClockRow.late_after.between(NOW, NOW + timedelta(hours=1)),
        )
        assert (session().scalar(near) or 0) >= 1

    def test_stages_have_put_on_tags_and_moved_tickets(self) -> None:
        assert {facts["tag"] for facts in facts_of("ticket.tagged")} == {"超时改派", "企业客户"}
        assert any("stage" in facts.get("why", {}) for facts in facts_of("ticket.assignee"))

    def test_questions_were_answered_and_some_wait(self) -> None:
        assert len(facts_of("assist.answered")) >= 2
        assert len(facts_of("ticket.reminded")) >= 3

    def test_people_have_read_what_is_old_and_not_what_is_new(self) -> None:
        told = set(session().scalars(select(Notification.user_id)))
        workers = select(User.id).where(User.role.in_(["agent", "finance", "supervisor", "admin"]))
        ops = set(session().scalars(select(User.id).where(User.role == "ops")))  # asked for great amounts, if any
        assert told - ops == set(session().scalars(workers))
        unread = Notification.read_at.is_(None)
        newest_read = session().scalar(select(func.max(Notification.created_at)).where(~unread))
        oldest_unread = session().scalar(select(func.min(Notification.created_at)).where(unread))
        assert newest_read is not None
        assert oldest_unread is not None
        assert newest_read < NOW - house.READ_BEFORE <= oldest_unread
        assert set(session().scalars(select(Notification.kind))) >= {"sla.stage", "ticket.assigned", "assist.asked"}

    def test_nothing_leaves_the_house_and_one_letter_waits_for_a_look(self) -> None:
        targets = session().execute(select(NotificationTarget.kind, NotificationTarget.active))
        assert {row.kind: row.active for row in targets} == {"mail": False, "dingtalk": False}
        assert session().scalars(select(Envelope.state)).all() == ["dead"]
        waiting = select(func.count(Outbox.id)).where(Outbox.kind != "reply", Outbox.state == "waiting")
        assert session().scalar(waiting) == 0
        assert all((email or "").endswith("@example.com") for email in session().scalars(mailboxes()))

    def test_the_rota_covers_three_weeks_but_for_one_evening(self) -> None:
        monday = house.opens_at(NOW)
        first, last = session().execute(select(func.min(Shift.starts_at), func.max(Shift.ends_at))).one()
        assert monday <= first < monday + timedelta(days=1)
        assert monday + timedelta(days=20) < last <= monday + timedelta(days=21)
        admin = Actor(id=0, role=Role.ADMIN)
        week = rota.week(admin, monday.astimezone(ZONE).date(), ZONE)
        bare = {
            (cover.queue, day)
            for cover in week.cover
            for day, parts in enumerate(cover.days)
            if any(part.people == 0 for part in parts)
        }
        assert bare == {("warehouse", 5)}

    def test_one_is_ill_and_represented_and_one_will_be_away(self) -> None:
        away = session().execute(select(Absence.kind, Absence.starts_at, Absence.ends_at)).all()
        assert [row.kind for row in away if row.starts_at <= NOW < row.ends_at] == ["sick"]
        assert [row.kind for row in away if row.starts_at > NOW] == ["training"]
        out = select(User.login).where(User.presence == "away")
        assert set(session().scalars(out)) == set(house.AWAY)

    def test_people_of_every_role_log_in_with_the_printed_password(self) -> None:
        accounts = demo.accounts()
        assert {account.role for account in accounts} == {role.value for role in Role} - {"system", "integration"}
        assert [account.login for account in accounts] == [person.login for person in PEOPLE]
        assert {account.password for account in accounts} == {PASSWORD}
        assert session().scalar(select(func.count(func.distinct(User.password_hash)))) == 1

    def test_an_account_whose_password_was_changed_is_not_printed(self) -> None:
        with suppress(Undone), unit_of_work():
            session().scalars(select(User).where(User.login == "limin")).one().password_hash = "another"
            session().flush()
            assert "limin" not in {account.login for account in demo.accounts()}
            raise Undone  # the others see nothing of it


@pytest.mark.slow
@pytest.mark.usefixtures("stage")
def test_flask_seed_demo_refuses_where_there_are_tickets(played: Flask) -> None:
    result = played.test_cli_runner().invoke(args=["seed", "demo"])
    assert result.exit_code == 1
    assert "tickets in this database" in result.output


def test_flask_seed_and_prepare_plant_no_people(app: Flask) -> None:
    runner = app.test_cli_runner()
    for arguments in (["seed"], ["prepare", "--no-demo"], ["seed", "accounts"]):
        assert runner.invoke(args=arguments).exit_code == 0
    assert set(session().scalars(select(User.login))) == {"system"}
    assert demo.nobody_works_here()


def last_days(written: DemoPlan, days: int) -> DemoPlan:
    """The part of a plan that is about the tickets of the last days."""
    young = {step.ticket for step in of(written, Open) if step.at > written.now - timedelta(days=days)}
    return replace(written, steps=tuple(step for step in written.steps if step.ticket in young))


@pytest.mark.slow
@pytest.mark.postgresql
def test_it_plays_on_postgresql_and_where_the_base_has_a_shop_of_its_own(tmp_path: Any) -> None:
    written = last_days(demo.plan(7, NOW), 4)
    with databases.postgresql(tmp_path) as database, database.app.app_context():
        with unit_of_work():
            base.plant(NOW)
        assert demo.play(written) == len(of(written, Open)) > 60
        assert session().scalar(select(func.count(Ticket.id))) == len(of(written, Open))
        assert set(session().scalars(select(Shop.code))) == {"main", *demo.shops()}


def test_flask_seed_demo_refuses_where_its_logins_are_taken(app: Flask) -> None:
    with unit_of_work():
        base.plant(NOW)
        session().add(User(login="admin", name="我", role="admin", password_hash=None, created_at=NOW))
    result = app.test_cli_runner().invoke(args=["seed", "demo"])
    assert result.exit_code == 1
    assert "taken: admin" in result.output
    assert set(session().scalars(select(Shop.code))) == {"main"}
