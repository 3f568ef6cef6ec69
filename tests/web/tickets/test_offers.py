"""Offering money from the ticket page: exact amounts, one offer for one form, refusals that keep what was typed."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from helpdesk.domain.problems import Invalid
from helpdesk.models import Compensation, Ticket
from helpdesk.storage import session, unit_of_work
from helpdesk.web.tickets.offer_card import parse_yuan, plain_yuan
from tests import money, tickets
from tests.conftest import Client, Login
from tests.factories import World
from tests.web.tickets.reading import crossing


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def number(world: World, now: datetime) -> str:
    """A ticket about a stalled parcel whose order was paid with 239.00."""
    with unit_of_work():
        buyer, bought = tickets.customer(world), tickets.order(world, now)
        row = tickets.ticket(
            world, now, order_id=bought.id, customer_id=buyer.id, owner=world.users.agent, hands=world.users.agent
        )
        return row.number


def form(client: Client, number: str, amount: str | None = None, **more: Any) -> dict[str, Any]:
    """The first offer of the card as a browser would send it, all evidence ticked."""
    page = client.get(f"/tickets/{number}").text
    card = page[page.index('id="compensation"') :]
    code = re.findall(r'name="policy" value="([^"]+)"', card)[0]
    evidence = re.findall(rf'name="evidence-{code}" value="([^"]+)"', card)
    shown = re.findall(rf'name="amount-{code}" value="([^"]*)"', card)[0]
    hidden = dict(re.findall(r'type="hidden" name="(version|key)" value="([^"]*)"', card))
    values = {"policy": code, f"amount-{code}": amount or shown, f"evidence-{code}": evidence, "why": "停了五天"}
    return {**hidden, **values, **more}


def promised() -> list[tuple[int, str]]:
    session().rollback()
    rows = session().execute(select(Compensation.amount_fen, Compensation.state))
    return [(row.amount_fen, row.state) for row in rows]


@given(st.integers(0, 999_999_999))
def test_an_amount_is_read_as_it_is_written(fen: int) -> None:
    assert parse_yuan(plain_yuan(fen)) == fen


@pytest.mark.parametrize(
    ("text", "fen"),
    [("5", 500), ("5.5", 550), (" ¥1,234.56 ", 123_456), ("１２．５０", 1_250), ("8元", 800), ("0.07", 7)],
)
def test_people_write_amounts_in_many_ways(text: str, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize("text", ["", "5.505", "-5", "1e3", "五", "5.", ".5", "NaN", "1" * 9, "5 or 6", "0x10"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_yuan(text)


def test_an_offer_within_ones_limit_holds_at_once_and_stands_on_the_page(agent: Client, number: str) -> None:
    answer = agent.submit(f"/tickets/{number}/compensations", form(agent, number, "3.00"))
    assert answer.status_code == 302
    assert promised() == [(300, "approved")]
    page = agent.get(f"/tickets/{number}").text
    assert "待兑现" in page
    assert "自己额度内" in page
    assert "还可补 ¥5.00" in page  # 7.00 of the agent's limit are left, and one such coupon gives 5.00


def test_what_is_left_is_the_limit_where_the_policy_gives_more(agent: Client, number: str) -> None:
    for amount in ("3.00", "3.00"):
        agent.submit(f"/tickets/{number}/compensations", form(agent, number, amount))
    assert "还可补 ¥4.00" in agent.get(f"/tickets/{number}").text


def test_the_same_form_twice_is_one_offer(agent: Client, number: str) -> None:
    data = form(agent, number, "3.00")
    for _ in range(2):
        assert agent.submit(f"/tickets/{number}/compensations", data).status_code == 302
    assert promised() == [(300, "approved")]


def test_a_ticket_that_moved_on_shows_what_changed_and_keeps_what_was_typed(agent: Client, number: str) -> None:
    data = form(agent, number, "3.50")
    agent.submit(f"/tickets/{number}/priority", {"version": data["version"], "priority": "P1"})
    page = agent.submit(f"/tickets/{number}/compensations", data)
    assert page.status_code == 409
    card = page.text[page.text.index('id="compensation"') :]
    _head, line = crossing(card)
    assert line[:2] == ["优先级", "P2"]
    assert 'value="3.50"' in card
    assert "停了五天</textarea>" in card
    assert promised() == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"policy": ""}, 422),
        ({"policy": "x" * 80}, 422),
        ({"policy": "no_such"}, 422),
        ({"key": "mine"}, 422),
        ({"why": "x" * 600}, 422),
        ({"version": "none"}, 409),
    ],
)
def test_nonsense_is_told_and_changes_nothing(agent: Client, number: str, change: dict[str, str], status: int) -> None:
    data = {**form(agent, number, "3.00"), **change}
    data[f"amount-{change.get('policy', data['policy'])}"] = "3.00"
    assert agent.submit(f"/tickets/{number}/compensations", data).status_code == status
    assert promised() == []


@pytest.mark.parametrize(
    ("amount", "words"), [("3", "可直接承诺"), ("5.005", "最多两位小数"), ("9999", "最多"), ("", "")]
)
def test_while_it_is_typed_the_rules_say_what_an_amount_means(
    agent: Client, number: str, amount: str, words: str
) -> None:
    policy = form(agent, number)["policy"]
    answer = agent.get(f"/tickets/{number}/compensations/check?policy={policy}&amount={amount}")
    assert answer.status_code == 200
    assert words in answer.text


def test_what_was_proposed_is_withdrawn_or_carried_out_from_the_page(agent: Client, number: str) -> None:
    for path, state in (("withdraw", "withdrawn"), ("fulfil", "paid")):
        agent.submit(f"/tickets/{number}/compensations", form(agent, number, "3.00"))
        row = session().scalars(select(Compensation).order_by(Compensation.id.desc())).first()
        assert row
        address = f"/tickets/{number}/compensations/{row.id}/{path}"
        assert f'action="{address}"' in agent.get(f"/tickets/{number}").text
        assert agent.submit(address, {"version": "9"}).status_code == 409
        assert agent.submit(address, {"version": str(row.version)}).status_code == 302
        assert promised()[-1] == (300, state)


def test_a_reversal_takes_a_reason_and_the_right(
    client: Client, world: World, login: Login, now: datetime, number: str
) -> None:
    with unit_of_work():
        ticket = session().scalars(select(Ticket).where(Ticket.number == number)).one()
        row = money.promise(world, ticket, 300, now, state="approved", kind="coupon")
    address = f"/tickets/{number}/compensations/{row.id}/reverse"
    login(client, world.users.agent)
    assert client.submit(address, {"version": "1", "reason": "发错了"}).status_code == 403
    login(client, world.users.supervisor)
    assert client.submit(address, {"version": "1"}).status_code == 422
    assert client.submit(address, {"version": "1", "reason": "发错了"}).status_code == 302
    assert sorted(promised()) == [(300, "reversed"), (300, "reversed")]


def test_the_card_tells_what_the_customer_was_promised_before(
    agent: Client, world: World, now: datetime, number: str
) -> None:
    with unit_of_work():
        buyer = session().scalar(select(Ticket.customer_id).where(Ticket.number == number))
        for fen in (500, 600, 700):
            money.promise(world, tickets.ticket(world, now, customer_id=buyer), fen, now, state="paid")
    page = agent.get(f"/tickets/{number}").text
    assert "此前获补偿 3 笔，共 ¥18.00" in page
    assert "留意" in page


def test_who_reads_the_ledger_sees_the_promises_but_offers_nothing(
    client: Client, world: World, login: Login, now: datetime, number: str
) -> None:
    with unit_of_work():
        ticket = session().scalars(select(Ticket).where(Ticket.number == number)).one()
        money.promise(world, ticket, 12_345, now)
    login(client, world.users.auditor)
    page = client.get(f"/tickets/{number}").text
    assert "¥123.45" in page
    assert 'name="policy"' not in page
    answer = client.submit(f"/tickets/{number}/compensations", {"key": str(uuid4())})
    assert answer.status_code == 403
    assert session().scalar(select(func.count()).select_from(Compensation)) == 1
