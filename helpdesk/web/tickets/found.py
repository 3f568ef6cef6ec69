"""What stands in the customer's words besides words, offered where it fits: numbers, phones, amounts, days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from helpdesk.domain.findings import Finding, What, findings
from helpdesk.domain.masking import mask_phone
from helpdesk.queries.ticket_order import linkable
from helpdesk.queries.ticket_page import TicketPage
from helpdesk.web.filters import address
from helpdesk.web.locale import shop_zone

MOST_MESSAGES = 3
"""The one that was decided on and the latest: what was said in between has been answered."""

MOST_SHOWN = 8


def card(page: TicketPage, may: Mapping[str, bool], *, offers: bool) -> list[dict[str, Any]]:
    """A row for each value, at most ``MOST_SHOWN``; nothing is asked of the database but whether an order exists.

    ``offers``: the page has a form for compensation that an amount can go into.
    """
    found = distinct(one for text, day in _said(page) for one in findings(text, day))
    numbers = {one.value for one in found if one.what is What.ORDER}
    known: frozenset[str] = frozenset()
    if numbers and page.order is None and may["work"]:
        known = linkable(page.ticket.shop_id, numbers, page.ticket.id)
    return [_row(one, page, known, offers=offers) for one in found]


def distinct(said: Iterable[Finding]) -> list[Finding]:
    """Each value once, at most ``MOST_SHOWN``."""
    return list({(one.what, one.value): one for one in said}.values())[:MOST_SHOWN]


def plain(one: Finding) -> dict[str, Any]:
    """What it is and how it reads; an amount in fen."""
    return {"what": one.what.value, "shown": one.value, "fen": int(one.value) if one.what is What.AMOUNT else None}


def _said(page: TicketPage) -> Iterator[tuple[str, date]]:
    """The customer's words, each with his day when he said it."""
    zone, heard = shop_zone(), set()
    if page.decision is not None:
        heard.add(page.decision.text)
        yield page.decision.text, page.ticket.created_at.astimezone(zone).date()
    for entry in reversed(page.timeline.entries):
        if len(heard) == MOST_MESSAGES:
            return
        if entry.direction == "in" and entry.text and entry.text not in heard:
            heard.add(entry.text)
            yield entry.text, entry.at.astimezone(zone).date()


def _row(one: Finding, page: TicketPage, known: frozenset[str], *, offers: bool) -> dict[str, Any]:
    row = plain(one) | {"sign": ""}
    match one.what:
        case What.ORDER if page.order is not None:
            row["sign"] = "same" if page.order.number.upper() == one.value else "differs"
        case What.ORDER:
            row["link"] = one.value if one.value in known else ""
        case What.TRACKING if page.parts.parcels:
            own = {parcel.tracking.upper() for parcel in page.parts.parcels}
            row["sign"] = "same" if one.value in own else "differs"
        case What.PHONE:
            row["shown"] = mask_phone(one.value) if "*" not in one.value else one.value
        case What.AMOUNT:
            row["fill"] = f"{row['fen'] // 100}.{row['fen'] % 100:02d}" if offers else ""
    if one.what is not What.DATE and one.what is not What.AMOUNT and row["sign"] != "same" and "*" not in one.value:
        row["search"] = address("tickets.index", q=one.value, tab="all")
    return row
