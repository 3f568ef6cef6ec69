"""The monthly list of what each party owes, the tickets behind it, and both as files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import get_timezone

from helpdesk.adapters.sheets import Cell, Money, csv_text, write_xlsx
from helpdesk.adapters.tabular import write_csv
from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.shifts import midnight
from helpdesk.domain.tickets import Party
from helpdesk.queries import charge_back as queries
from helpdesk.queries.charge_back import UNSAID, ChargeBack, ChargedTicket, Month, PartyRow
from helpdesk.queries.keyset import parse_cursor
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.downloads import CSV, XLSX, download
from helpdesk.web.locale import shop_zone
from helpdesk.web.shares import shares
from helpdesk.wording import label, party_label
from helpdesk.wording.catalog import gettext as _

HOUR = 3600


@shares.get("/shares")
@needs(Permission.SHARES_READ)
def charge_back() -> str:
    first, month = _month()
    found = queries.charge_back(current_actor(), month, rules())
    name = f"{first:%Y-%m}"
    rows = [_shown(row, found, name) for row in found.rows]
    open_questions = (found.row(Party.UNDETERMINED.value), found.row(UNSAID))
    return render_template(
        "shares/charge_back.html",
        month=name,
        this_month=f"{_today():%Y-%m}",
        earlier=f"{_shift(first, -1):%Y-%m}",
        later=f"{_shift(first, 1):%Y-%m}" if first < _today().replace(day=1) else "",
        rows=rows,
        tickets=found.tickets,
        goodwill_fen=found.goodwill_fen,
        remedy_fen=found.remedy_fen,
        total_fen=found.total_fen,
        undetermined=_shown(open_questions[0], found, name),
        unsaid=_shown(open_questions[1], found, name),
    )


@shares.get("/shares/<party>")
@needs(Permission.SHARES_READ)
def charged(party: str) -> str:
    """The tickets behind a party's row."""
    _check(party)
    first, month = _month()
    actor, book, name = current_actor(), rules(), f"{first:%Y-%m}"
    after = parse_cursor(request.args.get("after", ""))
    page = queries.charged_tickets(actor, party, month, after)
    found = queries.charge_back(actor, month, book)
    return render_template(
        "shares/charged.html",
        party=party,
        name=_party(party),
        month=name,
        row=_shown(found.row(party), found, name),
        rows=[_ticket(one, book) for one in page.rows],
        is_first=after is None,
        first_url=url_for("shares.charged", party=party, month=name),
        next_url=url_for("shares.charged", party=party, month=name, after=str(page.next)) if page.next else "",
    )


@shares.get("/shares.csv")
@needs(Permission.SHARES_READ)
def csv_file() -> Response:
    headers, rows, below, name = _summary()
    return download(write_csv(headers, _plain([*rows, [], *below])), CSV, f"shares-{name}.csv")


@shares.get("/shares.xlsx")
@needs(Permission.SHARES_READ)
def xlsx_file() -> Response:
    headers, rows, below, name = _summary()
    return download(write_xlsx(_("责任扣款清单"), headers, rows, below), XLSX, f"shares-{name}.xlsx")


@shares.get("/shares/<party>/tickets.csv")
@needs(Permission.SHARES_READ)
def charged_csv(party: str) -> Response:
    headers, rows, below, name = _detail(party)
    return download(write_csv(headers, _plain([*rows, [], *below])), CSV, f"shares-{party}-{name}.csv")


@shares.get("/shares/<party>/tickets.xlsx")
@needs(Permission.SHARES_READ)
def charged_xlsx(party: str) -> Response:
    headers, rows, below, name = _detail(party)
    return download(write_xlsx(_("责任扣款明细"), headers, rows, below), XLSX, f"shares-{party}-{name}.xlsx")


def _summary() -> tuple[list[str], list[list[Cell]], list[list[Cell]], str]:
    """The list as the page shows it, the sums below."""
    first, month = _month()
    found = queries.charge_back(current_actor(), month, rules())
    headers = [_("责任方"), _("工单数"), _("折合工单"), _("补偿（元）"), _("应退款项（元）")]
    headers += [_("合计（元）"), _("超时（小时）")]
    rows: list[list[Cell]] = [
        [
            _party(row.party),
            row.tickets,
            "" if row.party == UNSAID else _hundredths(row.percent),
            Money(row.goodwill_fen),
            Money(row.remedy_fen),
            Money(row.total_fen),
            "" if row.late_seconds is None else _hours(row.late_seconds),
        ]
        for row in found.rows
    ]
    sums = Money(found.goodwill_fen), Money(found.remedy_fen), Money(found.total_fen)
    return headers, rows, [[_("合计"), found.tickets, "", *sums, ""]], f"{first:%Y-%m}"


