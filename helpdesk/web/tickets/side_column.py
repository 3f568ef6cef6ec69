"""The ticket page's side column: what to say, what to offer, the order, the customer, other tickets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from helpdesk.domain.masking import mask_address, mask_phone
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.text import syllable
from helpdesk.queries.suggestions import Filled, Suggested
from helpdesk.queries.ticket_page import TicketPage
from helpdesk.queries.ticket_related import Related
from helpdesk.services.customers import Revealed
from helpdesk.web import customer_links
from helpdesk.web.filters import address
from helpdesk.web.reply_values import offers as offers
from helpdesk.web.reply_values import placeholder_values as placeholder_values
from helpdesk.web.tickets import staged
from helpdesk.web.tickets.presenting import type_name
from helpdesk.web.tickets.staged import Desk
from helpdesk.wording import label, order_status_label
from helpdesk.wording.catalog import gettext as _


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
        "vip": {"reason": row.vip.reason, "by": page.names.name(row.vip.by_id), "at": row.vip.at}
        if row and row.vip
        else None,
        "ticket_count": row.tickets if row else 0,
        "order_count": row.orders if row else 0,
        "link": customer_links.of_ticket(page.ticket.id) if page.ticket.self_service else "",
    }


def others(related: Iterable[Related], book: RuleBook) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "url": address("tickets.show", number=one.number),
            "klass": one.klass,
            "type": type_name(one.type, book),
            "subject": one.subject,
            "status": one.status,
            "created_at": one.created_at,
            "burns_at": one.burns_at,
            "relation": "order" if one.same_order else "customer",
            "merged_here": one.merged_here,
        }
        for one in related
    ]
