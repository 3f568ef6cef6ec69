"""Ten decisions in a minute: one request each, by key or by tap, and as plain forms without script.

With script the answer to a decision is the card that moves up behind those already on the page; without it the
page comes again, at its next card.
"""

from __future__ import annotations

from typing import Any, cast

from flask import Response, flash, json, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import NotFound, Problem
from helpdesk.queries import triage as queries
from helpdesk.queries.keyset import Cursor, parse_cursor
from helpdesk.services import decisions, operations
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.forms import OneLine, Version, at_most
from helpdesk.web.locale import day_start
from helpdesk.web.triage import presenting, triage
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _

MAX_CODE = 40
MAX_CURSOR = 60
SCRIPT = "X-Triage"
"""The header by which the page's own script asks for data instead of a page."""


class DecisionForm(FlaskForm):
    """``other``: a type chosen from the whole list, which goes before the candidate. ``last``: the last card shown."""

    version = Version()
    type = OneLine(validators=[at_most(MAX_CODE)])
    other = OneLine(validators=[at_most(MAX_CODE)])
    last = OneLine(validators=[at_most(MAX_CURSOR)])

    def chosen(self) -> str:
        return self.other.data or self.type.data


@triage.get("/triage")
@needs(Permission.TICKETS_WORK)
def index() -> str:
    after = parse_cursor(request.args.get("after", ""))
    actor, book = current_actor(), rules()
    cards = queries.waiting(actor, after=after)
    return render_template(
        "triage/index.html",
        cards=[presenting.card(one, book) for one in cards],
        progress=queries.progress(actor, day_start(moment())),
        most_counted=queries.MOST_COUNTED,
        types=presenting.types(book),
        skipped=after is not None,
    )


@triage.post("/triage/<number>")
@needs(Permission.TICKETS_WORK)
def decide(number: str) -> BaseResponse:
    form = DecisionForm()
    code = form.chosen() if form.validate() else ""
    if not code:
        return _answered({"text": _("请先选一个类型。"), "problem": True}, status=422)
    try:
        with unit_of_work():
            operation = decisions.decide(number, code, version=form.version.data, actor=current_actor(), now=moment())
    except NotFound:
        raise
    except Problem as problem:
        told = {"text": f"{number}{_('：')}{problem_text(problem)}", "problem": True}
        return _answered(told, after=form.last.data, status=problem.status)
    name = label(rules().type(code).name)
    told = {"text": _("%(number)s 归为%(type)s。", number=number, type=name), "undo": operation}
    return _answered(told, after=form.last.data)


@triage.post("/triage/operations/<id:operation_id>/undo")
@needs(Permission.TICKETS_WORK)
def undo(operation_id: int) -> BaseResponse:
    """The ticket is as unsure as it was, and so is the learner."""
    try:
        with unit_of_work():
            number = operations.undo(operation_id, actor=current_actor(), now=moment())
    except NotFound:
        raise
    except Problem as problem:
        return _answered({"text": problem_text(problem), "problem": True}, status=problem.status)
    told = {"text": _("已撤销，%(number)s 回到待确认。", number=number), "version": queries.version_of(number)}
    return _answered(told)


def _answered(told: dict[str, Any], *, after: str = "", status: int = 200) -> BaseResponse:
    """For the script what it needs to go on with; else the page again, with what happened on top."""
    if request.headers.get(SCRIPT) is None:
        if told.get("problem"):
            flash(told["text"], "problem")
        else:
            flash(cast(str, {"text": told["text"], "undo": told["undo"]} if "undo" in told else told["text"]), "done")
        return redirect(url_for("triage.index", after=request.args.get("after") or None))
    actor, cursor = current_actor(), _cursor(after)
    progress = queries.progress(actor, day_start(moment()))
    if "undo" in told:
        told = {**told, "undo": url_for("triage.undo", operation_id=told["undo"])}
    following = queries.waiting(actor, after=cursor, size=1) if cursor else ()
    cards = "".join(
        render_template("triage/_card.html", card=presenting.card(one, rules()), types=presenting.types(rules()))
        for one in following
    )
    body = {**told, "left": progress.left, "done": progress.done, "card": cards}
    return Response(json.dumps(body), status, content_type="application/json")


def _cursor(text: str) -> Cursor | None:
    """Where the page ends; nothing is preloaded where the address says nonsense."""
    try:
        return parse_cursor(text)
    except Problem:
        return None
