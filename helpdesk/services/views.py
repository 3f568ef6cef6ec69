"""Saved views: a list with a name, for oneself, for a queue or for everybody.

A view is only an address with a name: whoever opens it sees of its tickets what he sees anyway, and "mine" are his
own. Everybody keeps his own views; those of a queue and of the house take the right to manage them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from unicodedata import category

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.exc import IntegrityError

from helpdesk.domain.access import Actor, may_write_view
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.views import MAX_NAME, MOST_VIEWS, ListView
from helpdesk.models import Queue, SavedView
from helpdesk.models.scope import usable_view
from helpdesk.services import events
from helpdesk.storage import session

SCOPES = ("personal", "team", "all")
KEEP_DELETED = timedelta(days=1)
"""How long a deleted view can be taken back."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What a view is called and who uses it. ``queue_id`` goes with the scope ``team`` only."""

    name: str
    scope: str = "personal"
    queue_id: int | None = None


def save(naming: Naming, shown: ListView, *, actor: Actor, now: datetime) -> int:
    """Keep the list under a name, behind the others; return its id.

    ``Conflict`` for a name that is taken there, ``Invalid`` for one that can't be and for more than ``MOST_VIEWS``.
    """
    name = _checked(naming, actor)
    row = SavedView(
        scope=naming.scope, queue_id=naming.queue_id, owner_id=actor.id, name=name, created_at=now, **_document(shown)
    )
    _put_last(row)
    session().add(row)
    _store(row)
    _record("view.created", row, actor, now)
    return row.id


def change(view_id: int, version: int, naming: Naming, *, actor: Actor, now: datetime) -> None:
    """Call it otherwise, or let others use it. ``Stale`` if somebody changed it since ``version``."""
    row = _load(view_id, version, actor)
    name = _checked(naming, actor, row)
    before, after = (row.name, row.scope, row.queue_id), (name, naming.scope, naming.queue_id)
    if before == after:
        return
    with session().no_autoflush:
        if before[1:] != after[1:]:
            row.owner_id = actor.id if naming.scope == "personal" else row.owner_id
            row.scope, row.queue_id = naming.scope, naming.queue_id
            _put_last(row)
        row.name = name
        row.version += 1
    _store(row)
    _record("view.changed", row, actor, now, told=before[1] != "personal")


def set_list(view_id: int, version: int, shown: ListView, *, actor: Actor, now: datetime) -> None:
    """Let it show another list: other tickets, columns or order. ``Stale`` if somebody changed it since ``version``."""
    row = _load(view_id, version, actor)
    wanted = _document(shown)
    if not events.apply_changes(row, wanted):
        return
    row.version += 1
    session().flush()
    _record("view.changed", row, actor, now)


def move(view_id: int, version: int, by: int, *, actor: Actor) -> None:
    """Put it ``by`` places further down (up: below 0) among those of the same people."""
    row = _load(view_id, version, actor)
    others = list(
        session().scalars(
            select(SavedView).where(_shelf(row)).order_by(SavedView.position, SavedView.id).with_for_update()
        )
    )
    at = others.index(row)
    others.insert(max(0, min(at + by, len(others) - 1)), others.pop(at))
    for position, one in enumerate(others, 1):
        one.position = position


def remove(view_id: int, version: int, *, actor: Actor, now: datetime) -> None:
    """Delete it. For a day it can be taken back."""
    row = _load(view_id, version, actor)
    row.deleted_at, row.deleted_by_id = now, actor.id
    row.version += 1
    _record("view.deleted", row, actor, now)


def restore(view_id: int, *, actor: Actor, now: datetime) -> None:
    """Take back the deletion, as long as nobody has taken its name. Only for who deleted it."""
    row = session().scalar(
        select(SavedView)
        .where(SavedView.id == view_id, SavedView.deleted_by_id == actor.id, SavedView.deleted_at > now - KEEP_DELETED)
        .with_for_update()
    )
    if row is None:
        raise NotFound("view.not_found")
    _require(actor, row.scope, row.queue_id, row.owner_id)
    _check_room(_shelf(row))
    row.deleted_at = row.deleted_by_id = None
    row.version += 1
    _store(row)
    _record("view.restored", row, actor, now)


def remove_deleted(now: datetime) -> int:
    """Forget for good what was deleted more than a day before ``now`` (UTC); returns how many."""
    old = delete(SavedView).where(SavedView.deleted_at < now - KEEP_DELETED).returning(SavedView.id)
    return len(session().scalars(old).all())


def _load(view_id: int, version: int, actor: Actor) -> SavedView:
    """The view as the actor saw it, to be written."""
    row = session().scalar(select(SavedView).where(SavedView.id == view_id, usable_view(actor)).with_for_update())
    if row is None:
        raise NotFound("view.not_found")
    _require(actor, row.scope, row.queue_id, row.owner_id)
    if row.version != version:
        raise Stale("view.stale")
    return row


def _require(actor: Actor, scope: str, queue_id: int | None, owner_id: int | None) -> None:
    if not may_write_view(actor, scope, queue_id, owner_id):
        raise NotAllowed("view.not_yours")


def _checked(naming: Naming, actor: Actor, row: SavedView | None = None) -> str:
    """The name without blanks around it; whoever may not write for these people is refused."""
    if naming.scope not in SCOPES or (naming.scope == "team") != (naming.queue_id is not None):
        raise Invalid("view.bad_scope")
    if naming.queue_id is not None and session().get(Queue, naming.queue_id) is None:
        raise Invalid("view.bad_scope")
    if row is None or (row.scope, row.queue_id) != (naming.scope, naming.queue_id):
        _require(actor, naming.scope, naming.queue_id, actor.id)
    name = " ".join("".join(letter for letter in naming.name if category(letter) != "Cf").split())
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise Invalid("view.bad_name", most=MAX_NAME)
    return name


def _shelf(row: SavedView) -> ColumnElement[bool]:
    """Those that stand in one row with it: the person's, the queue's, everybody's."""
    of = and_(
        SavedView.scope == row.scope,
        {
            "personal": SavedView.owner_id == row.owner_id,
            "team": SavedView.queue_id == row.queue_id,
            "all": SavedView.scope == "all",
        }[row.scope],
    )
    return and_(of, SavedView.deleted_at.is_(None))


def _put_last(row: SavedView) -> None:
    """Behind the others of the same people, if there is room."""
    shelf = _shelf(row)
    _check_room(shelf)
    row.position = (session().scalar(select(func.max(SavedView.position)).where(shelf)) or 0) + 1


def _check_room(shelf: ColumnElement[bool]) -> None:
    if (session().scalar(select(func.count()).select_from(SavedView).where(shelf)) or 0) >= MOST_VIEWS:
        raise Invalid("view.too_many", most=MOST_VIEWS)


def _store(row: SavedView) -> None:
    """A name stands once among the same people: the unique index says so, also to two at the same moment."""
    name = row.name
    try:
        session().flush()
    except IntegrityError:
        raise Conflict("view.name_taken", name=name) from None


def _document(shown: ListView) -> dict[str, object]:
    args = shown.to_args()
    return {
        "sort": args.pop("sort", ""),
        "columns": [name for name in args.pop("columns", "").split(",") if name],
        "filter": args,
    }


def _record(code: str, row: SavedView, actor: Actor, now: datetime, *, told: bool = False) -> None:
    """What others work with is a setting; one's own lists are nobody's business."""
    if row.scope != "personal" or told:
        events.record(code, actor=actor, now=now, view=row.id, scope=row.scope, queue_id=row.queue_id)
