"""The queue page: what burns first, refreshed every few seconds, claimed in bulk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, flash, get_template_attribute, make_response, redirect, render_template, request, url_for
from flask_babel import get_timezone, ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.bulk import offered
from helpdesk.domain.problems import Invalid, Problem
from helpdesk.domain.ticket_filter import ME, NOBODY, Tab, TicketFilter
from helpdesk.domain.tickets import Priority, Status, TicketClass
from helpdesk.domain.views import Sort
from helpdesk.queries import ticket_counts, ticket_list
from helpdesk.queries.choices import ListChoices, list_choices
from helpdesk.queries.drafts import drafted
from helpdesk.queries.keyset import parse_cursor
from helpdesk.queries.onlookers import others
from helpdesk.queries.ticket_counts import Summary
from helpdesk.queries.ticket_list import Page
from helpdesk.services import assignment
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, local_path, moment, needs, rules
from helpdesk.web.filters import shown_navigation
from helpdesk.web.locale import day_start
from helpdesk.web.navigation import class_and_icon
from helpdesk.web.tickets import table as tables
from helpdesk.web.tickets import tickets
from helpdesk.web.tickets.rows import Rows
from helpdesk.web.tickets.side_views import side_views
from helpdesk.web.tickets.where import List, asked_list, tell
from helpdesk.wording import class_label, label, problem_text, status_label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.catalog import locale_code
from helpdesk.wording.lists import CellWords, sort_label

MOST_CLAIMED = 50
_CHOSEN = frozenset({"type", "class", "channel", "status", "priority", "owner", "shop", "overdue", "vip", "sort"})
"""What the form of filters sends itself; the rest of the address it carries along."""

HOURS_OF_GREETINGS = ((5, "evening"), (12, "morning"), (14, "noon"), (18, "afternoon"))
"""Until which hour of the day which greeting holds."""


@tickets.get("/")
@needs(Permission.TICKETS_READ)
def home() -> BaseResponse:
    return redirect(url_for("tickets.index"))


@tickets.get("/tickets")
@needs(Permission.TICKETS_READ)
def index() -> Response:
    here = asked_list()
    context = _list_context(here)
    choices = list_choices(current_actor())
    queue = next((queue for queue in choices.queues if queue.code == here.chosen.queue), None)
    page = render_template(
        "tickets/index.html",
        **context,
        rows=context["draw"](),
        greeting=_greeting(),
        queue={"name": label(queue.name), "klass": class_and_icon(queue.code)[0]} if queue else None,
        filters=_filters(here.chosen, choices, context["type_names"]),
        kept=[(name, value) for name, value in here.args().items() if name not in _CHOSEN],
        sorts=[(sort.value, sort_label(sort), sort is here.shown.order) for sort in Sort if sort in here.shown.sorts],
        columns_url=url_for("views.columns", **here.args()),
        save_url=None if here.tab is Tab.ASSISTS else url_for("views.new", **here.args()),
        export_url=None if here.tab is Tab.ASSISTS else url_for("tickets.export", **here.args()),
        bulk_url=url_for("tickets.choose_many", **here.args()) if offered(current_actor()) else None,
        bulk_all=here.tab is not Tab.ASSISTS and bool(context["found"]),
        bulk_count=next((tab["count"] for tab in context["tabs"] if tab["current"]), None),
        rows_url=url_for("tickets.rows", **{**request.args.to_dict(), **here.args()}),
    )
    return make_response(page)


@tickets.get("/tickets/rows")
@needs(Permission.TICKETS_READ, keeps_session=False)
def rows() -> BaseResponse:
    """The rows alone, and the figures around them; 304 when the reader would see no difference."""
    context = _list_context(asked_list())
    if request.if_none_match.contains(context["etag"]):
        response = Response(status=304)
    else:
        template = "tickets/_table_rows.html" if context["table"] else "tickets/_rows.html"
        response = make_response(render_template(template, **context, rows=context["draw"](), fragment=True))
    response.set_etag(context["etag"])
    response.headers["Cache-Control"] = "no-cache, private"
    return response


@tickets.post("/tickets/claim")
@needs(Permission.TICKETS_WORK)
def claim_many() -> BaseResponse:
    """Take the ticked tickets, each for itself: what somebody else was faster with is told by number."""
    numbers = list(dict.fromkeys(request.form.getlist("number")))
    if len(numbers) > MOST_CLAIMED:
        raise Invalid("bulk.too_many", limit=MOST_CLAIMED)
    won, refused = [], []
    for number in numbers:
        try:
            with unit_of_work():
                assignment.claim(number[:20], actor=current_actor(), now=moment())
        except Problem as problem:
            refused.append(_("%(number)s：%(why)s", number=number[:20], why=problem_text(problem)))
        else:
            won.append(number)
    if won:
        flash(ngettext("已分派给你 %(num)d 张工单。", "已分派给你 %(num)d 张工单。", len(won)), "done")
    if refused:
        heading = ngettext("%(num)d 张没有分派给你：", "%(num)d 张没有分派给你：", len(refused))
        tell([heading, *refused], "problem")
    if not numbers:
        flash(_("没有勾选工单。"), "info")
    return redirect(local_path(request.form.get("next")) or url_for("tickets.index"))


def _list_context(here: List) -> dict[str, Any]:
    """What index and its refreshing part share; the rows are drawn only for one who has to be shown them."""
    actor, now = current_actor(), moment()
    page = ticket_list.page(
        here.chosen,
        here.tab,
        actor,
        now,
        order=here.shown.order,
        after=parse_cursor(request.args.get("after", "")),
        before=parse_cursor(request.args.get("before", "")),
    )
    summary = ticket_counts.summary(here.chosen, actor, now, day_start(now))
    names = type_names()
    cleared = here.with_(chosen=TicketFilter(queue=here.chosen.queue))
    begun = drafted([row.id for row in page.rows], actor)
    looking = others([row.id for row in page.rows], actor, now)
    rows = Rows(_address(here), names, _badge(), begun, looking)
    table = tables.table(here, page.rows, rows, CellWords(now, names)) if tables.is_asked(here) else None
    views = side_views(here)
    return {
        "found": len(page.rows),
        "draw": lambda: [] if table else rows.drawn(page.rows),
        "table": table,
        "views": views,
        "type_names": names,
        "tabs": _tabs(here, summary),
        "tab": here.tab.value,
        "q": here.chosen.q,
        "overdue": here.chosen.overdue,
        "vip": here.chosen.vip,
        "tag": here.chosen.tag,
        "untagged_url": url_for("tickets.index", **here.with_(chosen=replace(here.chosen, tag="")).args()),
        "filtered": here.chosen != cleared.chosen,
        "clear_url": url_for("tickets.index", **cleared.args()),
        "summary": _summary(summary, now),
        "newer_url": url_for("tickets.index", **here.args(before=str(page.newer))) if page.newer else None,
        "older_url": url_for("tickets.index", **here.args(after=str(page.older))) if page.older else None,
        "etag": _etag(page, summary, now, table.seen() if table else None, views, sorted(begun), looking),
    }


def _etag(page: Page, summary: Summary, now: datetime, *more: object) -> str:
    """Of what a reader sees: it changes with any row, count or level of a clock, not with each second."""
    rows = [row.seen() for row in page.rows]
    today = now.astimezone(get_timezone()).date()  # "tomorrow" is another day then
    seen = (locale_code(), today, rows, page.newer, page.older, summary, shown_navigation(), more)
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]


def _address(here: List) -> Callable[[str], str]:
    """To a ticket of this list, by its number; the router is asked once."""
    before, after = url_for("tickets.show", number="-", **here.args()).split("-", 1)
    return lambda number: f"{before}{number}{after}"


def _badge() -> Callable[..., Markup]:
    """The sign of a class, as all templates draw it."""
    macro: Callable[..., Markup] = get_template_attribute("components/ui.html", "class_badge")
    return macro


def type_names() -> dict[str, str]:
    """Names of all types of the rules in force, by code."""
    return {code: label(kind.name) for code, kind in rules().types.items()}


def _tabs(here: List, summary: Summary) -> list[dict[str, Any]]:
    """Counts say what a tab shows under the filter; a list in which ended tickets stand too isn't counted."""
    return [
        {
            "code": tab.value,
            "count": summary.tabs[tab] if here.chosen.only_active else None,
            "url": url_for("tickets.index", **here.with_(tab=tab).args()),
            "current": tab is here.tab,
        }
        for tab in Tab
    ]


