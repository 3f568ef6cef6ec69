"""What templates are filled with on a ticket, and what may be offered there: for its page and for trying a template."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime

from flask_babel import force_locale

from helpdesk.domain.access import Actor
from helpdesk.domain.calendars import Calendar, closing_after
from helpdesk.domain.compensation import PROPOSERS, Option, options
from helpdesk.domain.replies import customers_locale
from helpdesk.domain.rulebook import RuleBook
from helpdesk.queries.suggestions import what_was_asked
from helpdesk.queries.ticket_page import TicketPage
from helpdesk.web import customer_links
from helpdesk.web.filters import money
from helpdesk.wording import day_and_time
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
        "progress_link": customer_links.of_ticket(page.ticket.id) if page.ticket.self_service else None,
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
