"""A word is taken up, retired and brought back; the rules keep a version for each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.decisions import OrderFacts, classify
from helpdesk.domain.phrases import Found
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.word_health import Health
from helpdesk.models import Event, PhraseProposal, WordHealth
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import words
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do, refused

PHRASE = "壶嘴豁了口"
FOUND = Found("damaged", PHRASE, 9, 1, 2.5)


def decided(text: str = PHRASE) -> str:
    session().expire_all()
    return classify(text, OrderFacts(), published_rulebook()).type


def adopted(world: World, now: datetime, phrase: str = PHRASE, version: int = 1) -> int:
    return do(words.adopt, "damaged", phrase, "strong", expected_version=version, actor=world.actors.ops, now=now)


def proposal() -> PhraseProposal:
    session().expire_all()
    return session().execute(select(PhraseProposal)).scalar_one()


def changes() -> list[tuple[str, dict[str, object]]]:
    rows = session().scalars(select(Event).where(Event.code.like("words.%")).order_by(Event.id))
    return [(row.code, dict(row.params)) for row in rows]


def test_an_adopted_phrase_decides_the_next_message(world: World, now: datetime) -> None:
    do(words.keep_proposals, [FOUND], now=now)
    assert adopted(world, now) == 2
    assert decided() == "damaged"
    assert published_rulebook().version == 2
    assert (proposal().state, proposal().decided_by_id) == ("adopted", world.actors.ops.id)
    expected = {"version": 2, "type": "damaged", "phrase": PHRASE, "weight": "strong"}
    assert changes() == [("words.adopted", expected)]


def test_an_adoption_is_taken_back_once(world: World, now: datetime) -> None:
    do(words.keep_proposals, [FOUND], now=now)
    adopted(world, now)
    event = session().execute(select(Event.id).where(Event.code == "words.adopted")).scalar_one()
    assert do(words.take_back, event, actor=world.actors.ops, now=now) == 3
    assert decided() != "damaged"
    assert proposal().state == "open"
    with refused(Conflict, "words.taken_back_already"):
        do(words.take_back, event, actor=world.actors.ops, now=now)


def test_a_retired_word_decides_no_more_until_it_comes_back(world: World, now: datetime) -> None:
    adopted(world, now)
    do(words.retire, "damaged", PHRASE, expected_version=2, actor=world.actors.ops, now=now)
    assert decided() != "damaged"
    event = session().execute(select(Event.id).where(Event.code == "words.retired")).scalar_one()
    do(words.take_back, event, actor=world.actors.ops, now=now)
    assert decided() == "damaged"
    assert published_rulebook().version == 4


def test_what_was_changed_in_between_stays(world: World, now: datetime) -> None:
    adopted(world, now)
    adopted(world, now, "盖子合不严实", version=2)
    adoptions = select(Event.id).where(Event.code == "words.adopted").order_by(Event.id)
    event = session().scalars(adoptions).all()[0]
    do(words.take_back, event, actor=world.actors.ops, now=now)
    assert decided() != "damaged"
    assert decided("盖子合不严实") == "damaged"


def test_two_who_change_the_rules_at_once(world: World, now: datetime) -> None:
    adopted(world, now)
    with pytest.raises(Stale):
        adopted(world, now, "盖子合不严实")
    with pytest.raises(Conflict):
        adopted(world, now, version=2)


@pytest.mark.parametrize("who", ["agent", "supervisor", "finance", "admin", "auditor"])
def test_only_who_manages_the_rules_changes_words(world: World, now: datetime, who: str) -> None:
    actor = getattr(world.actors, who)
    common: dict[str, Any] = {"actor": actor, "now": now}
    for deed in (
        lambda: words.adopt("damaged", PHRASE, "strong", expected_version=1, **common),
        lambda: words.retire("damaged", "碎了", expected_version=1, **common),
        lambda: words.take_back(1, **common),
        lambda: words.dismiss("damaged", PHRASE, **common),
        lambda: words.reopen("damaged", PHRASE, **common),
    ):
        with refused(NotAllowed, "access.denied"):
            do(deed)


def test_nonsense_is_refused(world: World, now: datetime) -> None:
    common: dict[str, Any] = {"expected_version": 1, "actor": world.actors.ops, "now": now}
    for kind, code, deed in (
        (Invalid, "rulebook.unknown_type", lambda: words.adopt("no_such_type", PHRASE, "strong", **common)),
        (Invalid, "words.bad_word", lambda: words.adopt("damaged", "{没关|上", "strong", **common)),
        (Invalid, "words.bad_weight", lambda: words.adopt("damaged", PHRASE, "enormous", **common)),
        (Invalid, "words.bad_length", lambda: words.adopt("damaged", "长" * 61, "strong", **common)),
        (Conflict, "words.not_there", lambda: words.retire("damaged", "从来没有这个词", **common)),
        (NotFound, "words.no_such_change", lambda: words.take_back(4711, actor=world.actors.ops, now=now)),
    ):
        with refused(kind, code):
            do(deed)
    assert published_rulebook().version == 1


def test_a_dismissed_phrase_is_not_proposed_again_until_it_is_reopened(world: World, now: datetime) -> None:
    do(words.keep_proposals, [FOUND], now=now)
    do(words.dismiss, "damaged", PHRASE, actor=world.actors.ops, now=now)
    assert do(words.keep_proposals, [FOUND], now=now + timedelta(days=1)) == 0
    assert proposal().state == "dismissed"
    with refused(Conflict, "words.proposal_moved"):
        do(words.dismiss, "damaged", PHRASE, actor=world.actors.ops, now=now)
    do(words.reopen, "damaged", PHRASE, actor=world.actors.ops, now=now)
    assert proposal().state == "open"


def test_what_was_counted_replaces_what_was_counted_before(world: World, now: datetime) -> None:
    do(words.keep_health, {("damaged", "碎了"): Health(3, 2, 1, now)}, now=now)
    do(words.keep_health, {("damaged", "破了"): Health(1, 0, 0, now)}, now=now)
    assert [(row.word, row.fired) for row in session().scalars(select(WordHealth))] == [("破了", 1)]
    do(words.keep_health, {}, now=now)
    assert session().scalars(select(WordHealth)).all() == []
