"""A ticket filter as SQL conditions on ``Ticket``, for lists, counts, bulk and export alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from helpdesk.domain.access import Actor
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.search import Kind, told_by_grams
from helpdesk.domain.ticket_filter import ME, NOBODY, Tab, TicketFilter
from helpdesk.domain.waits import longest_waits
from helpdesk.models.customers import Customer
from helpdesk.models.orders import Order, Parcel
from helpdesk.models.pauses import TicketPause
from helpdesk.models.queues import Queue
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.scope import assigned_to, assists_of
from helpdesk.models.search import matching
from helpdesk.models.shops import Channel, Shop
from helpdesk.models.tags import Tag
from helpdesk.models.tickets import Stint, Ticket, TicketTag, is_active, is_open_stay
from helpdesk.storage import constants, is_postgresql

UNSURE = ("suggest", "none")
"""Tiers of a type that nobody has confirmed yet."""

SOON = timedelta(hours=1)


def conditions(
    chosen: TicketFilter, actor: Actor, now: datetime, *, by_number: bool = True, only_active: bool | None = None
) -> Iterator[ColumnElement[bool]]:
    """What the filter asks of a ticket. The actor's scope is not in it (see ``models.scope``).

    A search that looks like a number is looked up as one; without ``by_number`` it is looked for as a word.
    ``only_active`` says itself what else follows from what is asked.
    """
    if chosen.only_active if only_active is None else only_active:
        yield is_active
    yield from facets(chosen, actor, now)
    if chosen.q:
        yield _numbered(chosen.q) if by_number and chosen.looks_like_number else _has_words(chosen.words)


def facets(chosen: TicketFilter, actor: Actor, now: datetime) -> Iterator[ColumnElement[bool]]:
    """What the fields that were chosen ask of a ticket, ended or not, whatever words are searched for beside them."""
    for column, value in (
        (Ticket.type, chosen.type),
        (Ticket.klass, chosen.klass),
        (Ticket.status, chosen.status),
        (Ticket.priority, chosen.priority),
    ):
        if value:
            yield column == written(value)
    if chosen.queue:
        yield in_queue(chosen.queue)
    if chosen.channel:
        yield Ticket.channel_id == _id_of(Channel, chosen.channel)
    if chosen.shop:
        yield Ticket.shop_id == _id_of(Shop, chosen.shop)
    if chosen.owner:
        yield _in_hands(chosen.owner, actor)
    if chosen.overdue:
        yield is_overdue(now)
    if chosen.soon:
        yield is_soon_overdue(now)
    if chosen.today:
        yield Ticket.burns_at < chosen.today
    if chosen.stuck:
        yield is_stuck(now)
    if chosen.waiting:
        yield has_waited(chosen.waiting, now)
    if chosen.unconfirmed:
        yield is_unconfirmed()
    if chosen.vip:
        yield is_of_vip()
    if chosen.tag:
        yield has_tag(chosen.tag)


def written(value: str) -> ColumnElement[str]:
    """A value of the filter, written into the statement: indexes over one status alone are used then."""
    return constants([str(value)])[0]


def tab_condition(tab: Tab, actor: Actor) -> ColumnElement[bool]:
    """What a tab asks of a ticket."""
    match tab:
        case Tab.ALL:
            return true()
        case Tab.MINE:
            return or_(Ticket.owner_id == actor.id, assigned_to(actor.id))
        case Tab.UNASSIGNED:
            return is_unassigned()
        case Tab.PENDING_CUSTOMER:
            return Ticket.status == written("pending_customer")
        case Tab.ASSISTS:
            return assists_of(actor)


def in_queue(code: str) -> ColumnElement[bool]:
    """In the queue of this code; everywhere for an empty one."""
    return Ticket.queue_id == _id_of(Queue, code) if code else true()


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """``burns_at`` is the least last instant in time of all running customer clocks, so one look suffices."""
    return Ticket.burns_at < now


def is_soon_overdue(now: datetime) -> ColumnElement[bool]:
    """In time still, but not for longer than an hour."""
    return and_(Ticket.burns_at >= now, Ticket.burns_at <= now + SOON)


def is_stuck(now: datetime) -> ColumnElement[bool]:
    """Its wait has lasted too long, by the rules in force."""
    return Ticket.id.in_(stuck_tickets(published_rulebook(), now))


def stuck_tickets(book: RuleBook, now: datetime) -> Select[int]:
    """Ids of the tickets that have waited too long (see ``domain.waits``)."""
    too_long = (
        and_(TicketPause.status == status.value, TicketPause.started_at < now - timedelta(seconds=seconds))
        for status, seconds in longest_waits(book.pause_steps).items()
    )
    return select(TicketPause.ticket_id).where(TicketPause.ended_at.is_(None), or_(*too_long)).correlate(None)


def has_waited(days: int, now: datetime) -> ColumnElement[bool]:
    """In its present wait for more than so many days."""
    since = select(TicketPause.ticket_id).where(
        TicketPause.ended_at.is_(None), TicketPause.started_at < now - timedelta(days=days)
    )
    return Ticket.id.in_(since.correlate(None))


def is_unconfirmed() -> ColumnElement[bool]:
    """Nobody has said yet that the type is right, and the words alone were not sure."""
    return Ticket.tier.in_(constants(UNSURE))


def is_of_vip() -> ColumnElement[bool]:
    """Of a customer who matters more."""
    return Ticket.customer_id.in_(select(Customer.id).where(Customer.vip_at.is_not(None)).correlate(None))


def has_tag(tag: str) -> ColumnElement[bool]:
    """With this tag, or with the one that its name stands for since it was renamed or merged."""
    old, new = aliased(Tag), aliased(Tag)
    meant = select(new.name).join(old, old.means_id == new.id).where(old.name == tag).scalar_subquery()
    return Ticket.id.in_(select(TicketTag.ticket_id).where(TicketTag.tag.in_([tag, meant])).correlate(None))


def is_unassigned() -> ColumnElement[bool]:
    """Nobody in the ticket's queue has it in hand."""
    waiting = select(Stint.ticket_id).where(is_open_stay, Stint.assignee_id.is_(None))
    return Ticket.id.in_(waiting.correlate(None))


