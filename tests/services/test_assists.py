"""Another queue's help, while the ticket stays where it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.domain.tickets import Party
from helpdesk.models import Note, Stint, Ticket
from helpdesk.models.scope import listed
from helpdesk.services import assists
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import clock, do, events, look, opened, queue_clocks, refused, resolved, stints

HOUR = timedelta(hours=1)


def asked(number: str, world: World, now: datetime, queue: str = "warehouse", **more: object) -> int:
    values = {"party": Party.WAREHOUSE, "question": " 发出了吗？ ", "version": look(number).version}
    values |= {"actor": world.actors.agent} | more
    return do(assists.ask_for_help, number, queue, now=now, **values)  # type: ignore[arg-type]


def test_a_question_opens_a_stint_with_its_own_clock_and_moves_nothing_else(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    due = clock(number, "solution").due_at
    id = asked(number, world, now + HOUR)
    ticket, stint = look(number), session().get_one(Stint, id)
    assert (ticket.queue_id, ticket.owner_id, ticket.status) == (world.queues.customer_service.id, None, "open")
    assert (stint.kind, stint.queue_id, stint.party) == ("assist", world.queues.warehouse.id, "warehouse")
    assert (stint.asked_by_id, stint.left_at) == (world.users.agent.id, None)
    assert session().get_one(Note, stint.question_note_id).text == "发出了吗？"
    assert queue_clocks(number)[1].due_at == now + 5 * HOUR
    assert clock(number, "solution").due_at == due
    told = events(number, "assist.asked")[0]
    assert told.params == {"queue": "warehouse", "party": "warehouse"}
    assert told.reason_note_id == stint.question_note_id


def test_it_stands_in_the_list_of_the_queue_that_is_asked(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    seen = select(Ticket.number).where(listed(world.actors.warehouse))
    assert session().scalars(seen).all() == []
    asked(number, world, now)
    assert session().scalars(seen).all() == [number]


def test_a_queue_is_asked_one_thing_at_a_time_and_several_queues_at_once(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    asked(number, world, now)
    with refused(Conflict, "assist.open_already"):
        asked(number, world, now)
    asked(number, world, now, queue="finance", party=None)
    assert [stint.left_at for stint in stints(number)] == [None] * 3


def test_what_can_t_be_asked_is_refused(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    with refused(Invalid, "assist.own_queue"):
        asked(number, world, now, queue="customer_service")
    for question in (" ", "字" * 2001):
        with refused(Invalid, "assist.question_required"):
            asked(number, world, now, question=question)
    with refused(NotFound, "queue.not_found"):
        asked(number, world, now, queue="moon")


def test_only_who_works_on_a_ticket_asks_and_only_while_it_is_active(world: World, now: datetime) -> None:
    number = opened(world, now, type="logistics_stuck")
    with refused(NotAllowed, "ticket.not_yours"):
        asked(number, world, now, actor=world.actors.finance)
    asked(number, world, now)
    resolved(number, actor=world.actors.agent, now=now + HOUR)
    assert {stint.left_at for stint in stints(number)} == {now + HOUR}
    with refused(Conflict, "ticket.not_active"):
        asked(number, world, now)
