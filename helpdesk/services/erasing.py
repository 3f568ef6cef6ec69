"""A customer is forgotten: what was said and who he was goes, the facts of his tickets stay.

Texts become ``GONE``, the same in every language; codes, figures, times and who did what remain, so that reports don't
change. What search knows of the texts goes with them, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, or_, select, update

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Conflict
from helpdesk.models import (
    Attachment,
    BulkRow,
    BulkRun,
    Customer,
    IdempotentAnswer,
    ImportFile,
    Inbound,
    JobRun,
    Message,
    Note,
    Order,
    OrderStatus,
    Outbox,
    Ticket,
    TicketDraft,
)
from helpdesk.models.tickets import is_active
from helpdesk.services import tickets
from helpdesk.services.events import record
from helpdesk.storage import session

GONE = "***"
FINISHED_RUNS = ("done", "failed", "cancelled")
GOING_BULK = ("waiting", "undoing")


@dataclass(frozen=True, slots=True)
class Erased:
    """How much there was to forget."""

    tickets: int
    texts: int
    files: int
    imports: int


def erase(number: str, *, actor: Actor, now: datetime) -> Erased:
    """Forget the customer of this ticket, with all tickets and orders of his; a ticket without one, alone.

    ``Conflict`` while one of them is still worked on, a reply still waits to be sent, or a deed on many tickets has
    yet to be done to one of them: what is left to say would go out as ``GONE``. Doing it again finds nothing new.
    """
    actor.require(Permission.CUSTOMERS_ERASE)
    named = tickets.load(number, actor)
    customer = session().get(Customer, named.customer_id) if named.customer_id else None
    mine = Ticket.id == named.id if customer is None else Ticket.customer_id == customer.id
    theirs = session().scalars(select(Ticket).where(mine).order_by(Ticket.id).with_for_update()).all()
    ids = [ticket.id for ticket in theirs]
    _check_at_rest(ids)
    orders = _orders(theirs, customer)
    imports = _forget_imports(ids, orders)
    texts = _forget_texts(theirs)
    gone = delete(Attachment).where(Attachment.ticket_id.in_(ids)).returning(Attachment.id)
    files = len(session().scalars(gone).all())
    session().execute(delete(TicketDraft).where(TicketDraft.ticket_id.in_(ids)))
    _forget_orders(orders)
    _forget_deeds(ids)
    _forget_answers(theirs)
    _stop_sending(ids, now)
    if customer is not None:
        customer.name, customer.buyer_id, customer.phone, customer.phone_hash = "", None, None, None
        customer.vip_at, customer.vip_by_id, customer.vip_reason = None, None, ""
        customer.erased_at = customer.erased_at or now
    for ticket in theirs:
        record("customer.erased", actor=actor, now=now, ticket_id=ticket.id)
    session().flush()
    return Erased(len(theirs), texts, files, imports)


def _check_at_rest(ids: Sequence[int]) -> None:
    going = session().scalar(select(Ticket.number).where(Ticket.id.in_(ids), is_active).limit(1))
    if going is not None:
        raise Conflict("customer.still_open", number=going)
    queued = exists().where(Message.ticket_id.in_(ids), Message.state == "queued")
    planned = exists().where(BulkRow.ticket_id.in_(ids), BulkRow.run_id == BulkRun.id, BulkRun.state.in_(GOING_BULK))
    if session().scalar(select(or_(queued, planned))):
        raise Conflict("customer.not_at_rest")


def _forget_texts(theirs: Sequence[Ticket]) -> int:
    """Subjects, messages and notes. Row by row, through the mapper: so the search index hears of it."""
    ids = [ticket.id for ticket in theirs]
    for ticket in theirs:
        ticket.subject = GONE
    messages = session().scalars(select(Message).where(Message.ticket_id.in_(ids), Message.text != GONE)).all()
    notes = session().scalars(select(Note).where(Note.ticket_id.in_(ids), Note.text != GONE)).all()
    spoken: list[Message | Note] = [*messages, *notes]
    for said in spoken:
        said.text = GONE
    return len(spoken)


def _orders(theirs: Sequence[Ticket], customer: Customer | None) -> list[Order]:
    named = Order.id.in_([ticket.order_id for ticket in theirs if ticket.order_id])
    his = named if customer is None else or_(named, Order.customer_id == customer.id)
    return list(session().scalars(select(Order).where(his)))


def _forget_orders(orders: Sequence[Order]) -> None:
    """Where they went, and what the courier wrote of it. Numbers stay: money and platforms go by them."""
    for order in orders:
        order.address = ""
    ids = [order.id for order in orders]
    session().execute(update(OrderStatus).where(OrderStatus.order_id.in_(ids)).values(detail=""))


def _forget_deeds(ids: Sequence[int]) -> None:
    """What was said of many tickets at once, and what was asked for to find them."""
    ran = select(BulkRow.run_id).where(BulkRow.ticket_id.in_(ids))
    for run in session().scalars(select(BulkRun).where(BulkRun.id.in_(ran))).all():
        run.deed = {name: GONE if name == "text" else value for name, value in run.deed.items()}
        if run.state == "draft":
            run.version += 1  # nobody starts what was shown with another text
        run.chosen = {name: value for name, value in run.chosen.items() if name not in {"q", "text"}}


def _forget_answers(theirs: Sequence[Ticket]) -> None:
    """What programs were answered within the last day, word for word."""
    for ticket in theirs:
        named = IdempotentAnswer.body.contains(ticket.number, autoescape=True)
        session().execute(
            update(IdempotentAnswer).where(named).values(body="{}").execution_options(synchronize_session=False)
        )


def _stop_sending(ids: Sequence[int], now: datetime) -> None:
    """A dead reply can't be sent anew; what a server said of it may name the mailbox."""
    here = Outbox.ticket_id.in_(ids)
    dead = update(Outbox).where(here, Outbox.kind == "reply", Outbox.state == "dead")
    session().execute(dead.values(state="withdrawn", done_at=now))
    session().execute(update(Outbox).where(here, Outbox.error.is_not(None)).values(error=None))


def _forget_imports(ids: Sequence[int], orders: Sequence[Order]) -> int:
    """The files of finished imports that brought something of his: their rows are tickets and orders by now."""
    heard = select(Inbound.received_at).where(Inbound.ticket_id.in_(ids), Inbound.source.startswith("import:"))
    moments = {*session().scalars(heard), *(order.updated_at for order in orders)}
    if not moments:
        return 0
    runs = session().execute(
        select(JobRun.file_hash, JobRun.created_at, JobRun.finished_at).where(
            JobRun.file_hash.is_not(None), JobRun.state.in_(FINISHED_RUNS), JobRun.created_at <= max(moments)
        )
    )
    hashes = {
        run.file_hash
        for run in runs
        if any(run.created_at <= at <= (run.finished_at or run.created_at) for at in moments)
    }
    going = select(JobRun.id).where(JobRun.file_hash == ImportFile.hash, JobRun.state.not_in(FINISHED_RUNS)).exists()
    emptied = (
        update(ImportFile)
        .where(ImportFile.hash.in_(sorted(hashes)), ImportFile.content != b"", ~going)
        .values(content=b"", name=GONE)
        .returning(ImportFile.hash)
        .execution_options(synchronize_session=False)
    )
    return len(session().scalars(emptied).all())
