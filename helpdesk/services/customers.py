"""Buyers: who they are, and the audited look at what is masked."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Invalid
from helpdesk.domain.search import Kind
from helpdesk.models import Customer, Order, search
from helpdesk.services import tickets
from helpdesk.services.events import record
from helpdesk.storage import insert_once, session

MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Revealed:
    name: str
    phone: str
    address: str


def phone_hash(phone: str) -> str | None:
    """The key of a customer whom the channel gives no id: the phone's digits, hashed. None without digits.

    The country code of a mainland number is dropped: it is the same phone with and without.
    """
    digits = re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", phone)).removeprefix("00")
    if len(digits) == 13:
        digits = digits.removeprefix("86")
    return hashlib.sha256(digits.encode()).hexdigest() if digits else None


def find_or_create(*, shop_id: int, channel_id: int, name: str, buyer_id: str, phone: str) -> Customer | None:
    """The customer of this buyer id, else of this phone, created if new. None when nothing is known.

    Unique per shop, channel and buyer id, else by phone hash; a name alone makes a customer of its own.
    A name or phone learnt later fills an empty one, and never overwrites.
    """
    if not (name or buyer_id or phone):
        return None
    key = {"buyer_id": buyer_id or None, "phone_hash": phone_hash(phone)}
    new = insert_once(Customer, shop_id=shop_id, channel_id=channel_id, name=name, phone=phone or None, **key)
    if new is not None:
        search.note(Kind.CUSTOMER, new, name, buyer_id, phone)
        return session().get_one(Customer, new)
    same = is_same(shop_id=shop_id, channel_id=channel_id, buyer_id=buyer_id, phone=phone)
    customer = session().execute(select(Customer).where(same)).scalar_one()
    customer.name = customer.name or name
    if not customer.phone and phone:
        customer.phone, customer.phone_hash = phone, key["phone_hash"]
    return customer


def is_same(*, shop_id: int, channel_id: int, buyer_id: str, phone: str) -> ColumnElement[bool]:
    """The customer of this buyer id, else of this phone, as a condition that nobody meets where neither is known."""
    hashed = phone_hash(phone)
    if buyer_id:
        same = Customer.buyer_id == buyer_id
    elif hashed:
        same = Customer.buyer_id.is_(None) & (Customer.phone_hash == hashed)
    else:
        return false()
    return and_(Customer.shop_id == shop_id, Customer.channel_id == channel_id, same)


def reveal(number: str, *, reason: str, actor: Actor, now: datetime) -> Revealed:
    """Show phone and address unmasked, once, for a reason that is kept (an event with the note that holds it)."""
    actor.require(Permission.CUSTOMERS_REVEAL)
    if not reason.strip() or len(reason) > MAX_REASON:
        raise Invalid("customer.reason_required", limit=MAX_REASON)
    ticket = tickets.load_to_work(number, actor)
    note = tickets.add_note(ticket, reason, actor=actor, now=now)
    record("customer.revealed", actor=actor, now=now, ticket_id=ticket.id, reason_note_id=note.id)
    customer = session().get(Customer, ticket.customer_id) if ticket.customer_id else None
    order = session().get(Order, ticket.order_id) if ticket.order_id else None
    return Revealed(
        name=customer.name if customer else "",
        phone=(customer.phone or "") if customer else "",
        address=order.address if order else "",
    )