def _summary(summary: Summary, now: datetime) -> dict[str, Any]:
    oldest = summary.oldest_late_after
    return {
        "overdue": summary.overdue,
        "oldest_over_seconds": int((now - oldest).total_seconds()) if oldest else None,
        "due_soon": sum(summary.due_soon.values()),
        "due_soon_by_class": {klass.value: count for klass, count in summary.due_soon.items()},
        "open": summary.open,
        "open_change": summary.open_change,
        "unassigned": summary.unassigned,
        "sla_today_percent": summary.sla_percent,
        "mean_handling_seconds": summary.handling_seconds,
    }


def _filters(chosen: TicketFilter, choices: ListChoices, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """What can be chosen, in the order of the page."""
    people = [(ME, _("我")), (NOBODY, _("未分派")), *((str(one.id), one.name) for one in choices.people)]
    options: dict[str, tuple[str, Iterable[tuple[str, str]]]] = {
        "type": (chosen.type, names.items()),
        "class": (chosen.klass or "", ((klass.value, class_label(klass.value)) for klass in TicketClass)),
        "channel": (chosen.channel, ((one.code, label(one.name)) for one in choices.channels)),
        "status": (chosen.status or "", ((one.value, status_label(one.value)) for one in Status)),
        "priority": (chosen.priority or "", ((one.value, one.value) for one in Priority)),
        "owner": (chosen.owner, people),
    }
    if len(choices.shops) > 1:
        options["shop"] = (chosen.shop, ((one.code, label(one.name)) for one in choices.shops))
    return [
        {
            "name": name,
            "value": value,
            "options": [{"value": code, "label": text, "selected": code == value} for code, text in offered],
        }
        for name, (value, offered) in options.items()
    ]


def _greeting() -> str:
    hour = moment().astimezone(get_timezone()).hour
    return next((greeting for until, greeting in HOURS_OF_GREETINGS if hour < until), "evening")
