"""The page of appeals: filed from here, decided here, with every word kept where it was refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.tickets import Party
from helpdesk.models import Appeal, Ticket
from helpdesk.services import appeals, responsibility
from helpdesk.storage import session, unit_of_work
from helpdesk.wording.notices import notice_text
from tests import tickets
from tests.conftest import Client, Frozen, Login
from tests.factories import World

BLAMED = {Party.WAREHOUSE: 60, Party.COURIER: 40}


def followed(client: Client, answer: Any) -> str:
    """The page that the answer leads to."""
    assert answer.status_code == 302, answer.text
    return str(client.get(answer.headers["Location"]).text)


@pytest.fixture
def row(world: World, now: datetime) -> Ticket:
    """A lost parcel of customer service's; an agent blames the warehouse."""
    with unit_of_work():
        row = tickets.ticket(world, now, type="lost_parcel", owner=world.users.agent)
    with unit_of_work():
        responsibility.mark_evidence(row.number, {"delivery_proof": False}, seen={}, actor=world.actors.agent, now=now)
        responsibility.set_shares(row.number, BLAMED, revision=0, actor=world.actors.agent, now=now)
    return row


def filed(row: Ticket, world: World, now: datetime) -> int:
    with unit_of_work():
        known = responsibility.revision_of(row.id)
        return appeals.appeal(
            row.number, Party.WAREHOUSE, "发出时完好", revision=known, actor=world.actors.warehouse, now=now
        )


def appeal() -> Appeal:
    session().rollback()
    return session().execute(select(Appeal)).scalar_one()


def test_a_member_of_the_blamed_queue_appeals_from_the_list(
    client: Client, world: World, login: Login, row: Ticket, frozen: Frozen
) -> None:
    login(client, world.users.warehouse)
    page = client.get("/shares/appeals").text
    for words in (row.number, "仓库 60% 的责任", "快递 40%", "签收凭证", "申诉时限还剩 2天"):
        assert words in page, words
    assert f'href="/tickets/{row.number}"' not in page, "he can't open it"
    sent = {"number": row.number, "party": "warehouse", "revision": str(responsibility.revision_of(row.id))}
    page = followed(client, client.submit("/shares/appeals", data={**sent, "reason": "发出时完好"}))
    assert "申诉已提出" in page
    assert "等别人裁定" in page
    assert (appeal().state, appeal().percent) == ("open", 60)


def test_what_was_written_comes_back_when_it_is_refused(
    client: Client, world: World, login: Login, row: Ticket, frozen: Frozen
) -> None:
    login(client, world.users.warehouse)
    sent = {"number": row.number, "party": "warehouse", "revision": "0", "reason": "发出时完好"}
    answer = client.submit("/shares/appeals", data=sent)
    assert answer.status_code == 409
    assert "责任归属被别人改过了" in answer.text
    assert ">发出时完好</textarea>" in answer.text
    revision = str(responsibility.revision_of(row.id))
    long = client.submit("/shares/appeals", data={**sent, "revision": revision, "reason": "不" * 501})
    assert long.status_code == 422
    assert "不" * 501 in long.text


@pytest.mark.parametrize(("hours", "left"), [(47, "申诉时限还剩 1时"), (49, "没有可以申诉的责任")])
def test_the_time_for_it_runs_out_on_the_page(
    client: Client, world: World, login: Login, now: datetime, frozen: Frozen, hours: int, left: str
) -> None:
    said_at = now - timedelta(hours=hours)
    with unit_of_work():
        row = tickets.ticket(world, said_at, type="lost_parcel")
    with unit_of_work():
        responsibility.set_shares(row.number, BLAMED, revision=0, actor=world.actors.agent, now=said_at)
    login(client, world.users.warehouse)
    assert left in client.get("/shares/appeals").text


