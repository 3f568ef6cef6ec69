"""What is promised on an order, to its customer, by a person and in a shop: columns of a ticket's statement."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, String, and_, cast, func, or_, select
from sqlalchemy.orm import aliased

from helpdesk.domain.compensation import MoneyFacts
from helpdesk.domain.rulebook import RuleBook
from helpdesk.models.compensation import Compensation
from helpdesk.models.tickets import Ticket

STANDING = ("proposed", "approved", "paid")
"""States that reserve their amount."""

PAYOUTS = ("partial_refund", "difference", "freight")
"""Kinds that go through the platform's payout."""


def money_columns(
    user_id: int, day_start: datetime | BindParameter[datetime], window_start: datetime | BindParameter[datetime]
) -> tuple[ColumnElement[Any], ...]:
    """Sums over the ticket's order (over the ticket alone, where it has none), over a person's day and the shop's.

    ``window_start``: since when (UTC) what the customer was promised counts.
    """
    here = or_(
        Compensation.order_id == Ticket.order_id,
        and_(Ticket.order_id.is_(None), Compensation.ticket_id == Ticket.id),
    )
    counted = Compensation.is_remedy.is_(False)
    payout = Compensation.kind.in_(PAYOUTS)
    today = Compensation.proposed_at >= day_start
    other = aliased(Ticket)
    shop_day = (
        select(func.coalesce(func.sum(Compensation.amount_fen), 0))
        .join(other, other.id == Compensation.ticket_id)
        .where(stands(), payout, today, other.shop_id == Ticket.shop_id)
        .correlate(Ticket)
        .scalar_subquery()
    )
    his = aliased(Ticket)
    customer = (
        select(func.coalesce(func.sum(Compensation.amount_fen), 0))
        .join(his, his.id == Compensation.ticket_id)
        .where(stands(), counted, Compensation.proposed_at >= window_start, his.customer_id == Ticket.customer_id)
        .correlate(Ticket)
        .scalar_subquery()
    )
    return (
        _sum(here, counted).label("promised"),
        _sum(Compensation.proposed_by_id == user_id, counted, today).label("promised_today"),
        _sum(here, payout).label("paid_out"),
        _value(func.count(), here, payout).label("payouts"),
        shop_day.label("shop_day"),
        customer.label("promised_to_customer"),
        _by_policy(here).label("by_policy"),
    )


def money_facts(sums: Row[*tuple[Any, ...]], order: Any) -> MoneyFacts:
    """The facts from a row with ``money_columns``, and the order's columns (or None)."""
    paid = order.paid_fen if order else None
    shown = order.price_snapshot_fen if order else None
    return MoneyFacts(
        paid_fen=paid,
        snapshot_difference_fen=None if paid is None or shown is None else paid - shown,
        freight_fen=order.freight_fen if order else None,
        already_promised_fen=sums.promised,
        promised_by_agent_today_fen=sums.promised_today,
        payouts_on_order=sums.payouts,
        paid_out_fen=sums.paid_out,
        shop_day_fen=sums.shop_day,
        promised_to_customer_fen=sums.promised_to_customer,
        promised_by_policy=_added_up(sums.by_policy or ""),
    )


def customer_window(book: RuleBook, now: datetime) -> datetime:
    """Since when (UTC) what a customer was promised counts against his cap."""
    return now - timedelta(days=book.customer_cap.days if book.customer_cap else 0)


def _by_policy(here: ColumnElement[bool]) -> ColumnElement[Any]:
    """Each promise on the order as ``policy:fen``, in one text: a column rather than a statement of its own."""
    each = Compensation.policy_code + ":" + cast(Compensation.amount_fen, String)
    return (
        select(func.aggregate_strings(each, " "))
        .select_from(Compensation)
        .where(stands(), here)
        .correlate(Ticket)
        .scalar_subquery()
    )


def _added_up(promises: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for promise in promises.split():
        code, _colon, fen = promise.rpartition(":")
        sums[code] = sums.get(code, 0) + int(fen)
    return sums


def _sum(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return _value(func.coalesce(func.sum(Compensation.amount_fen), 0), *conditions)


def _value(figure: ColumnElement[int], *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return select(figure).select_from(Compensation).where(stands(), *conditions).correlate(Ticket).scalar_subquery()


def stands(row: Any = Compensation) -> ColumnElement[bool]:
    """Compensations (``row`` may be an alias) that count: neither rejected nor reversed, and no reversal themselves."""
    return and_(row.state.in_(STANDING), row.reverses_id.is_(None))
