from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from helpdesk.domain.access import Role
from helpdesk.domain.problems import NotAllowed
from helpdesk.models import Absence, Membership, Shift, Skill, Stint, UserSkill
from helpdesk.queries import workload
from helpdesk.queries.workload import Away, Mate, Oldest
from helpdesk.storage import session, unit_of_work
from tests import factories, tickets
from tests.conftest import Statements
from tests.factories import World, add
from tests.tickets import HOUR

DAY = timedelta(days=1)


def team(world: World, now: datetime, who: str = "supervisor", **more: str) -> dict[str, Mate]:
    found = workload.team(getattr(world.actors, who), now, now - 10 * HOUR, **more)
    return {mate.name: mate for mate in found}


def test_a_supervisor_sees_the_members_of_his_queues_and_ops_everybody_who_takes_tickets(
    world: World, now: datetime
) -> None:
    assert set(team(world, now)) == {"林晓", "周舟", "孙领"}
    assert set(team(world, now, "ops")) == {"林晓", "周舟", "孙领", "赵仓", "钱敏", "陈外"}
    assert set(team(world, now, "ops", queue="warehouse")) == {"赵仓"}
    assert team(world, now, queue="warehouse") == {}
    with pytest.raises(NotAllowed):
        team(world, now, "agent")


def test_what_is_in_hand_is_told_apart_from_what_waits_for_the_customer(world: World, now: datetime) -> None:
    agent = world.users.agent
    with unit_of_work():
        tickets.ticket(world, now, hands=agent, due_in=-HOUR, created_at=now - 3 * DAY)
        tickets.ticket(world, now, hands=agent)
        tickets.ticket(world, now, hands=agent, status="pending_customer", paused=True)
        tickets.ticket(world, now, hands=agent, status="resolved", resolved_at=now)
        asked = tickets.ticket(world, now, hands=world.users.agent2, owner=agent)
        tickets.assist(world, asked, world.queues.warehouse, now, due_in=HOUR, question="在吗").assignee_id = agent.id
        oldest = asked.number[:-1] + "1"
    mate = team(world, now)["林晓"]
    assert (mate.in_hand, mate.waiting, mate.load, mate.overdue, mate.solved_today) == (4, 1, 3, 1, 1)
    assert mate.by_status == {"open": 3, "pending_customer": 1}
    assert mate.oldest == Oldest(oldest, now - 3 * DAY, readable=True)
    other = team(world, now)["周舟"]
    assert (other.in_hand, other.overdue, other.solved_today) == (1, 0, 0)
    assert team(world, now)["孙领"].oldest is None


def test_a_member_s_oldest_ticket_that_stands_elsewhere_is_told_but_not_opened(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, hands=world.users.agent, queue=world.queues.warehouse, created_at=now - DAY)
    seen = {who: team(world, now, who)["林晓"].oldest for who in ("supervisor", "ops")}
    assert {who: oldest and oldest.readable for who, oldest in seen.items()} == {"supervisor": False, "ops": True}


def test_solved_today_is_what_he_ended_since_midnight_and_is_still_so(world: World, now: datetime) -> None:
    agent = world.users.agent
    with unit_of_work():
        tickets.ticket(world, now - 11 * HOUR, hands=agent, status="resolved", resolved_at=now - 11 * HOUR)
        tickets.ticket(world, now, hands=agent, status="resolved", resolved_at=now)
        again = tickets.ticket(world, now, hands=agent, status="resolved", resolved_at=now)
        again.status, again.resolved_at = "open", None
        add(Stint(ticket_id=again.id, kind="stay", queue_id=again.queue_id, entered_at=now))
    assert team(world, now)["林晓"].solved_today == 1


def test_the_most_loaded_stand_first_by_share_of_what_they_may_have(world: World, now: datetime) -> None:
    with unit_of_work():
        for _ in range(3):
            tickets.ticket(world, now, hands=world.users.agent)
        tickets.ticket(world, now, hands=world.users.agent2)
        session().merge(world.users.agent).capacity = 6
        session().merge(world.users.agent2).capacity = 1
    assert list(team(world, now)) == ["周舟", "林晓", "孙领"]
    assert team(world, now)["周舟"].full
    assert not team(world, now)["林晓"].full


def test_his_own_capacity_counts_before_his_queues(world: World, now: datetime) -> None:
    with unit_of_work():
        session().merge(world.queues.customer_service).capacity = 20
        session().merge(world.users.agent2).capacity = 5
        session().merge(world.queues.warehouse).capacity = 8
        add(Membership(user_id=world.users.agent.id, queue_id=world.queues.warehouse.id))
    found = team(world, now)
    assert [(found[name].capacity, found[name].own_capacity) for name in ("林晓", "周舟", "孙领")] == [
        (8, None),
        (5, 5),
        (20, None),
    ]
    assert team(world, now, "ops")["陈外"].capacity is None


def test_who_is_there_and_who_is_not(world: World, now: datetime) -> None:
    users = world.users
    with unit_of_work():
        for user in (users.agent, users.agent2, users.supervisor, users.warehouse, users.finance):
            factories.open_session(user, now - HOUR / 12)
        factories.open_session(users.outsider, now - HOUR)
        session().merge(users.agent2).presence = "away"
        add(Shift(user_id=users.warehouse.id, starts_at=now + HOUR, ends_at=now + 2 * HOUR))
        add(absence(users.supervisor.id, now, users.agent.id))
    found = team(world, now, "ops")
    assert {name: mate.state for name, mate in found.items()} == {
        "林晓": "",
        "周舟": "away",
        "孙领": "absent",
        "赵仓": "off_shift",
        "钱敏": "",
        "陈外": "unseen",
    }
    assert found["孙领"].away == Away(now + DAY, "leave", "林晓")
    assert found["林晓"].away is None


def test_a_stand_in_who_is_away_himself_passes_it_on(world: World, now: datetime) -> None:
    users = world.users
    with unit_of_work():
        add(absence(users.supervisor.id, now, users.agent.id), absence(users.agent.id, now, users.agent2.id))
    found = team(world, now)
    assert [found[name].away.stand_in for name in ("孙领", "林晓")] == ["周舟", "周舟"]  # type: ignore[union-attr]
    with unit_of_work():
        add(absence(users.agent2.id, now, None))
    assert team(world, now)["孙领"].away == Away(now + DAY, "leave", None)


def test_skills_stand_by_their_name(world: World, now: datetime) -> None:
    with unit_of_work():
        skills = [
            Skill(code=code, name_zh=code, name_en=code.upper(), types=[], channels=[], active=active)
            for code, active in (("jd", True), ("gone", False))
        ]
        add(*skills)
        add(*(UserSkill(user_id=world.users.agent.id, skill_id=skill.id) for skill in skills))
    assert [skill.en for skill in team(world, now)["林晓"].skills] == ["JD"]


def test_six_statements_for_sixty_people(world: World, now: datetime, statements: Statements) -> None:
    with unit_of_work():
        for n in range(60):
            user = factories.user(f"mate{n}", now, role=Role.AGENT, queues=[world.queues.customer_service])
            tickets.ticket(world, now, hands=user)
            add(absence(user.id, now, world.users.agent.id))
    with statements() as seen:
        assert len(team(world, now)) == 63
    assert len(seen) <= 6


def absence(user_id: int, now: datetime, stand_in_id: int | None) -> Absence:
    return Absence(user_id=user_id, starts_at=now - DAY, ends_at=now + DAY, kind="leave", stand_in_id=stand_in_id)
