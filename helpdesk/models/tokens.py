"""Systems that talk to us: their tokens, and the answers they were given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class ApiToken(Base):
    """A system's key to the API. The system holds the token, the table only its hash; ``hint`` tells it from others.

    What it does is recorded in the name of its own ``User`` of the role ``integration``. ``scopes`` are what it may
    do; with a shop it sees and writes that shop's matters alone.
    """

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(8))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    scopes: Mapped[list[Any]]
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shop.id"))
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]  # a minute's first call
    calls: Mapped[int] = mapped_column(default=0)  # since then
    revoked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class IdempotentAnswer(Base):
    """What a request with an ``Idempotency-Key`` was answered, so that the same request is answered the same."""

    __tablename__ = "idempotent_answer"
    __table_args__ = (UniqueConstraint("token_id", "key"), Index("ix_idempotent_answer_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[int] = mapped_column(ForeignKey("api_token.id"))
    key: Mapped[str] = mapped_column(String(200))
    request_hash: Mapped[str] = mapped_column(String(64))  # method, path and body
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, Any]]
    at: Mapped[datetime]
