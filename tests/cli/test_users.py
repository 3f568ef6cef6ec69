from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from helpdesk.models import Event, User, UserSession
from helpdesk.queries import accounts
from helpdesk.services import passwords
from helpdesk.storage import session, unit_of_work
from tests import factories
from tests.factories import World

GOOD = "seven loose threads"


def run(app: Flask, *arguments: str) -> Result:
    result = app.test_cli_runner().invoke(args=["user", *arguments])
    session().rollback()
    return result


def test_a_person_is_created_with_role_and_queues_by_the_system(app: Flask, world: World) -> None:
    result = run(app, "create", "mei", "--name", "梅", "--role", "supervisor", "--queue", "finance", "--password", GOOD)
    assert result.exit_code == 0, result.output
    row = next(
        row for row in accounts.users(world.actors.admin, now=world.users.admin.created_at) if row.login == "mei"
    )
    assert (row.name, row.role.value, [queue.code for queue in row.queues]) == ("梅", "supervisor", ["finance"])
    known = accounts.credentials("mei")
    assert known is not None
    assert passwords.matches(known.password_hash, GOOD)
    event = session().scalars(select(Event).where(Event.code == "user.created")).one()
    assert (event.source, event.actor_id) == ("cli", world.users.system.id)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "agent", "--password", GOOD), "已经有人用了"),
        (("create", "Ä", "--password", GOOD), "登录名"),
        (("create", "mei", "--password", "short"), "至少 12 个字符"),
        (("create", "mei", "--queue", "no_such", "--password", GOOD), "没有这个队列"),
        (("password", "nobody", "--password", GOOD), "没有这个用户"),
        (("deactivate", "system"), "没有这个用户"),
        (("deactivate", "admin"), "最后一位管理员"),
    ],
    ids=["login taken", "bad login", "short password", "no such queue", "nobody", "the system", "last admin"],
)
def test_a_refusal_is_said_in_words_and_changes_nothing(
    app: Flask, world: World, arguments: tuple[str, ...], words: str
) -> None:
    before = session().execute(select(User.login, User.active, User.password_hash).order_by(User.id)).all()
    result = run(app, *arguments)
    assert result.exit_code == 1
    assert words in result.output
    after = session().execute(select(User.login, User.active, User.password_hash).order_by(User.id)).all()
    assert after == before


def test_a_new_password_ends_sessions(app: Flask, world: World) -> None:
    with unit_of_work():
        factories.open_session(world.users.agent, world.users.agent.created_at)
    assert run(app, "password", "agent", "--password", GOOD).exit_code == 0
    assert session().scalars(select(UserSession)).all() == []


def test_a_deactivated_person_stays_in_the_records(app: Flask, world: World) -> None:
    assert run(app, "deactivate", "agent").exit_code == 0
    assert session().scalars(select(User.active).where(User.login == "agent")).one() is False
