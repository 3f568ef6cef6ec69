from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Conflict, NotAllowed, Problem, Stale
from helpdesk.models import Event, Membership, Queue, RuleBookRow, User
from helpdesk.services import queues
from helpdesk.services.queues import HandingOut, QueueSettings
from helpdesk.storage import session, unit_of_work
from tests.factories import World


@dataclass(frozen=True)
class Office:
    """Somebody from operations at work."""

    world: World
    now: datetime

    def settings(self, **changed: Any) -> QueueSettings:
        plain = QueueSettings(
            name_zh="质检",
            name_en="Quality",
            calendar_id=self.world.calendars.office.id,
            assignment="manual",
            writes_to_buyers=False,
            active=True,
        )
        return replace(plain, **changed)

    def create(self, code: str = "quality", actor: Actor | None = None, **changed: Any) -> int:
        with unit_of_work():
            return queues.create_queue(
                code, self.settings(**changed), actor=actor or self.world.actors.ops, now=self.now
            )

    def update(
        self,
        queue_id: int,
        settings: QueueSettings | HandingOut | None,
        members: list[int],
        *,
        version: int = 1,
        actor: Actor | None = None,
    ) -> None:
        with unit_of_work():
            queues.update_queue(
                queue_id, version, settings, members, actor=actor or self.world.actors.ops, now=self.now
            )

    def queue(self, queue_id: int) -> Queue:
        return session().get_one(Queue, queue_id, populate_existing=True)

    def members(self, queue_id: int) -> list[int]:
        asked = select(Membership.user_id).where(Membership.queue_id == queue_id).order_by(Membership.user_id)
        return list(session().scalars(asked))

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [(row.code, row.params) for row in session().scalars(select(Event).order_by(Event.id))]


@pytest.fixture
def office(world: World, now: datetime) -> Office:
    return Office(world, now)


def test_a_new_queue_stands_at_the_end(office: Office) -> None:
    queue = office.queue(office.create(capacity=30, assignment="least_load"))
    assert (queue.code, queue.position, queue.capacity, queue.assignment) == ("quality", 4, 30, "least_load")
    assert office.events() == [("queue.created", {"queue": "quality"})]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"code": "finance"}, "queue.code_taken"),
        ({"code": "Quality"}, "queue.bad_code"),
        ({"code": ""}, "queue.bad_code"),
        ({"name_zh": " "}, "queue.bad_name"),
        ({"name_en": "Q" * 61}, "queue.bad_name"),
        ({"assignment": "by_mood"}, "queue.bad_assignment"),
        ({"capacity": 0}, "queue.bad_capacity"),
        ({"calendar_id": 99}, "queue.no_such_calendar"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_queue_that_can_not_be_is_refused(office: Office, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(Problem) as refused:
        office.create(**changed)
    assert refused.value.code == code
    assert len(session().scalars(select(Queue.id)).all()) == 3


def test_settings_and_members_change_together_and_the_log_tells_them_apart(office: Office) -> None:
    queue, people = office.world.queues.warehouse, office.world.users
    settings = office.settings(name_zh="仓配", name_en="Warehouse")
    office.update(queue.id, settings, [people.outsider.id])
    assert office.members(queue.id) == [people.outsider.id]
    assert office.events() == [
        ("queue.member_left", {"queue": "warehouse", "user": people.warehouse.id}),
        ("queue.member_joined", {"queue": "warehouse", "user": people.outsider.id}),
        ("queue.changed", {"queue": "warehouse", "changes": {"name_zh": ["仓库", "仓配"]}}),
    ]
    assert office.queue(queue.id).version == 2


def test_a_form_that_was_overtaken_changes_nothing(office: Office) -> None:
    queue = office.world.queues.warehouse
    office.update(queue.id, None, [])
    with pytest.raises(Stale):
        office.update(queue.id, None, [office.world.users.outsider.id])
    assert office.members(queue.id) == []


def test_a_supervisor_says_who_is_in_his_own_queues_and_how_tickets_are_handed_out(office: Office) -> None:
    world, supervisor = office.world, office.world.actors.supervisor
    own = world.queues.customer_service
    office.update(own.id, None, [world.users.supervisor.id, world.users.outsider.id], actor=supervisor)
    assert office.members(own.id) == [world.users.supervisor.id, world.users.outsider.id]
    members = office.members(own.id)
    office.update(own.id, HandingOut("least_load", 25), members, version=2, actor=supervisor)
    queue = office.queue(own.id)
    assert (queue.assignment, queue.capacity, queue.name_zh, queue.version) == ("least_load", 25, "客服", 3)
    changes = {"assignment": ["manual", "least_load"], "capacity": [None, 25]}
    assert office.events()[-1] == ("queue.changed", {"queue": "customer_service", "changes": changes})
    with pytest.raises(NotAllowed) as refused:
        office.update(own.id, office.settings(), [], version=3, actor=supervisor)
    assert refused.value.code == "queue.settings_by_ops"
    with pytest.raises(NotAllowed) as refused:
        office.update(world.queues.finance.id, HandingOut("manual", 5), [], actor=supervisor)
    assert refused.value.code == "queue.not_yours"
    with pytest.raises(NotAllowed):
        office.create(actor=supervisor)


@pytest.mark.parametrize(
    ("settings", "code"),
    [(HandingOut("by_mood", 5), "queue.bad_assignment"), (HandingOut("manual", 1001), "queue.bad_capacity")],
)
def test_a_way_of_handing_out_that_there_is_not_is_refused(office: Office, settings: HandingOut, code: str) -> None:
    own = office.world.queues.customer_service
    with pytest.raises(Problem) as refused:
        office.update(own.id, settings, [], actor=office.world.actors.supervisor)
    assert refused.value.code == code
    assert office.queue(own.id).version == 1


@pytest.mark.parametrize("login", ["agent", "finance", "auditor", "outsider"])
def test_others_leave_queues_alone(office: Office, login: str) -> None:
    actor = getattr(office.world.actors, login)
    with pytest.raises(NotAllowed):
        office.update(office.world.queues.customer_service.id, None, [], actor=actor)
    with pytest.raises(NotAllowed):
        office.create(actor=actor)


def test_only_people_who_work_here_become_members(office: Office) -> None:
    queue, users = office.world.queues.warehouse, office.world.users
    with unit_of_work() as work:
        work.get_one(User, users.agent2.id).active = False
    for nobody in (users.system.id, users.agent2.id, 999):
        with pytest.raises(Problem) as refused:
            office.update(queue.id, None, [nobody])
        assert refused.value.code == "queue.no_such_member"
    assert office.members(queue.id) == [users.warehouse.id]


def test_a_queue_that_the_rules_send_tickets_to_can_not_be_switched_off(office: Office) -> None:
    with pytest.raises(Conflict) as refused:
        office.update(office.world.queues.warehouse.id, office.settings(active=False), [])
    assert refused.value.code == "queue.in_rules"
    with unit_of_work() as work:
        work.get_one(RuleBookRow, 1).status = "retired"
    office.update(office.world.queues.warehouse.id, office.settings(active=False), [])
    assert not office.queue(office.world.queues.warehouse.id).active
