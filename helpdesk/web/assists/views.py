"""The desk of the warehouse and of finance: open questions, what burns first on top, answered with one hand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.attachments import LABELS, MAX_REQUEST_BYTES, Stored
from helpdesk.domain.problems import Problem
from helpdesk.domain.ticket_filter import parse_filter
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import assist_desk
from helpdesk.queries.assist_desk import Answered, Desk, OrderFacts, Question
from helpdesk.services import assists as services
from helpdesk.services import attachments
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.assists import assists
from helpdesk.web.filters import shown_navigation
from helpdesk.web.locale import day_start
from helpdesk.web.taking_files import taken
from helpdesk.wording import label, order_status_label, problem_text
from helpdesk.wording.attachments import file_labels
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.catalog import locale_code
from helpdesk.wording.quick_answers import quick_answers


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that was not taken: which question it is to, what was typed, and why not."""

    stint_id: int
    text: str
    why: str


@assists.get("/assists")
@needs(Permission.TICKETS_READ)
def index() -> Response:
    return _page()


@assists.get("/assists/rows")
@needs(Permission.TICKETS_READ, keeps_session=False)
def rows() -> BaseResponse:
    """The questions alone; 304 when the reader would see no difference."""
    context = _context()
    if request.if_none_match.contains(context["etag"]):
        response = Response(status=304)
    else:
        response = make_response(render_template("assists/_rows.html", **context, fragment=True))
    response.set_etag(context["etag"])
    response.headers["Cache-Control"] = "no-cache, private"
    return response


@assists.post("/assists/<id:stint_id>/answer")
@needs(Permission.TICKETS_WORK, most_bytes=MAX_REQUEST_BYTES)
def answer(stint_id: int) -> BaseResponse:
    """Answer, and on to what burns first then. The question decides, not the ticket's version: it is still open."""
    text = request.form.get("answer", "")
    try:
        photos = [(label, file) for label in LABELS for file in taken(f"photo_{label}")]
        with unit_of_work():
            files = _photos(photos) if photos else []
            number = services.answer(stint_id, text, files=files, version=None, actor=current_actor(), now=moment())
    except Problem as problem:
        return _page(Refused(stint_id, text, problem_text(problem)), status=problem.status)
    flash(_("已答复 %(number)s。", number=number), "done")
    return redirect(url_for("assists.index", queue=_queue() or None))


def _photos(photos: list[tuple[str, Stored]]) -> list[int]:
    """What was photographed, each under what it shows."""
    number, actor = request.form.get("number", ""), current_actor()
    return [attachments.add(number, file, label=label, actor=actor, now=moment()) for label, file in photos]


@assists.post("/assists/<id:stint_id>/claim")
@needs(Permission.TICKETS_WORK)
def claim(stint_id: int) -> BaseResponse:
    """Let the others of the queue know who looks it up."""
    try:
        with unit_of_work():
            services.claim_assist(stint_id, actor=current_actor(), now=moment())
    except Problem as problem:
        flash(problem_text(problem), "problem")
    return redirect(url_for("assists.index", queue=_queue() or None, _anchor=f"ask-{stint_id}"))


def _queue() -> str:
    """The queue in the address; ``Invalid`` for what can't be a code."""
    return parse_filter({"queue": request.values.get("queue", "")}).queue


def _context() -> dict[str, Any]:
    actor, now = current_actor(), moment()
    queue = _queue()
    desk = assist_desk.desk(actor, now, day_start(now), queue=queue)
    types = {code: label(kind.name) for code, kind in published_rulebook().types.items()}
    return {
        "questions": [_question(one, types) for one in desk.questions],
        "total": desk.total,
        "file_labels": file_labels(),
        "answered": [_answered(one) for one in desk.answered],
        "queue": queue,
        "own": bool(actor.queues),
        "tabs": [
            {"name": item.name, "url": url_for("assists.index", queue=item.code), "current": item.code == queue}
            for item in shown_navigation().queues
        ],
        "etag": _etag(desk, now),
    }


def _page(refused: Refused | None = None, *, status: int = 200) -> Response:
    context = _context()
    there = refused is not None and any(one["id"] == refused.stint_id for one in context["questions"])
    page = render_template(
        "assists/index.html",
        **context,
        refused=refused,
        refused_there=there,
        rows_url=url_for("assists.rows", queue=context["queue"] or None),
    )
    return make_response(page, status)


def _etag(desk: Desk, now: datetime) -> str:
    seen = (locale_code(), now.date(), [one.seen() for one in desk.questions], desk.total, desk.answered)
    return hashlib.sha256(repr((seen, shown_navigation())).encode()).hexdigest()[:32]


def _question(one: Question, types: dict[str, str]) -> dict[str, Any]:
    return {
        "id": one.stint_id,
        "number": one.number,
        "url": url_for("tickets.show", number=one.number),
        "subject": one.subject,
        "klass": one.klass,
        "type_name": types.get(one.type, one.type),
        "queue": label(one.queue),
        "party": one.party,
        "text": one.text,
        "asked_by": one.asked_by,
        "asked_at": one.asked_at,
        "hands": one.hands,
        "mine": one.mine,
        "answerable": one.answerable,
        "clock": one.clock,
        "order": _order(one.order) if one.order else None,
        "quick": quick_answers(one.queue_code),
    }


def _order(order: OrderFacts) -> dict[str, Any]:
    return {
        "number": order.number,
        "known": order.known,
        "status": order_status_label(order.status),
        "lines": [
            {"title": f"{line.name} {line.spec}".strip(), "sku": line.sku, "quantity": line.quantity}
            for line in order.lines
        ],
        "parcels": [
            {"carrier": parcel.carrier, "tracking": parcel.tracking, "shipped_at": parcel.shipped_at}
            for parcel in order.parcels
        ],
    }


def _answered(one: Answered) -> dict[str, Any]:
    return {
        "number": one.number,
        "url": url_for("tickets.show", number=one.number),
        "subject": one.subject,
        "queue": label(one.queue),
        "question": one.question,
        "answer": one.answer,
        "by": one.by,
        "at": one.at,
    }
