from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, text

from helpdesk.domain.access import Role
from helpdesk.models import TicketPause, User
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import board as boards
from helpdesk.queries.board import Board
from helpdesk.queries.board_lanes import By, Section
from helpdesk.storage import db, is_postgresql, session, unit_of_work
from tests import factories, tickets
from tests.conftest import Statements
from tests.factories import World, add
from tests.tickets import HOUR

DAY = timedelta(days=1)


def shown(world: World, now: datetime, who: str = "ops", **wanted: object) -> Board:
    return boards.board(getattr(world.actors, who), now, published_rulebook(), **wanted)  # type: ignore[arg-type]


def numbers(board: Board) -> dict[str, list[str]]:
    """Numbers of the cards by lane; lanes without any are left out."""
    return {lane.lane.key: [card.number for card in lane.cards] for lane in board.lanes if lane.cards}


def wait(ticket_id: int, status: str, since: datetime) -> None:
    add(TicketPause(ticket_id=ticket_id, status=status, rule_version=1, started_at=since))


def explained(world: World, now: datetime, who: str) -> list[str]:
    """The plans of the board's statements."""
    seen: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        shown(world, now, who)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    plans = []
    for statement, parameters in seen:
        if " ticket" in statement and statement.startswith("SELECT"):
            rows = session().connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            plans.append("\n".join(row[3] for row in rows))
    return plans


def test_a_lane_is_a_queue_with_a_class_and_burns_from_the_top(world: World, now: datetime) -> None:
    with unit_of_work():
        calm = tickets.ticket(world, now, due_in=5 * HOUR).number
        late = tickets.ticket(world, now, due_in=-HOUR).number
        moved = tickets.ticket(world, now, klass="C", type="wrong_item").number
        stored = tickets.ticket(world, now, queue=world.queues.warehouse, klass="C", type="wrong_item").number
        tickets.ticket(world, now, status="resolved")
    board = shown(world, now)
    assert numbers(board) == {
        "queue-customer_service-B": [late, calm],
        "queue-customer_service-C": [moved],
        "queue-warehouse-C": [stored],
    }
    assert board.lanes[0].lane.key == "queue-finance"  # empty, and in its place
    first = board.lanes[1].lane
    assert (first.open, first.shown, first.overdue, first.soon) == (2, 2, 1, 0)
    assert board.longest is not None
    assert board.longest.number == late


def test_a_supervisor_sees_his_queues_and_nobody_without_the_right_sees_anything(world: World, now: datetime) -> None:
    with unit_of_work():
        own = tickets.ticket(world, now, due_in=-HOUR).number
        tickets.ticket(world, now, due_in=-HOUR, queue=world.queues.warehouse, klass="C")
        asked = tickets.ticket(world, now, queue=world.queues.finance, klass="A", owner=world.users.supervisor)
        tickets.assist(world, asked, world.queues.customer_service, now, due_in=HOUR, question="?")
    assert numbers(shown(world, now, "supervisor")) == {"queue-customer_service-B": [own]}
    assert shown(world, now, "supervisor").figures.counts[Section.ALL] == 1
    for who in ("agent", "outsider", "finance"):
        board = shown(world, now, who)
        assert (board.lanes, board.figures.counts[Section.ALL], board.figures.stake_fen) == ((), 0, 0)
    for who in ("ops", "admin", "auditor"):
        assert shown(world, now, who).figures.counts[Section.ALL] == 3


def test_sections_show_what_they_say_and_their_counts_agree(world: World, now: datetime) -> None:
    me = world.users.agent
    with unit_of_work():
        late = tickets.ticket(world, now, due_in=-HOUR, hands=me)
        last = tickets.ticket(world, now, due_in=timedelta(0), hands=me)  # due now: in time
        soon = tickets.ticket(world, now, due_in=HOUR, hands=me)
        nobody = tickets.ticket(world, now)
        approval = tickets.ticket(world, now, status="pending_approval", hands=me)
        wait(approval.id, "pending_approval", now - HOUR)
        stuck = tickets.ticket(world, now, status="pending_internal", hands=me)
        wait(stuck.id, "pending_internal", now - 25 * HOUR)
        patient = tickets.ticket(world, now, status="pending_customer", paused=True, hands=me)
        wait(patient.id, "pending_customer", now - 25 * HOUR)
    found = {
        section: sorted(number for lane in numbers(shown(world, now, section=section)).values() for number in lane)
        for section in Section
    }
    assert found[Section.OVERDUE] == [late.number]
    assert found[Section.SOON] == [last.number, soon.number]
    assert found[Section.UNASSIGNED] == [nobody.number]
    assert found[Section.APPROVAL] == [approval.number]
    assert found[Section.STUCK] == [stuck.number]  # a customer may take three days
    assert len(found[Section.ALL]) == 7
    assert shown(world, now).figures.counts == {section: len(of) for section, of in found.items()}
    with unit_of_work():
        session().execute(text("UPDATE ticket_pause SET ended_at = started_at"))
    assert shown(world, now).figures.counts[Section.STUCK] == 0


