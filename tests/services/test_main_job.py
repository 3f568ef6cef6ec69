"""From a customer's words to a solved ticket, through the services alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk.domain.access import Actor
from helpdesk.domain.tickets import Outcome, Party, Status
from helpdesk.models import ClockRow, ClockStage, DecisionRow, Event, Message, Stint, Ticket
from helpdesk.services import assignment, decisions, intake, messages, operations, resolution
from helpdesk.services.intake import Opened, TicketRequest
from helpdesk.storage import session, unit_of_work
from tests.factories import World

WRONG_ITEM = "你们给我发错货了，我买的是白色，收到的是黑色"


def a_request(world: World, external_id: str = "a", text: str = WRONG_ITEM, **more: object) -> TicketRequest:
    values: dict[str, object] = {"order_number": "T1001", "customer_name": "周子涵", **more}
    return TicketRequest(
        text=text,
        source=f"form:{world.shop.id}:{world.channels.tmall.id}",
        external_id=external_id,
        shop_id=world.shop.id,
        channel_id=world.channels.tmall.id,
        **values,  # type: ignore[arg-type]
    )


def opened(world: World, now: datetime, *, actor: Actor | None = None, **more: object) -> Opened:
    with unit_of_work():
        return intake.open_ticket(a_request(world, **more), actor=actor or world.actors.agent, now=now)  # type: ignore[arg-type]


def the_ticket(number: str) -> Ticket:
    return session().execute(select(Ticket).where(Ticket.number == number)).scalar_one()


def clock(ticket: Ticket, kind: str) -> ClockRow:
    return (
        session()
        .execute(
            select(ClockRow).where(
                ClockRow.ticket_id == ticket.id, ClockRow.kind == kind, ClockRow.cycle == ticket.cycle
            )
        )
        .scalar_one()
    )


def test_words_become_a_ticket_with_type_queue_owner_clocks_and_reason(world: World, now: datetime) -> None:
    result = opened(world, now)
    ticket = the_ticket(result.number)
    assert result.outcome == "created"
    assert ticket.number == "EX-261123-0001"
    assert (ticket.type, ticket.klass, ticket.queue_id) == ("wrong_item", "C", world.queues.warehouse.id)
    assert ticket.owner_id in {world.users.agent.id, world.users.agent2.id}  # the warehouse doesn't write to buyers
    assert ticket.status == Status.NEW
    assert clock(ticket, "first_response").due_at == now + timedelta(minutes=30)
    assert clock(ticket, "solution").due_at == now + timedelta(hours=8)  # 10:00 + 8 h is closing time
    assert clock(ticket, "queue").due_at == now + timedelta(hours=4)
    assert ticket.burns_at == now + timedelta(minutes=30)
    assert session().query(ClockStage).count() == 12
    decision = session().execute(select(DecisionRow).where(DecisionRow.ticket_id == ticket.id)).scalar_one()
    assert decision.rule_version == 1
    assert any(WRONG_ITEM[span["start"] : span["end"]] in WRONG_ITEM for span in decision.spans)


def test_the_same_event_twice_is_one_ticket(world: World, now: datetime) -> None:
    first = opened(world, now)
    again = opened(world, now + timedelta(minutes=3))
    assert (again.outcome, again.number) == ("repeated", first.number)
    assert session().query(Ticket).count() == 1


def test_the_same_order_and_type_again_is_a_nudge(world: World, now: datetime) -> None:
    first = opened(world, now)
    again = opened(world, now + timedelta(hours=1), external_id="b", text="收到的颜色不对，你们发错货了")
    ticket = the_ticket(first.number)
    assert (again.outcome, again.number) == ("appended", first.number)
    assert (ticket.nudges, ticket.urgency) == (1, 1)
    assert clock(ticket, "solution").due_at == now + timedelta(hours=8)


def test_reply_meets_first_response_and_resolve_meets_solution(world: World, now: datetime) -> None:
    number = opened(world, now).number
    owner = {world.users.agent.id: world.actors.agent, world.users.agent2.id: world.actors.agent2}[
        the_ticket(number).owner_id or 0
    ]
    later = now + timedelta(minutes=10)
    seen = session().query(Message.id).order_by(Message.id.desc()).first()
    assert seen is not None
    with unit_of_work():
        messages.reply(
            number, messages.Draft("马上为您核实补发", last_message_id=seen[0]), version=1, actor=owner, now=later
        )
    ticket = the_ticket(number)
    assert ticket.status == Status.OPEN
    assert clock(ticket, "first_response").met_at == later
    assert clock(ticket, "solution").met_at is None
    at = later + timedelta(minutes=20)
    with unit_of_work():
        operation = resolution.resolve(
            number,
            outcome=Outcome.RESENT,
            shares={Party.WAREHOUSE: 100},
            version=ticket.version,
            actor=owner,
            now=at,
        )
    session().expire_all()
    ticket = the_ticket(number)
    assert (ticket.status, ticket.outcome, ticket.first_resolved_at) == ("resolved", "resent", at)
    assert clock(ticket, "solution").elapsed_seconds == 30 * 60
    assert session().query(Stint).filter(Stint.left_at.is_(None)).count() == 0
    with unit_of_work():
        operations.undo(operation, actor=owner, now=at + timedelta(minutes=5))
    session().expire_all()
    ticket = the_ticket(number)
    assert (ticket.status, ticket.outcome, ticket.first_resolved_at) == ("open", None, None)
    assert clock(ticket, "solution").met_at is None
    # The five minutes between resolve and undo don't count: closing time and five minutes, so 9:05 the next morning.
    assert clock(ticket, "solution").due_at == now + timedelta(hours=23, minutes=5)


def test_claim_has_one_winner_and_takes_the_ticket_up(world: World, now: datetime) -> None:
    number = opened(world, now, text="快递好几天没动了，物流一直不更新").number
    with unit_of_work():
        assignment.claim(number, actor=world.actors.agent, now=now)
    ticket = the_ticket(number)
    assert (ticket.owner_id, ticket.status) == (world.users.agent.id, "open")


def test_correcting_the_type_moves_queue_class_and_targets(world: World, now: datetime) -> None:
    number = opened(world, now).number
    owner = next(a for a in (world.actors.agent, world.actors.agent2) if a.id == the_ticket(number).owner_id)
    with unit_of_work():
        operation = decisions.set_type(number, "price_dispute", version=1, actor=owner, now=now + timedelta(minutes=1))
    ticket = the_ticket(number)
    assert (ticket.klass, ticket.queue_id, ticket.tier) == ("A", world.queues.finance.id, "manual")
    assert clock(ticket, "solution").due_at == now + timedelta(hours=4)
    with unit_of_work():
        operations.undo(operation, actor=owner, now=now + timedelta(minutes=2))
    session().expire_all()
    ticket = the_ticket(number)
    assert (ticket.type, ticket.klass, ticket.queue_id) == ("wrong_item", "C", world.queues.warehouse.id)
    codes = [e.code for e in session().query(Event).filter(Event.ticket_id == ticket.id)]
    assert "operation.undone" in codes
