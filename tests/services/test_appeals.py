"""A queue disputes its share; somebody who gains nothing by it decides."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.tickets import Party
from helpdesk.models import Appeal, Note, Outbox, User
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries.appeals import appeal_desk
from helpdesk.services import appeals, resolution, responsibility
from helpdesk.storage import session, unit_of_work
from tests.factories import World, user
from tests.services.story import do, events, look, opened, owner_of, refused, resolved

HOUR = timedelta(hours=1)
BLAMED = {Party.WAREHOUSE: 60, Party.COURIER: 40}
COURIER = {Party.COURIER: 100}


@pytest.fixture
def number(world: World, now: datetime) -> str:
    """Customer service's own ticket: one of its agents blames the warehouse."""
    number = opened(world, now, type="lost_parcel")
    say(number, BLAMED, actor=world.actors.agent, now=now)
    return number


def say(number: str, shares: dict[Party, int], *, actor: Actor, now: datetime) -> None:
    known = responsibility.revision_of(look(number).id)
    do(responsibility.set_shares, number, shares, revision=known, actor=actor, now=now)


def file(
    number: str,
    *,
    actor: Actor,
    now: datetime,
    party: Party = Party.WAREHOUSE,
    reason: str = "发出时完好",
    revision: int | None = None,
) -> int:
    known = responsibility.revision_of(look(number).id) if revision is None else revision
    return do(appeals.appeal, number, party, reason, revision=known, actor=actor, now=now)


def row(id: int) -> Appeal:
    return session().get_one(Appeal, id)


def told(code: str) -> list[dict[str, object]]:
    rows = session().scalars(select(Outbox).where(Outbox.kind == "notice").order_by(Outbox.id))
    return [one.payload for one in rows if one.payload["code"] == code]


def test_a_member_of_the_blamed_queue_appeals_where_he_could_not_open_the_ticket(
    world: World, now: datetime, number: str
) -> None:
    filed = row(file(number, actor=world.actors.warehouse, now=now + HOUR))
    assert (filed.state, filed.percent, filed.queue_id) == ("open", 60, world.queues.warehouse.id)
    assert (filed.appealed_by_id, filed.appealed_at) == (world.actors.warehouse.id, now + HOUR)
    assert session().get_one(Note, filed.note_id).text == "发出时完好"
    assert events(number, "appeal.filed")[0].params == {"appeal": filed.id, "party": "warehouse", "share": 60}
    assert told("appeal.filed")[0]["notify"] == ["supervisor"]


@pytest.mark.parametrize(
    ("name", "party", "kind", "code"),
    [
        ("agent", Party.WAREHOUSE, NotFound, "ticket.not_found"),
        ("outsider", Party.WAREHOUSE, NotFound, "ticket.not_found"),
        ("auditor", Party.WAREHOUSE, NotAllowed, "access.denied"),
        ("warehouse", Party.COURIER, NotFound, "ticket.not_found"),
        ("warehouse", Party.PRODUCT, NotFound, "ticket.not_found"),
        ("agent", Party.CUSTOMER_SERVICE, Conflict, "appeal.no_share"),
    ],
)
def test_nobody_else_appeals(
    world: World, now: datetime, number: str, name: str, party: Party, kind: type[Problem], code: str
) -> None:
    with refused(kind, code):
        file(number, actor=getattr(world.actors, name), now=now, party=party)


def test_a_ticket_that_does_not_blame_his_queue_is_not_there_for_who_cannot_open_it(
    world: World, now: datetime, number: str
) -> None:
    say(number, COURIER, actor=world.actors.agent, now=now)
    with refused(NotFound, "ticket.not_found"):
        file(number, actor=world.actors.warehouse, now=now)


def test_an_appeal_is_in_time_for_forty_eight_hours_also_on_a_closed_ticket(
    world: World, now: datetime, number: str
) -> None:
    with refused(Conflict, "appeal.too_late"):
        file(number, actor=world.actors.warehouse, now=now + 48 * HOUR + timedelta(seconds=1))
    assert file(number, actor=world.actors.warehouse, now=now + 48 * HOUR)


