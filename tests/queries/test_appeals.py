"""Appeals that wait, those that may be filed, and what became of the last ones."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from helpdesk.domain.tickets import Party
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries.appeals import AppealDesk, appeal_desk
from helpdesk.queries.ticket_shares import ticket_shares
from helpdesk.services import appeals, responsibility
from tests.conftest import Statements
from tests.factories import World
from tests.services.story import do, look, opened

HOUR = timedelta(hours=1)
BLAMED = {Party.WAREHOUSE: 60, Party.COURIER: 40}


def desk(world: World, name: str, now: datetime) -> AppealDesk:
    return appeal_desk(getattr(world.actors, name), published_rulebook(), now)


def blame(number: str, world: World, now: datetime) -> int:
    known = responsibility.revision_of(look(number).id)
    do(responsibility.set_shares, number, BLAMED, revision=known, actor=world.actors.agent, now=now)
    return responsibility.revision_of(look(number).id)


@pytest.fixture
def number(world: World, now: datetime) -> str:
    number = opened(world, now, type="lost_parcel")
    do(responsibility.mark_evidence, number, {"delivery_proof": False}, seen={}, actor=world.actors.agent, now=now)
    blame(number, world, now)
    return number


def file(number: str, world: World, now: datetime) -> int:
    known = responsibility.revision_of(look(number).id)
    return do(
        appeals.appeal, number, Party.WAREHOUSE, "发出时完好", revision=known, actor=world.actors.warehouse, now=now
    )


def test_a_share_can_be_disputed_by_its_queue_until_its_time_is_up(world: World, now: datetime, number: str) -> None:
    (one,) = desk(world, "warehouse", now + HOUR).disputable
    assert (one.ticket, one.party, one.percent, one.until) == (number, Party.WAREHOUSE, 60, now + 48 * HOUR)
    assert one.shares == ((Party.WAREHOUSE, 60), (Party.COURIER, 40))
    assert dict(one.evidence) == {"delivery_proof": False}
    assert one.revision == responsibility.revision_of(look(number).id)
    assert not one.openable, "it stands in another queue"
    assert desk(world, "warehouse", now + 48 * HOUR).disputable
    assert not desk(world, "warehouse", now + 48 * HOUR + timedelta(seconds=1)).disputable
    for name in ("agent", "supervisor", "ops", "auditor", "outsider"):
        assert not desk(world, name, now).disputable


def test_filed_it_waits_for_the_supervisor_and_ops_and_is_seen_by_its_queue(
    world: World, now: datetime, number: str
) -> None:
    filed = file(number, world, now)
    assert desk(world, "warehouse", now).disputable == ()
    assert [one.id for one in desk(world, "warehouse", now).filed] == [filed]
    for name in ("supervisor", "ops"):
        (one,) = desk(world, name, now).to_decide
        assert (one.id, one.why, one.by_id, one.version) == (filed, "发出时完好", world.actors.warehouse.id, 1)
        assert one.said_by_id == world.actors.agent.id
    for name in ("agent", "finance", "auditor", "outsider"):
        empty = desk(world, name, now)
        assert (empty.to_decide, empty.filed) == ((), ())


def test_decided_it_stays_in_sight_and_cannot_be_disputed_again(world: World, now: datetime, number: str) -> None:
    filed = file(number, world, now)
    do(appeals.reject, filed, "没有打包记录", version=1, actor=world.actors.supervisor, now=now)
    for name in ("warehouse", "supervisor"):
        (one,) = desk(world, name, now).decided
        assert (one.state, one.answer) == ("rejected", "没有打包记录")
    assert desk(world, "warehouse", now).disputable == ()


def test_the_ticket_tells_shares_ticks_appeals_and_the_revision_in_one_statement(
    world: World, now: datetime, number: str, statements: Statements
) -> None:
    filed, ticket_id = file(number, world, now), look(number).id
    revision = responsibility.revision_of(ticket_id)
    with statements() as seen:
        found = ticket_shares(ticket_id)
    assert len(seen) == 1
    assert [(one.party, one.percent, one.settled_at) for one in found.shares] == [
        (Party.WAREHOUSE, 60, now),
        (Party.COURIER, 40, now),
    ]
    assert [(one.id, one.state, one.why, one.answer) for one in found.appeals] == [(filed, "open", "发出时完好", "")]
    assert found.evidence["delivery_proof"].present is False
    assert found.revision == revision


def test_a_ticket_of_which_nothing_was_said(world: World, now: datetime) -> None:
    found = ticket_shares(look(opened(world, now)).id)
    assert (dict(found.evidence), found.shares, found.appeals, found.revision) == ({}, (), (), 0)


def test_the_desk_takes_few_statements_however_many_appeals(
    world: World, now: datetime, statements: Statements
) -> None:
    for _ in range(4):
        number = opened(world, now, type="lost_parcel")
        blame(number, world, now)
        file(number, world, now)
    with statements() as seen:
        assert len(desk(world, "supervisor", now).to_decide) == 4
    assert len(seen) <= 8
