"""Buyers. Name and phone are personal text: an erase rewrites them here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base, where


class Customer(Base):
    """Unique per shop, channel and buyer id; where the channel tells no id, by the hash of the phone."""

    __tablename__ = "customer"
    __table_args__ = (
        Index(
            "uq_customer_buyer",
            "shop_id",
            "channel_id",
            "buyer_id",
            unique=True,
            **where("buyer_id IS NOT NULL"),
        ),
        Index(
            "uq_customer_phone",
            "shop_id",
            "channel_id",
            "phone_hash",
            unique=True,
            **where("buyer_id IS NULL AND phone_hash IS NOT NULL"),
        ),
        Index("ix_customer_vip", "id", **where("vip_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    buyer_id: Mapped[str | None] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str | None] = mapped_column(String(30))
    phone_hash: Mapped[str | None] = mapped_column(String(64))
    erased_at: Mapped[datetime | None]
    vip_at: Mapped[datetime | None]  # since when the buyer matters more; None: he is like any other
    vip_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    vip_reason: Mapped[str] = mapped_column(String(200), default="")  # personal text: an erase empties it