def test_a_reason_is_needed_and_the_shares_as_they_were_seen(world: World, now: datetime, number: str) -> None:
    actor = world.actors.warehouse
    with refused(Invalid, "appeal.reason_required"):
        file(number, actor=actor, now=now, reason="  ")
    with refused(Invalid, "input.too_long"):
        file(number, actor=actor, now=now, reason="不" * 501)
    with refused(Stale, "shares.stale"):
        file(number, actor=actor, now=now, revision=0)


def test_one_appeal_is_open_at_a_time_and_holds_the_shares(world: World, now: datetime, number: str) -> None:
    file(number, actor=world.actors.warehouse, now=now)
    with refused(Conflict, "appeal.open_already"):
        file(number, actor=world.actors.warehouse, now=now)
    with refused(Conflict, "shares.appeal_open"):
        say(number, COURIER, actor=world.actors.agent, now=now)


def test_upheld_it_changes_the_shares_and_everybody_concerned_hears(world: World, now: datetime, number: str) -> None:
    filed = file(number, actor=world.actors.warehouse, now=now)
    later = now + HOUR
    do(appeals.uphold, filed, COURIER, "称重无误", version=1, actor=world.actors.supervisor, now=later)
    found = row(filed)
    assert (found.state, found.decided_by_id, found.decided_at, found.version) == (
        "upheld",
        world.actors.supervisor.id,
        later,
        2,
    )
    assert found.decision_note_id
    assert responsibility.said(look(number).id) == COURIER
    assert responsibility.settled_times(look(number).id) == {Party.COURIER: later}
    notice = told("appeal.decided")[0]
    assert notice["params"] == {"party": "warehouse", "appeal_state": "upheld"}
    users = f"user:{world.actors.warehouse.id}", f"queue:{world.queues.warehouse.id}", "owner"
    assert notice["notify"] == list(users)


def test_rejected_the_shares_stand_and_are_not_disputed_again_unless_more_is_charged(
    world: World, now: datetime, number: str
) -> None:
    filed = file(number, actor=world.actors.warehouse, now=now)
    do(appeals.reject, filed, "没有打包记录", version=1, actor=world.actors.supervisor, now=now)
    assert row(filed).state == "rejected"
    assert responsibility.said(look(number).id) == BLAMED
    with refused(Conflict, "appeal.decided_already"):
        file(number, actor=world.actors.warehouse, now=now)
    say(number, {Party.WAREHOUSE: 61, Party.COURIER: 39}, actor=world.actors.agent, now=now)
    assert file(number, actor=world.actors.warehouse, now=now)


def test_an_appeal_is_decided_once_and_on_what_was_seen(world: World, now: datetime, number: str) -> None:
    filed, judge = file(number, actor=world.actors.warehouse, now=now), world.actors.supervisor
    with refused(Stale, "appeal.stale"):
        do(appeals.reject, filed, "不成立", version=7, actor=judge, now=now)
    do(appeals.reject, filed, "不成立", version=1, actor=judge, now=now)
    with refused(Stale, "appeal.decided"):
        do(appeals.uphold, filed, COURIER, "成立", version=2, actor=judge, now=now)
    with refused(Stale, "appeal.decided"):
        do(appeals.withdraw, filed, version=2, actor=world.actors.warehouse, now=now)


def test_a_decision_takes_a_reason_and_less_for_the_party(world: World, now: datetime, number: str) -> None:
    filed, judge = file(number, actor=world.actors.warehouse, now=now), world.actors.supervisor
    with refused(Invalid, "appeal.reason_required"):
        do(appeals.reject, filed, " ", version=1, actor=judge, now=now)
    with refused(Invalid, "appeal.share_not_lowered"):
        do(appeals.uphold, filed, BLAMED, "成立", version=1, actor=judge, now=now)
    with refused(Invalid, "ticket.shares_must_be_100"):
        do(appeals.uphold, filed, {Party.COURIER: 90}, "成立", version=1, actor=judge, now=now)
    assert row(filed).state == "open"


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("warehouse", NotAllowed, "access.denied"),
        ("agent", NotFound, "appeal.not_found"),
        ("finance", NotFound, "appeal.not_found"),
        ("admin", NotFound, "appeal.not_found"),
        ("auditor", NotFound, "appeal.not_found"),
        ("system", NotFound, "appeal.not_found"),
    ],
)
def test_only_the_queues_supervisor_and_ops_decide(
    world: World, now: datetime, number: str, name: str, kind: type[Problem], code: str
) -> None:
    filed, actor = file(number, actor=world.actors.warehouse, now=now), getattr(world.actors, name)
    with refused(kind, code):
        do(appeals.reject, filed, "不成立", version=1, actor=actor, now=now)
    with refused(NotFound, "appeal.not_found"):
        do(appeals.reject, 999, "不成立", version=1, actor=world.actors.ops, now=now)


