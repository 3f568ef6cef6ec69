"""The columns of imported tables: by what names they are found, and what their cells mean.

A cell arrives as text, whatever kind of file it stood in. What can't be read without guessing is
refused with the column's name: a bad row is cheaper than a wrong order number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation

from helpdesk.domain.problems import Invalid

TICKET_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "external_id": ("编号", "工单编号", "消息编号", "消息ID", "记录号", "id", "message_id"),
    "text": ("内容", "消息内容", "问题", "问题描述", "描述", "留言", "消息", "message", "content", "body"),
    "subject": ("标题", "主题", "title"),
    "shop": ("店铺", "店铺编码", "店铺代码"),
    "channel": ("渠道", "平台", "来源", "渠道编码", "platform"),
    "order_number": ("订单号", "订单编号", "订单", "order", "order_no", "order_id"),
    "customer_name": (
        "客户",
        "客户姓名",
        "客户名称",
        "姓名",
        "买家",
        "买家姓名",
        "收货人",
        "customer",
        "name",
        "buyer",
    ),
    "buyer_id": ("买家ID", "买家账号", "买家昵称", "会员名", "buyer_nick"),
    "phone": ("电话", "手机", "手机号", "手机号码", "联系电话", "联系方式", "mobile", "tel"),
    "created_at": ("时间", "创建时间", "反馈时间", "提交时间", "消息时间", "日期", "time", "date", "created"),
}
"""Field -> other names of its column (PRODUCT: import columns of tickets)."""

ORDER_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "shop": TICKET_COLUMNS["shop"],
    "channel": TICKET_COLUMNS["channel"],
    "number": ("订单号", "订单编号", "订单", "order_number", "order_no", "order"),
    "status": ("订单状态", "状态"),
    "paid": ("实付", "实付金额", "实付款", "支付金额", "paid_amount"),
    "freight": ("运费", "邮费", "shipping_fee"),
    "price_snapshot": ("价格快照", "下单价", "下单页价格", "快照价"),
    "placed_at": ("下单时间", "订单时间", "创建时间", "ordered_at"),
    "customer_name": ("客户", "客户姓名", "姓名", "买家", "买家姓名", "收货人", "收件人", "customer", "buyer"),
    "buyer_id": TICKET_COLUMNS["buyer_id"],
    "phone": TICKET_COLUMNS["phone"],
    "address": ("地址", "收货地址", "收件地址"),
    "warehouse": ("仓库", "发货仓", "发货仓库", "出库仓"),
    "sku": ("商品编码", "货号", "商家编码", "SKU编码"),
    "name": ("商品", "商品名称", "商品标题", "宝贝标题", "item", "product", "item_name"),
    "spec": ("规格", "商品规格", "颜色尺码", "variant"),
    "batch": ("批次", "批号", "生产批次", "lot"),
    "quantity": ("数量", "件数", "购买数量", "qty"),
    "unit_price": ("单价", "商品单价", "price"),
    "carrier": ("快递", "快递公司", "物流公司", "承运商"),
    "tracking_number": ("运单号", "快递单号", "物流单号", "tracking", "tracking_no"),
    "shipped_at": ("发货时间", "出库时间"),
    "signed_at": ("签收时间",),
    "lines": ("商品明细", "items"),
    "parcels": ("包裹", "shipments"),
    "history": ("状态历史", "status_history"),
}

HISTORY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "status": ORDER_COLUMNS["status"],
    "at": ("时间", "time"),
    "detail": ("说明", "备注"),
}

LINE_FIELDS = ("sku", "name", "spec", "batch", "quantity", "unit_price")
PARCEL_FIELDS = ("carrier", "tracking_number", "shipped_at", "signed_at")

LISTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "lines": {field: ORDER_COLUMNS[field] for field in LINE_FIELDS},
    "parcels": {field: ORDER_COLUMNS[field] for field in PARCEL_FIELDS},
    "history": HISTORY_COLUMNS,
}
"""Fields that hold rows of their own, where the file can (JSONL), and the columns of those."""

ORDER_STATUSES: Mapping[str, str] = {
    word: code
    for code, words in {
        "unpaid": ("待付款", "等待买家付款", "未付款"),
        "paid": ("待发货", "已付款", "等待卖家发货", "买家已付款"),
        "shipped": ("已发货", "待收货", "卖家已发货", "运输中"),
        "signed": ("已签收", "已收货"),
        "completed": ("已完成", "交易成功", "完成"),
        "cancelled": ("已取消", "交易关闭", "已关闭", "取消"),
        "refunding": ("退款中", "售后中"),
        "refunded": ("已退款", "退款成功"),
    }.items()
    for word in words
}
"""The channels' words for an order's status. A word that isn't listed is kept as it came."""

MAX_FEN = 100_000_000_00
"""100 million yuan: above it a column was mixed up."""

MAX_QUANTITY = 1_000_000

