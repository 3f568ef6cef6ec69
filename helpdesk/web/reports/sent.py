"""Reports that were sent: to whom, with which figures, what became of each; and sending one by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Response, current_app, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Invalid, Problem
from helpdesk.domain.report_digest import says_nothing
from helpdesk.domain.reports import Period, month_of
from helpdesk.queries import report_sendings as queries
from helpdesk.queries.keyset import parse_cursor
from helpdesk.queries.report_sendings import Delivery, Sending
from helpdesk.services import report_sendings as services
from helpdesk.services.report_sendings import Circle
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.downloads import XLSX, download
from helpdesk.web.reports import reports
from helpdesk.web.reports.asking import parse, today
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.notices import failure_text
from helpdesk.wording.report_files import answer, file_stem, workbook
from helpdesk.wording.report_news import delivery_label, digest_lines
from helpdesk.wording.reports import period_label
from helpdesk.wording.targets import target_kind_label

MARKS = {"sent": "circle-check", "queued": "clock", "failed": "alert-circle", "bell": "bell", "empty": "minus"}
TONES = {"sent": "met", "queued": "warn", "failed": "over"}


@reports.get("/reports/sent")
@needs(Permission.REPORTS_READ)
def sent() -> Response:
    return _page()


@reports.post("/reports/sent")
@needs(Permission.REPORTS_CLOSE)
def send_now() -> BaseResponse:
    """Send a month's report by hand. The form's key makes a second press of its button harmless."""
    try:
        receivers = _send(request.form)
    except Problem as problem:
        return _page(problem_text(problem), problem.status)
    if receivers is None:
        flash(_("已经发过了。"), "info")
    else:
        flash(_("已排队发给 %(count)s 个收件人。", count=receivers), "done")
    return redirect(url_for("reports.sent"))


@reports.get("/reports/sent/<id:sending_id>.xlsx")
@needs(Permission.REPORTS_READ)
def sent_file(sending_id: int) -> Response:
    """The workbook anew, as the circle that it was sent to sees it."""
    stored = queries.stored(sending_id, current_actor())
    book = workbook(answer(stored.question, stored.reader, time="wall", today=today(moment())))
    return download(book, XLSX, f"{file_stem(stored.question)}.xlsx")


def _send(form: Any) -> int | None:
    """How many mailboxes, targets and bells it went to; None if this very form was sent before."""
    actor, mail = current_actor(), _has_mail()
    period, key = _period(form.get("month", "")), _key(form.get("key", ""))
    told = {circle: queries.figures(period, _reader(circle, actor)) for circle in _circles(form, period, mail)}
    if all(says_nothing(figures) for figures in told.values()):
        raise Invalid("report.nothing_to_send")
    with unit_of_work():
        made = {
            circle: services.send(
                "hand", period, circle, figures, key=f"hand:{key}:{circle.scope}", actor=actor, now=moment()
            )
            for circle, figures in told.items()
        }
    if all(sending is None for sending in made.values()):
        return None
    return sum(circle.size for circle in made if not says_nothing(told[circle]))


def _circles(form: Any, period: Period, mail: bool) -> list[Circle]:
    match form.get("to", ""):
        case "me":
            return [services.own_circle(current_actor(), mail=mail)]
        case "all":
            found = services.circles(period, mail=mail)
            if not found:
                raise Invalid("report.nobody_to_tell")
            return found
        case _:
            raise Invalid("input.bad_value", field="to")


def _reader(circle: Circle, actor: Actor) -> Actor:
    return queries.reader_of(circle.queues, actor.id)


def _period(month: str) -> Period:
    """A month that has begun."""
    if not month.strip():
        raise Invalid("report.bad_month")
    day = today(moment())
    period = parse({"month": month}, day).period
    if period.first > day:
        raise Invalid("report.nothing_to_send")
    return period


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("input.bad_value", field="key") from None


def _has_mail() -> bool:
    return bool(current_app.config["UNSNAG"].smtp_host)


def _page(error: str = "", status: int = 200) -> Response:
    actor = current_actor()
    after = request.args.get("after", "")
    found = queries.page(actor, parse_cursor(after))
    month = month_of(today(moment()).replace(day=1) - timedelta(days=1))
    sends = actor.may(Permission.REPORTS_CLOSE)
    circles = services.circles(month, mail=_has_mail()) if sends else []
    page = render_template(
        "reports/sent.html",
        sendings=[_shown(one) for one in found.rows],
        sends=sends,
        people=len(frozenset().union(*(circle.bells | circle.mails for circle in circles))) if circles else 0,
        groups=sum(len(circle.targets) for circle in circles),
        no_mail=not _has_mail(),
        month=request.form.get("month") or f"{month.first:%Y-%m}",
        key=uuid4(),
        error=error,
        is_first=not after,
        first_url=url_for("reports.sent"),
        next_url=url_for("reports.sent", after=str(found.next_cursor)) if found.next_cursor else "",
    )
    return make_response(page, status)


def _shown(one: Sending) -> dict[str, Any]:
    types = {code: kind.name for code, kind in rules().types.items()}
    period = one.period
    days: dict[str, Any] = (
        {"month": f"{period.month:%Y-%m}"} if period.month else {"from": str(one.first), "to": str(one.last)}
    )
    return {
        "id": one.id,
        "title": _("月报") if period.month else _("日报"),
        "period": period_label(period),
        "scope": _("全部") if one.queues is None else _("、").join(label(queue) for queue in one.queues) or "–",
        "at": one.made_at,
        "by": one.made_by,
        "lines": digest_lines({**one.figures, "top": one.figures["top"][:1]}, types),
        "state": one.state,
        "state_name": delivery_label(one.state),
        "mark": MARKS[one.state],
        "tone": TONES.get(one.state, ""),
        "deliveries": [_delivery(delivery) for delivery in one.deliveries],
        "bells": _("、").join(one.bells),
        "url": url_for("reports.index", **days),
    }


def _delivery(one: Delivery) -> dict[str, Any]:
    return {
        "name": one.name,
        "way": target_kind_label(one.way),
        "state": one.state,
        "state_name": delivery_label(one.state),
        "tone": TONES.get(one.state, ""),
        "why": failure_text(one.error) if one.error and one.state != "sent" else "",
        "at": one.at if one.state == "sent" else None,
    }