def test_who_said_the_shares_may_give_in_but_not_turn_down(world: World, now: datetime) -> None:
    number = opened(world, now, type="lost_parcel")
    say(number, BLAMED, actor=world.actors.supervisor, now=now)
    filed = file(number, actor=world.actors.warehouse, now=now)
    with refused(NotAllowed, "appeal.your_shares"):
        do(appeals.reject, filed, "不成立", version=1, actor=world.actors.supervisor, now=now)
    do(appeals.uphold, filed, COURIER, "是我判错了", version=1, actor=world.actors.supervisor, now=now)
    assert responsibility.said(look(number).id) == COURIER


def test_a_supervisor_does_not_clear_his_own_queue(world: World, now: datetime) -> None:
    number = opened(world, now, type="lost_parcel")
    say(number, {Party.CUSTOMER_SERVICE: 100}, actor=world.actors.agent2, now=now)
    filed = file(number, actor=world.actors.agent, now=now, party=Party.CUSTOMER_SERVICE)
    assert told("appeal.filed")[0]["notify"] == ["supervisor", "role:ops"]
    with refused(NotAllowed, "appeal.your_queue"):
        do(appeals.uphold, filed, COURIER, "成立", version=1, actor=world.actors.supervisor, now=now)
    do(appeals.uphold, filed, COURIER, "成立", version=1, actor=world.actors.ops, now=now)
    assert row(filed).state == "upheld"


class TestClassC:
    """The warehouse's own ticket: its supervisor is one of those who appeal."""

    @pytest.fixture
    def chief(self, world: World, now: datetime) -> Actor:
        """The warehouse's supervisor."""
        with unit_of_work():
            row = user("chief", now, role=Role.SUPERVISOR, queues=[world.queues.warehouse])
            return Actor(id=row.id, role=Role.SUPERVISOR, queues=frozenset({world.queues.warehouse.id}))

    @pytest.fixture
    def filed(self, world: World, now: datetime) -> int:
        number = opened(world, now, type="wrong_item")
        say(number, BLAMED, actor=owner_of(world, number), now=now)
        return file(number, actor=world.actors.warehouse, now=now)

    def test_ops_hear_of_it_and_decide(self, world: World, now: datetime, chief: Actor, filed: int) -> None:
        assert told("appeal.filed")[0]["notify"] == ["supervisor", "role:ops"]
        with refused(NotAllowed, "appeal.your_queue"):
            do(appeals.uphold, filed, COURIER, "成立", version=1, actor=chief, now=now)
        do(appeals.uphold, filed, COURIER, "成立", version=1, actor=world.actors.ops, now=now)
        assert row(filed).state == "upheld"

    def test_where_nobody_else_is_there_its_supervisor_decides(
        self, world: World, now: datetime, chief: Actor, filed: int
    ) -> None:
        with unit_of_work():
            session().get_one(User, world.users.ops.id).active = False
        (case,) = appeal_desk(chief, published_rulebook(), now).to_decide
        assert case.alone
        do(appeals.uphold, filed, COURIER, "成立", version=1, actor=chief, now=now)
        assert row(filed).state == "upheld"


