"""The bell: a sign on every page that asks by itself, its newest lines, and the page of all of them."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.notices import KINDS, kinds_for
from helpdesk.domain.problems import Invalid
from helpdesk.queries import notifications as queries
from helpdesk.queries.keyset import parse_cursor
from helpdesk.queries.notifications import BellRow
from helpdesk.services import notifications as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, local_path, moment, needs, wants_data
from helpdesk.web.filters import can
from helpdesk.web.forms import GREATEST_ID
from helpdesk.web.notifications import notifications
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.catalog import locale_code
from helpdesk.wording.notices import kind_label, notice_text

LATEST = 10
ICONS = {
    "sla.stage": "alarm",
    "pause.step": "hourglass",
    "ticket.assigned": "user-check",
    "ticket.transferred": "arrows-right-left",
    "ticket.customer_replied": "message-circle",
    "ticket.confirmed": "thumb-up",
    "ticket.mentioned": "at",
    "ticket.merged": "git-merge",
    "ticket.reminded": "bell-ringing",
    "assist.asked": "help-circle",
    "assist.answered": "message-2-check",
    "money.asked": "gavel",
    "money.decided": "cash-banknote",
    "shares.blamed": "scale",
    "appeal.filed": "gavel",
    "appeal.decided": "gavel",
    "absence.stand_in": "calendar-user",
    "calendar.unconfirmed": "calendar-exclamation",
    "report.month": "report-analytics",
    "report.day": "calendar-stats",
    "outbox.dead": "mail-x",
}


@notifications.get("/notifications")
@needs(Permission.ACCOUNT_OWN)
def index() -> str:
    """All of it, page by page, newest first."""
    unread_only, kind = request.args.get("show") == "unread", request.args.get("kind", "")
    if kind and kind not in KINDS:
        raise Invalid("notification.no_such_kind")
    after = parse_cursor(request.args.get("after", ""))
    page = queries.bell(current_actor(), after, unread_only=unread_only, kind=kind)
    chosen: dict[str, Any] = {"show": "unread" if unread_only else None, "kind": kind or None}
    return render_template(
        "notifications/index.html",
        rows=[_line(row) for row in page.rows],
        state=queries.state(current_actor()),
        unread_only=unread_only,
        kind=kind,
        kinds=[(one.code, kind_label(one.code)) for one in kinds_for(current_actor().role)],
        tabs=[
            (_("全部"), url_for("notifications.index", kind=kind or None), not unread_only),
            (_("未读"), url_for("notifications.index", show="unread", kind=kind or None), unread_only),
        ],
        newest_url=url_for("notifications.index", **chosen) if after else None,
        older_url=url_for("notifications.index", **chosen, after=str(page.next_cursor)) if page.next_cursor else None,
    )


@notifications.get("/notifications/bell")
@needs(Permission.ACCOUNT_OWN, keeps_session=False, notes_presence=False)
def bell() -> BaseResponse:
    """The sign alone, with words for its newest line; 304 while nothing has come and nothing was read."""
    state = queries.state(current_actor())
    etag = hashlib.sha256(repr((locale_code(), state)).encode()).hexdigest()[:32]
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    else:
        newest = queries.bell(current_actor(), unread_only=True, limit=1).rows if state.unread else ()
        news = notice_text(newest[0].kind, newest[0].params, newest[0].ticket_number) if newest else ""
        page = render_template("notifications/_sign.html", unread=state.unread, newest=state.newest, news=news)
        response = make_response(page)
    response.set_etag(etag)
    response.headers["Cache-Control"] = "no-cache, private"
    return response


@notifications.get("/notifications/latest")
@needs(Permission.ACCOUNT_OWN, keeps_session=False)
def latest() -> str:
    """The newest lines, for the menu under the bell."""
    state = queries.state(current_actor())
    rows = [_line(row) for row in queries.bell(current_actor(), limit=LATEST).rows]
    return render_template("notifications/_latest.html", rows=rows, state=state)


@notifications.get("/notifications/<id:notification_id>")
@needs(Permission.ACCOUNT_OWN)
def follow(notification_id: int) -> BaseResponse:
    """To what a line of no ticket is about; it has been read then, as the lines of a ticket are with its page."""
    row = queries.line(notification_id, current_actor())
    if not row.read:
        with unit_of_work():
            services.read(notification_id, actor=current_actor(), now=moment())
    return redirect(_place(row) or url_for("notifications.index"))


@notifications.post("/notifications/<id:notification_id>/read")
@needs(Permission.ACCOUNT_OWN)
def read(notification_id: int) -> BaseResponse:
    with unit_of_work():
        services.read(notification_id, actor=current_actor(), now=moment())
    return _back()


@notifications.post("/notifications/read")
@needs(Permission.ACCOUNT_OWN)
def read_all() -> BaseResponse:
    """All up to the newest line of the page that was looked at."""
    newest = request.form.get("up_to", 0, int)
    with unit_of_work():
        services.read_all(up_to=min(max(newest, 0), GREATEST_ID), actor=current_actor(), now=moment())
    return _back()


def _back() -> BaseResponse:
    if wants_data():
        return Response(status=204)
    return redirect(local_path(request.form.get("next")) or url_for("notifications.index"))


def _line(row: BellRow) -> dict[str, Any]:
    if row.ticket_number:
        url = url_for("tickets.show", number=row.ticket_number)
    else:
        url = url_for("notifications.follow", notification_id=row.id) if _place(row) else ""
    return {
        "id": row.id,
        "text": notice_text(row.kind, row.params),
        "kind": kind_label(row.kind),
        "icon": ICONS.get(row.kind, "bell"),
        "number": row.ticket_number,
        "url": url,
        "at": row.created_at,
        "read": row.read,
    }


def _place(row: BellRow) -> str:
    """Where one goes on from a line; nothing for a line that says it all."""
    if row.ticket_number:
        return url_for("tickets.show", number=row.ticket_number)
    if row.kind == "absence.stand_in":
        return url_for("team.absences")
    if row.kind == "calendar.unconfirmed" and isinstance(row.params.get("year"), int):
        return url_for("calendars.holidays", year=row.params["year"])
    if row.kind == "outbox.dead" and can("outbox:manage"):
        return url_for("notifications.dead_letters")
    if row.kind in {"report.month", "report.day"} and can("reports:read"):
        return url_for("reports.index", **{"from": row.params.get("first"), "to": row.params.get("last")})
    return ""
