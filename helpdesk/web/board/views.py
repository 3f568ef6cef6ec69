"""The board as a page, as the part of it that refreshes itself, and as a wall."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from flask import Response, make_response, render_template, request, url_for
from flask_babel import get_timezone
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid
from helpdesk.queries import board as boards
from helpdesk.queries import pace
from helpdesk.queries.board import Board, Person
from helpdesk.queries.board_lanes import By, Section
from helpdesk.queries.pace import Outlook
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.board import board
from helpdesk.web.board.presenting import figures_of, first_of_each_queue, lane_of
from helpdesk.web.filters import shown_navigation
from helpdesk.wording import label
from helpdesk.wording.catalog import locale_code

MOST_ON_WALL = 15
"""Cards of a lane that can be read from afar."""

Choice = TypeVar("Choice", By, Section)


@board.get("/board")
@needs(Permission.BOARD_READ)
def index() -> str:
    context = _context()
    return render_template("board/index.html", **context, **_panel(context["lanes"]))


@board.get("/board/lanes")
@needs(Permission.BOARD_READ, keeps_session=False)
def lanes() -> BaseResponse:
    """The lanes alone, and the figures around them; 304 when the reader would see no difference."""
    return _unless_known(_context(), "board/_lanes.html")


@board.get("/board/wall")
@needs(Permission.BOARD_READ)
def wall() -> str:
    """For a big screen across the room: no menu, nothing to press."""
    return render_template("board/wall.html", **_context(wall=True))


@board.get("/board/wall/lanes")
@needs(Permission.BOARD_READ, keeps_session=False)
def wall_lanes() -> BaseResponse:
    return _unless_known(_context(wall=True), "board/_wall.html")


def asked_view() -> tuple[By, Section]:
    """The view in the address; ``Invalid`` for one that can't be."""
    return _choice("by", By, By.QUEUE), _choice("show", Section, Section.ALL)


def _choice(name: str, choices: type[Choice], otherwise: Choice) -> Choice:
    value = request.args.get(name, "")
    try:
        return choices(value) if value else otherwise
    except ValueError:
        raise Invalid("filter.bad_value", field=name) from None


def view_args(by: By, section: Section) -> dict[str, Any]:
    """The address of a view; what is usual is left out."""
    args = {"by": "" if by is By.QUEUE else by.value, "show": "" if section is Section.ALL else section.value}
    return {name: value for name, value in args.items() if value}


def _context(*, wall: bool = False) -> dict[str, Any]:
    """What a page and its refreshing part share."""
    actor, now = current_actor(), moment()
    by, section = asked_view()
    book = rules()
    shown = boards.board(
        actor, now, book, by=by, section=section, most_cards=MOST_ON_WALL if wall else boards.MOST_CARDS
    )
    people = boards.people(actor, now)
    told = pace.outlook(actor, now)
    names = {code: label(kind.name) for code, kind in book.types.items()}
    args = view_args(by, section)
    return {
        "by": by.value,
        "section": section.value,
        "args": args,
        "lanes": _lanes(shown, by, section, names, told),
        "hidden": shown.hidden,
        "type_names": names,
        "sections": [
            {
                "code": one.value,
                "count": shown.figures.counts[one],
                "url": url_for("board.index", **view_args(by, one)),
                "current": one is section,
            }
            for one in Section
        ],
        "views": [
            {"code": one.value, "url": url_for("board.index", **view_args(one, section)), "current": one is by}
            for one in By
        ],
        "figures": figures_of(shown, people, told),
        "people": people,
        "own_queues": actor.queues,
        "now_here": now.astimezone(get_timezone()),
        "lanes_url": url_for("board.wall_lanes" if wall else "board.lanes", **args),
        "page_url": url_for("board.index", **args),
        "etag": _etag(shown, people, told),
    }


def _lanes(shown: Board, by: By, section: Section, names: Mapping[str, str], told: Outlook) -> list[dict[str, Any]]:
    first = first_of_each_queue(shown.lanes)
    return [lane_of(lane, by, section, names, told.forecasts if lane.lane.key in first else {}) for lane in shown.lanes]


def _panel(lanes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Which dialog stands open, for who has no script: of which ticket, or which question."""
    panel, target = request.args.get("panel", ""), request.args.get("number", "")[:20]
    cards = (card for lane in lanes for card in lane["cards"])
    return {
        "panel": panel if panel in ("assign", "answer") else "",
        "target": target,
        "target_card": next((card for card in cards if card.number == target), None),
    }


def _etag(shown: Board, people: Sequence[Person], told: Outlook) -> str:
    """Of what a reader sees: it changes with any card, count or level of a clock, not with each second."""
    today = moment().astimezone(get_timezone()).date()
    here = sum(person.present for person in people), len(people)
    seen = (locale_code(), today, shown.seen(), here, told.week, told.forecasts, shown_navigation())
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]


def _unless_known(context: dict[str, Any], template: str) -> BaseResponse:
    if request.if_none_match.contains(context["etag"]):
        response = Response(status=304)
    else:
        response = make_response(render_template(template, **context, fragment=True))
    response.set_etag(context["etag"])
    response.headers["Cache-Control"] = "no-cache, private"
    return response
