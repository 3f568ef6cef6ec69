"""What members of a queue can take: limits and skills, on the queue's page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import User, UserSkill
from helpdesk.services import skills
from helpdesk.services.skills import SkillSettings
from helpdesk.storage import session
from tests.conftest import Client, Login
from tests.factories import World
from tests.services.story import do


@pytest.fixture
def english(world: World, now: datetime) -> int:
    return do(skills.create_skill, "english", SkillSettings("英文", "English"), actor=world.actors.ops, now=now)


@pytest.fixture
def supervisor(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.supervisor)
    return client


def line(user: User, **changed: Any) -> dict[str, Any]:
    plain = {"capacity": "20", "skills": [], "seen": "", "version": "1"}
    return {f"member-{user.id}-{name}": value for name, value in (plain | changed).items()}


def save(client: Client, world: World, *lines: dict[str, Any], queue: str = "customer_service") -> Any:
    values = {name: value for one in lines for name, value in one.items()}
    path = f"/queues/{getattr(world.queues, queue).id}"
    answer = client.submit(f"{path}/members", values)
    return client.get(path) if answer.status_code == 302 else answer


def capacity(user: User) -> int | None:
    session().rollback()
    return session().get_one(User, user.id).capacity


def held(user: User) -> list[int]:
    session().rollback()
    return list(session().scalars(select(UserSkill.skill_id).where(UserSkill.user_id == user.id)))


def test_a_supervisor_sets_limits_and_skills_of_his_people(supervisor: Client, world: World, english: int) -> None:
    users = world.users
    page = supervisor.get(f"/queues/{world.queues.customer_service.id}").text
    assert f'name="member-{users.agent.id}-capacity"' in page
    answer = save(supervisor, world, line(users.agent, skills=[str(english)]), line(users.agent2, capacity=""))
    assert "已保存成员的上限和技能" in answer.text
    assert (capacity(users.agent), capacity(users.agent2)) == (20, None)
    assert (held(users.agent), held(users.agent2)) == ([english], [])
    seen = str(english)
    save(supervisor, world, line(users.agent, seen=seen, version="2"))
    assert held(users.agent) == []


@pytest.mark.parametrize("wrong", [{"capacity": "0"}, {"capacity": "many"}, {"skills": ["999"]}, {"skills": ["x"]}])
def test_one_mistake_and_nothing_is_saved(
    supervisor: Client, world: World, english: int, wrong: dict[str, Any]
) -> None:
    answer = save(supervisor, world, line(world.users.agent2), line(world.users.agent, **wrong))
    assert "林晓：" in answer.text
    assert capacity(world.users.agent2) is None


def test_who_was_changed_meanwhile_is_not_overwritten(supervisor: Client, world: World, english: int) -> None:
    users = world.users
    save(supervisor, world, line(users.agent, skills=[str(english)]))
    answer = save(supervisor, world, line(users.agent2), line(users.agent, capacity="30", version="1"))
    assert "被别人改过" in answer.text
    answer = save(supervisor, world, line(users.agent, skills=[], seen="", version="2"))
    assert "被别人改过" in answer.text
    assert (capacity(users.agent), capacity(users.agent2), held(users.agent)) == (20, None, [english])


def test_only_members_of_the_queue_are_looked_at(supervisor: Client, world: World) -> None:
    save(supervisor, world, line(world.users.warehouse))
    assert capacity(world.users.warehouse) is None
    assert save(supervisor, world, line(world.users.warehouse), queue="warehouse").status_code == 403
    assert capacity(world.users.warehouse) is None
