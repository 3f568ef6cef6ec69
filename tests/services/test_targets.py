"""Targets: who sets them up, what is kept secret, what is refused."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.models import Envelope, Event, NotificationTarget
from helpdesk.queries import outbox as outbox_queries
from helpdesk.services import targets
from helpdesk.services.targets import TargetSettings
from helpdesk.storage import session, unit_of_work
from tests.factories import World

URL = "https://oapi.dingtalk.com/robot/send?access_token=t0ken"


def settings(world: World, **changed: Any) -> TargetSettings:
    values = {
        "name": "客服群",
        "queue_id": world.queues.customer_service.id,
        "kinds": ("sla.stage", "ticket.reminded"),
        "url": URL,
        "sign": "SECret",
        **changed,
    }
    return TargetSettings(**values)


def create(world: World, now: datetime, kind: str = "dingtalk", who: str = "supervisor", **changed: Any) -> int:
    with unit_of_work():
        return targets.create_target(
            kind, settings(world, **changed), allow_internal=False, actor=getattr(world.actors, who), now=now
        )


def change(world: World, target_id: int, version: int, now: datetime, who: str = "supervisor", **changed: Any) -> None:
    with unit_of_work():
        targets.update_target(
            target_id,
            version,
            settings(world, **changed),
            allow_internal=False,
            actor=getattr(world.actors, who),
            now=now,
        )


def stored(target_id: int) -> NotificationTarget:
    with unit_of_work():
        return session().get_one(NotificationTarget, target_id)


def test_a_robot_is_set_up_and_no_event_tells_its_secret(world: World, now: datetime) -> None:
    row = stored(create(world, now))
    assert (row.address, row.secret) == ("oapi.dingtalk.com", {"url": URL, "sign": "SECret"})
    change(world, row.id, 1, now, url="", sign="", name="新名字")
    change(world, row.id, 2, now, url=URL + "2", sign="")
    told = json.dumps([event.params for event in session().scalars(select(Event))])
    assert "t0ken" not in told
    assert "SECret" not in told
    assert [event.code for event in session().scalars(select(Event).order_by(Event.id))] == [
        "target.created",
        "target.changed",
        "target.changed",
    ]


def test_an_empty_secret_keeps_the_old_one_and_a_new_address_brings_its_own(world: World, now: datetime) -> None:
    target_id = create(world, now)
    change(world, target_id, 1, now, url="", sign="", digest_seconds=600)
    assert stored(target_id).secret == {"url": URL, "sign": "SECret"}
    change(world, target_id, 2, now, url="", sign="SECnew", digest_seconds=600)
    assert stored(target_id).secret == {"url": URL, "sign": "SECnew"}
    change(world, target_id, 3, now, url=URL + "2", sign="", digest_seconds=600)
    assert stored(target_id).secret == {"url": URL + "2", "sign": ""}
    assert stored(target_id).address == "oapi.dingtalk.com"


def test_saving_without_a_change_is_none(world: World, now: datetime) -> None:
    target_id = create(world, now)
    change(world, target_id, 1, now)
    assert stored(target_id).version == 1


def test_a_mailbox_for_a_queue(world: World, now: datetime) -> None:
    row = stored(create(world, now, "mail", mailbox=" cs@shop.example ", url="", sign=""))
    assert (row.address, row.secret) == ("cs@shop.example", {})
    change(world, row.id, 1, now, mailbox="cs2@shop.example", url="", sign="")
    assert stored(row.id).address == "cs2@shop.example"


def test_an_old_version_is_stale(world: World, now: datetime) -> None:
    target_id = create(world, now)
    change(world, target_id, 1, now, name="新")
    with pytest.raises(Stale, match=r"target\.stale"):
        change(world, target_id, 1, now, name="旧")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": " "}, "target.bad_name"),
        ({"name": "a\nb"}, "target.bad_name"),
        ({"name": "x" * 61}, "target.bad_name"),
        ({"kinds": ()}, "target.bad_news"),
        ({"kinds": ("outbox.dead",)}, "target.bad_news"),
        ({"kinds": ("nonsense",)}, "target.bad_news"),
        ({"url": ""}, "target.url_required"),
        ({"url": "https://evil.example/x"}, "target.other_host"),
        ({"url": "http://127.0.0.1/x"}, "target.bad_url"),
        ({"sign": "密"}, "target.bad_sign"),
        ({"locale": "fr"}, "input.bad_value"),
        ({"digest_seconds": -1}, "target.bad_digest"),
        ({"digest_seconds": 86_401}, "target.bad_digest"),
        ({"quiet": (60, 60)}, "target.bad_quiet_hours"),
        ({"quiet": (-1, 60)}, "target.bad_quiet_hours"),
        ({"quiet": (0, 1440)}, "target.bad_quiet_hours"),
    ],
)
def test_what_is_refused(world: World, now: datetime, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        create(world, now, **changed)
    assert refused.value.code == code


def test_names_are_unique_and_kinds_known(world: World, now: datetime) -> None:
    create(world, now)
    other = create(world, now, name="别的")
    with pytest.raises(Conflict, match=r"target\.name_taken"):
        create(world, now)
    with pytest.raises(Conflict, match=r"target\.name_taken"):
        change(world, other, 1, now)
    with pytest.raises(Invalid, match=r"target\.bad_kind"):
        create(world, now, "fax", name="传真")
    with pytest.raises(Invalid, match=r"queue\.no_such_queue"):
        create(world, now, who="ops", name="无", queue_id=999)


def test_a_supervisor_stays_within_his_queues(world: World, now: datetime) -> None:
    for queue_id in (world.queues.warehouse.id, None):
        with pytest.raises(NotAllowed, match=r"target\.not_yours"):
            create(world, now, queue_id=queue_id)
    theirs = create(world, now, who="ops", queue_id=None)
    with pytest.raises(NotFound):
        change(world, theirs, 1, now)
    mine = create(world, now, name="我的")
    with pytest.raises(NotAllowed):
        change(world, mine, 1, now, queue_id=None)
    for who in ("agent", "warehouse", "finance", "auditor"):
        with pytest.raises(Problem, match=r"access\.denied"):
            create(world, now, who=who, name=who)


def test_switched_off_it_is_not_tested(world: World, now: datetime) -> None:
    target_id = create(world, now)
    with unit_of_work():
        targets.deactivate_target(target_id, 1, actor=world.actors.supervisor, now=now)
        targets.deactivate_target(target_id, 2, actor=world.actors.supervisor, now=now)
        with pytest.raises(Stale):
            targets.deactivate_target(target_id, 1, actor=world.actors.supervisor, now=now)
        with pytest.raises(Conflict, match=r"target\.switched_off"):
            targets.test_target(target_id, actor=world.actors.supervisor, now=now)
    assert not stored(target_id).active


def test_a_test_is_one_envelope_that_only_its_managers_follow(world: World, now: datetime) -> None:
    target_id = create(world, now, who="ops", queue_id=None)
    with unit_of_work():
        envelope_id = targets.test_target(target_id, actor=world.actors.ops, now=now)
        assert targets.test_target(target_id, actor=world.actors.ops, now=now) == envelope_id
    assert outbox_queries.test_state(envelope_id, world.actors.admin).state == "waiting"
    with pytest.raises(NotFound):
        outbox_queries.test_state(envelope_id, world.actors.supervisor)
    with pytest.raises(NotFound):
        outbox_queries.test_state(envelope_id + 1, world.actors.ops)
    assert len(session().scalars(select(Envelope)).all()) == 1
