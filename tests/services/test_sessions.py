from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.domain.access import Role
from helpdesk.domain.problems import NotFound, TooMany
from helpdesk.models import Event, LoginAttempt, User, UserSession
from helpdesk.queries import accounts as queries
from helpdesk.services import accounts, sessions
from helpdesk.storage import session, unit_of_work
from tests.factories import World

HERE, THERE = "10.0.0.1", "10.0.0.2"


def try_to_log_in(login: str, address: str, now: datetime, times: int = 1) -> None:
    for _ in range(times):
        with unit_of_work():
            sessions.admit(login, address, now=now)


def opened(world: World, now: datetime, login: str = "agent") -> str:
    user: User = getattr(world.users, login)
    with unit_of_work():
        return sessions.open_session(user.id, login, address=HERE, agent="Firefox", now=now, hours=12)


def test_the_sixth_try_for_a_login_from_one_place_waits_until_the_first_is_a_quarter_of_an_hour_old(
    world: World, now: datetime
) -> None:
    try_to_log_in("agent", HERE, now)
    try_to_log_in("agent", HERE, now + timedelta(minutes=5), times=4)
    with pytest.raises(TooMany) as refused:
        try_to_log_in("agent", HERE, now + timedelta(minutes=6))
    assert refused.value.params["retry_after"] == 9 * 60
    try_to_log_in("agent", THERE, now + timedelta(minutes=6))
    try_to_log_in("agent2", HERE, now + timedelta(minutes=6))
    try_to_log_in("agent", HERE, now + timedelta(minutes=15))


def test_a_refused_try_is_not_counted(world: World, now: datetime) -> None:
    try_to_log_in("agent", HERE, now, times=5)
    for _ in range(3):
        with pytest.raises(TooMany):
            try_to_log_in("agent", HERE, now + timedelta(minutes=10))
    try_to_log_in("agent", HERE, now + timedelta(minutes=15))


def test_one_address_can_not_try_many_logins(world: World, now: datetime) -> None:
    for number in range(sessions.TRIES_PER_ADDRESS):
        try_to_log_in(f"guess{number}", HERE, now)
    with pytest.raises(TooMany):
        try_to_log_in("agent", HERE, now)


def test_many_addresses_can_not_try_one_login(world: World, now: datetime) -> None:
    for number in range(sessions.TRIES_PER_LOGIN):
        try_to_log_in("agent", f"10.1.0.{number}", now)
    with pytest.raises(TooMany):
        try_to_log_in("agent", HERE, now)


def test_logging_in_forgives_the_login_but_not_the_address(world: World, now: datetime) -> None:
    try_to_log_in("guess", HERE, now, times=4)
    try_to_log_in("agent", HERE, now, times=5)
    opened(world, now)
    try_to_log_in("agent", HERE, now, times=5)
    counted = session().scalar(select(func.count()).select_from(LoginAttempt))
    assert counted == 4 * 3 + (4 + 4) + 5 * 3  # of the five tries the one that was right is forgotten everywhere


def test_only_the_hash_of_a_token_is_stored_and_no_login_in_the_tries(world: World, now: datetime) -> None:
    try_to_log_in("agent", HERE, now)
    token = opened(world, now)
    row = session().scalars(select(UserSession)).one()
    assert token not in (row.token_hash, row.agent, row.address)
    assert len(token) >= 40
    assert "agent" not in session().scalars(select(LoginAttempt.key)).all()


def test_a_token_names_the_person_his_role_and_queues_in_one_statement(world: World, now: datetime, statements) -> None:  # type: ignore[no-untyped-def]
    token = opened(world, now)
    with statements() as seen:
        found = queries.signed_in(sessions.token_hash(token), now=now)
    assert len(seen) == 1
    assert found is not None
    assert found.actor("page") == world.actors.agent


def test_a_session_ends_after_its_hours_without_use_and_lives_on_with_it(world: World, now: datetime) -> None:
    hashed = sessions.token_hash(opened(world, now))
    found = queries.signed_in(hashed, now=now + timedelta(hours=12, seconds=-1))
    assert found is not None
    assert queries.signed_in(hashed, now=now + timedelta(hours=12)) is None
    with unit_of_work():
        sessions.touch(found.session_id, now=now + timedelta(hours=11), hours=12)
    assert queries.signed_in(hashed, now=now + timedelta(hours=22)) is not None


def test_demotion_and_deactivation_act_at_once(world: World, now: datetime) -> None:
    hashed = sessions.token_hash(opened(world, now, "supervisor"))
    with unit_of_work() as work:
        work.get_one(User, world.users.supervisor.id).role = Role.AGENT.value
    found = queries.signed_in(hashed, now=now)
    assert found is not None
    assert found.role is Role.AGENT
    with unit_of_work():
        accounts.deactivate(world.users.supervisor.id, actor=world.actors.admin, now=now)
    assert queries.signed_in(hashed, now=now) is None


def test_nobody_ends_another_ones_session(world: World, now: datetime) -> None:
    opened(world, now)
    row = session().scalars(select(UserSession)).one()
    with pytest.raises(NotFound), unit_of_work():
        sessions.end_session(row.id, actor=world.actors.admin, now=now)
    with unit_of_work():
        sessions.end_session(row.id, actor=world.actors.agent, now=now)
    assert session().scalars(select(UserSession)).all() == []
    assert session().scalars(select(Event.code).order_by(Event.id)).all() == ["session.opened", "session.ended"]


def test_somebody_deactivated_while_his_password_was_checked_does_not_get_in(world: World, now: datetime) -> None:
    with unit_of_work():
        accounts.deactivate(world.users.agent.id, actor=world.actors.admin, now=now)
    with pytest.raises(NotFound):
        opened(world, now)


def test_a_hash_with_old_parameters_is_replaced(world: World, now: datetime) -> None:
    with unit_of_work():
        sessions.open_session(
            world.users.agent.id, "agent", address=HERE, agent="", now=now, hours=12, new_hash="$argon2id$new"
        )
    known = queries.credentials("agent")
    assert known is not None
    assert known.password_hash == "$argon2id$new"
