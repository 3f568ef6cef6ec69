"""One imported row: from cells by field to a ticket or an order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.domain import import_columns as columns
from helpdesk.domain.access import Actor
from helpdesk.domain.imports import Cells
from helpdesk.domain.problems import Invalid
from helpdesk.models import Channel, Queue, Shop
from helpdesk.services import intake, orders
from helpdesk.services.orders import LineData, OrderData, ParcelData, StatusData
from helpdesk.storage import session

MAX_NAME = 100
MAX_ADDRESS = 500
MAX_ITEM = 200
MAX_CODE = 80
MAX_SHORT = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row belongs."""

    shop_id: int
    channel_id: int
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Known:
    """What rows are read against: shops and channels by whatever people call them, the options, the moment."""

    shops: Mapping[str, Shop]
    channels: Mapping[str, Channel]
    queues: Sequence[Queue]  # held so that each row's services find them in the session instead of asking again
    options: Mapping[str, Any]
    now: datetime


def load_known(options: Mapping[str, Any], now: datetime) -> Known:
    """Three statements for all rows of a batch."""
    shops = session().scalars(select(Shop)).all()
    channels = session().scalars(select(Channel)).all()
    return Known(
        shops={name.casefold(): shop for shop in shops for name in (shop.name, shop.code)},
        channels={name.casefold(): one for one in channels for name in (one.name_zh, one.name_en, one.code) if name},
        queues=session().scalars(select(Queue)).all(),
        options=options,
        now=now,
    )


def take_ticket(cells: Cells, known: Known, actor: Actor) -> str:
    """Open a ticket for the row; returns the outcome (created, appended, repeated). ``Problem`` for a bad row."""
    place = _place(cells, known)
    created_at = None
    if known.options.get("created_at") != "now":
        created_at = columns.read_instant(_text(cells, "created_at"), "created_at", place.zone, known.now)
    request = intake.TicketRequest(
        text=columns.read_text(_text(cells, "text"), "text", intake.MAX_TEXT),
        source=f"import:{place.shop_id}:{place.channel_id}",
        external_id=_identifier(cells, "external_id", intake.MAX_EXTERNAL_ID) or row_identity(cells),
        shop_id=place.shop_id,
        channel_id=place.channel_id,
        subject=columns.read_text(_text(cells, "subject"), "subject", intake.MAX_SUBJECT),
        order_number=_identifier(cells, "order_number", intake.MAX_NUMBER),
        customer_name=columns.read_text(_text(cells, "customer_name"), "customer_name", intake.MAX_NAME),
        buyer_id=_identifier(cells, "buyer_id", intake.MAX_NAME),
        phone=_identifier(cells, "phone", intake.MAX_PHONE),
        created_at=created_at,
    )
    return intake.open_ticket(request, actor=actor, now=known.now).outcome