def test_a_section_leaves_out_lanes_in_which_it_finds_nothing(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now)
    assert [lane.lane.code for lane in shown(world, now).lanes] == ["finance", "customer_service", "warehouse"]
    assert shown(world, now, section=Section.OVERDUE).lanes == ()


@pytest.mark.parametrize("by", list(By))
def test_every_view_shows_every_ticket_once(world: World, now: datetime, by: By) -> None:
    people = [world.users.agent, world.users.agent2, None]
    with unit_of_work():
        for place in range(9):
            tickets.ticket(
                world,
                now,
                hands=people[place % 3],
                due_in=(place - 2) * HOUR,
                channel_id=(world.channels.tmall if place % 2 else world.channels.jd).id,
                type="quality" if place > 5 else "logistics_stuck",
            )
    board = shown(world, now, by=by)
    found = [number for lane in numbers(board).values() for number in lane]
    assert (len(found), len(set(found))) == (9, 9)
    assert sum(lane.lane.shown for lane in board.lanes) == 9
    assert board.figures.counts[Section.OVERDUE] == 2
    lanes = {lane.lane.key: len(lane.cards) for lane in board.lanes if lane.cards}
    agents = (world.users.agent.id, world.users.agent2.id)
    assert (
        lanes
        == {
            By.QUEUE: {"queue-customer_service-B": 9},
            By.AGENT: {f"agent-{agents[0]}": 3, f"agent-{agents[1]}": 3, "agent-none": 3},
            By.CHANNEL: {"channel-jd": 5, "channel-tmall": 4},
            By.TYPE: {"type-logistics_stuck": 6, "type-quality": 3},
        }[by]
    )


def test_people_channels_and_types_come_with_the_most_overdue_first(world: World, now: datetime) -> None:
    with unit_of_work():
        for _ in range(3):
            tickets.ticket(world, now, hands=world.users.agent)
        tickets.ticket(world, now, due_in=-HOUR, hands=world.users.agent2)
    assert [lane.lane.name for lane in shown(world, now, by=By.AGENT).lanes] == ["周舟", "林晓"]


def test_a_long_lane_says_how_many_more_there_are(world: World, now: datetime) -> None:
    with unit_of_work():
        for place in range(23):
            tickets.ticket(world, now, due_in=place * HOUR)
    lane = next(lane for lane in shown(world, now).lanes if lane.cards)
    assert (len(lane.cards), lane.more, lane.lane.shown) == (20, 3, 23)
    few = next(lane for lane in shown(world, now, most_in_lane=5).lanes if lane.cards)
    assert (len(few.cards), few.more) == (5, 18)


def test_many_lanes_show_fewer_cards_each_and_the_last_are_counted(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "MOST_LANES", 2)
    with unit_of_work():
        for hands in (world.users.agent, world.users.agent2, None):
            for _ in range(7):
                tickets.ticket(world, now, hands=hands)
    board = shown(world, now, by=By.AGENT, most_cards=10)
    assert ([len(lane.cards) for lane in board.lanes], board.hidden) == ([5, 5], 1)
    assert board.figures.counts[Section.ALL] == 21


def test_money_at_stake_is_what_orders_of_overdue_tickets_were_paid_with_each_once(world: World, now: datetime) -> None:
    with unit_of_work():
        dear = tickets.order(world, now, "1", paid_fen=20_000)
        cheap = tickets.order(world, now, "2", paid_fen=101)
        unknown = tickets.order(world, now, "3", known=False, paid_fen=None)
        calm = tickets.order(world, now, "4", paid_fen=77_700)
        for order in (dear, dear, cheap, unknown):
            tickets.ticket(world, now, due_in=-HOUR, order_id=order.id)
        tickets.ticket(world, now, due_in=-HOUR)
        tickets.ticket(world, now, order_id=calm.id)
    assert shown(world, now).figures.stake_fen == 20_101
    assert shown(world, now, "supervisor").figures.stake_fen == 20_101


def test_a_card_says_who_what_and_how_late(world: World, now: datetime) -> None:
    with unit_of_work():
        bought = tickets.order(world, now)
        row = tickets.ticket(
            world,
            now,
            due_in=-HOUR,
            owner=world.users.agent,
            hands=world.users.agent2,
            order_id=bought.id,
            nudges=2,
            priority="P1",
            tier="suggest",
        )
        tickets.assist(world, row, world.queues.warehouse, now, due_in=-HOUR / 2, question="少了几件？")
        tickets.assist(world, row, world.queues.finance, now, due_in=HOUR, question="退了吗？")
        wait(row.id, "pending_internal", now - 2 * HOUR)
    (card,) = (card for lane in shown(world, now).lanes for card in lane.cards)
    assert (card.hands, card.owner, card.channel.zh, card.queue.zh) == ("周舟", "林晓", "天猫", "客服")
    assert (card.paid_fen, card.nudges, card.priority, card.unconfirmed, card.version) == (23_900, 2, "P1", True, 1)
    assert card.waits_since == now - 2 * HOUR
    assert card.clock is not None
    assert (card.clock.kind, card.clock.level) == ("solution", "over")
    assert [(asked.queue.zh, asked.question, asked.late) for asked in card.assists] == [
        ("仓库", "少了几件？", True),
        ("财务", "退了吗？", False),
    ]


