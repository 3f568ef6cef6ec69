"""Upstream improvements: thought of or taken over from a suggestion, planned, begun, finished or dropped.

Whether one helped is measured by the report; nobody types it in. Supervisors write those of the types that the rules
give to their queues, operations all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.improvements import CUTS, MOVES, Measure, State
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import Improvement, User
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.scope import own_types
from helpdesk.services import events
from helpdesk.storage import insert_once, session

LONGEST_TITLE, LONGEST_TEXT, LONGEST_VALUE, LONGEST_KEY = 120, 500, 80, 120
MOST_ITEMS = 500
FURTHEST = timedelta(days=400)
"""How far from today a start may lie."""

MOVED = {
    State.IDEA: "improvement.reopened",
    State.PLANNED: "improvement.planned",
    State.RUNNING: "improvement.started",
    State.DONE: "improvement.finished",
    State.DROPPED: "improvement.dropped",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person writes of an improvement. ``cut`` and ``value`` narrow the type, such as to a warehouse.

    ``expected_percent``: by how much less of the measure. ``started_on``: the shop's day; in future while planned.
    """

    type: str
    title: str
    expected_percent: int
    measure: str = Measure.COUNT.value
    cut: str = ""
    value: str = ""
    bottleneck: str = ""
    direction: str = ""
    owner_id: int | None = None
    started_on: date | None = None


def create(draft: Draft, *, key: str, actor: Actor, today: date, now: datetime) -> int:
    """A new idea; return its id. ``key`` names the form or the suggestion: the same one again is the same idea.

    ``today``: the shop's. ``Invalid`` for what is over a limit, ``Conflict`` if the key said something else before or
    there are too many, ``NotAllowed`` for a type that is not his.
    """
    _require(draft.type, actor)
    columns = _columns(draft, today)
    if not 0 < len(key) <= LONGEST_KEY:
        raise Invalid("input.bad_value", field="key")
    if known := session().scalar(select(Improvement).where(Improvement.key == key)):
        return _same(known, draft)
    if (session().scalar(select(func.count()).select_from(Improvement)) or 0) >= MOST_ITEMS:
        raise Conflict("improvement.too_many", most=MOST_ITEMS)
    made = {"created_at": now, "created_by_id": actor.id, "updated_at": now}
    id = insert_once(Improvement, key=key, state=State.IDEA.value, version=1, **columns, **made)
    if id is None:
        return _same(session().scalars(select(Improvement).where(Improvement.key == key)).one(), draft)
    events.record("improvement.created", actor=actor, now=now, improvement=id, title=columns["title"], type=draft.type)
    return id


def edit(id: int, version: int, draft: Draft, *, actor: Actor, today: date, now: datetime) -> None:
    """Write it over ``version``. ``Stale`` if it moved on. Nothing happens where nothing differs."""
    row = _locked(id, version, actor)
    _require(draft.type, actor, known=row.type)
    wanted = _columns(draft, today, known=row)
    if row.state in (State.RUNNING, State.DONE) and (draft.started_on is None or draft.started_on > today):
        raise Invalid("improvement.begun_already")
    changes = events.apply_changes(row, wanted)
    if changes:
        _touch(row, now)
        events.record("improvement.changed", actor=actor, now=now, improvement=id, title=row.title, fields=[*changes])


def move(id: int, version: int, to: State, *, actor: Actor, today: date, now: datetime) -> None:
    """Go on to another state, or back. ``Conflict`` for a step that there is not.

    What begins without a day, or with one in future, began ``today``; what ends, ends today; what goes back has not
    ended.
    """
    row = _locked(id, version, actor)
    if to not in MOVES[State(row.state)]:
        raise Conflict("improvement.no_such_step")
    if to is State.RUNNING and (row.started_on is None or row.started_on > today):
        row.started_on = today
    row.ended_on = today if to in (State.DONE, State.DROPPED) else None
    row.state = to.value
    _touch(row, now)
    events.record(MOVED[to], actor=actor, now=now, improvement=id, title=row.title)


def may_write(type: str, actor: Actor) -> bool:
    """Whether improvements of this type are his: all are to those who see everything, else those of his queues."""
    match actor.scope(Permission.IMPROVEMENTS_MANAGE):
        case Scope.ALL:
            return True
        case Scope.OWN:
            return type in own_types(actor)
        case _:
            return False


def _require(type: str, actor: Actor, known: str | None = None) -> None:
    actor.require(Permission.IMPROVEMENTS_MANAGE)
    if type != known and type not in published_rulebook().types:
        raise Invalid("improvement.unknown_type")
    if not may_write(type, actor):
        raise NotAllowed("improvement.not_yours")


def _locked(id: int, version: int, actor: Actor) -> Improvement:
    row = session().get(Improvement, id, with_for_update=True)
    if row is None:
        raise NotFound("improvement.not_found")
    _require(row.type, actor, known=row.type)
    if row.version != version:
        raise Stale("improvement.stale")
    return row


def _touch(row: Improvement, now: datetime) -> None:
    row.updated_at = now
    row.version += 1


def _same(row: Improvement, draft: Draft) -> int:
    if (row.type, row.cut, row.value) != (draft.type, draft.cut, draft.value.strip()):
        raise Conflict("improvement.saved_already")
    return row.id


def _columns(draft: Draft, today: date, known: Improvement | None = None) -> Mapping[str, Any]:
    columns = asdict(draft)
    for name in ("title", "value", "bottleneck", "direction"):
        columns[name] = columns[name].strip()
    if not 0 < len(columns["title"]) <= LONGEST_TITLE or "\n" in columns["title"]:
        raise Invalid("improvement.bad_title", most=LONGEST_TITLE)
    if max(len(columns["bottleneck"]), len(columns["direction"])) > LONGEST_TEXT:
        raise Invalid("improvement.bad_text", most=LONGEST_TEXT)
    if bool(draft.cut) is not bool(columns["value"]) or len(columns["value"]) > LONGEST_VALUE:
        raise Invalid("improvement.bad_value", most=LONGEST_VALUE)
    if draft.cut not in ("", *CUTS) or (draft.cut == "channel" and not _is_id(columns["value"])):
        raise Invalid("improvement.bad_value", most=LONGEST_VALUE)
    if draft.measure not in tuple(Measure):
        raise Invalid("input.bad_value", field="measure")
    if not 1 <= draft.expected_percent <= 100:
        raise Invalid("improvement.bad_expected")
    if (
        draft.started_on
        and abs(draft.started_on - today) > FURTHEST
        and draft.started_on != (known and known.started_on)
    ):
        raise Invalid("improvement.bad_day", days=FURTHEST.days)
    if draft.owner_id is not None and draft.owner_id != (known and known.owner_id) and not _works(draft.owner_id):
        raise Invalid("improvement.bad_owner")
    return columns


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= 9


def _works(user_id: int) -> bool:
    found = select(User.id).where(User.id == user_id, User.active, User.role != "system")
    return session().scalar(found) is not None
