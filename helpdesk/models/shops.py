"""Where orders come from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class Shop(Base):
    __tablename__ = "shop"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    timezone: Mapped[str] = mapped_column(String(60), default="Asia/Shanghai")
    active: Mapped[bool] = mapped_column(default=True)  # takes new tickets
    self_service: Mapped[bool] = mapped_column(default=False)  # customers open and follow tickets on its help page
    version: Mapped[int] = mapped_column(default=1)


class Channel(Base):
    """A place where the shop sells and buyers write: Tmall, JD, a mini program.

    ``sender`` names the adapter that carries replies; without one the agent copies them over. ``settings`` are the
    sender's (an address, a mailbox to write from), ``secret`` what it signs with: written once and never shown.
    """

    __tablename__ = "channel"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    sender: Mapped[str | None] = mapped_column(String(40))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    secret: Mapped[dict[str, Any]] = mapped_column(default=dict)
    active: Mapped[bool] = mapped_column(default=True)
    held_until: Mapped[datetime | None]  # the other side asked for rest
    version: Mapped[int] = mapped_column(default=1)
