from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Permission, Role
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.models import Event, Membership, User, UserSession
from helpdesk.services import accounts, passwords
from helpdesk.storage import session, unit_of_work
from tests import factories
from tests.factories import PASSWORD, World


@dataclass(frozen=True)
class Office:
    """An admin at work."""

    world: World
    now: datetime

    def create(self, **changed: Any) -> int:
        values: dict[str, Any] = {"login": "mei", "name": "梅", "role": Role.AGENT, "password_hash": "$hash"}
        with unit_of_work():
            return accounts.create_user(**{**values, "actor": self.world.actors.admin, "now": self.now, **changed})

    def update(self, user: User, version: int | None = None, **changed: Any) -> None:
        values: dict[str, Any] = {
            "name": user.name,
            "role": Role(user.role),
            "active": True,
            "locale": user.locale,
            "capacity": None,
            "member_of": self.queues_of(user),
        }
        with unit_of_work():
            accounts.update_user(
                user.id,
                user.version if version is None else version,
                **{**values, "actor": self.world.actors.admin, "now": self.now, **changed},
            )

    def queues_of(self, user: User) -> list[int]:
        return list(session().scalars(select(Membership.queue_id).where(Membership.user_id == user.id)))

    def user(self, user_id: int) -> User:
        return session().get_one(User, user_id, populate_existing=True)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [(row.code, row.params) for row in session().scalars(select(Event).order_by(Event.id))]


@pytest.fixture
def office(world: World, now: datetime) -> Office:
    return Office(world, now)


