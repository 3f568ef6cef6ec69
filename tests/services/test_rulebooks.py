"""New versions of the rules: one part replaced, by who may, on what he saw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.problems import Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import Event, RuleBookRow
from helpdesk.models.rulebooks import published_rulebook, rulebook_of
from helpdesk.services import rulebooks
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services.story import do, refused

SOON = [{"code": "soon", "offset_seconds": -600, "notify": ["queue"]}]


def test_a_part_is_replaced_and_the_rest_stays(world: World, now: datetime) -> None:
    version = do(rulebooks.publish_section, "stages", SOON, expected_version=1, actor=world.actors.ops, now=now)
    assert version == 2
    book, before = published_rulebook(), rulebook_of(1)
    assert [stage.code for stage in book.stages] == ["soon"]
    assert [stage.code for stage in before.stages] == ["half", "warning", "breach", "overrun"]
    assert (book.version, book.types, book.pause_steps) == (2, before.types, before.pause_steps)
    rows = session().execute(select(RuleBookRow.version, RuleBookRow.status, RuleBookRow.published_at)).all()
    assert sorted(map(tuple, rows)) == [(1, "retired", now), (2, "published", now)]
    event = session().scalars(select(Event).where(Event.code == "rulebook.published")).one()
    assert event.params == {"version": 2, "replaces": 1, "section": "stages"}
    assert event.actor_id == world.actors.ops.id


def test_who_saw_an_older_version_is_told(world: World, now: datetime) -> None:
    do(rulebooks.publish_section, "stages", SOON, expected_version=1, actor=world.actors.ops, now=now)
    with refused(Stale, "rulebook.stale"):
        do(rulebooks.publish_section, "pause_steps", [], expected_version=1, actor=world.actors.ops, now=now)


def test_the_same_again_publishes_nothing(world: World, now: datetime) -> None:
    targets = dict(world.rulebook.document["queue_targets"])
    assert (
        do(rulebooks.publish_section, "queue_targets", targets, expected_version=1, actor=world.actors.ops, now=now)
        == 1
    )
    assert session().scalars(select(RuleBookRow.version)).all() == [1]


def test_a_supervisor_sets_what_is_keyed_by_his_queues_and_nothing_else(world: World, now: datetime) -> None:
    chief = world.actors.supervisor  # of customer service
    own = {"customer_service": SOON}
    assert do(rulebooks.publish_section, "queue_stages", own, expected_version=1, actor=chief, now=now) == 2
    for section, value in (("queue_stages", own | {"warehouse": []}), ("queue_targets", {"customer_service": 1})):
        with refused(NotAllowed, "access.denied"):
            do(rulebooks.publish_section, section, value, expected_version=2, actor=chief, now=now)
    with refused(NotAllowed, "access.denied"):
        do(rulebooks.publish_section, "stages", SOON, expected_version=2, actor=chief, now=now)
    assert published_rulebook().stages_for("customer_service")[0].code == "soon"


@pytest.mark.parametrize("login", ["agent", "finance", "auditor", "admin"])
def test_nobody_else_touches_the_rules(world: World, now: datetime, login: str) -> None:
    actor = getattr(world.actors, login)
    with refused(NotAllowed, "access.denied"):
        do(rulebooks.publish_section, "stages", SOON, expected_version=1, actor=actor, now=now)


@pytest.mark.parametrize(
    ("section", "value", "code"),
    [
        ("types", [], "rulebook.unknown_section"),
        ("stages", "half", "rulebook.malformed"),
        ("stages", [{"code": "half"}], "rulebook.malformed"),
        ("queue_stages", [], "rulebook.malformed"),
        ("queue_stages", {"moon": SOON}, "rulebook.malformed"),
        ("queue_stages", {"finance": [{"code": "half", "percent": 10}]}, "rulebook.malformed"),
        ("queue_targets", {"finance": 0}, "rulebook.malformed"),
        ("platform_rules", [{"code": "x"}], "rulebook.malformed"),
        ("pause_steps", [5], "rulebook.malformed"),
    ],
)
def test_what_makes_no_valid_book_is_refused(world: World, now: datetime, section: str, value: Any, code: str) -> None:
    with refused(Invalid, code):
        do(rulebooks.publish_section, section, value, expected_version=1, actor=world.actors.ops, now=now)


def test_without_rules_there_is_nothing_to_replace(world: World, now: datetime) -> None:
    with unit_of_work() as work:
        work.get_one(RuleBookRow, 1).status = "draft"
    with pytest.raises(NotFound, match=r"rulebook\.none_published"):
        do(rulebooks.publish_section, "stages", SOON, expected_version=1, actor=world.actors.ops, now=now)
