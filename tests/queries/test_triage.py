"""Whose tickets stand in triage, in which order, and how far one has got."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from helpdesk.domain.decisions import Candidate
from helpdesk.models import Correction, DecisionRow, Message, Ticket
from helpdesk.queries import triage
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Statements
from tests.factories import World, add
from tests.tickets import HOUR


def unsure(world: World, now: datetime, *, runners_up: tuple[tuple[str, float], ...] = (), **more: Any) -> Ticket:
    """A ticket that the rules weren't sure of, with its decision."""
    ticket = tickets.ticket(world, now, **{"tier": "none", "type": "other", **more})
    message = session().query(Message).filter_by(ticket_id=ticket.id).one()
    add(
        DecisionRow(
            ticket_id=ticket.id,
            message_id=message.id,
            text_hash="",
            facts={"known": True, "shipped": True, "signed": False, "paid_fen": 9900},
            rule_version=1,
            normaliser_version=1,
            type=ticket.type,
            tier="none" if ticket.tier == "manual" else ticket.tier,
            score=0.4,
            spans=[{"start": 0, "end": 2, "word": "物流", "type": "logistics_stuck", "how": "exact"}],
            runners_up=[{"type": code, "score": score} for code, score in runners_up],
            created_at=now,
        )
    )
    return ticket


def numbers(world: World, who: str, **more: Any) -> list[str]:
    return [card.number for card in triage.waiting(getattr(world.actors, who), **more)]


def test_it_shows_what_is_unconfirmed_and_active_in_ones_queues_or_ones_own(world: World, now: datetime) -> None:
    with unit_of_work():
        mine = unsure(world, now).number
        guessed = unsure(world, now, tier="suggest", type="lost_parcel").number
        unsure(world, now, tier="auto")
        unsure(world, now, tier="manual")
        unsure(world, now, status="resolved")
        elsewhere = unsure(world, now, queue=world.queues.warehouse, owner=world.users.agent2).number
    assert numbers(world, "agent") == [mine, guessed]
    assert numbers(world, "agent2") == [mine, guessed, elsewhere]
    assert numbers(world, "warehouse") == [elsewhere]
    assert numbers(world, "outsider") == []


def test_what_burns_first_stands_first_and_pages_go_on_by_key(world: World, now: datetime) -> None:
    with unit_of_work():
        made = [unsure(world, now, due_in=hours * HOUR, urgency=0).number for hours in (3, 1, 2)]
        urgent = unsure(world, now, due_in=9 * HOUR, urgency=2).number
    order = [urgent, made[1], made[2], made[0]]
    assert numbers(world, "agent") == order
    found, after = [], None
    while page := triage.waiting(world.actors.agent, after=after, size=1):
        found.append(page[0].number)
        after = page[0].cursor
    assert found == order


def test_the_guess_is_the_first_candidate_but_other_is_none(world: World, now: datetime) -> None:
    close = (("quality", 0.3), ("damaged", 0.2))
    with unit_of_work():
        unsure(world, now, tier="suggest", type="lost_parcel", runners_up=close)
        unsure(world, now, runners_up=close)
    guessed, nothing = triage.waiting(world.actors.agent)
    assert [one.type for one in guessed.candidates] == ["lost_parcel", "quality", "damaged"]
    assert nothing.candidates == (Candidate("quality", 0.3), Candidate("damaged", 0.2))
    assert guessed.facts.shipped
    assert guessed.facts.paid_fen == 9900


def test_a_ticket_without_a_decision_is_decided_by_its_subject(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, tier="none", type="other", subject="没头没尾")
    (card,) = triage.waiting(world.actors.agent)
    assert (card.text, card.spans, card.candidates) == ("没头没尾", (), ())


def test_progress_counts_what_is_left_and_what_one_said_today(world: World, now: datetime) -> None:
    with unit_of_work():
        ticket = unsure(world, now)
        unsure(world, now)
        for actor, at in (("agent", now), ("agent", now - timedelta(days=1)), ("agent2", now)):
            add(
                Correction(
                    ticket_id=ticket.id,
                    decision_id=None,
                    from_type="other",
                    to_type="quality",
                    actor_id=getattr(world.actors, actor).id,
                    created_at=at,
                )
            )
    assert triage.progress(world.actors.agent, now - HOUR) == triage.Progress(left=2, done=1)


def test_a_page_takes_two_statements_however_much_waits(world: World, now: datetime, statements: Statements) -> None:
    with unit_of_work():
        for _ in range(30):
            unsure(world, now)
    with statements() as seen:
        assert len(triage.waiting(world.actors.agent)) == triage.PAGE
        triage.progress(world.actors.agent, now)
    assert len(seen) == 2