EARLIEST_YEAR = 2000
CLOCK_SKEW = timedelta(minutes=10)

_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+?\d+")
_TIME = re.compile(
    r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
    r"(?:[T\s]*(?P<hour>\d{1,2})[:时点](?P<minute>\d{1,2})分?(?::?(?P<second>\d{1,2})秒?)?(?:\.\d+)?)?"
    r"\s*(?P<offset>Z|[+-]\d{2}:?\d{2})?"
)


def match_columns(
    headers: Iterable[str], columns: Mapping[str, tuple[str, ...]], chosen: Mapping[str, str]
) -> dict[str, str]:
    """Find each field's column: header -> field. Headers that mean nothing here are left out.

    ``chosen`` (header -> field, "" to leave it out) is what a person decided; it wins over names. ``Invalid`` where
    it names a field or a header that doesn't exist, or where two headers mean the same field.
    """
    present = [header for header in headers if header]
    for header, field in chosen.items():
        if field and field not in columns:
            raise Invalid("import.unknown_field", field=field)
        if header not in present:
            raise Invalid("import.unknown_column", column=header)
    names = {_plain(name): field for field, others in columns.items() for name in (*others, field)}
    found = {header: field for header, field in chosen.items() if field}
    for header in present:
        field_found = names.get(_plain(header))
        if header not in chosen and field_found is not None and field_found not in chosen.values():
            found[header] = field_found
    for field in columns:
        same = [header for header, owner in found.items() if owner == field]
        if len(same) > 1:
            raise Invalid("import.column_twice", field=field, columns=", ".join(same))
    return found


def require_columns(fields: Iterable[str], required: Iterable[str]) -> None:
    """``Invalid`` unless every required field has a column."""
    present = set(fields)
    for field in required:
        if field not in present:
            raise Invalid("import.column_missing", field=field)


def _plain(name: str) -> str:
    """A column's name without what people vary: case, spaces, underscores, a unit in brackets."""
    return re.sub(r"[(（\[【].*?[)）\]】]|[\s_*:：-]", "", name).casefold()


def read_identifier(value: str, field: str, longest: int) -> str:
    """A number or code that names something. ``Invalid`` when a spreadsheet has eaten its last digits."""
    value = value.strip().lstrip("'`")
    if _SCIENTIFIC.fullmatch(value):
        raise Invalid("import.digits_lost", field=field)
    return read_text(value, field, longest)


def read_text(value: str, field: str, longest: int) -> str:
    """Text without its outer blanks. ``Invalid`` above ``longest`` characters."""
    value = value.strip()
    if len(value) > longest:
        raise Invalid("import.too_long", field=field, longest=longest)
    return value


def read_fen(value: str, field: str) -> int | None:
    """Yuan as people write them (``¥1,299.00``, ``39.9元``) in integer fen; None where the cell is empty.

    ``Invalid`` below zero, above ``MAX_FEN``, and for fractions of a fen: nothing is rounded.
    """
    plain = re.sub(r"[¥￥元,，\s]|CNY|RMB", "", value, flags=re.IGNORECASE)
    if not plain:
        return None
    try:
        fen = Decimal(plain) * 100
        exact = fen.is_finite() and fen == fen.to_integral_value()
    except InvalidOperation:
        exact = False
    if not exact or not 0 <= fen <= MAX_FEN:
        raise Invalid("import.bad_amount", field=field)
    return int(fen)


def read_count(value: str, field: str) -> int:
    """A number of pieces, 1 where the cell is empty."""
    plain = value.strip()
    if not plain:
        return 1
    if not re.fullmatch(r"[0-9]{1,9}(\.0+)?", plain) or not 0 < (count := int(plain.split(".")[0])) <= MAX_QUANTITY:
        raise Invalid("import.bad_quantity", field=field)
    return count


def read_instant(value: str, field: str, zone: tzinfo, now: datetime) -> datetime | None:
    """A point in time; without an offset it is in ``zone`` (the shop's). None where the cell is empty.

    ``Invalid`` for what isn't a date, lies before the year 2000, or ahead of ``now``.
    """
    plain = value.strip()
    if not plain:
        return None
    match = _TIME.fullmatch(plain)
    if match is None:
        raise Invalid("import.bad_time", field=field)
    parts = {name: int(match[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")}
    try:
        moment = datetime(**parts, tzinfo=_offset(match["offset"]) or zone)
        late = moment > now + CLOCK_SKEW
    except (ValueError, OverflowError):
        raise Invalid("import.bad_time", field=field) from None
    if moment.year < EARLIEST_YEAR:
        raise Invalid("import.bad_time", field=field)
    if late:
        raise Invalid("import.time_ahead", field=field)
    return moment


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    return datetime.strptime(text, "%z").tzinfo


def read_status(value: str, field: str) -> str:
    """An order's status as a code, from the channel's word for it; empty where the cell is."""
    plain = read_text(value, field, 30)
    return ORDER_STATUSES.get(plain, plain.lower())
