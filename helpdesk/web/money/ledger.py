"""The ledger of compensations: filters, a page by key, sums, and the same as a file."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import get_timezone

from helpdesk.adapters.sheets import Cell, Money, csv_text, write_xlsx
from helpdesk.adapters.tabular import write_csv
from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid
from helpdesk.domain.rulebook import KINDS, RuleBook
from helpdesk.domain.shifts import midnight
from helpdesk.queries import ledger as queries
from helpdesk.queries.choices import list_choices
from helpdesk.queries.keyset import parse_cursor
from helpdesk.queries.ledger import LedgerFilter, LedgerRow, Totals
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.downloads import CSV, XLSX, download
from helpdesk.web.forms import row_id
from helpdesk.web.locale import shop_zone
from helpdesk.web.money import money
from helpdesk.web.money.presenting import policy_name, type_name
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.money import decision_label, money_kind_label, money_state_label

FILTERS = ("from", "to", "state", "kind", "type", "shop", "channel", "proposer", "approver", "number")
MAX_NUMBER = 60


@money.get("/compensations")
@needs(Permission.MONEY_READ)
def ledger() -> str:
    actor, book = current_actor(), rules()
    chosen, asked = _chosen()
    page = queries.ledger(actor, chosen, parse_cursor(request.args.get("after", "")))
    offered = list_choices(actor)
    return render_template(
        "money/ledger.html",
        rows=[_shown(row, book) for row in page.rows],
        totals=queries.totals(actor, chosen),
        asked=asked,
        states=[(code, money_state_label(code)) for code in queries.STATES],
        kinds=[(code, money_kind_label(code)) for code in KINDS],
        types=[(kind.code, label(kind.name)) for kind in book.types.values()],
        shops=[(shop.id, label(shop.name)) for shop in offered.shops],
        channels=[(channel.id, label(channel.name)) for channel in offered.channels],
        people=[(person.id, person.name) for person in queries.people(actor)],
        narrowed=any(asked[name] for name in FILTERS if name not in ("from", "to")),
        is_first="after" not in request.args,
        first_url=url_for("money.ledger", **asked),
        next_url=url_for("money.ledger", **asked, after=str(page.next)) if page.next else "",
        export_args=asked,
    )


@money.get("/compensations.csv")
@needs(Permission.MONEY_READ)
def csv_file() -> Response:
    headers, rows, below, asked = _everything()
    lines = [[csv_text(cell) for cell in line] for line in (*rows, [], *below)]
    return _file(write_csv(headers, lines), CSV, asked, "csv")


@money.get("/compensations.xlsx")
@needs(Permission.MONEY_READ)
def xlsx_file() -> Response:
    headers, rows, below, asked = _everything()
    return _file(write_xlsx(_("补偿台账"), headers, rows, below), XLSX, asked, "xlsx")


def _everything() -> tuple[list[str], list[list[Cell]], list[list[Cell]], dict[str, Any]]:
    """What the page shows under these filters, all pages of it, with the same sums below."""
    actor, book = current_actor(), rules()
    chosen, asked = _chosen()
    sums = queries.totals(actor, chosen)
    if sums.rows > queries.MOST_EXPORTED:
        raise Invalid("ledger.too_many_rows", rows=sums.rows, most=queries.MOST_EXPORTED)
    rows = [_line(row, book) for row in queries.every_row(actor, chosen)]
    return _headers(), rows, _sum_lines(sums), asked


def _file(content: bytes, kind: str, asked: dict[str, Any], suffix: str) -> Response:
    period = "_".join(filter(None, (asked["from"], asked["to"]))) or "all"
    return download(content, kind, f"compensations-{period}.{suffix}")


def _chosen() -> tuple[LedgerFilter, dict[str, Any]]:
    """The filter of the address, and what to show in its fields. Without any it is this month's.

    A number is looked for in all times, unless a period is named with it.
    """
    asked: dict[str, Any] = {name: request.args.get(name, "").strip() for name in FILTERS}
    if "from" not in request.args and "to" not in request.args and not asked["number"]:
        today = moment().astimezone(shop_zone()).date()
        asked["from"], asked["to"] = today.replace(day=1).isoformat(), today.isoformat()
    first, last = _day(asked["from"]), _day(asked["to"])
    if asked["state"] and asked["state"] not in queries.STATES:
        raise Invalid("input.bad_value", field="state")
    if asked["kind"] and asked["kind"] not in KINDS:
        raise Invalid("input.bad_value", field="kind")
    for name in ("shop", "channel", "proposer", "approver"):
        asked[name] = _id(asked[name], name)
    if len(asked["number"]) > MAX_NUMBER or len(asked["type"]) > MAX_NUMBER:
        raise Invalid("input.bad_value", field="number")
    chosen = LedgerFilter(
        since=midnight(first, shop_zone()) if first else None,
        until=midnight(last + timedelta(days=1), shop_zone()) if last else None,
        **{name: asked[name] for name in FILTERS if name not in ("from", "to")},
    )
    return chosen, {name: value or "" for name, value in asked.items()}


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid("input.bad_value", field="from") from None
    if not 2000 <= day.year < 2200:
        raise Invalid("input.bad_value", field="from")
    return day


def _id(text: str, field: str) -> int | None:
    if not text:
        return None
    try:
        return row_id(text)
    except ValueError:
        raise Invalid("input.bad_value", field=field) from None


def _shown(row: LedgerRow, book: RuleBook) -> dict[str, Any]:
    return {
        "at": row.proposed_at,
        "ticket": row.ticket,
        "order": row.order,
        "place": _("%(shop)s，%(channel)s", shop=row.shop, channel=label(row.channel)),
        "type": type_name(row.type, book),
        "policy": policy_name(row.policy, book),
        "kind": money_kind_label(row.kind),
        "amount_fen": -row.amount_fen if row.takes_back else row.amount_fen,
        "counted": row.counted_fen > 0,
        "is_remedy": row.is_remedy,
        "state": row.state,
        "takes_back": row.takes_back,
        "proposer": row.proposer,
        "decider": row.decider,
        "decision": decision_label(row.decision),
        "decided_at": row.decided_at,
        "batch": row.batch,
    }


def _headers() -> list[str]:
    return [
        *(_("提出时间"), _("工单号"), _("订单号"), _("店铺"), _("渠道"), _("类型"), _("方案"), _("方式")),
        *(_("金额（元）"), _("计入承诺（元）"), _("应退款项"), _("状态"), _("提出人"), _("审批"), _("审批时间")),
        _("打款文件"),
    ]


def _line(row: LedgerRow, book: RuleBook) -> list[Cell]:
    return [
        _wall(row.proposed_at),
        row.ticket,
        row.order or "",
        row.shop,
        label(row.channel),
        type_name(row.type, book),
        policy_name(row.policy, book),
        money_kind_label(row.kind),
        Money(-row.amount_fen if row.takes_back else row.amount_fen),
        Money(row.counted_fen),
        _("是") if row.is_remedy else _("否"),
        _("冲回记录") if row.takes_back else money_state_label(row.state),
        row.proposer,
        row.decider or decision_label(row.decision),
        _wall(row.decided_at) if row.decider and row.decided_at else "",
        row.batch or "",
    ]


def _sum_lines(sums: Totals) -> list[list[Cell]]:
    """The sums below the rows, with the figure under its column."""
    named = (
        (_("承诺合计"), sums.promised),
        (_("其中待审批"), sums.waiting),
        (_("其中待兑现"), sums.due),
        (_("其中已兑现"), sums.paid),
        (_("未通过"), sums.refused),
        (_("已冲回"), sums.taken_back),
    )
    return [[name, _("共 %(n)s 笔", n=one.count), *[""] * 6, "", Money(one.fen)] for name, one in named]


def _wall(at: datetime) -> datetime:
    """The time on the shop's wall, to the minute, as spreadsheets know it."""
    return at.astimezone(get_timezone()).replace(tzinfo=None, second=0, microsecond=0)
