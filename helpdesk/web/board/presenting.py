"""The board's lanes and figures in the words of the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for

from helpdesk.domain.forecast import Forecast
from helpdesk.domain.ticket_filter import NOBODY
from helpdesk.domain.tickets import Status
from helpdesk.queries.board import Board, FilledLane, Person
from helpdesk.queries.board_lanes import By, Lane, Section
from helpdesk.queries.pace import Outlook
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _

FILTERS: Mapping[Section, Mapping[str, Any]] = {
    Section.ALL: {},
    Section.OVERDUE: {"overdue": "1"},
    Section.SOON: {"soon": "1"},
    Section.UNASSIGNED: {"tab": "unassigned"},
    Section.STUCK: {"stuck": "1"},
    Section.APPROVAL: {"status": Status.PENDING_APPROVAL.value},
}
"""What the ticket list is asked for to show the same as a section."""


def lane_of(
    filled: FilledLane, by: By, section: Section, type_names: Mapping[str, str], forecasts: Mapping[int, Forecast]
) -> dict[str, Any]:
    """A lane as the templates show it. The forecast is the queue's, so only the first of its lanes carries it."""
    lane = filled.lane
    return {
        "key": lane.key,
        "name": _name(lane, by, type_names),
        "klass": lane.klass,
        "shown": lane.shown,
        "overdue": lane.overdue,
        "soon": lane.soon,
        "asked": lane.asked,
        "asked_late": lane.asked_late,
        "asked_url": url_for("assists.index"),
        "cards": filled.cards,
        "more": filled.more,
        "url": url_for("tickets.index", **_list_args(lane, by), **FILTERS[section]),
        "forecast": forecasts.get(lane.id or 0) if by is By.QUEUE else None,
    }


def first_of_each_queue(lanes: Sequence[FilledLane]) -> set[str]:
    """Keys of the lanes that stand for their whole queue."""
    return set({lane.lane.id: lane.lane.key for lane in reversed(lanes)}.values())


def figures_of(board: Board, people: Sequence[Person], outlook: Outlook) -> dict[str, Any]:
    """The key figures. ``week_change`` is in percentage points; None where either week has nothing to say."""
    counts = board.figures.counts
    week, before = outlook.week.percent, outlook.week_before.percent
    present = sum(person.present for person in people)
    oldest = board.figures.oldest
    return {
        "overdue": counts[Section.OVERDUE],
        "soon": counts[Section.SOON],
        "open": counts[Section.ALL],
        "approval": counts[Section.APPROVAL],
        "longest": board.longest,
        "oldest": oldest,
        "week_percent": week,
        "week_met": outlook.week.met,
        "week_change": None if week is None or before is None else round(week - before, 1),
        "present": present,
        "people": len(people),
        "each": round(counts[Section.ALL] / present, 1) if present else None,
        "stake_fen": board.figures.stake_fen,
    }


def _name(lane: Lane, by: By, type_names: Mapping[str, str]) -> str:
    match by:
        case By.TYPE:
            return type_names.get(lane.code, lane.code)
        case By.AGENT:
            return label(lane.name) or _("未分派")
        case _:
            return label(lane.name)


def _list_args(lane: Lane, by: By) -> dict[str, Any]:
    match by:
        case By.QUEUE:
            return {"queue": lane.code, **({"class": lane.klass} if lane.klass else {})}
        case By.AGENT:
            return {"owner": lane.code or NOBODY}
        case By.CHANNEL:
            return {"channel": lane.code}
        case By.TYPE:
            return {"type": lane.code}
