"""Orders as the channel or the shop's system told them. The address is personal text."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class Order(Base):
    """Unique per shop and number. ``known`` is false while only a customer's word speaks of it."""

    __tablename__ = "order"
    __table_args__ = (
        UniqueConstraint("shop_id", "number"),
        CheckConstraint("paid_fen IS NULL OR paid_fen >= 0", name="paid_fen"),
        Index("ix_order_number", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    number: Mapped[str] = mapped_column(String(60))
    known: Mapped[bool]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    status: Mapped[str] = mapped_column(String(30), default="unknown")
    paid_fen: Mapped[int | None]
    freight_fen: Mapped[int | None]
    price_snapshot_fen: Mapped[int | None]  # what the page promised when the order was placed
    address: Mapped[str] = mapped_column(Text, default="")
    warehouse: Mapped[str] = mapped_column(String(60), default="")  # that ships it; empty where nobody told
    placed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class OrderLine(Base):
    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("unit_fen IS NULL OR unit_fen >= 0", name="unit_fen"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    position: Mapped[int]
    sku: Mapped[str] = mapped_column(String(80), default="")
    name: Mapped[str] = mapped_column(String(200))
    spec: Mapped[str] = mapped_column(String(120), default="")
    batch: Mapped[str] = mapped_column(String(60), default="")  # of production, where the shop keeps it
    quantity: Mapped[int]
    unit_fen: Mapped[int | None]


class Parcel(Base):
    __tablename__ = "parcel"
    __table_args__ = (UniqueConstraint("order_id", "tracking_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    carrier: Mapped[str] = mapped_column(String(60), default="")
    tracking_number: Mapped[str] = mapped_column(String(60), index=True)
    shipped_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]


class OrderStatus(Base):
    """A step in the order's life, as reported."""

    __tablename__ = "order_status"
    __table_args__ = (UniqueConstraint("order_id", "status", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    status: Mapped[str] = mapped_column(String(30))
    at: Mapped[datetime]
    detail: Mapped[str] = mapped_column(String(200), default="")
