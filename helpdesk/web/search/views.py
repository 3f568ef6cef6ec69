"""The page of results, and what completes a query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, jsonify, make_response, render_template, request, url_for

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid
from helpdesk.domain.search_query import MAX_LENGTH, SearchQuery, parse_query
from helpdesk.domain.shifts import midnight
from helpdesk.queries import search as queries
from helpdesk.queries.keyset import EPOCH
from helpdesk.queries.search import Asked, Found, Within
from helpdesk.queries.search_names import named
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.locale import shop_zone
from helpdesk.web.search import search
from helpdesk.web.search.values import completions, filter_name, names_of_values, value_name
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _

NAMED_FIRST, NAMED_ALONE = 5, 50
"""Tickets shown that are called by the words: above what was said, and in their own tab."""


@search.get("/search")
@needs(Permission.TICKETS_READ)
def index() -> Response:
    """Results; without a query, how to ask."""
    text = " ".join(request.args.get("q", "").split())
    names = names_of_values(current_actor())
    try:
        query = parse_query(text, names)
        within = _within(request.args.get("in", ""))
        below = queries.parse_place(request.args.get("below", ""))
    except Invalid as problem:
        page = render_template("search/index.html", text=text[:MAX_LENGTH], problem=problem_text(problem), query=None)
        return make_response(page, problem.status)
    context = _results(text, query, within, below) if query.answerable else {}
    page = render_template(
        "search/index.html",
        text=text,
        problem="",
        query=query,
        within=within.value,
        first=below is None,
        misread=[_misread(one) for one in query.misread],
        chips=[_chip(one, within, names) for one in query.chips],
        tabs=[{"code": one.value, "url": _url(text, one), "current": one is within} for one in Within],
        building=queries.building(),
        type_names={code: label(kind.name) for code, kind in rules().types.items()},
        **context,
    )
    return make_response(page)


@search.get("/search/values")
@needs(Permission.TICKETS_READ, keeps_session=False)
def values() -> Response:
    """Filters with their values, to be completed in the box."""
    response = jsonify(values=completions(current_actor()))
    response.headers["Cache-Control"] = "private, max-age=300"
    return response


def _results(text: str, query: SearchQuery, within: Within, below: queries.Place | None) -> dict[str, Any]:
    actor, now = current_actor(), moment()
    asked = Asked(query.terms, query.chosen, _day(query.since), _day(query.until, 1), within)
    called: tuple[Found, ...] = ()
    more_called = False
    if below is None and query.terms and within in (Within.ALL, Within.NAMES):
        alone = within is Within.NAMES
        called, more_called = named(asked, actor, now, size=NAMED_ALONE if alone else NAMED_FIRST)
    said = queries.Page((), None, stopped=False)
    if within is not Within.NAMES:
        said = queries.page(asked, actor, now, below=below)
    known = {one.id for one in called}
    return {
        "called": called,
        "more_called": more_called,
        "called_url": _url(text, Within.NAMES),
        "found": [one for one in said.found if one.id not in known or any(hit.at for hit in one.hits)],
        "stopped": said.stopped,
        "older_url": _url(text, within, queries.place_text(said.older)) if said.older else None,
        "first_url": _url(text, within) if below is not None else None,
        "count": queries.count(asked, actor, now) if below is None and said.older else None,
    }


def _within(code: str) -> Within:
    try:
        return Within(code or Within.ALL)
    except ValueError:
        raise Invalid("filter.bad_value", field="in") from None


def _url(text: str, within: Within, below: str = "") -> str:
    args: dict[str, Any] = {"q": text, "in": "" if within is Within.ALL else within.value, "below": below}
    return url_for("search.index", **{name: value for name, value in args.items() if value})


def _day(day: date | None, later: int = 0) -> datetime | None:
    """The instant at which the day, or the one so much later, begins on the shop's wall."""
    if day is None:
        return None
    try:
        return midnight(day + timedelta(days=later), shop_zone())
    except OverflowError:
        return EPOCH.replace(year=1 if day.year < EPOCH.year else 9999)


def _misread(one: Any) -> dict[str, Any]:
    return {"what": one.what, "written": one.written, "name": one.name and filter_name(one.name), "likely": one.likely}


def _chip(one: Any, within: Within, names: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """A filter that holds, and the way to do without it."""
    if one.name in ("since", "until"):
        text = _("%(day)s 起", day=one.value) if one.name == "since" else _("到 %(day)s", day=one.value)
    else:
        text = value_name(one.name, one.value, names)
    return {"text": text, "url": _url(one.without, within)}
