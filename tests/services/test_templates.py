"""Reply templates: who may write which, what is refused, and how a version is kept and brought back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.domain.macros import Action
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import Event, ReplyTemplate, ReplyTemplateVersion
from helpdesk.services import templates
from helpdesk.services.templates import Content
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do, refused
from tests.services.test_money_races import at_once

OWN = Content("personal", "问候", "您好，{customer}。", shortcut="wh", words=("在吗",))


def written(world: World, now: datetime, content: Content = OWN, actor: Any = None) -> int:
    return do(templates.create, content, actor=actor or world.actors.agent, now=now)


def row(template_id: int) -> ReplyTemplate:
    return session().get_one(ReplyTemplate, template_id)


def said(template_id: int) -> list[tuple[int, str]]:
    found = (
        select(ReplyTemplateVersion.version, ReplyTemplateVersion.body_zh)
        .where(ReplyTemplateVersion.template_id == template_id)
        .order_by(ReplyTemplateVersion.version)
    )
    return [(one.version, one.body_zh) for one in session().execute(found)]


def told() -> list[str]:
    found = select(Event.code).where(Event.code.startswith("template.")).order_by(Event.id)
    return list(session().scalars(found))


def test_one_who_answers_writes_his_own_and_english_left_out_says_the_chinese(world: World, now: datetime) -> None:
    stored = row(written(world, now))
    version = session().scalars(select(ReplyTemplateVersion).where(ReplyTemplateVersion.template_id == stored.id)).one()
    assert (stored.scope, stored.owner_id, stored.shortcut) == ("personal", world.actors.agent.id, "wh")
    assert (version.title_en, version.body_en, version.words) == ("问候", "您好，{customer}。", "在吗")
    assert told() == ["template.created"]


def test_an_edit_is_a_new_version_and_the_old_one_can_be_said_again(world: World, now: datetime) -> None:
    one, actor = written(world, now), world.actors.agent
    assert do(templates.edit, one, 1, replace(OWN, body_zh="新的"), actor=actor, now=now) == 2
    with refused(Stale, "template.stale"):
        do(templates.edit, one, 1, OWN, actor=actor, now=now)
    assert do(templates.revert, one, 2, 1, actor=actor, now=now) == 3
    assert said(one) == [(1, "您好，{customer}。"), (2, "新的"), (3, "您好，{customer}。")]
    assert told() == ["template.created", "template.changed", "template.reverted"]


def test_saving_what_stands_there_already_makes_no_version(world: World, now: datetime) -> None:
    one = written(world, now)
    assert do(templates.edit, one, 1, OWN, actor=world.actors.agent, now=now) == 1
    assert told() == ["template.created"]


def test_a_retired_one_comes_back_unless_its_shortcut_was_given_away(world: World, now: datetime) -> None:
    one, actor = written(world, now), world.actors.agent
    do(templates.retire, one, 1, actor=actor, now=now)
    assert not row(one).active
    session().rollback()
    other = written(world, now)
    with refused(Conflict, "template.shortcut_taken"):
        do(templates.restore, one, 1, actor=actor, now=now)
    do(templates.retire, other, 1, actor=actor, now=now)
    do(templates.restore, one, 1, actor=actor, now=now)
    assert row(one).active


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"title_zh": " "}, "template.bad_title_zh"),
        ({"title_en": "a\nb"}, "template.bad_title_en"),
        ({"body_zh": ""}, "template.bad_body_zh"),
        ({"body_zh": "长" * 1001}, "template.bad_body_zh"),
        ({"body_zh": "a\x00b"}, "template.bad_body_zh"),
        ({"body_zh": "{colour}"}, "template.unknown_in_body_zh"),
        ({"body_en": "｛colour｝"}, "template.unknown_in_body_en"),
        ({"shortcut": "a b"}, "template.bad_shortcut"),
        ({"shortcut": "a" * 21}, "template.bad_shortcut"),
        ({"words": ("长" * 301,)}, "template.bad_words"),
        ({"type": "moon"}, "template.unknown_type"),
        ({"set_status": "resolved"}, "template.bad_status"),
        ({"actions": (Action("propose", "moon"),)}, "template.unknown_policy"),
        ({"actions": (Action("transfer", "moon"),)}, "template.unknown_queue"),
        ({"actions": (Action("tag", ""),)}, "template.bad_action"),
        ({"scope": "moon"}, "template.bad_scope"),
        ({"scope": "team"}, "template.bad_scope"),
    ],
)
def test_what_could_not_be_sent_is_not_saved(
    world: World, now: datetime, changed: dict[str, Any], problem: str
) -> None:
    with refused(Invalid, problem):
        written(world, now, replace(OWN, **changed))
    assert told() == []


def test_unknown_placeholders_are_named(world: World, now: datetime) -> None:
    with pytest.raises(Invalid) as problem:
        written(world, now, replace(OWN, body_zh="{colour} {order} {size}"))
    assert problem.value.params == {"names": "colour, size"}


def test_who_may_write_for_whom(world: World, now: datetime) -> None:
    people = world.actors
    everybodys = replace(OWN, scope="all", shortcut="")
    teams = replace(OWN, scope="team", shortcut="", queue_id=min(people.supervisor.queues))
    for actor, content in ((people.agent, everybodys), (people.supervisor, everybodys), (people.agent, teams)):
        with refused(NotAllowed, "template.not_yours"):
            written(world, now, content, actor)
    written(world, now, teams, people.supervisor)
    written(world, now, everybodys, people.ops)
    with refused(NotAllowed, "template.not_yours"):
        written(world, now, OWN, people.auditor)


def test_somebody_elses_own_template_is_not_there(world: World, now: datetime) -> None:
    one = written(world, now)
    for actor in (world.actors.ops, world.actors.supervisor):
        with refused(NotFound, "template.not_found"):
            do(templates.edit, one, 1, OWN, actor=actor, now=now)


def test_a_shortcut_means_one_template_to_whoever_sees_it(world: World, now: datetime) -> None:
    written(world, now)
    with refused(Conflict, "template.shortcut_taken"):
        written(world, now, replace(OWN, shortcut="/WH"))
    with refused(Conflict, "template.shortcut_taken"):
        written(world, now, replace(OWN, scope="all"), world.actors.ops)
    written(world, now, OWN, world.actors.ops)  # his own: the two never meet


class TestSamePress:
    """A double click on save makes one template."""

    def test_the_same_press_again_is_the_same_template(self, world: World, now: datetime) -> None:
        actor = world.actors.agent
        first = do(templates.create, OWN, key="press", actor=actor, now=now)
        assert do(templates.create, OWN, key="press", actor=actor, now=now) == first
        assert told() == ["template.created"]
        assert do(templates.create, replace(OWN, shortcut=""), key="another", actor=actor, now=now) != first

    def test_with_other_words_or_by_somebody_else_it_is_refused(self, world: World, now: datetime) -> None:
        do(templates.create, OWN, key="press", actor=world.actors.agent, now=now)
        for content, actor in ((replace(OWN, body_zh="别的"), world.actors.agent), (OWN, world.actors.agent2)):
            with refused(Conflict, "template.saved_already"):
                do(templates.create, content, key="press", actor=actor, now=now)
        assert told() == ["template.created"]

    def test_a_refused_one_leaves_its_press_free(self, world: World, now: datetime) -> None:
        do(templates.create, OWN, key="first", actor=world.actors.agent, now=now)
        with refused(Conflict, "template.shortcut_taken"):
            do(templates.create, OWN, key="second", actor=world.actors.agent, now=now)
        assert do(templates.create, replace(OWN, shortcut="w2"), key="second", actor=world.actors.agent, now=now)

    def test_many_presses_at_once_are_one_template(self, app: Flask, world: World, now: datetime) -> None:
        press = partial(templates.create, OWN, key="press", actor=world.actors.agent, now=now)
        ends = at_once(app, [press] * 5)
        assert len(set(ends)) == 1
        assert told() == ["template.created"]
