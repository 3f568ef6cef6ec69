"""Corrections become a model: when it is trained, when it decides, and who switches it."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
from sqlalchemy import select

from helpdesk.domain.decisions import OrderFacts
from helpdesk.domain.learner import MIN_EXAMPLES, NEW_ENOUGH
from helpdesk.domain.problems import Conflict, NotAllowed, NotFound
from helpdesk.jobs.train_learner import train_learner
from helpdesk.models import Correction, DecisionRow, LearnedModel, Message
from helpdesk.models.learned import live_model
from helpdesk.services import decisions, intake, learning
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.factories import World
from tests.services.story import do, look, opened, refused

DAMAGED = ("壶嘴豁了个口", "壶嘴豁口了", "壶嘴有个豁口")
TAIL = ("", "呢", "怎么办", "，哎")


def corrected(world: World, now: datetime, count: int) -> None:
    """So many tickets whose message no rule knows and that an agent gave a type."""
    dice = random.Random(count)
    with unit_of_work() as work:
        for _ in range(count):
            ticket = tickets.ticket(world, now, text=dice.choice(DAMAGED) + dice.choice(TAIL))
            message = work.execute(select(Message).where(Message.ticket_id == ticket.id)).scalar_one()
            decision = DecisionRow(
                ticket_id=ticket.id,
                message_id=message.id,
                text_hash="",
                facts=OrderFacts().to_json(),
                rule_version=1,
                normaliser_version=1,
                type="other",
                tier="none",
                score=0.0,
                spans=[],
                runners_up=[],
                created_at=now,
            )
            work.add(decision)
            work.flush()
            work.add(
                Correction(
                    ticket_id=ticket.id,
                    decision_id=decision.id,
                    from_type="other",
                    to_type="wrong_item",
                    actor_id=world.actors.agent.id,
                    created_at=now,
                )
            )


@pytest.fixture
def taught(world: World, now: datetime) -> World:
    """A house in which a model is live."""
    corrected(world, now, MIN_EXAMPLES)
    assert train_learner(now) == MIN_EXAMPLES
    return world


def states() -> list[tuple[int, str]]:
    return [(row.version, row.state) for row in session().scalars(select(LearnedModel).order_by(LearnedModel.version))]


def test_nothing_is_trained_below_a_hundred_corrections(world: World, now: datetime) -> None:
    corrected(world, now, 3)
    assert train_learner(now) == 0
    assert states() == []


def test_what_agents_corrected_decides_the_next_message(taught: World, now: datetime) -> None:
    assert states() == [(1, "live")]
    number = opened(taught, now, type=None, text="你好，壶嘴豁口了怎么办")
    ticket = look(number)
    decision = session().execute(select(DecisionRow).where(DecisionRow.ticket_id == ticket.id)).scalar_one()
    assert ticket.type == "wrong_item"
    assert decision.model_version == 1
    assert "learned" in {span["how"] for span in decision.spans}


def test_the_preview_says_the_same(taught: World) -> None:
    assert intake.preview("壶嘴豁口了怎么办", "", taught.shop.id).type == "wrong_item"


def test_it_trains_again_only_when_enough_is_new(taught: World, now: datetime) -> None:
    assert train_learner(now) == 0
    corrected(taught, now, NEW_ENOUGH - 1)
    assert train_learner(now) == 0
    corrected(taught, now, 1)
    assert train_learner(now) == MIN_EXAMPLES + NEW_ENOUGH
    assert states() == [(1, "off"), (2, "live")]


def test_a_person_s_no_holds_over_later_trainings(taught: World, now: datetime) -> None:
    do(learning.switch_off, 1, actor=taught.actors.ops, now=now)
    assert live_model() is None
    corrected(taught, now, NEW_ENOUGH)
    train_learner(now)
    assert states() == [(1, "off"), (2, "off")]
    do(learning.switch_on, 2, actor=taught.actors.ops, now=now)
    assert states() == [(1, "off"), (2, "live")]
    corrected(taught, now, NEW_ENOUGH)
    train_learner(now)
    assert states() == [(1, "off"), (2, "off"), (3, "live")]


def test_an_earlier_version_can_be_taken_back_into_force(taught: World, now: datetime) -> None:
    corrected(taught, now, NEW_ENOUGH)
    train_learner(now)
    do(learning.switch_on, 1, actor=taught.actors.ops, now=now)
    assert states() == [(1, "live"), (2, "off")]
    assert live_model() is not None
    number = opened(taught, now, type=None, text="壶嘴豁口了呢")
    assert session().execute(select(DecisionRow.model_version).order_by(DecisionRow.id.desc())).scalars().first() == 1
    assert look(number).type == "wrong_item"


@pytest.mark.parametrize("role", ["agent", "supervisor", "auditor", "admin"])
def test_who_does_not_own_the_rules_can_not_switch_models(taught: World, now: datetime, role: str) -> None:
    with refused(NotAllowed, "access.denied"):
        do(learning.switch_off, 1, actor=getattr(taught.actors, role), now=now)


def test_switching_says_what_is_wrong(taught: World, now: datetime) -> None:
    ops = taught.actors.ops
    with refused(Conflict, "learner.not_off"):
        do(learning.switch_on, 1, actor=ops, now=now)
    with refused(NotFound, "learner.no_such_version"):
        do(learning.switch_on, 9, actor=ops, now=now)
    do(learning.switch_off, 1, actor=ops, now=now)
    with refused(Conflict, "learner.not_live"):
        do(learning.switch_off, 1, actor=ops, now=now)


def test_only_the_last_word_on_a_ticket_counts(world: World, now: datetime) -> None:
    number = opened(world, now, type=None, text="壶嘴豁口了")
    for type_code, actor in (("logistics_stuck", world.actors.agent), ("price_dispute", world.actors.agent)):
        do(decisions.set_type, number, type_code, version=look(number).version, actor=actor, now=now)
    assert [example.type for example in learning.evidence().examples] == ["price_dispute"]
