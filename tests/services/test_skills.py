"""Skills: which tickets ask for them, and who has them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import Event, Skill, UserSkill
from helpdesk.services import skills
from helpdesk.services.skills import SkillSettings
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do, refused

FRAGILE = SkillSettings("易碎品", "Fragile goods", types=frozenset({"damaged"}), channels=frozenset({"jd"}))


def created(world: World, now: datetime, code: str = "fragile", settings: SkillSettings = FRAGILE, **more: Any) -> int:
    return do(skills.create_skill, code, settings, now=now, **({"actor": world.actors.ops} | more))


def stored(skill_id: int) -> Skill:
    return session().get_one(Skill, skill_id)


def told() -> list[tuple[str, dict[str, Any]]]:
    events = session().scalars(select(Event).where(Event.code.startswith("skill.")).order_by(Event.id))
    return [(event.code, event.params) for event in events]


def people(skill_id: int) -> set[int]:
    return set(session().scalars(select(UserSkill.user_id).where(UserSkill.skill_id == skill_id)))


def test_a_skill_is_made_with_what_asks_for_it_and_nobody_in_it(world: World, now: datetime) -> None:
    row = stored(created(world, now))
    assert (row.code, row.types, row.channels, row.active, row.version) == ("fragile", ["damaged"], ["jd"], True, 1)
    assert people(row.id) == set()
    assert told() == [("skill.created", {"skill": "fragile"})]


@pytest.mark.parametrize(
    ("code", "settings", "problem"),
    [
        ("Fragile", FRAGILE, "queue.bad_code"),
        ("fragile", SkillSettings(" ", "Fragile"), "queue.bad_name"),
        ("fragile", SkillSettings("易碎品", "x" * 61), "queue.bad_name"),
        ("fragile", SkillSettings("易碎品", "Fragile", types=frozenset({"moon"})), "skill.unknown_type"),
        ("fragile", SkillSettings("易碎品", "Fragile", channels=frozenset({"moon"})), "skill.unknown_channel"),
    ],
)
def test_what_can_be_no_skill_is_refused(
    world: World, now: datetime, code: str, settings: SkillSettings, problem: str
) -> None:
    with refused(Invalid, problem):
        created(world, now, code, settings)


def test_a_code_names_one_skill_and_there_are_not_endlessly_many(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    created(world, now)
    with refused(Conflict, "skill.code_taken"):
        created(world, now)
    monkeypatch.setattr(skills, "MOST_SKILLS", 1)
    with refused(Conflict, "skill.too_many"):
        created(world, now, "english")


def test_changing_it_is_checked_against_the_version_and_told(world: World, now: datetime) -> None:
    id = created(world, now)
    off = SkillSettings("易碎品", "Fragile goods", types=frozenset({"damaged", "wrong_item"}), active=False)
    do(skills.update_skill, id, 1, off, actor=world.actors.admin, now=now)
    row = stored(id)
    assert (row.types, row.channels, row.active, row.version) == (["damaged", "wrong_item"], [], False, 2)
    changes = {"active": [True, False], "channels": [["jd"], []], "types": [["damaged"], ["damaged", "wrong_item"]]}
    assert told()[-1] == ("skill.changed", {"skill": "fragile", "changes": changes})
    with refused(Stale, "skill.stale"):
        do(skills.update_skill, id, 1, FRAGILE, actor=world.actors.admin, now=now)
    do(skills.update_skill, id, 2, off, actor=world.actors.admin, now=now)  # nothing differs
    assert stored(id).version == 2
    with refused(NotFound, "skill.no_such_skill"):
        do(skills.update_skill, 999, 1, off, actor=world.actors.admin, now=now)


def test_a_type_that_the_rules_dropped_may_stay_in_a_skill_that_names_it(world: World, now: datetime) -> None:
    id = created(world, now)

    def drop() -> None:
        session().get_one(Skill, id).types = ["damaged", "gone"]

    do(drop)
    kept = SkillSettings("易碎", "Fragile", types=frozenset({"damaged", "gone"}))
    do(skills.update_skill, id, 1, kept, actor=world.actors.ops, now=now)
    assert stored(id).types == ["damaged", "gone"]


def given(id: int, version: int, world: World, now: datetime, *logins: str, who: str = "ops") -> None:
    ids = [getattr(world.users, login).id for login in logins]
    do(skills.set_people, id, version, ids, actor=getattr(world.actors, who), now=now)


def test_who_has_it_is_said_as_a_whole_and_told_one_by_one(world: World, now: datetime) -> None:
    id = created(world, now)
    given(id, 1, world, now, "agent", "warehouse")
    given(id, 2, world, now, "agent", "agent2")
    assert people(id) == {world.users.agent.id, world.users.agent2.id}
    assert told()[1:] == [
        ("skill.given", {"skill": "fragile", "user": world.users.agent.id}),
        ("skill.given", {"skill": "fragile", "user": world.users.warehouse.id}),
        ("skill.taken", {"skill": "fragile", "user": world.users.warehouse.id}),
        ("skill.given", {"skill": "fragile", "user": world.users.agent2.id}),
    ]
    with refused(Stale, "skill.stale"):
        given(id, 2, world, now)
    given(id, 3, world, now, "agent", "agent2")
    assert stored(id).version == 3


def test_only_who_works_on_tickets_has_skills(world: World, now: datetime) -> None:
    id = created(world, now)
    for nobody in ("auditor", "system", "admin"):
        with refused(Invalid, "queue.no_such_member"):
            given(id, 1, world, now, nobody)


def test_a_supervisor_speaks_for_the_people_of_his_queues_only(world: World, now: datetime) -> None:
    id = created(world, now)
    given(id, 1, world, now, "warehouse")
    given(id, 2, world, now, "warehouse", "agent", who="supervisor")
    assert people(id) == {world.users.warehouse.id, world.users.agent.id}
    with refused(NotAllowed, "skill.not_your_people"):
        given(id, 3, world, now, "agent", who="supervisor")


@pytest.mark.parametrize(("who", "code"), [("agent", "access.denied"), ("supervisor", "queue.settings_by_ops")])
def test_what_skills_there_are_is_said_by_ops(world: World, now: datetime, who: str, code: str) -> None:
    with refused(NotAllowed, code):
        created(world, now, actor=getattr(world.actors, who))


def set_of(user_id: int, seen: list[int], wanted: list[int], world: World, now: datetime, who: str = "ops") -> bool:
    return do(skills.set_skills_of, user_id, seen, wanted, actor=getattr(world.actors, who), now=now)


def test_a_persons_skills_are_said_at_once_as_they_were_seen(world: World, now: datetime) -> None:
    agent = world.users.agent.id
    one, two = created(world, now), created(world, now, "english")
    assert set_of(agent, [], [one, two], world, now, "supervisor")
    assert set_of(agent, [one, two], [two], world, now, "supervisor")
    assert not set_of(agent, [], [two], world, now, "supervisor")  # he wants what is there
    assert (people(one), people(two)) == (set(), {agent})
    assert (stored(one).version, stored(two).version) == (3, 2)
    assert [code for code, _ in told()[2:]] == ["skill.given", "skill.given", "skill.taken"]
    with refused(Stale, "skill.stale"):
        set_of(agent, [one], [], world, now)
    with refused(Invalid, "skill.no_such_skill"):
        set_of(agent, [two], [two, 999], world, now)
    assert people(two) == {agent}


def test_a_skill_that_is_switched_off_is_left_with_who_has_it(world: World, now: datetime) -> None:
    agent, id = world.users.agent.id, created(world, now)
    set_of(agent, [], [id], world, now)
    off = SkillSettings("易碎品", "Fragile goods", active=False)
    do(skills.update_skill, id, 2, off, actor=world.actors.ops, now=now)
    assert not set_of(agent, [], [], world, now)
    assert people(id) == {agent}


def test_skills_of_a_person_are_said_by_who_leads_him(world: World, now: datetime) -> None:
    id = created(world, now)
    with refused(NotAllowed, "skill.not_your_people"):
        set_of(world.users.warehouse.id, [], [id], world, now, "supervisor")
    with refused(NotAllowed, "access.denied"):
        set_of(world.users.agent.id, [], [id], world, now, "agent")
    with refused(Invalid, "queue.no_such_member"):
        set_of(world.users.auditor.id, [], [id], world, now)
