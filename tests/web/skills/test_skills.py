"""Skills as pages: the list, one of them, and who says what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import Skill, UserSkill
from helpdesk.services import skills
from helpdesk.services.skills import SkillSettings
from helpdesk.storage import session
from tests.conftest import Client, Login, Statements
from tests.factories import World
from tests.services.story import do


def form(world: World, **changed: Any) -> dict[str, Any]:
    plain = {
        "name_zh": "易碎品",
        "name_en": "Fragile goods",
        "types": ["damaged"],
        "channels": ["jd"],
        "active": "y",
        "people": [str(world.users.agent.id)],
        "version": "1",
    }
    return plain | changed


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


@pytest.fixture
def fragile(world: World, now: datetime) -> int:
    settings = SkillSettings("易碎", "Fragile", types=frozenset({"damaged"}))
    return do(skills.create_skill, "fragile", settings, actor=world.actors.ops, now=now)


def people(skill_id: int) -> set[int]:
    session().rollback()
    return set(session().scalars(select(UserSkill.user_id).where(UserSkill.skill_id == skill_id)))


def test_an_empty_list_says_what_skills_are_for(ops: Client) -> None:
    page = ops.get("/skills").text
    assert "还没有技能" in page
    assert "/skills/new" in page


def test_a_new_skill_is_made_and_then_given(ops: Client, world: World) -> None:
    answer = ops.submit("/skills/new", form(world, code="fragile"))
    row = session().scalars(select(Skill)).one()
    assert answer.headers["Location"] == f"/skills/{row.id}"
    assert (row.code, row.types, row.channels, row.active) == ("fragile", ["damaged"], ["jd"], True)
    assert people(row.id) == set()
    assert ops.submit(f"/skills/{row.id}", form(world, version="1")).status_code == 302
    assert people(row.id) == {world.users.agent.id}
    page = ops.get("/skills").text
    assert "渠道：京东" in page
    assert "林晓" in page


def test_settings_and_people_are_saved_together(ops: Client, world: World, fragile: int) -> None:
    values = {name: value for name, value in form(world, types=[]).items() if name != "active"}
    assert ops.submit(f"/skills/{fragile}", values).status_code == 302
    row = session().get_one(Skill, fragile)
    assert (row.name_zh, row.types, row.channels, row.active, row.version) == ("易碎品", [], ["jd"], False, 3)
    assert people(fragile) == {world.users.agent.id}
    assert "已停用" in ops.get("/skills").text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name_zh": ""}, "请填写"),
        ({"name_en": "x" * 61}, "最多 60 个字"),
        ({"types": ["moon"]}, "types-error"),
        ({"channels": ["moon"]}, "channels-error"),
        ({"people": ["999"]}, "people-error"),
        ({"people": ["x"]}, "people-error"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_form_with_a_mistake_comes_back_as_it_was_typed(
    ops: Client, world: World, fragile: int, changed: dict[str, Any], words: str
) -> None:
    page = ops.submit(f"/skills/{fragile}", form(world, **changed))
    assert page.status_code == 422
    assert words in page.text
    assert session().get_one(Skill, fragile).version == 1


@pytest.mark.parametrize(("code", "status"), [("fragile", 409), ("Fragile!", 422), ("", 422)])
def test_a_code_is_small_letters_and_not_taken(ops: Client, world: World, fragile: int, code: str, status: int) -> None:
    assert ops.submit("/skills/new", form(world, code=code)).status_code == status


def test_an_overtaken_form_shows_what_changed(ops: Client, world: World, fragile: int) -> None:
    ops.submit(f"/skills/{fragile}", form(world, name_zh="先来的", people=[]))
    page = ops.submit(f"/skills/{fragile}", form(world, name_zh="后到的"))
    assert page.status_code == 409
    assert "先来的" in page.text
    assert 'value="后到的"' in page.text
    assert 'name="version" value="2"' in page.text
    assert people(fragile) == set()


def test_a_supervisor_gives_it_to_his_own_people_and_leaves_others_with_it(
    client: Client, world: World, now: datetime, login: Login, fragile: int
) -> None:
    do(skills.set_people, fragile, 1, [world.users.warehouse.id], actor=world.actors.ops, now=now)
    login(client, world.users.supervisor)
    page = client.get(f"/skills/{fragile}").text
    assert 'name="name_zh"' not in page
    assert "另有别的队列的：赵仓" in page
    assert f'value="{world.users.warehouse.id}"' not in page
    assert client.submit(f"/skills/{fragile}", form(world, version="2")).status_code == 302
    assert people(fragile) == {world.users.warehouse.id, world.users.agent.id}
    assert session().get_one(Skill, fragile).name_zh == "易碎"
    taken = client.submit(f"/skills/{fragile}", form(world, version="3", people=[str(world.users.warehouse.id)]))
    assert taken.status_code == 422
    assert client.get("/skills/new").status_code == 403


def test_agents_look_and_change_nothing(client: Client, world: World, login: Login, fragile: int) -> None:
    login(client, world.users.agent)
    page = client.get("/skills").text
    assert "易碎" in page
    assert f"/skills/{fragile}" not in page
    assert client.get(f"/skills/{fragile}").status_code == 403


def test_one_that_is_not_there_is_not_found(ops: Client) -> None:
    for skill_id in (999, 2**31, 10**30):
        assert ops.get(f"/skills/{skill_id}").status_code == 404


def test_the_list_takes_as_many_statements_for_many_skills(
    ops: Client, world: World, now: datetime, statements: Statements
) -> None:
    ops.get("/skills")
    with statements() as few:
        ops.get("/skills")
    for number in range(10):
        settings = SkillSettings(f"技能{number}", "Skill")
        do(skills.create_skill, f"skill{number}", settings, actor=world.actors.ops, now=now)
    with statements() as many:
        ops.get("/skills")
    assert len(few) == len(many) <= 8
