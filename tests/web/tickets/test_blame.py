"""The card about who is responsible on the ticket page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from helpdesk.domain.tickets import Party
from helpdesk.models import Ticket
from helpdesk.services import appeals, responsibility
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login
from tests.factories import World


def followed(client: Client, answer: Any) -> str:
    """The page that the answer leads to."""
    assert answer.status_code == 302, answer.text
    return str(client.get(answer.headers["Location"]).text)


@pytest.fixture
def agent(client: Client, world: World, login: Login, frozen: Frozen) -> Client:
    login(client, world.users.agent)
    return client


@pytest.fixture
def row(world: World, now: datetime) -> Ticket:
    with unit_of_work():
        return tickets.ticket(world, now, type="lost_parcel", owner=world.users.agent)


def said(row: Ticket) -> dict[Party, int]:
    session().rollback()
    return responsibility.said(row.id)


def shares(row: Ticket, **more: object) -> dict[str, object]:
    session().rollback()
    revision = str(responsibility.revision_of(row.id))
    return {"version": "1", "revision": revision, "party": ["courier"], "percent": ["100"], **more}


def test_until_the_evidence_is_ticked_the_rules_say_what_they_miss(agent: Client, row: Ticket) -> None:
    page = agent.get(f"/tickets/{row.number}").text
    for words in ("规则建议", "未判定 100%", "先核对：签收凭证", "还没有登记"):
        assert words in page, words
    assert "采用建议" not in page


def test_ticked_it_proposes_and_one_press_takes_it_over(agent: Client, row: Ticket) -> None:
    sent = {"seen-delivery_proof": "", "mark-delivery_proof": "absent"}
    page = followed(agent, agent.submit(f"/tickets/{row.number}/evidence", data=sent))
    for words in ("证据已登记", "快递 100%", "快递拿不出签收凭证", "采用建议"):
        assert words in page, words
    page = followed(agent, agent.submit(f"/tickets/{row.number}/shares", data=shares(row)))
    assert "责任归属已登记" in page
    assert "采用建议" not in page
    assert said(row) == {Party.COURIER: 100}


def test_the_form_that_resolves_is_filled_in_with_what_was_said_or_is_proposed(agent: Client, row: Ticket) -> None:
    def filled() -> bool:
        page = agent.get(f"/tickets/{row.number}?panel=resolve").text
        dialog = page[page.index('id="panel-resolve"') :]
        return '<option value="courier" selected>' in dialog

    assert not filled()
    sent = {"seen-delivery_proof": "", "mark-delivery_proof": "absent"}
    agent.submit(f"/tickets/{row.number}/evidence", data=sent)
    assert filled()


def test_what_another_ticked_meanwhile_is_told_and_the_choice_stays(
    agent: Client, world: World, row: Ticket, now: datetime
) -> None:
    with unit_of_work():
        responsibility.mark_evidence(row.number, {"delivery_proof": True}, seen={}, actor=world.actors.agent2, now=now)
    answer = agent.submit(
        f"/tickets/{row.number}/evidence", data={"seen-delivery_proof": "", "mark-delivery_proof": "absent"}
    )
    assert answer.status_code == 409
    assert "“签收凭证”被别人登记过了" in answer.text
    assert '<option value="absent" selected>' in answer.text


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"percent": ["90"]}, "合计 100%"),
        ({"party": ["courier", "courier"], "percent": ["50", "50"]}, "合计 100%"),
        ({"party": ["nobody"]}, "合计 100%"),
        ({"percent": ["x"]}, "合计 100%"),
        ({"party": []}, "合计 100%"),
        ({"revision": "7"}, "责任归属被别人改过了"),
        ({"reason": "不" * 501}, "500"),
    ],
)
def test_shares_that_cannot_be_are_refused_with_what_was_typed(
    agent: Client, row: Ticket, more: dict[str, object], words: str
) -> None:
    answer = agent.submit(f"/tickets/{row.number}/shares", data=shares(row, **{"reason": "称过重", **more}))
    assert answer.status_code in (409, 422)
    assert words in answer.text
    assert more.get("reason", "称过重") in answer.text  # type: ignore[operator]
    assert said(row) == {}


def test_an_open_appeal_is_shown_and_holds_the_shares(agent: Client, world: World, row: Ticket, now: datetime) -> None:
    with unit_of_work():
        responsibility.set_shares(row.number, {Party.WAREHOUSE: 100}, revision=0, actor=world.actors.agent, now=now)
    with unit_of_work():
        known = responsibility.revision_of(row.id)
        appeals.appeal(row.number, Party.WAREHOUSE, "发出时完好", revision=known, actor=world.actors.warehouse, now=now)
    page = agent.get(f"/tickets/{row.number}").text
    assert "发出时完好" in page
    assert "责任归属不能改" in page
    assert f'action="/tickets/{row.number}/shares"' not in page
    answer = agent.submit(f"/tickets/{row.number}/shares", data=shares(row))
    assert "有申诉正在等裁定" in answer.text


@pytest.mark.parametrize(("hours", "offered"), [(47, True), (49, False)])
def test_a_member_of_the_blamed_queue_finds_the_appeal_on_the_page(
    client: Client, world: World, login: Login, row: Ticket, now: datetime, frozen: Frozen, hours: int, offered: bool
) -> None:
    said_at = now - timedelta(hours=hours)
    with unit_of_work():
        blamed = {Party.CUSTOMER_SERVICE: 100}
        responsibility.set_shares(row.number, blamed, revision=0, actor=world.actors.agent, now=said_at)
    login(client, world.users.agent2)
    page = client.get(f"/tickets/{row.number}").text
    assert "客服 100%" in page
    assert ("对“客服 100%”提出申诉" in page) is offered


def test_who_only_reads_gets_no_forms(client: Client, world: World, login: Login, row: Ticket, frozen: Frozen) -> None:
    login(client, world.users.auditor)
    page = client.get(f"/tickets/{row.number}").text
    assert "责任归属" in page
    for action in ("evidence", "shares"):
        assert f'action="/tickets/{row.number}/{action}"' not in page
        assert client.submit(f"/tickets/{row.number}/{action}", data={}).status_code == 403
