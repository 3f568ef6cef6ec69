"""The tickets behind a figure of the report, and the way back to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request, url_for

from helpdesk.domain.access import Permission
from helpdesk.domain.reports import EDGES
from helpdesk.queries import report_tickets as queries
from helpdesk.queries.report_tickets import FactPage, FactRow
from helpdesk.web.access import current_actor, needs, rules
from helpdesk.web.reports import reports
from helpdesk.web.reports.asking import NONE, Asked, asked
from helpdesk.wording import duration
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.labels import yuan
from helpdesk.wording.report_names import Names, names
from helpdesk.wording.reports import (
    cut_label,
    figure_label,
    hours,
    period_label,
    rate,
    share_party_label,
    weekday_label,
)

MOST_LETTERS = 100


@reports.get("/reports/tickets")
@needs(Permission.REPORTS_READ)
def tickets() -> str:
    question, actor = asked(), current_actor()
    figure, value = behind()
    page = queries.tickets(question.question, figure, value, actor, request.args.get("after", "")[:MOST_LETTERS])
    called = names(actor, rules())
    here = {"figure": figure} | ({} if value is None else {"value": value or NONE})
    return render_template(
        "reports/tickets.html",
        asked=question,
        period=period_label(question.period),
        title=figure_label(figure, _what(figure, called)),
        value="" if value is None else called.of(question.question.by, value),
        cut_name=cut_label(question.question.by),
        only=[
            {
                "cut": cut_label(cut),
                "name": called.of(cut, kept),
                "url": question.within(cut, None).url("reports.tickets", **here),
            }
            for cut, kept in question.question.only
        ],
        rows=[_shown(row, figure, question, called) for row in page.rows],
        count=page.count,
        sum=_sum(figure, page),
        amount_name=_amount_name(figure),
        back_url=question.url(),
        is_first="after" not in request.args,
        first_url=question.url("reports.tickets", **here),
        next_url=question.url("reports.tickets", **here, after=page.next) if page.next else "",
    )


def behind() -> tuple[str, str | None]:
    """Figure and value of the cut that this address is about: no value for all, an empty one for none."""
    figure, value = request.args.get("figure", "opened")[:MOST_LETTERS], request.args.get("value")
    return figure, None if value is None else "" if value == NONE else value[:MOST_LETTERS]


def _what(figure: str, called: Names) -> str:
    """What a figure with a colon is of, in words."""
    kind, _colon, rest = figure.partition(":")
    match kind:
        case "time":
            return called.who(rest)
        case "party":
            return share_party_label(rest)
        case "hour" if rest.isdecimal():
            day, hour = divmod(int(rest), 24)
            return f"{weekday_label(day)} {hour}:00–{hour + 1}:00"
        case "bin":
            return _span(rest.partition(":")[2])
        case _:
            return rest


def _span(bins: str) -> str:
    """``10-12``: the lengths that these bins hold."""
    first, _dash, last = bins.partition("-")
    if not (first.isdecimal() and int(first) < len(EDGES)):
        return bins
    after = int(last or first) + 1
    low = duration(EDGES[int(first)])
    return _("%(low)s 到 %(high)s", low=low, high=duration(EDGES[after])) if after < len(EDGES) else low


_AMOUNTS: dict[str, Callable[[int], str]] = {
    "time": lambda seconds: hours(seconds),
    "money": yuan,
    "party": lambda percent: rate(percent / 100),
}


def _amount_name(figure: str) -> str:
    """What beside its own length a ticket adds to the figure, if that is more than one."""
    match figure.partition(":")[0]:
        case "time":
            return _("其中小时")
        case "money":
            return _("补偿")
        case "party":
            return _("占比")
        case _:
            return ""


def _sum(figure: str, page: FactPage) -> str:
    match figure.partition(":")[0]:
        case "time":
            return _("%(n)s 小时", n=hours(page.total))
        case "money":
            return yuan(page.total)
        case "party":
            return _("折合 %(n)s 张", n=f"{page.total / 100:,.1f}")
        case _:
            return ""


def _shown(row: FactRow, figure: str, question: Asked, called: Names) -> dict[str, Any]:
    kind = figure.partition(":")[0]
    return {
        "number": row.number,
        "subject": row.subject,
        "url": url_for("tickets.show", number=row.number) if row.opens else "",
        "klass": row.klass,
        "type": called.of("type", row.type),
        "place": _("，").join(
            text
            for text in (
                called.of("channel", str(row.channel_id)),
                called.of("queue", str(row.queue_id)),
                row.warehouse,
            )
            if text
        ),
        "agent": called.of("agent", str(row.agent_id)) if row.agent_id else "",
        "at": row.at,
        "hours": hours(row.work_seconds if question.time == "work" else row.wall_seconds) if row.wall_seconds else "",
        "amount": _AMOUNTS[kind](row.amount) if kind in _AMOUNTS else "",
        "status": row.status,
    }
