"""Which template became which reply: what the form says of it counts only as far as it can be true."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import Message, Queue, ReplyTemplate, ReplyTemplateVersion, TemplateOffer, TemplateUse, User
from helpdesk.queries.template_library import library
from helpdesk.services import messages
from helpdesk.storage import session, unit_of_work
from tests.factories import World, add
from tests.services.story import count_of, do, heard, look, opened, replied, resolved

SECOND = timedelta(seconds=1)
FILLED = "您好，订单 123 已经催过快递。"


@pytest.fixture
def number(world: World, now: datetime) -> str:
    return opened(world, now, type="logistics_stuck")


def template(
    now: datetime,
    code: str = "pushed",
    *,
    scope: str = "all",
    owner: User | None = None,
    queue: Queue | None = None,
    versions: int = 1,
    active: bool = True,
) -> int:
    """A template with so many versions. Returns its id."""
    with unit_of_work():
        row = ReplyTemplate(
            code=code,
            scope=scope,
            owner_id=owner.id if owner else None,
            queue_id=queue.id if queue else None,
            version=versions,
            active=active,
        )
        add(row)
        texts = {"title_zh": "已催", "title_en": "Pushed", "body_zh": "已催{order}", "body_en": "Pushed {order}"}
        for version in range(1, versions + 1):
            add(ReplyTemplateVersion(template_id=row.id, version=version, created_at=now, **texts))
        return row.id


def sent(world: World, number: str, now: datetime, text: str = FILLED, **changed: Any) -> int:
    values: dict[str, Any] = {"template_code": "pushed", "template_version": 1, "filled": FILLED, "rank": 2, **changed}
    return replied(number, actor=world.actors.agent, now=now, text=text, **values)


def uses() -> list[TemplateUse]:
    return list(session().scalars(select(TemplateUse)))


def test_a_template_sent_as_it_is_was_not_rewritten(world: World, now: datetime, number: str) -> None:
    id = template(now)
    message = sent(world, number, now, FILLED + "\n")
    (use,) = uses()
    assert (use.message_id, use.template_id, use.version, use.rank) == (message, id, 1, 2)
    assert (use.distance, use.length) == (0, len(FILLED))
    assert (use.ticket_id, use.user_id, use.created_at) == (look(number).id, world.users.agent.id, now)


def test_what_was_rewritten_is_counted_in_characters(world: World, now: datetime, number: str) -> None:
    template(now)
    sent(world, number, now, FILLED.replace("已经催过", "刚催了") + "！", rank=None)
    (use,) = uses()
    assert (use.distance, use.length, use.rank) == (4, len(FILLED), None)


def test_only_what_was_said_before_the_customer_came_back_counts_as_reopened(
    world: World, now: datetime, number: str
) -> None:
    before, after = template(now), template(now, "after")
    sent(world, number, now)
    resolved(number, actor=world.actors.agent, now=now + SECOND)
    heard(number, actor=world.actors.agent, now=now + 2 * SECOND)
    sent(world, number, now + 3 * SECOND, template_code="after")
    figures = {row.template.id: row.figures for row in library(world.actors.agent)}
    assert (figures[before].reopened, figures[after].reopened) == (1, 0)


class TestSuggestedFirst:
    """Which template stood first when a reply was written is kept, taken or not."""

    def first(self, world: World, number: str, now: datetime, **changed: Any) -> int:
        return sent(world, number, now, **{"suggested_code": "pushed", "suggested_version": 1, **changed})

    def test_it_is_kept_with_the_reply_whatever_was_written(self, world: World, now: datetime, number: str) -> None:
        pushed, other = template(now), template(now, "other")
        taken = self.first(world, number, now)
        another = self.first(world, number, now, template_code="other")
        by_hand = self.first(world, number, now, template_code=None, template_version=None, filled=None)
        kept = session().execute(select(TemplateOffer.message_id, TemplateOffer.template_id, TemplateOffer.version))
        assert set(kept.all()) == {(id, pushed, 1) for id in (taken, another, by_hand)}
        session().rollback()
        figures = {row.template.id: row.figures for row in library(world.actors.agent)}
        assert (figures[pushed].suggested, figures[pushed].accepted) == (3, 1 / 3)
        assert (figures[other].suggested, figures[other].accepted) == (0, None)

    @pytest.mark.parametrize(
        "named", [("pushed", 9), ("no_such", 1), ("of_another", 1), ("pushed", None), (None, 1)], ids=str
    )
    def test_one_that_could_not_be_suggested_to_him_leaves_no_trace(
        self, world: World, now: datetime, number: str, named: tuple[str | None, int | None]
    ) -> None:
        template(now)
        template(now, "of_another", scope="personal", owner=world.users.agent2)
        self.first(world, number, now, suggested_code=named[0], suggested_version=named[1])
        assert count_of(TemplateOffer) == 0

    def test_a_reply_taken_back_was_not_written(self, world: World, now: datetime, number: str) -> None:
        template(now)
        message = self.first(world, number, now)
        do(messages.take_back, number, message, actor=world.actors.agent, now=now + 5 * SECOND)
        assert count_of(TemplateOffer) == 0


@pytest.mark.parametrize("rank", [0, 4, -1, 10**9])
def test_a_place_that_was_never_offered_counts_as_found_by_hand(
    world: World, now: datetime, number: str, rank: int
) -> None:
    template(now)
    sent(world, number, now, rank=rank)
    assert [use.rank for use in uses()] == [None]


def test_a_template_or_version_that_is_none_of_his_leaves_no_trace(world: World, now: datetime, number: str) -> None:
    template(now)
    template(now, "of_another", scope="personal", owner=world.users.agent2)
    template(now, "of_the_warehouse", scope="team", queue=world.queues.warehouse)
    for code, version in (("of_another", 1), ("of_the_warehouse", 1), ("pushed", 2), ("no_such", 1), ("pushed", None)):
        sent(world, number, now, template_code=code, template_version=version)
    assert uses() == []
    kept = select(Message.template_code, Message.template_version).where(Message.direction == "out")
    assert set(session().execute(kept).all()) == {(None, None)}


@pytest.mark.parametrize("scope", ["personal", "team"])
def test_his_own_and_his_queues_templates_count(world: World, now: datetime, number: str, scope: str) -> None:
    template(now, scope=scope, owner=world.users.agent, queue=world.queues.customer_service)
    sent(world, number, now)
    assert len(uses()) == 1


def test_one_edited_or_retired_while_he_wrote_counts_with_the_version_he_saw(
    world: World, now: datetime, number: str
) -> None:
    template(now, versions=3, active=False)
    sent(world, number, now, template_version=2)
    assert [use.version for use in uses()] == [2]


def test_without_a_template_there_is_nothing_to_count(world: World, now: datetime, number: str) -> None:
    replied(number, actor=world.actors.agent, now=now)
    assert count_of(TemplateUse) == 0


def test_a_reply_taken_back_says_nothing_about_its_template(world: World, now: datetime, number: str) -> None:
    template(now)
    first, second = sent(world, number, now), sent(world, number, now)
    do(messages.take_back, number, second, actor=world.actors.agent, now=now + 5 * SECOND)
    assert [use.message_id for use in uses()] == [first]
