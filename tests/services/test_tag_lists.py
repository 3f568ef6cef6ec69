"""The list of tags, and what stands on tickets of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.tags import MOST_ON_TICKET, Colour
from helpdesk.models import Event, Tag, Ticket, TicketTag
from helpdesk.services import operations, tag_lists, tags
from helpdesk.services.tag_lists import TagSettings
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.factories import World
from tests.services.story import do, look, refused


def on(number: str) -> list[str]:
    return sorted(session().scalars(select(TicketTag.tag).where(TicketTag.ticket_id == look(number).id)))


def row_of(name: str) -> Tag:
    return session().scalars(select(Tag).where(Tag.name == name)).one()


def put(world: World, number: str, tag: str, now: datetime, *, off: bool = False) -> int | None:
    version = look(number).version
    return do(tags.set_tag, number, tag, on=not off, version=version, actor=world.actors.agent, now=now)


def changed(world: World, word: str, now: datetime, **more: Any) -> None:
    row = row_of(word)
    values: dict[str, Any] = {"name": row.name, "colour": Colour(row.colour), "active": row.active}
    values |= more
    do(tag_lists.update_tag, row.id, row.version, TagSettings(**values), actor=world.actors.supervisor, now=now)


@pytest.fixture
def number(world: World, now: datetime) -> str:
    with unit_of_work():
        return tickets.ticket(world, now, owner=world.users.agent).number


def test_a_new_word_joins_the_list_and_is_put_on_once(world: World, now: datetime, number: str) -> None:
    assert put(world, number, " 双十一 ", now) is not None
    assert put(world, number, "双十一", now) is None
    assert on(number) == ["双十一"]
    assert (row_of("双十一").active, row_of("双十一").colour) == (True, "plain")


def test_a_renamed_tag_is_another_on_every_ticket_and_its_old_word_means_it(
    world: World, now: datetime, number: str
) -> None:
    put(world, number, "大促", now)
    changed(world, "大促", now, name="双十一", colour=Colour.WARN)
    assert on(number) == ["双十一"]
    assert put(world, number, "大促", now) is None  # a rule or a habit still says the old word
    assert put(world, number, "大促", now, off=True) is not None
    assert on(number) == []
    event = session().scalars(select(Event).where(Event.code == "tag.changed")).one()
    assert event.params["changes"] == {"colour": ["plain", "warn"], "name": ["大促", "双十一"]}


def test_a_tag_can_have_its_old_name_again(world: World, now: datetime, number: str) -> None:
    put(world, number, "大促", now)
    changed(world, "大促", now, name="双十一")
    changed(world, "双十一", now, name="大促")
    assert on(number) == ["大促"]
    assert tag_names() == {"大促": True, "双十一": False}


def tag_names() -> dict[str, bool]:
    return {row.name: row.active for row in session().scalars(select(Tag))}


def test_merged_tags_stand_once_on_each_ticket(world: World, now: datetime, number: str) -> None:
    with unit_of_work():
        other = tickets.ticket(world, now, owner=world.users.agent).number
    for tag in ("补发", "重发"):
        put(world, number, tag, now)
    put(world, other, "重发", now)
    gone, stays = row_of("重发"), row_of("补发")
    told = do(tag_lists.merge_tags, gone.id, stays.id, gone.version, actor=world.actors.ops, now=now)
    assert told == 2
    assert (on(number), on(other)) == (["补发"], ["补发"])
    assert put(world, other, "重发", now) is None
    again = row_of("重发")
    with refused(NotFound, "tag.no_such_tag"):
        do(tag_lists.merge_tags, again.id, stays.id, again.version, actor=world.actors.ops, now=now)


def test_what_was_renamed_into_a_merged_tag_means_the_one_that_is_left(
    world: World, now: datetime, number: str
) -> None:
    put(world, number, "一", now)
    changed(world, "一", now, name="二")
    put(world, number, "三", now)
    two, three = row_of("二"), row_of("三")
    do(tag_lists.merge_tags, two.id, three.id, two.version, actor=world.actors.ops, now=now)
    assert on(number) == ["三"]
    assert put(world, number, "一", now) is None


def test_an_operation_is_undone_under_the_new_name(world: World, now: datetime, number: str) -> None:
    operation = put(world, number, "大促", now)
    changed(world, "大促", now, name="双十一")
    assert operation is not None
    do(operations.undo, operation, actor=world.actors.agent, now=now)
    assert on(number) == []


def test_a_retired_tag_stays_where_it_stands_and_is_put_on_by_nobody(world: World, now: datetime, number: str) -> None:
    put(world, number, "旧活动", now)
    changed(world, "旧活动", now, active=False)
    assert on(number) == ["旧活动"]
    with unit_of_work():
        other = tickets.ticket(world, now, owner=world.users.agent).number
    with refused(Invalid, "tag.retired"):
        put(world, other, "旧活动", now)
    assert put(world, number, "旧活动", now, off=True) is not None


def test_a_ticket_carries_so_many_and_rules_put_no_more_on(world: World, now: datetime, number: str) -> None:
    for place in range(MOST_ON_TICKET):
        put(world, number, f"标签{place}", now)
    with refused(Conflict, "tag.ticket_full"):
        put(world, number, "再一个", now)
    with unit_of_work():
        row = session().get_one(Ticket, look(number).id)
        assert tags.put_by_rule(row, "再一个", actor=world.actors.system, now=now) is False
    assert len(on(number)) == MOST_ON_TICKET


@pytest.mark.parametrize(
    ("settings_", "kind", "code"),
    [
        (TagSettings(" "), Invalid, "tag.bad_name"),
        (TagSettings("x" * 31), Invalid, "tag.bad_name"),
        (TagSettings("两\n行"), Invalid, "tag.bad_name"),
        (TagSettings("在用"), Conflict, "tag.name_taken"),
        (TagSettings("旧词"), Conflict, "tag.name_taken"),
    ],
)
def test_what_can_be_no_tag_is_refused(
    world: World, now: datetime, number: str, settings_: TagSettings, kind: type[Problem], code: str
) -> None:
    put(world, number, "旧词", now)
    changed(world, "旧词", now, name="在用")
    with refused(kind, code):
        do(tag_lists.create_tag, settings_, actor=world.actors.ops, now=now)


def test_nobody_writes_over_what_he_has_not_seen_or_may_not_change(world: World, now: datetime, number: str) -> None:
    put(world, number, "一", now)
    put(world, number, "二", now)
    one, two = row_of("一"), row_of("二")
    with refused(Stale, "tag.stale"):
        do(tag_lists.update_tag, one.id, 9, TagSettings("三"), actor=world.actors.ops, now=now)
    with refused(Stale, "tag.stale"):
        do(tag_lists.merge_tags, one.id, two.id, 9, actor=world.actors.ops, now=now)
    with refused(Invalid, "tag.same_tag"):
        do(tag_lists.merge_tags, one.id, one.id, 1, actor=world.actors.ops, now=now)
    with refused(NotAllowed, "access.denied"):
        do(tag_lists.update_tag, one.id, 1, TagSettings("三"), actor=world.actors.agent, now=now)
    with refused(Conflict, "tag.name_taken"):
        do(tag_lists.update_tag, one.id, 1, TagSettings("二"), actor=world.actors.ops, now=now)


WORDS = st.sampled_from(["一", "二", "三", "四"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["put", "rename", "merge"]), WORDS, WORDS), max_size=8))
def test_whatever_is_renamed_and_merged_every_word_on_a_ticket_is_a_tag_of_the_list(
    world: World, now: datetime, deeds: list[tuple[str, str, str]]
) -> None:
    class UndoneError(Exception):
        pass

    boss = world.actors.ops
    try:
        with unit_of_work():
            number = tickets.ticket(world, now, owner=world.users.agent).number
            for deed, word, other in deeds:
                found = {row.name: row for row in session().scalars(select(Tag).where(Tag.means_id.is_(None)))}
                try:
                    if deed == "put":
                        tags.set_tag(number, word, on=True, version=1, actor=world.actors.agent, now=now)
                    elif word in found and deed == "rename":
                        row = found[word]
                        tag_lists.update_tag(row.id, row.version, TagSettings(other), actor=boss, now=now)
                    elif word in found and other in found:
                        row = found[word]
                        tag_lists.merge_tags(row.id, found[other].id, row.version, actor=boss, now=now)
                except Problem:
                    pass
                session().expire_all()
                known = set(session().scalars(select(Tag.name).where(Tag.means_id.is_(None))))
                assert set(session().scalars(select(TicketTag.tag))) <= known
                chained = select(Tag.id).where(Tag.means_id.in_(select(Tag.id).where(Tag.means_id.is_not(None))))
                assert session().scalars(chained).all() == []
            raise UndoneError
    except UndoneError:
        pass
