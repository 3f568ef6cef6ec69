"""Who changed which setting: names for ids, what was and is, pages by key, a fixed number of statements."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from helpdesk.domain.access import Role
from helpdesk.domain.escalation import Stage
from helpdesk.domain.problems import Invalid, NotAllowed
from helpdesk.domain.rulebook import Label
from helpdesk.queries import changes as queries
from helpdesk.queries.changes import Change
from helpdesk.services import accounts, escalation, queues, skills
from helpdesk.services.events import record
from helpdesk.services.queues import HandingOut
from helpdesk.services.skills import SkillSettings
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Statements
from tests.databases import Database
from tests.factories import World
from tests.services.story import do


def seen(world: World, **asked: Any) -> list[Change]:
    session().rollback()
    return list(queries.changes(world.actors.auditor, **asked).changes)


def lived(world: World, now: datetime) -> None:
    """Ops, a supervisor and an admin at work, one after the other."""
    ops, users = world.actors.ops, world.users
    own = world.queues.customer_service
    at = [now + timedelta(minutes=number) for number in range(5)]
    skill = do(skills.create_skill, "fragile", SkillSettings("易碎品", "Fragile"), actor=ops, now=at[0])
    do(skills.set_people, skill, 1, [users.agent.id], actor=ops, now=at[1])
    members = [users.agent.id, users.agent2.id, users.supervisor.id]
    given = HandingOut("least_load", 25)
    do(queues.update_queue, own.id, 1, given, members, actor=world.actors.supervisor, now=at[2])
    do(escalation.set_house_stages, [Stage("", 80, urgency=1)], 1, actor=ops, now=at[3])
    do(accounts.deactivate, users.outsider.id, actor=world.actors.admin, now=at[4])


def test_the_newest_change_stands_first_with_names_for_ids(world: World, now: datetime) -> None:
    lived(world, now)
    found = seen(world)
    assert [(change.code, change.by) for change in found] == [
        ("user.deactivated", "郑管"),
        ("rulebook.published", "吴营"),
        ("queue.changed", "孙领"),
        ("skill.given", "吴营"),
        ("skill.created", "吴营"),
    ]
    assert found[0].params["user"] == "陈外"
    assert found[2].params["queue"] == Label("客服", "Customer service")
    assert found[2].params["changes"]["capacity"] == [None, 25]
    assert found[3].params == {"skill": Label("易碎品", "Fragile"), "user": "林晓"}
    assert all(change.by_person for change in found)


def test_rules_are_shown_before_and_after(world: World, now: datetime) -> None:
    lived(world, now)
    published = seen(world, kind="escalation")[0]
    assert [row["code"] for row in published.before] == ["half", "warning", "breach", "overrun"]
    assert [row["percent"] for row in published.after] == [80]
    queue = world.queues.customer_service
    do(escalation.set_queue_stages, queue.id, [Stage("", 70, urgency=1)], 2, actor=world.actors.ops, now=now)
    first = next(change for change in seen(world) if change.params.get("section") == "queue_stages")
    assert not first.before
    assert list(first.after) == ["customer_service"]


def test_changes_are_sifted_by_kind_and_person(world: World, now: datetime) -> None:
    lived(world, now)
    assert {change.code for change in seen(world, kind="skills")} == {"skill.created", "skill.given"}
    assert {change.code for change in seen(world, person=world.users.supervisor.id)} == {"queue.changed"}
    assert seen(world, kind="skills", person=world.users.admin.id) == []
    with pytest.raises(Invalid):
        queries.changes(world.actors.auditor, kind="moon")


def test_what_is_about_tickets_or_about_nobodys_settings_is_no_change(world: World, now: datetime) -> None:
    with unit_of_work():
        ticket = tickets.ticket(world, now)
        record("queue.changed", actor=world.actors.ops, now=now, ticket_id=ticket.id, queue="finance")
        record("session.opened", actor=world.actors.ops, now=now, session=1)
    assert seen(world) == []


def test_pages_follow_each_other_without_a_gap(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PER_PAGE", 3)
    with unit_of_work():
        for number in range(8):
            record("learner.switched_off", actor=world.actors.ops, now=now, version=number)
    found, cursor = [], None
    while True:
        page = queries.changes(world.actors.ops, after=cursor)
        found += [change.params["version"] for change in page.changes]
        cursor = page.next
        if cursor is None:
            break
    assert found == [7, 6, 5, 4, 3, 2, 1, 0]


def test_many_changes_take_as_many_statements_as_a_few(world: World, now: datetime, statements: Statements) -> None:
    lived(world, now)
    session().rollback()
    with statements() as few:
        seen(world)
    for version in range(2, 12):
        do(escalation.set_house_stages, [Stage("", version, urgency=1)], version, actor=world.actors.ops, now=now)
    seen(world)
    with statements() as many:
        found = seen(world)
    assert len(found) == 15
    assert len(many) <= len(few) <= 9


def test_the_newest_are_found_by_an_index(world: World, database: Database) -> None:
    if database.app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql"):
        pytest.skip("it reads a small table whole")
    asked = "SELECT id FROM event WHERE ticket_id IS NULL AND code IN ('a', 'b') ORDER BY id DESC LIMIT 50"
    with unit_of_work() as work:
        plan = str(work.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all())
    assert "ix_event_ticket" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("role", [Role.AGENT, Role.FINANCE])
def test_others_do_not_read_them(world: World, role: Role) -> None:
    with pytest.raises(NotAllowed):
        queries.changes(getattr(world.actors, role.value))
    with pytest.raises(NotAllowed):
        queries.people(getattr(world.actors, role.value))


def test_everybody_who_may_have_changed_something_can_be_chosen(world: World) -> None:
    names = [name for _id, name in queries.people(world.actors.auditor)]
    assert "吴营" in names
    assert "系统" not in names
