"""Webhooks as their pages show them. What signs never leaves the database this way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.models import Channel, Shop, Ticket, Webhook, WebhookCall
from helpdesk.storage import session

MOST = 500
MOST_CALLS = 50
LATELY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """``taken`` and ``refused`` count the last 24 hours; ``last_at`` is the last call that was taken, of 30 days.

    ``old_secret_until``: a secret from before is still good until then.
    """

    id: int
    code: str
    name: str
    shop: str
    channel: Label
    active: bool
    version: int
    old_secret_until: datetime | None
    taken: int
    refused: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call and what became of it; a refused one has a ``problem`` with its parameters."""

    at: datetime
    outcome: str
    ticket_number: str | None
    problem: str | None
    params: Mapping[str, Any]


def webhooks(actor: Actor, *, now: datetime) -> list[WebhookRow]:
    """All of them, what is in use first. One statement."""
    order = (Webhook.active.desc(), Webhook.name)
    return [_row(row, now) for row in session().execute(_webhooks(actor, now).order_by(*order).limit(MOST))]


def webhook(webhook_id: int, actor: Actor, *, now: datetime) -> WebhookRow:
    """One of them; ``NotFound`` for any other."""
    row = session().execute(_webhooks(actor, now).where(Webhook.id == webhook_id)).one_or_none()
    if row is None:
        raise NotFound("webhook.no_such_webhook")
    return _row(row, now)


def calls(webhook_id: int, actor: Actor) -> list[CallRow]:
    """Its last calls, the latest first. One statement."""
    actor.require(Permission.TOKENS_MANAGE)
    rows = session().execute(
        select(WebhookCall.at, WebhookCall.outcome, Ticket.number, WebhookCall.problem, WebhookCall.params)
        .outerjoin(Ticket, Ticket.id == WebhookCall.ticket_id)
        .where(WebhookCall.webhook_id == webhook_id)
        .order_by(WebhookCall.at.desc(), WebhookCall.id.desc())
        .limit(MOST_CALLS)
    )
    return [CallRow(*row) for row in rows]


def _webhooks(actor: Actor, now: datetime) -> Select[Any]:
    actor.require(Permission.TOKENS_MANAGE)
    of_it = WebhookCall.webhook_id == Webhook.id
    lately = and_(of_it, WebhookCall.at > now - LATELY)
    refused = WebhookCall.outcome == "refused"
    taken = select(func.count()).where(lately, ~refused).correlate(Webhook).scalar_subquery()
    not_taken = select(func.count()).where(lately, refused).correlate(Webhook).scalar_subquery()
    last = (
        select(WebhookCall.at)
        .where(of_it, ~refused)
        .order_by(WebhookCall.at.desc())
        .limit(1)
        .correlate(Webhook)
        .scalar_subquery()
    )
    return (
        select(
            Webhook.id,
            Webhook.code,
            Webhook.name,
            Shop.name.label("shop"),
            Channel.name_zh,
            Channel.name_en,
            Webhook.active,
            Webhook.version,
            Webhook.secret["previous_until"].as_string().label("until"),
            taken.label("taken"),
            not_taken.label("refused"),
            last.label("last_at"),
        )
        .join(Shop, Shop.id == Webhook.shop_id)
        .join(Channel, Channel.id == Webhook.channel_id)
    )


def _row(row: Any, now: datetime) -> WebhookRow:
    until = datetime.fromisoformat(row.until) if row.until else None
    return WebhookRow(
        id=row.id,
        code=row.code,
        name=row.name,
        shop=row.shop,
        channel=Label(row.name_zh, row.name_en),
        active=row.active,
        version=row.version,
        old_secret_until=until if until and until > now else None,
        taken=row.taken,
        refused=row.refused,
        last_at=row.last_at,
    )
