from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from markupsafe import Markup
from sqlalchemy import event

from helpdesk.models import Stint, Ticket, User
from helpdesk.storage import Base, session, unit_of_work
from helpdesk.web.tickets import rows
from tests import tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World
from tests.tickets import HOUR


@pytest.fixture
def agent(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.agent)
    return client


def shown(page: str) -> list[str]:
    """Numbers of the rows, from top to bottom."""
    return re.findall(r'data-number="([^"]+)"', page)


def test_the_front_door_leads_to_the_list(agent: Client) -> None:
    assert agent.get("/").headers["Location"] == "/tickets"


def test_the_list_shows_what_burns_first_with_its_facts(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        buyer, bought = tickets.customer(world), tickets.order(world, now)
        calm = tickets.ticket(world, now, subject="发票抬头").number
        late = tickets.ticket(
            world,
            now,
            due_in=-HOUR,
            subject="快递停了",
            customer_id=buyer.id,
            order_id=bought.id,
            hands=world.users.agent2,
            nudges=2,
        ).number
    page = agent.get("/tickets").text
    assert shown(page) == [late, calm]
    for fact in ("快递停了", "王先生", "20261122001", "¥239.00", "周舟", "物流停滞", "天猫", "超时 1时", "催</span>"):
        assert fact.removesuffix("</span>") in page, fact
    assert "上午好，林晓" in page
    assert "有 1 张工单已超时" in page


def test_every_tab_says_what_to_do_when_it_is_empty(agent: Client) -> None:
    for tab, words in (
        ("", "全部处理完了"),
        ("mine", "手上没有工单"),
        ("unassigned", "都有人负责了"),
        ("pending_customer", "没有在等客户的工单"),
        ("assists", "没有人在等你们协助"),
    ):
        assert words in agent.get(f"/tickets?tab={tab}").text
    assert "没有符合条件的工单" in agent.get("/tickets?priority=P1").text


def test_filters_stay_chosen_and_can_be_cleared(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now)
        urgent = tickets.ticket(world, now, priority="P1").number
    page = agent.get("/tickets?tab=unassigned&priority=P1").text
    assert shown(page) == [urgent]
    assert '<option value="P1" selected>' in page
    assert 'href="/tickets?tab=unassigned">' in page.replace(" ", " ")
    assert f'href="/tickets/{urgent}?tab=unassigned&amp;priority=P1"' in page


@pytest.mark.parametrize("query", ["status=gone", "tab=x", "after=1", "q=" + "x" * 81, "owner=0", "class=%00"])
def test_an_address_that_cannot_be_is_refused_clearly(agent: Client, query: str) -> None:
    answer = agent.get(f"/tickets?{query}")
    assert answer.status_code == 422
    assert "Traceback" not in answer.text


def test_pages_lead_to_each_other(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        for place in range(53):
            tickets.ticket(world, now, due_in=place * HOUR)
    first = agent.get("/tickets").text
    assert len(shown(first)) == 50
    older = re.search(r'href="([^"]+)" rel="next"', first)
    assert older is not None
    second = agent.get(older.group(1).replace("&amp;", "&")).text
    assert len(shown(second)) == 3
    newer = re.search(r'href="([^"]+)" rel="prev"', second)
    assert newer is not None
    assert shown(agent.get(newer.group(1).replace("&amp;", "&")).text) == shown(first)


def test_a_search_goes_through_ended_tickets_too(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        ended = tickets.ticket(world, now, status="closed", subject="旧的破损").number
        tickets.ticket(world, now)
    assert shown(agent.get("/tickets?q=破损").text) == [ended]
    assert shown(agent.get(f"/tickets?q={ended.lower()}").text) == [ended]


def test_the_refresh_costs_nothing_while_nothing_changes(
    agent: Client, world: World, now: datetime, frozen: Frozen
) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, due_in=2 * HOUR)
    first = agent.get("/tickets/rows")
    assert shown(first.text) == [row.number]
    assert 'data-live-for="tabs"' in first.text
    etag = first.headers["ETag"]
    assert f'data-etag="{etag.strip(chr(34))}"' in agent.get("/tickets").text

    def again() -> int:
        return agent.get("/tickets/rows", headers={"If-None-Match": etag}).status_code

    frozen.shift(minutes=5)
    assert again() == 304
    frozen.shift(hours=1)  # the clock warns now
    assert again() == 200


def test_the_refresh_notices_a_new_message_another_hand_and_the_menu(
    agent: Client, world: World, now: datetime
) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
    etag = agent.get("/tickets/rows").headers["ETag"]
    with unit_of_work() as work:
        work.query(Stint).update({"assignee_id": world.users.agent2.id})
    changed = agent.get("/tickets/rows", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert "周舟" in changed.text
    assert row.number in changed.text


def test_ticked_tickets_are_claimed_one_by_one_with_a_result_for_each(
    agent: Client, world: World, now: datetime
) -> None:
    with unit_of_work():
        free = tickets.ticket(world, now).number
        taken = tickets.ticket(world, now, hands=world.users.agent2).number
        hidden = tickets.ticket(world, now, queue=world.queues.finance).number
    answer = agent.submit("/tickets/claim", {"number": [free, taken, hidden, free], "next": "/tickets?tab=mine"})
    assert answer.headers["Location"] == "/tickets?tab=mine"
    page = agent.get("/tickets?tab=mine").text
    assert shown(page) == [free]
    assert "已分派给你 1 张工单" in page
    assert "2 张没有分派给你" in page
    assert f"{taken}：" in page
    assert f"{hidden}：" in page


def test_claiming_nothing_says_so_and_too_much_is_refused(agent: Client) -> None:
    assert agent.submit("/tickets/claim", {"next": "//evil.example/"}).headers["Location"] == "/tickets"
    assert "没有勾选工单" in agent.get("/tickets").text
    assert agent.submit("/tickets/claim", {"number": [str(n) for n in range(51)]}).status_code == 422


def test_who_reads_everything_has_no_claim_button_that_works(
    client: Client, world: World, login: Login, now: datetime
) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
    login(client, world.users.auditor)
    assert shown(client.get("/tickets").text) == [row.number]
    assert client.submit("/tickets/claim", {"number": row.number}).status_code == 403
    assert session().query(Stint).filter(Stint.assignee_id.is_not(None)).count() == 0


def test_the_page_takes_at_most_twelve_statements_however_many_tickets(
    agent: Client, world: World, now: datetime, statements: Statements
) -> None:
    with unit_of_work():
        for place in range(60):
            buyer, bought = tickets.customer(world), tickets.order(world, now, f"N{place:06}")
            tickets.ticket(world, now, due_in=timedelta(minutes=place), customer_id=buyer.id, order_id=bought.id)
    agent.get("/tickets")
    with statements() as seen:
        assert len(shown(agent.get("/tickets").text)) == 50
    assert len(seen) <= 12
    with statements() as seen:
        agent.get("/tickets/rows")
    assert len(seen) <= 12


def test_the_page_loads_no_objects_of_the_mapper_only_plain_rows(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        for place in range(3):
            bought = tickets.order(world, now, f"N{place:06}")
            tickets.ticket(world, now, customer_id=tickets.customer(world).id, order_id=bought.id)
    loaded: list[str] = []

    def note(target: object, _context: object) -> None:
        loaded.append(type(target).__name__)

    event.listen(Base, "load", note, propagate=True)
    try:
        assert len(shown(agent.get("/tickets").text)) == 3
    finally:
        event.remove(Base, "load", note)
    assert loaded == []


def test_english_readers_get_english(client: Client, world: World, login: Login, now: datetime) -> None:
    with unit_of_work() as work:
        tickets.ticket(world, now)
        work.merge(world.users.agent).locale = "en"
    login(client, world.users.agent)
    page = client.get("/tickets").text
    assert "Tracking stalled" in page
    assert "Tmall" in page


def test_a_row_that_was_drawn_before_says_what_is_true_now(agent: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        made = tickets.ticket(world, now, subject="快递停了").id
    for change, words in (
        ({"subject": "快递丢了"}, "快递丢了"),
        ({"nudges": 3}, "×3"),
        ({"urgency": 3}, "紧急度 3"),
        ({"priority": "P1"}, ">P1<"),
    ):
        assert words not in agent.get("/tickets/rows").text
        with unit_of_work():
            for name, value in change.items():
                setattr(session().get_one(Ticket, made), name, value)
        assert words in agent.get("/tickets/rows").text


def test_a_row_that_was_drawn_before_is_as_old_as_it_is(agent: Client, world: World, frozen: Frozen) -> None:
    with unit_of_work():
        tickets.ticket(world, frozen.now, created_at=frozen.now)
    for words in ("刚刚", "5 分钟前", "10 分钟前"):
        assert words in agent.get("/tickets/rows").text
        frozen.shift(minutes=5)


def test_a_row_is_drawn_in_the_readers_language(agent: Client, world: World, login: Login, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, priority="P1", nudges=2)
    assert "客户催单 2 次" in agent.get("/tickets/rows").text
    with unit_of_work():
        session().get_one(User, world.users.agent.id).locale = "en"
    login(agent, world.users.agent)
    assert "客户催单 2 次" not in agent.get("/tickets/rows").text


def test_lines_are_kept_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "DRAWN_KEPT", 2)
    kept = rows._Latest()
    for seen in "abc":
        kept[seen] = Markup("")
    assert list(kept) == ["b", "c"]