def test_a_new_person_has_a_role_and_queues_and_the_log_says_who_made_him(office: Office) -> None:
    queue = office.world.queues.finance
    user_id = office.create(login=" Mei.W ", role=Role.FINANCE, member_of=[queue.id], capacity=20)
    user = office.user(user_id)
    assert (user.login, user.role, user.capacity, user.active, user.version) == ("mei.w", "finance", 20, True, 1)
    assert office.queues_of(user) == [queue.id]
    assert office.events() == [
        ("user.created", {"user": user_id, "role": "finance"}),
        ("queue.member_joined", {"queue": "finance", "user": user_id}),
    ]
    event = session().scalars(select(Event)).first()
    assert event is not None
    assert (event.actor_id, event.ticket_id, event.source) == (office.world.users.admin.id, None, "page")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"login": "agent"}, "account.login_taken"),
        ({"login": "AGENT"}, "account.login_taken"),
        ({"login": "x"}, "account.bad_login"),
        ({"login": "mei wang"}, "account.bad_login"),
        ({"login": "m" * 61}, "account.bad_login"),
        ({"name": "  "}, "account.bad_name"),
        ({"name": "梅" * 61}, "account.bad_name"),
        ({"name": "a\x07b"}, "account.bad_name"),
        ({"role": Role.SYSTEM}, "account.bad_role"),
        ({"capacity": 0}, "account.bad_capacity"),
        ({"capacity": 1001}, "account.bad_capacity"),
        ({"member_of": [999]}, "queue.no_such_queue"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_person_that_can_not_be_is_refused_whole(office: Office, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(Problem) as refused:
        office.create(**changed)
    assert refused.value.code == code
    assert len(session().scalars(select(User.id)).all()) == 10
    assert office.events() == []


def test_each_change_is_told_apart_in_the_log(office: Office) -> None:
    agent = office.world.users.agent
    office.update(agent, role=Role.SUPERVISOR, name="林晓晓", member_of=[])
    assert office.events() == [
        ("queue.member_left", {"queue": "customer_service", "user": agent.id}),
        ("user.role_changed", {"user": agent.id, "old": "agent", "new": "supervisor"}),
        ("user.changed", {"user": agent.id, "changes": {"name": []}}),  # not what it is: it is about a person
    ]
    assert office.user(agent.id).version == 2


def test_what_a_limit_was_and_is_stands_in_the_log(office: Office) -> None:
    agent = office.world.users.agent
    office.update(agent, capacity=20, locale="en")
    changes = {"locale": ["zh_CN", "en"], "capacity": [None, 20]}
    assert office.events() == [("user.changed", {"user": agent.id, "changes": changes})]


def test_saving_without_a_change_leaves_the_version_alone(office: Office) -> None:
    office.update(office.world.users.agent)
    assert office.user(office.world.users.agent.id).version == 1
    assert office.events() == []


def test_a_form_that_was_overtaken_changes_nothing(office: Office) -> None:
    agent = office.world.users.agent
    office.update(agent, name="林大")
    with pytest.raises(Stale):
        office.update(agent, version=1, name="林二")
    assert office.user(agent.id).name == "林大"


def test_deactivating_ends_every_session(office: Office) -> None:
    with unit_of_work():
        factories.open_session(office.world.users.agent, office.now)
        factories.open_session(office.world.users.agent2, office.now)
    office.update(office.world.users.agent, active=False)
    left = session().scalars(select(UserSession.user_id)).all()
    assert left == [office.world.users.agent2.id]


@pytest.mark.parametrize("change", [{"active": False}, {"role": Role.OPS}], ids=["deactivated", "demoted"])
def test_the_last_admin_stays(office: Office, change: dict[str, Any]) -> None:
    admin = office.world.users.admin
    with pytest.raises(Conflict) as refused:
        office.update(admin, **change)
    assert refused.value.code == "account.last_admin"
    office.create(login="second", role=Role.ADMIN)
    office.update(admin, **change)
    assert office.user(admin.id).version == 2


def test_an_admin_who_was_deactivated_does_not_count(office: Office) -> None:
    second = office.user(office.create(login="second", role=Role.ADMIN))
    session().expunge(second)
    office.update(second, active=False)
    with pytest.raises(Conflict), unit_of_work():
        accounts.deactivate(office.world.users.admin.id, actor=office.world.actors.admin, now=office.now)


def test_the_systems_own_row_is_nobodys_to_change(office: Office) -> None:
    with pytest.raises(NotFound):
        office.update(office.world.users.system, role=Role.ADMIN)
    with pytest.raises(NotFound), unit_of_work():
        accounts.set_password(office.world.users.system.id, "$hash", actor=office.world.actors.admin, now=office.now)


def test_a_reset_password_ends_sessions_one_s_own_change_keeps_the_one_he_sits_at(office: Office) -> None:
    agent = office.world.users.agent
    with unit_of_work():
        factories.open_session(agent, office.now)
        factories.open_session(agent, office.now)
    kept = session().scalars(select(UserSession.id).order_by(UserSession.id)).first()
    with unit_of_work():
        accounts.change_own_password(
            agent.password_hash, "$new", keep_session=kept, actor=office.world.actors.agent, now=office.now
        )
    assert session().scalars(select(UserSession.id)).all() == [kept]
    with unit_of_work():
        accounts.set_password(agent.id, "$other", actor=office.world.actors.admin, now=office.now)
    assert session().scalars(select(UserSession.id)).all() == []


def test_a_password_that_changed_while_it_was_checked_is_not_overwritten(office: Office) -> None:
    agent = office.world.users.agent
    with unit_of_work():
        accounts.set_password(agent.id, "$reset", actor=office.world.actors.admin, now=office.now)
    with pytest.raises(Stale), unit_of_work():
        accounts.change_own_password(
            agent.password_hash, "$mine", keep_session=None, actor=office.world.actors.agent, now=office.now
        )


@pytest.mark.parametrize("login", ["agent", "supervisor", "finance", "ops", "auditor", "outsider"])
def test_only_an_admin_keeps_people(office: Office, login: str) -> None:
    actor = getattr(office.world.actors, login)
    assert not actor.may(Permission.USERS_MANAGE)
    with pytest.raises(NotAllowed):
        office.create(actor=actor)
    with pytest.raises(NotAllowed):
        office.update(office.world.users.agent, actor=actor, role=Role.ADMIN)
    with pytest.raises(NotAllowed), unit_of_work():
        accounts.deactivate(office.world.users.admin.id, actor=actor, now=office.now)
    with pytest.raises(NotAllowed), unit_of_work():
        accounts.set_password(office.world.users.admin.id, "$mine", actor=actor, now=office.now)


def test_a_password_is_checked_against_what_is_stored_and_never_right_where_nothing_is() -> None:
    assert passwords.matches(factories.password_hash(), PASSWORD)
    assert not passwords.matches(factories.password_hash(), PASSWORD + " ")
    assert not passwords.matches(None, "no password at all")
    assert not passwords.matches("not a hash", PASSWORD)


def test_a_hash_made_with_other_parameters_is_outdated() -> None:
    assert passwords.outdated(factories.password_hash())
    assert not passwords.outdated(accounts.new_password(PASSWORD, login="mei"))
    assert not passwords.outdated(None)


def test_a_weak_password_is_not_hashed_at_all() -> None:
    with pytest.raises(Invalid):
        accounts.new_password("short", login="mei")