def test_lateness_of_a_queue_stands_apart_from_the_customers(world: World, now: datetime) -> None:
    """The queue's own clock is over while the customer's is not: no overdue ticket, and the queue's lateness told."""
    with unit_of_work():
        row = tickets.ticket(world, now, due_in=3 * HOUR)
        stay = session().execute(text(f"SELECT id FROM stint WHERE ticket_id = {row.id}")).scalar_one()  # noqa: S608
        add(tickets.clock(world, row, now, kind="queue", due_in=-HOUR, stint_id=stay))
        tickets.assist(world, row, world.queues.warehouse, now, due_in=-HOUR, question="?")
        tickets.assist(world, row, world.queues.finance, now, due_in=HOUR, question="?")
    board = shown(world, now)
    assert (board.figures.counts[Section.OVERDUE], board.longest) == (0, None)
    (card,) = (card for lane in board.lanes for card in lane.cards)
    assert card.queue_over_since == now - HOUR
    assert card.clock is not None
    assert card.clock.kind == "solution"
    asked = {lane.lane.code: (lane.lane.asked, lane.lane.asked_late) for lane in board.lanes}
    assert asked == {"finance": (1, 0), "customer_service": (0, 0), "warehouse": (1, 1)}


def test_questions_to_a_queue_are_told_by_one_of_its_lanes(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now, queue=world.queues.warehouse, klass="C")
        tickets.ticket(world, now, klass="A")
        tickets.ticket(world, now)
        tickets.assist(world, row, world.queues.customer_service, now, due_in=HOUR, question="?")
    lanes = [lane.lane for lane in shown(world, now).lanes if lane.lane.code == "customer_service"]
    assert [(lane.klass, lane.asked) for lane in lanes] == [("A", 1), ("B", 0)]


def test_the_board_is_right_at_once_whatever_a_job_has_done(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, due_in=HOUR)
    assert shown(world, now + HOUR).figures.counts[Section.OVERDUE] == 0
    assert shown(world, now + HOUR + timedelta(microseconds=1)).figures.counts[Section.OVERDUE] == 1


def test_what_is_seen_stays_the_same_while_time_passes_and_nothing_happens(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, due_in=5 * HOUR)
    assert shown(world, now).seen() == shown(world, now + HOUR).seen()
    assert shown(world, now).seen() != shown(world, now + 4 * HOUR).seen()  # due within the hour


@pytest.mark.parametrize("by", list(By))
def test_it_takes_five_statements_however_many_tickets(
    world: World, now: datetime, statements: Statements, by: By
) -> None:
    def taken() -> int:
        book = published_rulebook()
        with statements() as seen:
            boards.board(world.actors.ops, now, book, by=by)
        return len(seen)

    with unit_of_work():
        one = tickets.ticket(world, now, due_in=-HOUR)
        tickets.assist(world, one, world.queues.warehouse, now, due_in=HOUR, question="?")
    few = taken()
    with unit_of_work():
        for _ in range(30):
            row = tickets.ticket(world, now, due_in=-HOUR)
            tickets.assist(world, row, world.queues.warehouse, now, due_in=HOUR, question="?")
    assert few == taken() == 5


def test_cards_and_counts_read_only_indexes_of_open_tickets(
    world: World, now: datetime, statements: Statements
) -> None:
    if is_postgresql():
        pytest.skip("a planner that reads its own statistics")
    with unit_of_work():
        tickets.ticket(world, now, due_in=-HOUR)
    plans = [*explained(world, now, "ops"), *explained(world, now, "supervisor")]
    scanned = [line for plan in plans for line in plan.splitlines() if re.match(r"SCAN ticket\b(?!_)", line)]
    assert set(scanned) <= {"SCAN ticket USING COVERING INDEX ix_ticket_lanes"}
    assert any("ix_ticket_lanes" in plan for plan in plans)


def test_people_of_the_boards_queues_with_who_is_there(world: World, now: datetime) -> None:
    with unit_of_work():
        factories.open_session(session().get_one(User, world.users.agent.id), now)
        tickets.ticket(world, now, hands=world.users.agent)
        tickets.ticket(world, now, hands=world.users.agent, status="pending_customer")
        assert world.users.agent.role == Role.AGENT
    people = {person.name: person for person in boards.people(world.actors.supervisor, now)}
    assert set(people) == {"林晓", "周舟", "孙领"}
    assert (people["林晓"].present, people["林晓"].in_hand) == (True, 2)
    assert (people["周舟"].present, people["周舟"].in_hand) == (False, 0)
    assert people["林晓"].queues == frozenset({world.queues.customer_service.id})
    assert len(boards.people(world.actors.ops, now)) == 5
    assert boards.people(world.actors.agent, now) == []
