"""Once a day words are counted and phrases proposed, from what people left decisions as."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.jobs import count_words as job
from helpdesk.jobs.count_words import count_words
from helpdesk.models import Correction, Customer, DecisionRow, PhraseProposal, Ticket, WordHealth
from helpdesk.queries import word_counts
from helpdesk.storage import session, unit_of_work
from tests.factories import World, add
from tests.queries.test_triage import unsure

DAY = timedelta(days=1)


def told(world: World, now: datetime, truth: str | None, **more: object) -> Ticket:
    """A ticket whose decision lit 物流 for logistics_stuck, and what an agent said it is."""
    ticket = unsure(world, now, **{"tier": "suggest", "type": "logistics_stuck", **more})  # type: ignore[arg-type]
    if truth:
        decision = session().execute(select(DecisionRow.id).where(DecisionRow.ticket_id == ticket.id)).scalar_one()
        add(
            Correction(
                ticket_id=ticket.id,
                decision_id=decision,
                from_type=ticket.type,
                to_type=truth,
                actor_id=world.actors.agent.id,
                created_at=now,
            )
        )
    return ticket


def buyer(world: World, who: int) -> int:
    customer = Customer(shop_id=world.shop.id, channel_id=world.channels.tmall.id, name="欧阳小满", buyer_id=f"c{who}")
    add(customer)
    return customer.id


def health() -> dict[tuple[str, str], tuple[int, int, int]]:
    session().expire_all()
    return {
        (row.type, row.word): (row.fired, row.accepted, row.corrected) for row in session().scalars(select(WordHealth))
    }


def test_it_counts_what_people_said_and_what_they_left_alone(world: World, now: datetime) -> None:
    with unit_of_work():
        told(world, now, "logistics_stuck")
        told(world, now, "lost_parcel")
        told(world, now, None)
        told(world, now, None, tier="auto", status="resolved", first_resolved_at=now)
        told(world, now - 200 * DAY, "logistics_stuck")  # too long ago
    assert count_words(now) == 4
    assert health() == {("logistics_stuck", "物流"): (4, 2, 1)}


def test_once_a_day_is_enough_and_a_second_time_gives_the_same(world: World, now: datetime) -> None:
    with unit_of_work():
        told(world, now, "lost_parcel")
    assert count_words(now) == 1
    first = health()
    assert count_words(now + timedelta(hours=19)) == 0
    assert count_words(now + timedelta(hours=21)) == 1
    assert health() == first


def test_small_batches_count_the_same(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work():
        for _ in range(7):
            told(world, now, "lost_parcel")
    monkeypatch.setattr(word_counts, "BATCH", 3)
    assert count_words(now) == 7
    assert health() == {("logistics_stuck", "物流"): (7, 0, 7)}


def test_who_is_stopped_stores_nothing_and_begins_again(world: World, now: datetime) -> None:
    with unit_of_work():
        told(world, now, "lost_parcel")
    assert count_words(now, stopping=lambda: True) == 0
    assert health() == {}
    assert count_words(now) == 1


def test_an_empty_house_has_nothing_to_count(world: World, now: datetime) -> None:
    assert count_words(now) == 0


def test_a_phrase_of_enough_customers_is_proposed_without_their_names(world: World, now: datetime) -> None:
    with unit_of_work():
        for who in range(8):
            told(
                world,
                now,
                "damaged",
                customer_id=buyer(world, who),
                text="我是欧阳小满，壶嘴豁了口子" + "呀嘛啦哦哈嘿噢哎"[who],
            )
            told(world, now, "invoice", customer_id=buyer(world, 100 + who), text="开票抬头")
    count_words(now)
    rows = session().scalars(select(PhraseProposal)).all()
    found = {row.phrase for row in rows if row.type == "damaged"}
    assert any("豁了口" in phrase for phrase in found)
    assert not any("欧阳" in phrase or "小满" in phrase for phrase in found)
    assert all(row.seen >= 5 for row in rows)


def test_what_the_rules_know_is_not_proposed(world: World, now: datetime) -> None:
    with unit_of_work():
        for who in range(8):
            told(world, now, "wrong_item", customer_id=buyer(world, who), text="你们给我发错货了")
            told(world, now, "invoice", text="开票抬头")
    assert [one for one in job.phrases(now) if one.phrase == "发错货"] == []
