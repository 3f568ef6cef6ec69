"""Signed links for customers: whoever holds one sees that ticket or order, for a while, and nothing else."""

from __future__ import annotations

from typing import Literal

from flask import current_app, url_for
from itsdangerous import BadData, URLSafeTimedSerializer

from helpdesk.domain.problems import NotFound
from helpdesk.web.forms import GREATEST_ID

A_DAY = 24 * 3600
LASTS = {"ticket": 60 * A_DAY, "order": 2 * 3600}
"""Seconds. A ticket's link is kept in a chat; an order's only says that somebody just named it by its number."""

Kind = Literal["ticket", "order"]


def token(kind: Kind, row_id: int) -> str:
    """What stands in the link."""
    return _signer(kind).dumps(row_id)


def read(kind: Kind, text: str) -> int:
    """The id in a token of this kind. ``NotFound`` for one that is too old, was made up, or is for something else."""
    try:
        row_id = _signer(kind).loads(text, max_age=LASTS[kind])
    except BadData:
        raise NotFound("self_service.link_ended") from None
    if not isinstance(row_id, int) or not 0 < row_id <= GREATEST_ID:
        raise NotFound("self_service.link_ended")
    return row_id


def is_held(kind: Kind, text: str) -> bool:
    """Whether it is one that still leads somewhere."""
    try:
        read(kind, text)
    except NotFound:
        return False
    return True


def of_ticket(ticket_id: int) -> str:
    """The address that a customer opens, under the name by which the installation is known outside."""
    path = url_for("help.ticket", token=token("ticket", ticket_id))
    base: str = current_app.config["UNSNAG"].base_url
    return base + path if base else url_for("help.ticket", token=token("ticket", ticket_id), _external=True)


def _signer(kind: Kind) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=f"help.{kind}")
