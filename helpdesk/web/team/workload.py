"""How much everybody has in hand; refreshed every few seconds like the list."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid, Problem
from helpdesk.domain.ticket_filter import parse_filter
from helpdesk.domain.tickets import ACTIVE, Status
from helpdesk.queries import workload
from helpdesk.queries.rota import plans_for
from helpdesk.queries.workload import Mate
from helpdesk.services import capacity
from helpdesk.services.accounts import MOST_CAPACITY
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.filters import shown_navigation
from helpdesk.web.locale import day_start
from helpdesk.web.team import team
from helpdesk.web.team.forms import CapacityForm
from helpdesk.wording import absence_label, label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.catalog import locale_code

MINUTES_OF_AN_AGE = 10
"""Ages are shown by the ten minutes: they alone make no new page."""


@team.get("/team")
@needs(Permission.BOARD_READ)
def index() -> str:
    context = _context()
    return render_template("team/index.html", **context, rows_url=url_for("team.rows", queue=context["queue"] or None))


@team.get("/team/rows")
@needs(Permission.BOARD_READ, keeps_session=False)
def rows() -> BaseResponse:
    """The rows alone; 304 when the reader would see no difference."""
    context = _context()
    if request.if_none_match.contains(context["etag"]):
        response = Response(status=304)
    else:
        response = make_response(render_template("team/_rows.html", **context, fragment=True))
    response.set_etag(context["etag"])
    response.headers["Cache-Control"] = "no-cache, private"
    return response


@team.post("/team/<id:user_id>/capacity")
@needs(Permission.SHIFTS_MANAGE)
def set_capacity(user_id: int) -> BaseResponse:
    form = CapacityForm()
    try:
        if not form.validate():
            raise Invalid("account.bad_capacity", most=MOST_CAPACITY)
        with unit_of_work():
            capacity.set_capacity(user_id, form.version.data, form.capacity.data, actor=current_actor(), now=moment())
    except Problem as problem:
        flash(problem_text(problem), "problem")
    else:
        flash(_("已保存在手上限。"), "done")
    return redirect(url_for("team.index", queue=_queue() or None))


def _queue() -> str:
    """The queue in the address; ``Invalid`` for what can't be a code."""
    return parse_filter({"queue": request.values.get("queue", "")}).queue


def _context() -> dict[str, Any]:
    actor, now = current_actor(), moment()
    queue = _queue()
    mates = workload.team(actor, now, day_start(now), queue=queue)
    return {
        "mates": [_shown(mate, now) for mate in mates],
        "total": _total(mates),
        "queue": queue,
        "tabs": [
            {"name": item.name, "url": url_for("team.index", queue=item.code), "current": item.code == queue}
            for item in shown_navigation().queues
        ],
        "etag": _etag(mates, now),
    }


def _shown(mate: Mate, now: datetime) -> dict[str, Any]:
    limit = mate.capacity
    return {
        "key": f"mate-{mate.id}",
        "id": mate.id,
        "version": mate.version,
        "name": mate.name,
        "initial": mate.name[:1],
        "role": mate.role,
        "queues": [label(place.name) for place in mate.places],
        "state": mate.state or "online",
        "away": mate.away
        and {
            "until": mate.away.until,
            "kind": absence_label(mate.away.kind),
            "stand_in": mate.away.stand_in,
        },
        "load": mate.load,
        "capacity": limit,
        "own_capacity": mate.own_capacity,
        "percent": min(100, 100 * mate.load // limit) if limit else None,
        "full": mate.full,
        "waiting": mate.waiting,
        "statuses": [
            (status.value, mate.by_status[status])
            for status in Status
            if status in ACTIVE and status is not Status.PENDING_CUSTOMER and mate.by_status.get(status)
        ],
        "overdue": mate.overdue,
        "oldest": mate.oldest
        and {
            "number": mate.oldest.number,
            "age_seconds": _age(mate, now),
            "readable": mate.oldest.readable,
        },
        "solved_today": mate.solved_today,
        "skills": [label(skill) for skill in mate.skills],
        "editable": plans_for(current_actor(), [place.id for place in mate.places]),
        "list_url": url_for("tickets.index", owner=mate.id),
    }


def _age(mate: Mate, now: datetime) -> int:
    step = 60 * MINUTES_OF_AN_AGE
    age = int((now - mate.oldest.created_at).total_seconds()) if mate.oldest else 0
    return max(60, age // step * step if age > step else age)


def _total(mates: Sequence[Mate]) -> dict[str, Any]:
    online = [mate for mate in mates if not mate.state]
    return {
        "people": len(mates),
        "online": len(online),
        "load": sum(mate.load for mate in mates),
        "each": sum(mate.load for mate in online) / len(online) if online else None,
        "waiting": sum(mate.waiting for mate in mates),
        "overdue": sum(mate.overdue for mate in mates),
        "full": sum(mate.full for mate in mates),
        "room": sum(max(0, mate.capacity - mate.load) for mate in online if mate.capacity),
        "unlimited": any(mate.capacity is None for mate in online),
        "solved_today": sum(mate.solved_today for mate in mates),
    }


def _etag(mates: Sequence[Mate], now: datetime) -> str:
    seen = (locale_code(), [(mate.seen(), _age(mate, now)) for mate in mates], shown_navigation())
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]
