"""The report's page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template, url_for

from helpdesk.domain.access import Permission, Scope
from helpdesk.domain.problems import NotFound
from helpdesk.domain.report_headline import Finding, headline, top_value
from helpdesk.domain.reports import HISTOGRAM_ERROR, Dimension, Period, month_of, next_month
from helpdesk.domain.rulebook import RuleBook
from helpdesk.models.rulebooks import rulebook_of
from helpdesk.queries import improvements, report_origins
from helpdesk.queries import reports as queries
from helpdesk.queries.report_months import closed_at
from helpdesk.queries.reports import Report
from helpdesk.web.access import current_actor, needs, rules
from helpdesk.web.reports import drawing, reports
from helpdesk.web.reports.asking import TIMES, Asked, asked, year_before
from helpdesk.web.reports.presenting import Paths, Rows, key_figures
from helpdesk.wording.report_names import Names, names
from helpdesk.wording.reports import (
    against_label,
    cut_label,
    definitions,
    headline_text,
    period_label,
    time_label,
)

SHOWN_ROWS = 50
"""Of a cut with hundreds of values, unless all are asked for."""


@reports.get("/reports")
@needs(Permission.REPORTS_READ)
def index() -> str:
    question, actor = asked(), current_actor()
    found = queries.report(question.question, actor)
    called = names(actor, _rules_of(found))
    sums = found.whole.line.sums
    counted = bool(sums.opened or sums.resolved or sums.money_n)
    return render_template(
        "reports/index.html",
        asked=question,
        counted=counted,
        **_choosing(question, called),
        **_state(question, found, called),
        **(_figures(question, found, called) if counted else {}),
    )


def _rules_of(found: Report) -> RuleBook:
    """A closed month is worded by the rules it was closed under."""
    if found.rule_version is None:
        return rules()
    try:
        return rulebook_of(found.rule_version)
    except NotFound:
        return rules()


def _choosing(question: Asked, called: Names) -> dict[str, Any]:
    """The period, what it is compared with, cuts and filters to choose from."""
    period = question.period
    return {
        "title": period_label(period),
        "month": f"{period.month:%Y-%m}" if period.month else "",
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "earlier": question.of(period.before()),
        "later": question.of(_later(period)) if period.last < question.today else None,
        "versus": f"{question.against.month:%Y-%m}" if question.against.month else "",
        "against": question.against,
        "year_before": question.versus(year_before(period)),
        "month_before": question.versus(period.before()),
        "cuts": [(cut, cut_label(cut), question.by(cut).url()) for cut in Dimension],
        "times": [(time, time_label(time), question.in_time(time).url()) for time in TIMES],
        "only": [
            {"cut": cut_label(cut), "name": called.of(cut, value), "url": question.within(cut, None).url()}
            for cut, value in question.question.only
        ],
        "choices": [
            (cut.value, cut_label(cut), called.choices(cut), question.only.get(cut, ""))
            for cut in (Dimension.CLASS, Dimension.TYPE, Dimension.CHANNEL, Dimension.QUEUE)
        ],
    }


def _later(period: Period) -> Period:
    """The month after a whole month, else as many days as it has."""
    if period.month:
        return month_of(next_month(period.month))
    length = timedelta(days=period.days)
    return Period(period.first + length, period.last + length)


def _state(question: Asked, found: Report, called: Names) -> dict[str, Any]:
    """Where the figures are read from, and what is not in them."""
    actor = current_actor()
    own = actor.scope(Permission.REPORTS_READ) is not Scope.ALL
    return {
        "rule_version": found.rule_version,
        "closed_at": closed_at(question.period.first) if found.rule_version is not None else None,
        "running": question.period.last >= question.today,
        "ahead": question.period.first > question.today,
        "due": found.due,
        "own_queues": [called.of(Dimension.QUEUE, str(id)) for id in sorted(actor.queues)] if own else [],
        "own": own,
        "rough": "" if found.whole.line.spread.exact else f"{HISTOGRAM_ERROR * 100:.0f}",
    }


def _findings(question: Asked, found: Report) -> tuple[Finding, ...]:
    """What is worth saying; what took most of the hours is asked where it came from.

    People are not held against each other: who works most has most of the hours.
    """
    rows = () if question.question.by is Dimension.AGENT else found.rows
    value, origin = top_value(found.whole, rows), None
    if value:
        origin = report_origins.origin(
            question.question, value, current_actor(), whole=found.whole.line.sums, today=question.today
        )
    return headline(found.whole, rows, running=question.period.last >= question.today, origin=origin)


def _improvements() -> dict[str, list[dict[str, str]]]:
    """What the shop changes upstream, by type."""
    return {
        kind: [{"title": title, "url": url_for("improvements.item", item_id=id)} for id, title, _state in items]
        for kind, items in improvements.by_type(current_actor()).items()
    }


def _figures(question: Asked, found: Report, called: Names) -> dict[str, Any]:
    actor, paths = current_actor(), Paths.to(question)
    cut = question.question.by
    rows = Rows(question, found, called, _improvements() if cut is Dimension.TYPE else {})
    shown = found.rows[:SHOWN_ROWS]
    return {
        "headline": headline_text(
            _findings(question, found),
            against_label(question.period, question.against),
            lambda other, value: called.of(other or cut, value),
        ),
        "versus_label": against_label(question.period, question.against),
        "key_figures": key_figures(question, found, paths),
        "rows": rows.each(shown),
        "improve_url": url_for("improvements.new") if actor.may(Permission.IMPROVEMENTS_MANAGE) else "",
        "total": rows.total(),
        "left_out": len(found.rows) - len(shown) + found.left_out,
        "cut": cut,
        "cut_name": cut_label(cut),
        "time_name": time_label(question.time),
        "trend": drawing.trend(question, queries.trend(question.question, actor)),
        "week": drawing.week(queries.heat(question.question, actor), paths),
        "causes": drawing.causes(question, found, called, paths),
        "lengths": drawing.lengths(question, queries.durations(question.question, actor, question.time), found, paths),
        "shares": drawing.shares(found, called, paths),
        "definitions": definitions(),
    }