def test_the_supervisor_upholds_with_other_shares(
    client: Client, world: World, login: Login, row: Ticket, now: datetime, frozen: Frozen
) -> None:
    filed(row, world, now)
    login(client, world.users.supervisor)
    page = client.get("/shares/appeals").text
    assert "发出时完好" in page
    assert "赵仓提出" in page
    sent = {"version": "1", "party": ["courier", "", ""], "percent": ["100", "", ""], "reason": "称重无误"}
    page = followed(client, client.submit(f"/shares/appeals/{appeal().id}/uphold", data=sent))
    assert "申诉成立，责任归属已改" in page
    assert "没有等你裁定的申诉" in page
    assert "称重无误" in page
    assert responsibility.said(row.id) == {Party.COURIER: 100}


def test_a_refused_decision_keeps_shares_and_reason(
    client: Client, world: World, login: Login, row: Ticket, now: datetime, frozen: Frozen
) -> None:
    filed(row, world, now)
    login(client, world.users.supervisor)
    sent = {"version": "1", "party": ["warehouse", "courier"], "percent": ["60", "40"], "reason": "称重无误"}
    answer = client.submit(f"/shares/appeals/{appeal().id}/uphold", data=sent)
    assert answer.status_code == 422
    assert "要低于 60%" in answer.text
    assert 'value="60"' in answer.text
    assert ">称重无误</textarea>" in answer.text
    stale = client.submit(f"/shares/appeals/{appeal().id}/reject", data={"version": "9", "reason": "不成立"})
    assert stale.status_code == 409
    assert "这个申诉有了变化" in stale.text
    assert appeal().state == "open"


def test_rejected_its_queue_reads_why(
    client: Client, world: World, login: Login, row: Ticket, now: datetime, frozen: Frozen
) -> None:
    filed(row, world, now)
    login(client, world.users.supervisor)
    client.submit(f"/shares/appeals/{appeal().id}/reject", data={"version": "1", "reason": "没有打包记录"})
    login(client, world.users.warehouse)
    page = client.get("/shares/appeals").text
    assert "申诉驳回" in page
    assert "没有打包记录" in page


def test_who_may_not_decide_is_told_why_instead_of_a_button(
    client: Client, world: World, login: Login, now: datetime, frozen: Frozen
) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, type="lost_parcel", owner=world.users.agent)
    with unit_of_work():
        responsibility.set_shares(row.number, BLAMED, revision=0, actor=world.actors.supervisor, now=now)
    filed(row, world, now)
    login(client, world.users.supervisor)
    page = client.get("/shares/appeals").text
    assert "责任是你判的" in page
    assert "确认改判" in page
    assert "确认驳回" not in page


def test_who_appealed_takes_it_back(
    client: Client, world: World, login: Login, row: Ticket, now: datetime, frozen: Frozen
) -> None:
    filed(row, world, now)
    login(client, world.users.warehouse)
    page = followed(client, client.submit(f"/shares/appeals/{appeal().id}/withdraw", data={"version": "1"}))
    assert "申诉已撤回" in page
    assert appeal().state == "withdrawn"
    assert "提交申诉" in page


@pytest.mark.parametrize("name", ["agent", "outsider", "finance", "auditor"])
def test_others_see_nothing_of_it(
    client: Client, world: World, login: Login, row: Ticket, now: datetime, frozen: Frozen, name: str
) -> None:
    filed(row, world, now)
    login(client, getattr(world.users, name))
    page = client.get("/shares/appeals")
    assert page.status_code == 200
    assert "发出时完好" not in page.text
    for deed in ("uphold", "reject", "withdraw"):
        sent = {"version": "1", "reason": "？", "party": "courier", "percent": "100"}
        assert client.submit(f"/shares/appeals/{appeal().id}/{deed}", data=sent).status_code in (403, 404)
    assert appeal().state == "open"


def test_the_bell_says_whom_it_concerns_in_words(world: World) -> None:
    for code, facts, words in (
        ("shares.blamed", {"party": "warehouse", "share": 60}, "仓库承担 60% 的责任"),
        ("appeal.filed", {"party": "warehouse", "share": 60}, "等你裁定"),
        ("appeal.decided", {"party": "warehouse", "appeal_state": "upheld"}, "申诉成立"),
    ):
        assert words in notice_text(code, facts)