def test_one_supervisor_alone_decides_also_about_what_he_said(world: World, now: datetime) -> None:
    number = opened(world, now, type="lost_parcel")
    say(number, BLAMED, actor=world.actors.supervisor, now=now)
    filed = file(number, actor=world.actors.warehouse, now=now)
    assert told("appeal.filed")[0]["notify"] == ["supervisor", "role:ops"]
    with unit_of_work():
        session().get_one(User, world.users.ops.id).active = False
    do(appeals.reject, filed, "交接单在", version=1, actor=world.actors.supervisor, now=now)
    assert row(filed).state == "rejected"


def test_after_an_appeal_was_upheld_more_than_it_left_may_be_disputed_again(
    world: World, now: datetime, number: str
) -> None:
    filed = file(number, actor=world.actors.warehouse, now=now)
    left = {Party.WAREHOUSE: 20, Party.COURIER: 80}
    do(appeals.uphold, filed, left, "减轻", version=1, actor=world.actors.supervisor, now=now)
    assert row(filed).decided_percent == 20
    for percent in (20, 60):
        shares = {Party.WAREHOUSE: percent, Party.COURIER: 100 - percent}
        say(number, shares, actor=world.actors.agent, now=now + HOUR)
        listed = appeal_desk(world.actors.warehouse, published_rulebook(), now + HOUR).disputable
        if percent == 20:
            assert listed == ()
            with refused(Conflict, "appeal.decided_already"):
                file(number, actor=world.actors.warehouse, now=now + HOUR)
        else:
            assert [one.percent for one in listed] == [60]
            assert file(number, actor=world.actors.warehouse, now=now + HOUR) != filed


def test_a_supervisor_does_not_decide_what_he_appealed_himself(world: World, now: datetime) -> None:
    number = opened(world, now, type="lost_parcel")
    say(number, {Party.CUSTOMER_SERVICE: 100}, actor=world.actors.agent2, now=now)
    filed = file(number, actor=world.actors.supervisor, now=now, party=Party.CUSTOMER_SERVICE)
    for uphold in (True, False):
        with refused(NotAllowed, "appeal.your_own"):
            if uphold:
                do(appeals.uphold, filed, COURIER, "成立", version=1, actor=world.actors.supervisor, now=now)
            else:
                do(appeals.reject, filed, "不成立", version=1, actor=world.actors.supervisor, now=now)


def test_who_appealed_takes_it_back_and_may_appeal_again(world: World, now: datetime, number: str) -> None:
    actor = world.actors.warehouse
    filed = file(number, actor=actor, now=now)
    with refused(NotFound, "appeal.not_found"):
        do(appeals.withdraw, filed, version=1, actor=world.actors.agent, now=now)
    do(appeals.withdraw, filed, version=1, actor=actor, now=now)
    assert (row(filed).state, row(filed).version) == ("withdrawn", 2)
    assert file(number, actor=actor, now=now)


def test_other_appeals_lapse_only_where_their_share_changes(world: World, now: datetime) -> None:
    number = opened(world, now, type="lost_parcel")
    say(
        number,
        {Party.WAREHOUSE: 40, Party.CUSTOMER_SERVICE: 40, Party.COURIER: 20},
        actor=world.actors.agent2,
        now=now,
    )
    mine = file(number, actor=world.actors.warehouse, now=now)
    theirs = file(number, actor=world.actors.agent, now=now, party=Party.CUSTOMER_SERVICE)
    new = {Party.CUSTOMER_SERVICE: 40, Party.COURIER: 60}
    do(appeals.uphold, mine, new, "成立", version=1, actor=world.actors.ops, now=now)
    assert row(theirs).state == "open"
    do(appeals.uphold, theirs, COURIER, "成立", version=1, actor=world.actors.ops, now=now)
    assert row(theirs).state == "upheld"


def test_a_late_decision_still_changes_a_closed_ticket(world: World, now: datetime) -> None:
    number = opened(world, now, type="lost_parcel")
    resolved(number, actor=world.actors.agent, now=now, shares=BLAMED)
    filed = file(number, actor=world.actors.warehouse, now=now + HOUR)
    later = now + timedelta(days=9)
    do(resolution.close, number, actor=world.actors.system, now=later)
    do(appeals.uphold, filed, COURIER, "称重无误", version=1, actor=world.actors.supervisor, now=later)
    assert responsibility.said(look(number).id) == COURIER