def row_identity(cells: Cells) -> str:
    """What a row without an id is known by: the hash of its mapped cells."""
    mapped = {field: cell.strip() for field, cell in cells.items() if isinstance(cell, str) and cell.strip()}
    return "row:" + hashlib.sha256(json.dumps(mapped, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def take_order(rows: Sequence[Cells], known: Known) -> str:
    """Store the order that the rows tell of; returns the outcome. ``Problem`` for a bad one."""
    first = _merged(rows)
    place = _place(first, known)

    def instant(row: Cells, field: str) -> datetime | None:
        return columns.read_instant(_text(row, field), field, place.zone, known.now)

    data = OrderData(
        shop_id=place.shop_id,
        channel_id=place.channel_id,
        number=_identifier(first, "number", orders.MAX_NUMBER),
        status=columns.read_status(_text(first, "status"), "status"),
        paid_fen=columns.read_fen(_text(first, "paid"), "paid"),
        freight_fen=columns.read_fen(_text(first, "freight"), "freight"),
        price_snapshot_fen=columns.read_fen(_text(first, "price_snapshot"), "price_snapshot"),
        placed_at=instant(first, "placed_at"),
        address=columns.read_text(_text(first, "address"), "address", MAX_ADDRESS),
        warehouse=columns.read_text(_text(first, "warehouse"), "warehouse", MAX_SHORT),
        customer_name=columns.read_text(_text(first, "customer_name"), "customer_name", MAX_NAME),
        buyer_id=_identifier(first, "buyer_id", MAX_NAME),
        phone=_identifier(first, "phone", intake.MAX_PHONE),
        lines=tuple(_line(row) for row in _inner(rows, "lines") if _told(row, columns.LINE_FIELDS)),
        parcels=_parcels(rows, instant),
        history=tuple(
            StatusData(
                columns.read_status(_text(step, "status"), "history"),
                instant(step, "at") or _missing("history"),
                columns.read_text(_text(step, "detail"), "history", MAX_ITEM),
            )
            for step in _list(first, "history")
        ),
    )
    return orders.upsert_order(data, now=known.now).outcome


def _merged(rows: Sequence[Cells]) -> dict[str, Any]:
    """What is said of the order as a whole; rows may leave it out, but must not contradict each other."""
    whole: dict[str, Any] = {}
    of_lines = {*columns.LINE_FIELDS, *columns.PARCEL_FIELDS}
    for row in rows:
        for field, cell in row.items():
            if field in of_lines or not cell:
                continue
            if whole.setdefault(field, cell) != cell:
                raise Invalid("import.rows_disagree", field=field)
    return whole


def _inner(rows: Sequence[Cells], field: str) -> list[Cells]:
    """An order's own rows: those of a list where the file has one, else each row of the sheet."""
    listed: list[Cells] = [item for row in rows for item in _list(row, field)]
    return listed or list(rows)


def _list(row: Cells, field: str) -> list[dict[str, str]]:
    value = row.get(field)
    if value and isinstance(value, str):
        raise Invalid("import.not_a_list", field=field)
    return value if isinstance(value, list) else []


def _told(row: Cells, fields: Sequence[str]) -> bool:
    return any(_text(row, field).strip() for field in fields)


def _line(row: Cells) -> LineData:
    name = columns.read_text(_text(row, "name"), "name", MAX_ITEM)
    sku = _identifier(row, "sku", MAX_CODE)
    return LineData(
        name=name or sku or _missing("name"),
        quantity=columns.read_count(_text(row, "quantity"), "quantity"),
        sku=sku,
        spec=columns.read_text(_text(row, "spec"), "spec", 120),
        unit_fen=columns.read_fen(_text(row, "unit_price"), "unit_price"),
        batch=columns.read_text(_text(row, "batch"), "batch", MAX_SHORT),
    )


def _parcels(rows: Sequence[Cells], instant: Any) -> tuple[ParcelData, ...]:
    """Each tracking number once: a sheet repeats it on every line of the parcel."""
    found: dict[str, ParcelData] = {}
    for row in _inner(rows, "parcels"):
        if not _told(row, columns.PARCEL_FIELDS):
            continue
        parcel = ParcelData(
            tracking_number=_identifier(row, "tracking_number", MAX_SHORT) or _missing("tracking_number"),
            carrier=columns.read_text(_text(row, "carrier"), "carrier", MAX_SHORT),
            shipped_at=instant(row, "shipped_at"),
            signed_at=instant(row, "signed_at"),
        )
        if found.setdefault(parcel.tracking_number, parcel) != parcel:
            raise Invalid("import.rows_disagree", field="tracking_number")
    return tuple(found.values())


def _place(cells: Cells, known: Known) -> Place:
    shop = _text(cells, "shop").strip() or str(known.options.get("shop", ""))
    channel = _text(cells, "channel").strip() or str(known.options.get("channel", ""))
    if shop.casefold() not in known.shops:
        raise Invalid("import.unknown_shop", shop=shop[:MAX_SHORT])
    if channel.casefold() not in known.channels:
        raise Invalid("import.unknown_channel", channel=channel[:MAX_SHORT])
    found = known.shops[shop.casefold()]
    return Place(found.id, known.channels[channel.casefold()].id, ZoneInfo(found.timezone))


def _text(cells: Cells, field: str) -> str:
    value = cells.get(field, "")
    if isinstance(value, list):
        raise Invalid("import.not_a_cell", column=field)
    return value


def _identifier(cells: Cells, field: str, longest: int) -> str:
    return columns.read_identifier(_text(cells, field), field, longest)


def _missing(field: str) -> Any:
    raise Invalid("import.field_required", field=field)
