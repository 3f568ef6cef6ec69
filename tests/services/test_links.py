"""Tickets are linked to each other, seen from both sides, and taken apart again."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from helpdesk.domain import links as rules
from helpdesk.domain.links import Relation
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.models import TicketLink
from helpdesk.queries.links import links_of
from helpdesk.services import links, merging, operations
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do, events, look, opened

Three = tuple[str, str, str]


@pytest.fixture
def three(world: World, now: datetime) -> Three:
    first, second, third = (opened(world, now, type="logistics_stuck", order_number=f"L{n}") for n in range(3))
    return first, second, third


def linked(world: World, now: datetime, number: str, other: str, relation: Relation) -> int:
    version = look(number).version
    return do(links.link, number, other, relation, version=version, actor=world.actors.agent, now=now)


def stored() -> list[tuple[object, ...]]:
    rows = session().execute(select(TicketLink.kind, TicketLink.from_id, TicketLink.to_id).order_by(TicketLink.id))
    return [tuple(row) for row in rows]


def seen(world: World, number: str) -> list[tuple[Relation, str]]:
    return [(one.relation, one.number) for one in links_of(look(number).id, world.actors.agent)]


@pytest.mark.parametrize("relation", Relation)
def test_both_sides_show_it_and_tell_of_it(world: World, now: datetime, three: Three, relation: Relation) -> None:
    first, second, _third = three
    linked(world, now, first, second, relation)
    back = rules.opposite(relation)
    assert (seen(world, first), seen(world, second)) == ([(relation, second)], [(back, first)])
    (here,), (there,) = events(first, "ticket.linked"), events(second, "ticket.linked")
    assert here.params == {"number": second, "relation": relation.value}
    assert there.params == {"number": first, "relation": back.value}


def test_undo_of_either_leaves_what_was_there_before(world: World, now: datetime, three: Three) -> None:
    first, second, _third = three
    adding = linked(world, now, first, second, Relation.CHILD)
    before = stored()
    (row,) = links_of(look(second).id, world.actors.agent)
    removing = do(links.unlink, second, row.id, version=1, actor=world.actors.agent, now=now)
    assert stored() == []
    assert do(operations.undo, removing, actor=world.actors.agent, now=now) == second
    assert stored() == before
    with pytest.raises(Conflict) as again:
        do(operations.undo, removing, actor=world.actors.agent, now=now)
    assert again.value.code == "operation.already_undone"
    (row,) = links_of(look(first).id, world.actors.agent)
    do(links.unlink, first, row.id, version=1, actor=world.actors.agent, now=now)
    with pytest.raises(NotFound):
        do(operations.undo, adding, actor=world.actors.agent, now=now)


def test_an_added_link_is_undone(world: World, now: datetime, three: Three) -> None:
    operation = linked(world, now, three[0], three[1], Relation.DUPLICATE)
    assert do(operations.undo, operation, actor=world.actors.agent, now=now) == three[0]
    assert stored() == []
    assert [event.params["number"] for event in events(three[1], "ticket.unlinked")] == [three[0]]


def test_no_ticket_is_above_itself(world: World, now: datetime, three: Three) -> None:
    first, second, third = three
    linked(world, now, first, second, Relation.PARENT)
    linked(world, now, third, second, Relation.CHILD)
    for number, other, relation in (
        (third, first, Relation.PARENT),
        (first, third, Relation.CHILD),
        (second, first, Relation.PARENT),
    ):
        with pytest.raises((Invalid, Conflict)) as refusal:
            linked(world, now, number, other, relation)
        assert refusal.value.code in {"link.circle", "link.exists"}
    assert len(stored()) == 2


def test_what_makes_no_sense_is_refused_and_changes_nothing(
    world: World, now: datetime, three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = three
    linked(world, now, first, second, Relation.SAME_ORDER)

    def refusal(number: str, other: str, relation: Relation, kind: type[Problem]) -> str:
        with pytest.raises(kind) as found:
            linked(world, now, number, other, relation)
        return found.value.code

    assert refusal(first, first, Relation.DUPLICATE, Invalid) == "link.to_itself"
    assert refusal(second, first, Relation.SAME_ORDER, Conflict) == "link.exists"
    assert refusal(first, "EX-000000-0000", Relation.DUPLICATE, Invalid) == "link.unknown_ticket"
    with pytest.raises(Stale):
        do(links.link, first, third, Relation.CAUSES, version=99, actor=world.actors.agent, now=now)
    with pytest.raises(NotAllowed):
        do(links.link, first, third, Relation.CAUSES, version=1, actor=world.actors.auditor, now=now)
    there = session().scalars(select(TicketLink.id)).one()
    with pytest.raises(NotFound):
        do(links.unlink, third, there, version=1, actor=world.actors.agent, now=now)
    with pytest.raises(Stale):
        do(links.unlink, first, there, version=0, actor=world.actors.agent, now=now)
    assert len(stored()) == 1
    monkeypatch.setattr(links, "MOST_LINKS", 1)
    assert refusal(third, first, Relation.DUPLICATE, Conflict) == "link.too_many"
    assert len(stored()) == 1


def test_a_merged_ticket_is_not_linked_any_more(world: World, now: datetime, three: Three) -> None:
    first, second, _third = three
    source = opened(world, now, type="service_complaint", order_number="L1")
    version = look(source).version
    do(merging.merge, {source: version}, second, reason="同一件事", actor=world.actors.agent, now=now)
    with pytest.raises(Conflict) as found:
        linked(world, now, first, source, Relation.DUPLICATE)
    assert found.value.code == "link.merged"


def test_what_the_reader_may_not_open_is_not_shown(world: World, now: datetime, three: Three) -> None:
    first, second, _third = three
    linked(world, now, first, second, Relation.CAUSED_BY)
    assert len(links_of(look(first).id, world.actors.agent)) == 1
    assert links_of(look(first).id, world.actors.outsider) == ()
