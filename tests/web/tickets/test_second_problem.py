"""A message that tells of two problems: the ticket page offers a second ticket."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import func, select

from helpdesk.domain.decisions import Candidate, second_problem
from helpdesk.models import Correction, Ticket
from helpdesk.storage import session
from tests.conftest import Client, Login
from tests.factories import World

TWO = "收到的杯子碎了，另外发票抬头开错了要重开"


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def number(agent: Client, world: World, now: datetime) -> str:
    return entered(agent, world, TWO)


def entered(agent: Client, world: World, text: str) -> str:
    """The number of the ticket that the form opened."""
    form = {
        "shop": world.shop.id,
        "channel": world.channels.tmall.id,
        "text": text,
        "order_number": "",
        "priority": "P2",
        "external_id": "0b0f4a0e-5a0c-4a4e-9f53-0e6d7f6f1c11",
    }
    answer = agent.submit("/tickets", form)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"]).rsplit("/", 1)[1].split("?")[0]


def second_of(number: str) -> str:
    first = session().scalars(select(Ticket).where(Ticket.number == number)).one()
    return "invoice" if first.type == "damaged" else "damaged"


def test_the_second_problem_becomes_a_linked_ticket_once(agent: Client, number: str) -> None:
    second = second_of(number)
    assert f"/tickets/{number}/second" in agent.get(f"/tickets/{number}").text
    answers = [agent.submit(f"/tickets/{number}/second", {"type": second}) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    first = session().scalars(select(Ticket).where(Ticket.number == number)).one()
    linked = session().scalars(select(Ticket).where(Ticket.follows_id == first.id)).all()
    assert [(row.type, row.customer_id, row.order_id) for row in linked] == [
        (second, first.customer_id, first.order_id)
    ]
    assert number in agent.get(answers[0].headers["Location"]).text


def test_it_is_no_evidence_against_the_decision(agent: Client, number: str) -> None:
    agent.submit(f"/tickets/{number}/second", {"type": second_of(number)})
    assert session().scalar(select(func.count()).select_from(Correction)) == 0


@pytest.mark.parametrize("type_code", ["", "price_dispute", "x" * 500])
def test_a_type_that_was_not_offered_is_refused(agent: Client, number: str, type_code: str) -> None:
    assert agent.submit(f"/tickets/{number}/second", {"type": type_code}).status_code == 409
    assert session().scalar(select(func.count()).select_from(Ticket)) == 1


def test_a_message_of_one_problem_offers_nothing(agent: Client, world: World) -> None:
    number = entered(agent, world, "发票抬头开错了")
    assert f"/tickets/{number}/second" not in agent.get(f"/tickets/{number}").text


@pytest.mark.parametrize(
    ("type_code", "runner_up", "offered"),
    [
        ("damaged", Candidate("invoice", 0.7), True),
        ("damaged", Candidate("invoice", 0.5), False),
        ("damaged", Candidate("quality", 0.8), False),
        ("late_shipment", Candidate("lost_parcel", 0.8), False),
        ("damaged", Candidate("service_complaint", 0.8), False),
        ("other", Candidate("invoice", 0.8), False),
    ],
)
def test_what_counts_as_a_second_problem(type_code: str, runner_up: Candidate, offered: bool) -> None:
    assert (second_problem(type_code, [runner_up]) is not None) is offered


def test_without_a_runner_up_there_is_none() -> None:
    assert second_problem("damaged", []) is None
