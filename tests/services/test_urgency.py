"""Urgency rises with the customer's wait and falls when he is answered."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk.domain.tickets import Outcome
from helpdesk.services import intake, messages, operations, resolution, sla
from helpdesk.storage import unit_of_work
from tests.factories import World
from tests.services.test_main_job import a_request, opened, the_ticket

STALLED = "快递好几天没动了，物流一直不更新"


def sweep(world: World, at: datetime) -> None:
    with unit_of_work():
        sla.fire(sla.due_stages(at), world.actors.system, at)


def reply(world: World, number: str, at: datetime, text: str = "我马上联系快递核实") -> int:
    with unit_of_work():
        return messages.reply(
            number,
            messages.Draft(text, last_message_id=0, cross_newer=True),
            version=the_ticket(number).version,
            actor=world.actors.agent,
            now=at,
        )


def test_an_answer_ends_what_a_late_first_response_had_raised(world: World, now: datetime) -> None:
    number = opened(world, now, text=STALLED).number
    sweep(world, now + timedelta(minutes=50))
    assert the_ticket(number).urgency == 3
    reply(world, number, now + timedelta(minutes=51))
    assert the_ticket(number).urgency == 0


def test_an_answer_leaves_what_a_running_solution_has_raised(world: World, now: datetime) -> None:
    number = opened(world, now, text=STALLED).number
    sweep(world, now + timedelta(hours=3, minutes=10))  # more than three quarters of the solution's four hours
    reply(world, number, now + timedelta(hours=3, minutes=11))
    assert the_ticket(number).urgency == 1


def test_a_nudge_is_settled_by_an_answer_but_still_counted(world: World, now: datetime) -> None:
    number = opened(world, now, text=STALLED).number
    with unit_of_work():
        intake.open_ticket(
            a_request(world, external_id="b", text="快递怎么还是没动，物流不更新"), actor=world.actors.agent, now=now
        )
    assert the_ticket(number).urgency == 1
    reply(world, number, now + timedelta(minutes=2))
    ticket = the_ticket(number)
    assert (ticket.urgency, ticket.nudges) == (0, 1)


def test_taking_the_answer_back_brings_the_urgency_back(world: World, now: datetime) -> None:
    number = opened(world, now, text=STALLED).number
    sweep(world, now + timedelta(minutes=31))
    at = now + timedelta(minutes=32)
    message = reply(world, number, at)
    assert the_ticket(number).urgency == 0
    with unit_of_work():
        messages.take_back(number, message, actor=world.actors.agent, now=at + timedelta(seconds=5))
    assert the_ticket(number).urgency == 2


def test_a_resolve_settles_it_and_its_undo_brings_it_back(world: World, now: datetime) -> None:
    number = opened(world, now, text=STALLED).number
    sweep(world, now + timedelta(minutes=31))
    at = now + timedelta(minutes=32)
    with unit_of_work():
        operation = resolution.resolve(
            number, outcome=Outcome.EXPLAINED, shares={}, version=1, actor=world.actors.agent, now=at
        )
    assert the_ticket(number).urgency == 0
    with unit_of_work():
        operations.undo(operation, actor=world.actors.agent, now=at + timedelta(seconds=5))
    assert the_ticket(number).urgency == 2


def test_a_queues_own_clock_raises_nothing(world: World, now: datetime) -> None:
    number = opened(world, now, text=STALLED).number
    reply(world, number, now + timedelta(minutes=1))
    sweep(world, now + timedelta(hours=1, minutes=45))  # past three quarters of the queue's two hours
    assert the_ticket(number).urgency == 0
