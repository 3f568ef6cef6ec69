"""The ticket page: everything about one ticket, for those who may open it, at a fixed price."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import NotFound
from helpdesk.domain.replies import customers_locale
from helpdesk.domain.rulebook import Label, parse_rulebook
from helpdesk.models import (
    Compensation,
    DecisionRow,
    Event,
    Note,
    OrderLine,
    OrderStatus,
    Parcel,
    ReplyTemplate,
    ReplyTemplateVersion,
    Responsibility,
    Ticket,
    TicketReader,
)
from helpdesk.queries.directory import staff
from helpdesk.queries.suggestions import suggestions, templates
from helpdesk.queries.ticket_page import TicketPage, ticket_page
from helpdesk.queries.ticket_timeline import changes_since, timeline
from helpdesk.storage import unit_of_work
from tests import tickets
from tests.factories import World, add, shipped_rules
from tests.tickets import HOUR

Statements = Callable[[], AbstractContextManager[list[str]]]
MINUTE = timedelta(minutes=1)
RULES = parse_rulebook(shipped_rules()[0], 1)


def read(number: str, actor: Actor, now: datetime, **more: Any) -> TicketPage:
    return ticket_page(number, actor, now, now - 10 * HOUR, RULES, **more)


def happened(row: Ticket, world: World, code: str, at: datetime, **params: object) -> None:
    add(Event(ticket_id=row.id, at=at, actor_id=world.users.agent.id, source="page", code=code, params=params))


def test_the_page_tells_ticket_order_customer_and_assists(world: World, now: datetime) -> None:
    with unit_of_work():
        buyer = tickets.customer(world, phone="13812345678")
        bought = tickets.order(world, now, price_snapshot_fen=22_900, freight_fen=800, address="杭州市文一路 1 号")
        add(OrderLine(order_id=bought.id, position=2, name="短袜", quantity=3, unit_fen=1_000))
        add(
            OrderLine(
                order_id=bought.id, position=1, name="跑鞋", spec="42 码", sku="S-42", quantity=1, unit_fen=20_900
            )
        )
        add(Parcel(order_id=bought.id, carrier="顺丰", tracking_number="SF1", shipped_at=now))
        add(
            OrderStatus(order_id=bought.id, status="已发货", at=now),
            OrderStatus(order_id=bought.id, status="已付款", at=now - HOUR),
        )
        earlier = tickets.ticket(world, now, status="closed", customer_id=buyer.id)
        row = tickets.ticket(
            world,
            now,
            owner=world.users.agent,
            hands=world.users.agent2,
            customer_id=buyer.id,
            order_id=bought.id,
            follows_id=earlier.id,
            tier="suggest",
        )
        tickets.assist(world, row, world.queues.warehouse, now, due_in=HOUR, question="发的是哪个尺码？")
    page = read(row.number, world.actors.agent, now)
    assert (page.ticket.owner_id, page.ticket.assignee_id) == (world.users.agent.id, world.users.agent2.id)
    assert (page.ticket.shop, page.ticket.channel, page.ticket.sends) == ("一号店", Label("天猫", "Tmall"), False)
    assert (page.ticket.follows, page.ticket.unconfirmed) == (earlier.number, True)
    assert page.customer is not None
    assert (page.customer.phone, page.customer.orders, page.customer.tickets) == ("13812345678", 0, 2)
    assert page.order is not None
    assert (page.order.number, page.order.address) == ("20261122001", "杭州市文一路 1 号")
    assert [line.name for line in page.parts.lines] == ["跑鞋", "短袜"]
    assert [parcel.tracking for parcel in page.parts.parcels] == ["SF1"]
    assert [step.name for step in page.parts.steps] == ["已付款", "已发货"]
    assert [assist.question for assist in page.assists] == ["发的是哪个尺码？"]
    assert page.standing.assists == {world.queues.warehouse.id}
    assert [(one.number, one.same_order) for one in page.related] == [(earlier.number, False)]
    assert page.names.queues[world.queues.finance.id].name == Label("财务", "Finance")


def test_only_who_may_read_it_finds_it(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, queue=world.queues.finance)
        read_once = tickets.ticket(world, now, queue=world.queues.finance)
        add(TicketReader(ticket_id=read_once.id, user_id=world.users.agent.id))
    for person in ("finance", "ops", "admin", "auditor"):
        assert read(row.number, getattr(world.actors, person), now).ticket.number == row.number
    for person in ("agent", "warehouse", "supervisor", "outsider"):
        with pytest.raises(NotFound):
            read(row.number, getattr(world.actors, person), now)
    assert read(read_once.number, world.actors.agent, now).ticket.id == read_once.id
    with pytest.raises(NotFound):
        read("EX-000000-0000", world.actors.auditor, now)


def test_related_tickets_are_those_one_may_open(world: World, now: datetime) -> None:
    finance = world.queues.finance
    with unit_of_work():
        buyer, bought = tickets.customer(world), tickets.order(world, now)
        row = tickets.ticket(world, now, customer_id=buyer.id, order_id=bought.id)
        of_order = tickets.ticket(world, now, queue=finance, order_id=bought.id).number
        of_customer = tickets.ticket(world, now, queue=finance, customer_id=buyer.id).number
        tickets.ticket(world, now, queue=finance)
    page = read(row.number, world.actors.agent, now)
    assert [(one.number, one.same_order) for one in page.related] == [(of_customer, False), (of_order, True)]
    with unit_of_work():
        lone = tickets.ticket(world, now).number
    assert read(lone, world.actors.agent, now).related == ()


def test_an_order_only_spoken_of_has_no_parts(world: World, now: datetime) -> None:
    with unit_of_work():
        spoken_of = tickets.order(world, now, known=False, status="unknown", paid_fen=None)
        row = tickets.ticket(world, now, order_id=spoken_of.id)
    page = read(row.number, world.actors.agent, now)
    assert page.order is not None
    assert not page.order.known
    assert page.money.paid_fen is None


# ---- the story


def test_the_story_is_told_in_order_and_events_dont_repeat_messages(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        happened(row, world, "ticket.created", row.created_at, version=1)
        answer = tickets.message(row, "已为您催促快递", now - 20 * MINUTE, author=world.users.agent)
        happened(row, world, "message.sent", now - 20 * MINUTE, message=answer.id)
        add(Note(ticket_id=row.id, author_id=world.users.agent.id, text="已电话快递", created_at=now - 30 * MINUTE))
    told = read(row.number, world.actors.agent, now).timeline
    assert [(entry.kind, entry.text or entry.code) for entry in told.entries] == [
        ("message", "物流三天没有更新了"),
        ("event", "ticket.created"),
        ("note", "已电话快递"),
        ("message", "已为您催促快递"),
    ]
    assert told.entries[1].params == {"version": 1}
    assert told.entries[3].direction == "out"
    assert not told.earlier


def test_a_long_story_begins_with_its_end(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        for minute in range(30):
            tickets.message(row, f"第 {minute} 条", now + minute * MINUTE)
    told = timeline(row.id, 10)
    assert [entry.text for entry in told.entries] == [f"第 {minute} 条" for minute in range(20, 30)]
    assert told.earlier
    assert len(timeline(row.id, 31).entries) == 31
    assert not timeline(row.id, 31).earlier
    assert len(timeline(row.id, -5).entries) == 1


def test_what_changed_since_a_version_is_what_an_overtaken_form_needs_to_know(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        happened(row, world, "ticket.created", now, version=1)
        happened(row, world, "sla.stage", now, percent=50)
        happened(row, world, "ticket.owner", now, version=2)
        happened(row, world, "ticket.status", now, version=3)
    assert [entry.code for entry in changes_since(row.id, 1)] == ["ticket.owner", "ticket.status"]
    assert changes_since(row.id, 3) == ()


# ---- clocks


def test_clocks_of_this_cycle_with_the_steps_that_explain_them(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, due_in=-HOUR, cycle=2)
        add(tickets.clock(world, row, now, kind="first_response", due_in=HOUR, met_at=now, breached=False))
        add(tickets.clock(world, row, now, kind="platform", cancelled_at=now))
        add(tickets.clock(world, row, now, cycle=1, met_at=now, breached=True))
        stint = tickets.assist(world, row, world.queues.warehouse, now, due_in=2 * HOUR, question="？")
    clocks = read(row.number, world.actors.agent, now).clocks
    assert [(clock.kind, clock.state, clock.level) for clock in clocks] == [
        ("first_response", "met", "met"),
        ("solution", "running", "over"),
        ("queue", "running", "ok"),
    ]
    assert clocks[2].queue_id == stint.queue_id
    assert clocks[1].remaining_seconds == -3600
    assert clocks[1].steps[0].code == "clock.started"
    assert "clock.due" in {step.code for step in clocks[1].steps}


def test_a_paused_clock_keeps_what_is_left(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, due_in=3 * HOUR, paused=True, status="pending_customer")
    (clock,) = read(row.number, world.actors.agent, now).clocks
    assert (clock.state, clock.level, clock.remaining_seconds) == ("paused", "paused", int(3.5 * 3600))


# ---- money


def test_money_counts_what_stands_on_the_order_the_day_and_the_shop(world: World, now: datetime) -> None:
    def promise(ticket: Ticket, fen: int, **more: Any) -> None:
        number = f"{ticket.number}-{fen}"
        columns = {
            "kind": "coupon",
            "state": "proposed",
            "is_remedy": False,
            "proposed_by_id": world.users.agent.id,
            "proposed_at": now,
            "order_id": ticket.order_id,
            **more,
        }
        add(Compensation(key=number, ticket_id=ticket.id, policy_code="x", rule_version=1, amount_fen=fen, **columns))

    with unit_of_work():
        bought = tickets.order(world, now, price_snapshot_fen=20_000, freight_fen=1_000)
        row = tickets.ticket(world, now, order_id=bought.id)
        sibling = tickets.ticket(world, now, order_id=bought.id)
        loose = tickets.ticket(world, now)
        promise(row, 1)
        promise(sibling, 20, kind="partial_refund", state="paid", proposed_by_id=world.users.agent2.id)
        promise(row, 300, state="rejected")
        promise(row, 4_000, is_remedy=True, kind="difference", proposed_at=now - 20 * HOUR)
        promise(loose, 50_000)
    money = read(row.number, world.actors.agent, now).money
    assert (money.paid_fen, money.snapshot_difference_fen, money.freight_fen) == (23_900, 3_900, 1_000)
    assert (money.already_promised_fen, money.promised_by_agent_today_fen) == (21, 50_001)
    assert (money.payouts_on_order, money.paid_out_fen, money.shop_day_fen) == (2, 4_020, 20)
    assert read(loose.number, world.actors.agent2, now).money.already_promised_fen == 50_000


# ---- people, decision, responsibility


def test_those_who_can_take_it_are_the_active_members_of_its_queue_least_busy_first(
    world: World, now: datetime
) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, hands=world.users.agent)
        tickets.ticket(world, now, status="resolved", hands=world.users.agent2)
    members = staff(row.queue_id).members()
    assert [(person.name, person.in_hand) for person in members][-1] == ("林晓", 1)
    assert {person.name for person in members} == {"林晓", "周舟", "孙领"}


def test_the_latest_decision_explains_the_type(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, text="快递一直不动")
        heard = tickets.message(row, "快递停了", now)
        for kind in ("other", "logistics_stuck"):
            add(
                DecisionRow(
                    ticket_id=row.id,
                    message_id=heard.id,
                    text_hash="x",
                    facts={},
                    rule_version=1,
                    normaliser_version=1,
                    type=kind,
                    tier="auto",
                    score=0.7,
                    spans=[{"start": 0, "end": 2, "word": "快递", "type": kind, "how": "exact"}],
                    runners_up=[{"type": "lost_parcel", "score": 0.3}],
                    created_at=now,
                )
            )
    decision = read(row.number, world.actors.agent, now).decision
    assert decision is not None
    assert (decision.type, decision.text, decision.spans[0].word) == ("logistics_stuck", "快递停了", "快递")
    assert decision.runners_up[0].type == "lost_parcel"


def test_a_resolved_ticket_names_who_was_responsible(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, status="resolved", outcome="resent", resolved_at=now)
        add(Responsibility(ticket_id=row.id, party="courier", percent=30))
        add(Responsibility(ticket_id=row.id, party="warehouse", percent=70))
    page = read(row.number, world.actors.agent, now)
    assert [(share.party, share.percent) for share in page.responsibility] == [("warehouse", 70), ("courier", 30)]
    assert page.clocks == ()


# ---- what to say


def template(code: str, now: datetime, *, scope: str = "all", **columns: Any) -> ReplyTemplate:
    row = ReplyTemplate(code=code, scope=scope, version=2, **columns)
    add(row)
    for version in (1, 2):
        add(
            ReplyTemplateVersion(
                template_id=row.id,
                version=version,
                title_zh=f"{code} {version}",
                title_en=f"{code} {version}",
                body_zh="{customer}您好，{carrier}的包裹我们已在催。",
                body_en="Hello {customer}, we are chasing {carrier}.",
                words="物流\n不更新",
                created_at=now,
            )
        )
    return row


def test_templates_are_everybodys_ones_queues_and_ones_own(world: World, now: datetime) -> None:
    with unit_of_work():
        template("for-all", now)
        template("for-team", now, scope="team", queue_id=world.queues.customer_service.id)
        template("for-others", now, scope="team", queue_id=world.queues.finance.id)
        template("own", now, scope="personal", owner_id=world.users.agent.id)
        template("others", now, scope="personal", owner_id=world.users.agent2.id)
        template("retired", now, active=False)
    found = templates(world.actors.agent)
    assert [one.code for one in found] == ["for-all", "for-team", "own"]
    assert {one.version for one in found} == {2}


def test_suggestions_are_ranked_and_filled_in_the_customers_language(world: World, now: datetime) -> None:
    with unit_of_work():
        template("stuck", now, type="logistics_stuck")
        template("other-type", now, type="invoice")
        row = tickets.ticket(world, now, subject="Parcel is stuck")
    page = read(row.number, world.actors.agent, now)
    found = suggestions(page, world.actors.agent, {"customer": "Ms Li", "carrier": ""})
    (best, filled) = found.best[0]
    assert best.template.code == "stuck"
    assert filled.text == "Hello Ms Li, we are chasing {carrier}."
    assert filled.missing == ("carrier",)
    assert len(found.everything()) == 2


@pytest.mark.parametrize(
    ("text", "locale"),
    [("发错货了", "zh_CN"), ("wrong item 啊", "zh_CN"), ("Wrong item!", "en"), ("???", "zh_CN"), ("", "zh_CN")],
)
def test_the_answer_is_in_the_language_of_the_question(text: str, locale: str) -> None:
    assert customers_locale(text) == locale


def test_the_page_takes_seven_statements_whatever_hangs_on_it(
    world: World, now: datetime, statements: Statements
) -> None:
    with unit_of_work():
        buyer, bought = tickets.customer(world), tickets.order(world, now)
        for _ in range(3):
            row = tickets.ticket(world, now, customer_id=buyer.id, order_id=bought.id)
            tickets.assist(world, row, world.queues.warehouse, now, due_in=HOUR, question="？")
            tickets.assist(world, row, world.queues.finance, now, due_in=HOUR, question="？")
            for minute in range(20):
                tickets.message(row, "在吗", now + minute * MINUTE)
    read(row.number, world.actors.agent, now)
    with statements() as seen:
        read(row.number, world.actors.agent, now)
    assert len(seen) == 7