def _detail(party: str) -> tuple[list[str], list[list[Cell]], list[list[Cell]], str]:
    _check(party)
    first, month = _month()
    actor, book = current_actor(), rules()
    found = queries.charge_back(actor, month, book).row(party)
    if found.tickets > queries.MOST_EXPORTED:
        raise Invalid("ledger.too_many_rows", rows=found.tickets, most=queries.MOST_EXPORTED)
    headers = [_("工单号"), _("标题"), _("类型"), _("解决时间"), _("占比（%）")]
    headers += [_("补偿（元）"), _("应退款项（元）"), _("合计（元）"), _("整张工单（元）")]
    rows: list[list[Cell]] = [
        [
            *(one.number, one.subject, _type(one.type, book), _wall(one.resolved_at), one.percent),
            *(Money(one.goodwill_fen), Money(one.remedy_fen), Money(one.total_fen), Money(one.whole_fen)),
        ]
        for one in queries.every_charged_ticket(actor, party, month)
    ]
    sums = Money(found.goodwill_fen), Money(found.remedy_fen), Money(found.total_fen)
    return headers, rows, [[_("合计"), found.tickets, "", "", "", *sums, ""]], f"{first:%Y-%m}"


def _month() -> tuple[date, Month]:
    """The month of the address, this one without any: its first day, and from when to when it lasts."""
    text = request.args.get("month", "").strip()
    try:
        first = date.fromisoformat(f"{text}-01") if text else _today().replace(day=1)
    except ValueError:
        raise Invalid("input.bad_value", field="month") from None
    if not 2000 <= first.year < 2200:
        raise Invalid("input.bad_value", field="month")
    zone = shop_zone()
    return first, Month(midnight(first, zone), midnight(_shift(first, 1), zone))


def _shift(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _today() -> date:
    return moment().astimezone(shop_zone()).date()


def _check(party: str) -> None:
    if party not in (*list(Party), UNSAID):
        raise Invalid("input.bad_value", field="party")


def _party(code: str) -> str:
    return _("没有登记") if code == UNSAID else party_label(code)


def _type(code: str, book: RuleBook) -> str:
    return label(book.types[code].name) if code in book.types else code


def _shown(row: PartyRow, found: ChargeBack, month: str) -> dict[str, Any]:
    return {
        "party": row.party,
        "name": _party(row.party),
        "open": row.party in (Party.UNDETERMINED.value, UNSAID),
        "tickets": row.tickets,
        "worth": _hundredths(row.percent) if row.party != UNSAID else "",
        "goodwill_fen": row.goodwill_fen,
        "remedy_fen": row.remedy_fen,
        "total_fen": row.total_fen,
        "of_all": round(100 * row.total_fen / found.total_fen) if found.total_fen else 0,
        "of_tickets": round(100 * row.tickets / found.tickets) if found.tickets else 0,
        "late_hours": None if row.late_seconds is None else _hours(row.late_seconds),
        "url": url_for("shares.charged", party=row.party, month=month) if row.tickets else "",
    }


def _ticket(one: ChargedTicket, book: RuleBook) -> dict[str, Any]:
    return {
        "number": one.number,
        "subject": one.subject,
        "type": _type(one.type, book),
        "at": one.resolved_at,
        "percent": one.percent,
        "goodwill_fen": one.goodwill_fen,
        "remedy_fen": one.remedy_fen,
        "total_fen": one.total_fen,
        "whole_fen": one.whole_fen,
    }


def _hundredths(percent: int) -> Decimal:
    """150 % is one and a half tickets: 1.50."""
    return Decimal(percent).scaleb(-2)


def _hours(seconds: int) -> Decimal:
    """To the tenth of an hour."""
    return Decimal((seconds * 10 + HOUR // 2) // HOUR).scaleb(-1)


def _wall(at: datetime) -> datetime:
    """The time on the shop's wall, to the minute, as spreadsheets know it."""
    return at.astimezone(get_timezone()).replace(tzinfo=None, second=0, microsecond=0)


def _plain(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    return [[csv_text(cell) for cell in row] for row in rows]