def _id_of(noun: type[Queue | Channel | Shop], code: str) -> ScalarSelect[int]:
    return select(noun.id).where(noun.code == code).correlate(None).scalar_subquery()


def _in_hands(owner: str, actor: Actor) -> ColumnElement[bool]:
    if owner == NOBODY:
        return is_unassigned()
    user_id = actor.id if owner == ME else int(owner)
    return or_(Ticket.owner_id == user_id, assigned_to(user_id))


def _numbered(number: str) -> ColumnElement[bool]:
    """The ticket of this number, and those of the order or parcel of this number: each by its index."""
    by_order = select(Order.id).where(Order.number == number).correlate(None)
    by_parcel = select(Parcel.order_id).where(Parcel.tracking_number == number)
    other = aliased(Ticket)
    ids = (
        select(other.id)
        .where(other.number == number.upper())
        .union(select(other.id).where(other.order_id.in_(by_order.union(by_parcel))))
    )
    return Ticket.id.in_(ids)


def _has_words(words: tuple[str, ...]) -> ColumnElement[bool]:
    """All words in the subject, or all in the customer's name, or a part of an order's number."""
    return or_(
        _says(Ticket.id, Kind.TICKET, Ticket.subject, words),
        Ticket.customer_id.in_(select(Customer.id).where(_says(Customer.id, Kind.CUSTOMER, Customer.name, words))),
        Ticket.order_id.in_(select(Order.id).where(_says(Order.id, Kind.ORDER, Order.number, words))),
    )


def _says(
    key: InstrumentedAttribute[int], kind: Kind, column: InstrumentedAttribute[str], words: tuple[str, ...]
) -> ColumnElement[bool]:
    """By the search index, which knows the other script too; in the text itself, too, where it knows only a part."""
    partly = [_contains(column, word) for word in words if not told_by_grams(word)]
    found = matching(kind, words)
    return and_(*([] if found is None else [key.in_(found.subquery().select())]), *partly)


def _contains(column: InstrumentedAttribute[str], word: str) -> ColumnElement[bool]:
    """Whatever the case. SQLite's LIKE doesn't know it in the first place, and is quicker without being helped."""
    if is_postgresql():
        return column.icontains(word, autoescape=True)
    return column.contains(word, autoescape=True)
