"""The ticket page's side column: what to say, what to offer, the order, the customer, other tickets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask_babel import force_locale

from helpdesk.domain.access import Actor
from helpdesk.domain.calendars import Calendar, closing_after
from helpdesk.domain.compensation import PROPOSERS, Option, options
from helpdesk.domain.masking import mask_address, mask_phone
from helpdesk.domain.replies import customers_locale
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.text import syllable
from helpdesk.queries.suggestions import Filled, Suggested, what_was_asked
from helpdesk.queries.ticket_page import Related, TicketPage
from helpdesk.services.customers import Revealed
from helpdesk.web.filters import address, money
from helpdesk.web.tickets import staged
from helpdesk.web.tickets.presenting import type_name
from helpdesk.web.tickets.staged import Desk
from helpdesk.wording import day_and_time, label, order_status_label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.catalog import locale_code

TIME_TO_ANSWER = 2 * 3600
"""Seconds of working time that a promise leaves where no deadline sets it."""

MOST_ITEMS = 3
"""Articles that are named in a reply; the rest is counted."""


def offers(page: TicketPage, book: RuleBook, actor: Actor) -> tuple[Option, ...]:
    """What this person may offer; nothing for a role that promises no money, or a type the rules have dropped."""
    if actor.role not in PROPOSERS or page.ticket.type not in book.types:
        return ()
    return options(book, page.ticket.type, page.money, actor.role)


def placeholder_values(
    page: TicketPage, offered: tuple[Option, ...], agent: str, now: datetime
) -> dict[str, str | None]:
    """What templates are filled with, in the customer's language.

    None where it isn't known, so that the gap is seen before sending.
    """
    locale = customers_locale(what_was_asked(page))
    with nullcontext() if locale == locale_code() else force_locale(locale):
        return _values(page, offered, agent, now)


def _values(page: TicketPage, offered: tuple[Option, ...], agent: str, now: datetime) -> dict[str, str | None]:
    order, money_known = page.order, page.money
    parcel = page.parts.parcels[-1] if page.parts.parcels else None
    difference = money_known.snapshot_difference_fen
    amount = next((option.amount_fen for option in offered if option.amount_fen is not None), None)
    return {
        "customer": page.customer.name if page.customer else None,
        "shop": page.ticket.shop,
        "agent": agent,
        "order": order.number if order else None,
        "items": _items(page),
        "paid": None if money_known.paid_fen is None else money(money_known.paid_fen),
        "tracking": parcel.tracking if parcel else None,
        "carrier": parcel.carrier if parcel else None,
        "amount": None if amount is None else money(amount),
        "price_difference": money(difference) if difference is not None and difference > 0 else None,
        "promise_time": _promise(page, now),
    }


def _items(page: TicketPage) -> str | None:
    lines = page.parts.lines
    if not lines:
        return None
    named = _("、").join(f"{line.name} {line.spec}".strip() for line in lines[:MOST_ITEMS])
    return named if len(lines) <= MOST_ITEMS else _("%(items)s 等 %(n)s 件", items=named, n=len(lines))


def _promise(page: TicketPage, now: datetime) -> str | None:
    """By when the customer hears from us: his solution's deadline as long as it can be kept.

    After that the end of the first opening of those who answer him that leaves them ``TIME_TO_ANSWER``.
    """
    due = next((clock.due_at for clock in page.clocks if clock.kind == "solution" and clock.state == "running"), None)
    if due is None or due <= now:
        working_time = _answering_hours(page)
        due = closing_after(working_time, now, TIME_TO_ANSWER) if working_time else None
    return day_and_time(due, now) if due else None


def _answering_hours(page: TicketPage) -> Calendar | None:
    """The first response counts the working time of those who answer customers, whoever has the ticket now."""
    kinds = ("first_response", "solution")
    promised = sorted(
        (clock for clock in page.clocks if clock.kind in kinds), key=lambda clock: kinds.index(clock.kind)
    )
    return promised[0].calendar if promised else None


def suggestions(found: Suggested, desk: Desk) -> list[dict[str, Any]]:
    return [
        {
            **_template(filled, desk.book),
            "staged": staged.rows(filled.template, desk),
            "score": one.score,
            "words": list(one.matched),
            "same_type": one.template.type == desk.page.ticket.type,
        }
        for one, filled in found.best
    ]


def all_templates(found: Suggested, page: TicketPage, book: RuleBook) -> list[dict[str, Any]]:
    return [_template(filled, book) for filled in by_type(found, page)]


def by_type(found: Suggested, page: TicketPage) -> list[Filled]:
    """Those of the ticket's type first, then those for any, then the rest."""

    def place(filled: Filled) -> int:
        return 0 if filled.template.type == page.ticket.type else 1 if filled.template.type is None else 2

    return sorted(found.everything(), key=place)


def _template(filled: Filled, book: RuleBook) -> dict[str, Any]:
    template = filled.template
    title = label(template.title)
    return {
        "id": template.code,
        "code": template.code,
        "version": template.version,
        "title": title,
        "type_name": type_name(template.type, book) if template.type else "",
        "shortcut": template.shortcut,
        "words": " ".join((template.title.zh, template.title.en, *template.words, _initials(template.title.zh))),
        "text": filled.text,
        "missing": filled.missing,
        "marks_solution": template.marks_solution,
        "set_status": template.set_status or "",
    }


@lru_cache(maxsize=1000)
def _initials(title: str) -> str:
    """``fch`` finds 发错货."""
    return "".join(syllable(letter)[:1] for letter in title)


def order(page: TicketPage) -> dict[str, Any] | None:
    row = page.order
    if row is None:
        return None
    return {
        "number": row.number,
        "known": row.known,
        "status": order_status_label(row.status),
        "paid_fen": row.paid_fen,
        "freight_fen": row.freight_fen,
        "snapshot_fen": row.price_snapshot_fen,
        "difference_fen": page.money.snapshot_difference_fen,
        "placed_at": row.placed_at,
        "lines": [
            {
                "title": f"{line.name} {line.spec}".strip(),
                "sku": line.sku,
                "quantity": line.quantity,
                "price_fen": line.unit_fen,
            }
            for line in page.parts.lines
        ],
        "parcels": [
            {
                "carrier": parcel.carrier,
                "tracking": parcel.tracking,
                "status": _("已签收") if parcel.signed_at else _("运输中") if parcel.shipped_at else _("待揽收"),
                "updated_at": parcel.signed_at or parcel.shipped_at,
            }
            for parcel in page.parts.parcels
        ],
        "history": [
            {"name": order_status_label(step.name), "detail": step.detail, "at": step.at} for step in page.parts.steps
        ],
    }


def customer(page: TicketPage, revealed: Revealed | None) -> dict[str, Any] | None:
    """Masked, unless this very answer reveals him."""
    address = page.order.address if page.order else ""
    row = page.customer
    if row is None and not address:
        return None
    shown: Mapping[str, str] = (
        {"name": revealed.name, "phone": revealed.phone, "address": revealed.address}
        if revealed
        else {
            "name": row.name if row else "",
            "phone": mask_phone(row.phone or "") if row else "",
            "address": mask_address(address),
        }
    )
    return {
        **shown,
        "revealed": revealed is not None,
        "ticket_count": row.tickets if row else 0,
        "order_count": row.orders if row else 0,
    }


def others(related: Iterable[Related]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "url": address("tickets.show", number=one.number),
            "klass": one.klass,
            "subject": one.subject,
            "status": one.status,
            "created_at": one.created_at,
            "relation": "order" if one.same_order else "customer",
            "merged_here": one.merged_here,
        }
        for one in related
    ]
