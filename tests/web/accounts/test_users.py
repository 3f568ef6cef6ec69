from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import Membership, User, UserSession
from helpdesk.queries import accounts as queries
from helpdesk.services import passwords
from helpdesk.storage import session, unit_of_work
from tests import factories
from tests.conftest import Client, Login, Statements
from tests.factories import World


def form(world: World, **changed: Any) -> dict[str, Any]:
    return {
        "login": "mei",
        "name": "梅",
        "role": "agent",
        "locale": "zh_CN",
        "queues": [str(world.queues.finance.id)],
        "active": "y",
        "password": "seven loose threads",
        "version": "1",
        **changed,
    }


@pytest.fixture
def admin(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.admin)
    return client


def test_everybody_is_listed_but_for_the_system(admin: Client, world: World) -> None:
    page = admin.get("/users").text
    assert all(user.name in page for name, user in vars(world.users).items() if name != "system")
    assert "<code>system</code>" not in page


def test_the_list_takes_as_many_statements_for_many_people(admin: Client, world: World, statements: Statements) -> None:
    with statements() as few:
        admin.get("/users")
    with unit_of_work():
        for number in range(30):
            factories.user(f"more{number}", world.users.admin.created_at, queues=[world.queues.finance])
    with statements() as many:
        admin.get("/users")
    assert len(few) == len(many) <= 5


def test_a_new_person_can_log_in(admin: Client, world: World) -> None:
    assert admin.submit("/users/new", form(world)).headers["Location"] == "/users"
    row = session().scalars(select(User).where(User.login == "mei")).one()
    assert (row.name, row.role, row.active) == ("梅", "agent", True)
    assert passwords.matches(row.password_hash, "seven loose threads")
    assert "已新建用户 梅" in admin.get("/users").text


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"login": ""}, 422, "请填写"),
        ({"login": "agent"}, 409, "已经有人用了"),
        ({"login": "梅 梅"}, 422, "小写字母"),
        ({"name": "长" * 61}, 422, "最多 60 个字"),
        ({"role": "system"}, 422, "role"),
        ({"password": ""}, 422, "请填写"),
        ({"password": "short"}, 422, "至少 12 个字符"),
        ({"capacity": "0"}, 422, "1 到 1000"),
        ({"queues": ["99"]}, 422, "queues"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_form_with_a_mistake_comes_back_as_it_was_typed(
    admin: Client, world: World, changed: dict[str, Any], status: int, words: str
) -> None:
    page = admin.submit("/users/new", form(world, **{"name": "<b>梅</b>", **changed}))
    assert page.status_code == status
    assert words in page.text
    assert "&lt;b&gt;梅&lt;/b&gt;" in page.text or "name" in changed
    assert "seven loose threads" not in page.text
    assert session().scalars(select(User).where(User.login == "mei")).all() == []


def test_role_queues_and_password_change_together(admin: Client, world: World) -> None:
    agent = world.users.agent
    with unit_of_work():
        factories.open_session(agent, agent.created_at)
    answer = admin.submit(f"/users/{agent.id}", form(world, role="supervisor", password="a brand new one"))
    assert answer.status_code == 302
    row = session().get_one(User, agent.id)
    assert (row.login, row.name, row.role, row.version) == ("agent", "梅", "supervisor", 2)
    assert session().scalars(select(Membership.queue_id).where(Membership.user_id == agent.id)).all() == [
        world.queues.finance.id
    ]
    assert passwords.matches(row.password_hash, "a brand new one")
    assert session().scalars(select(UserSession).where(UserSession.user_id == agent.id)).all() == []


def test_without_a_new_password_the_old_one_stays(admin: Client, world: World) -> None:
    assert admin.submit(f"/users/{world.users.agent.id}", form(world, password="")).status_code == 302
    known = queries.credentials("agent")
    assert known is not None
    assert known.password_hash == factories.password_hash()


def test_an_overtaken_form_shows_what_changed_and_keeps_what_was_typed(admin: Client, world: World) -> None:
    path = f"/users/{world.users.agent.id}"
    admin.submit(path, form(world, name="先来的", role="ops", password=""))
    page = admin.submit(path, form(world, name="后到的", password=""))
    assert page.status_code == 409
    assert "先来的" in page.text
    assert 'value="后到的"' in page.text
    assert "运营经理" in page.text
    assert 'name="version" value="2"' in page.text
    assert session().get_one(User, world.users.agent.id).name == "先来的"
    assert admin.submit(path, form(world, name="后到的", password="", version="2")).status_code == 302


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 40, "1.0"])
def test_a_version_that_is_none_is_an_overtaken_form(admin: Client, world: World, version: str) -> None:
    answer = admin.submit(f"/users/{world.users.agent.id}", form(world, version=version, password=""))
    assert answer.status_code == 409


def test_the_last_admin_can_not_lock_the_house(admin: Client, world: World) -> None:
    path = f"/users/{world.users.admin.id}"
    for changed in ({"role": "agent"}, {"role": "admin", "active": ""}):
        values = {name: value for name, value in form(world, password="", **changed).items() if value}
        page = admin.submit(path, values)
        assert page.status_code == 409
        assert "最后一位管理员" in page.text
    assert session().get_one(User, world.users.admin.id).active


def test_somebody_deactivated_is_out_at_his_next_click(
    admin: Client, client: Client, world: World, login: Login
) -> None:
    other = client.application.test_client()
    login(other, world.users.agent)
    assert other.get("/account").status_code == 200
    values = {name: value for name, value in form(world, password="").items() if name != "active"}
    assert admin.submit(f"/users/{world.users.agent.id}", values).status_code == 302
    assert other.get("/account").status_code == 302


def test_nobody_edits_the_system_or_one_who_is_not_there(admin: Client, world: World) -> None:
    for user_id in (world.users.system.id, 999, 2**31, 10**30):
        assert admin.get(f"/users/{user_id}").status_code == 404
        assert admin.submit(f"/users/{user_id}", form(world)).status_code == 404


def test_who_may_only_read_gets_no_links_to_edit(client: Client, world: World, login: Login) -> None:
    login(client, world.users.auditor)
    page = client.get("/users").text
    assert f"/users/{world.users.agent.id}" not in page
    assert "/users/new" not in page
