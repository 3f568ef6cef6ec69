"""Which template became which reply, how much of it was rewritten, and which one was suggested first.

A template's figures are counted from this.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from helpdesk.domain.access import Actor
from helpdesk.domain.replies import rewritten
from helpdesk.models import Message, ReplyTemplate, ReplyTemplateVersion, TemplateOffer, TemplateUse
from helpdesk.models.scope import usable_template
from helpdesk.storage import session

RANKS = (1, 2, 3)
"""Places among the suggestions of a ticket."""


def find(code: str | None, version: int | None, actor: Actor) -> int | None:
    """The template of this code if the actor may use it and it has this version, else None.

    One that was retired or edited while the agent wrote still counts as what he used.
    """
    if not code or version is None:
        return None
    return (
        session()
        .execute(
            select(ReplyTemplate.id)
            .join(ReplyTemplateVersion, ReplyTemplateVersion.template_id == ReplyTemplate.id)
            .where(ReplyTemplate.code == code, ReplyTemplateVersion.version == version, usable_template(actor))
        )
        .scalar_one_or_none()
    )


def note_use(template_id: int, message: Message, filled: str, rank: int | None, *, actor: Actor, now: datetime) -> None:
    """The reply was written from this template. ``filled`` are its words for this ticket.

    ``rank`` is the place at which it was suggested; anything but a place counts as found by hand.
    """
    session().add(
        TemplateUse(
            message_id=message.id,
            template_id=template_id,
            version=message.template_version,
            ticket_id=message.ticket_id,
            user_id=actor.id,
            rank=rank if rank in RANKS else None,
            distance=rewritten(filled, message.text),
            length=len(filled.strip()),
            created_at=now,
        )
    )


def note_offer(template_id: int, version: int, message: Message, *, now: datetime) -> None:
    """This template stood first among the suggestions when the reply was written, from it or not."""
    session().add(TemplateOffer(message_id=message.id, template_id=template_id, version=version, created_at=now))


def forget_use(message_id: int) -> None:
    """The reply was taken back: the customer never saw it, so it says nothing about any template."""
    for kept in (TemplateUse, TemplateOffer):
        session().execute(delete(kept).where(kept.message_id == message_id))
