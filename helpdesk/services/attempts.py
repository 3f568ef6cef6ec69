"""Rows that are tried until they are done: taken for a while, tried again later, laid aside in the end.

``Outbox`` (replies) and ``Envelope`` (mails, robots' messages) are such rows. A claim is a lease: whoever holds it
records the result; when it has run out, because its process died, somebody else takes the row again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, literal_column, or_, update

from helpdesk.models import Envelope, Outbox
from helpdesk.storage import session

CLAIM_SECONDS = 120

Tried: TypeAlias = type[Outbox] | type[Envelope]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on: pauses doubled from ``first_seconds`` up to ``last_seconds``, ``most`` tries in all."""

    most: int
    first_seconds: int
    last_seconds: int

    def pause_seconds(self, attempts: int, jitter: float) -> int:
        """Seconds until the next try after so many; ``jitter`` from 0 to 1 spreads it by up to a quarter."""
        doubled = min(self.first_seconds * 2 ** min(attempts - 1, 30), self.last_seconds)
        return round(doubled * (1 + jitter / 4))


def is_unfinished(model: Tried) -> ColumnElement[bool]:
    """Waiting or claimed, in the words of the partial index: SQLite doesn't take it for a bound parameter."""
    return model.state.in_([literal_column("'waiting'"), literal_column("'claimed'")])


def is_free(model: Tried, now: datetime) -> ColumnElement[bool]:
    """Waiting and due, or taken by somebody whose claim has run out."""
    waiting = and_(model.state == "waiting", model.next_try_at <= now)
    return and_(is_unfinished(model), or_(waiting, and_(model.state == "claimed", model.claimed_until < now)))


def take(model: Tried, ids: Sequence[int], holder: str, *, now: datetime) -> list[int]:
    """Claim those of the rows that still are free, for CLAIM_SECONDS; this counts as a try. Returns their ids."""
    taken = session().scalars(
        update(model)
        .where(model.id.in_(ids), is_free(model, now))
        .values(
            state="claimed",
            claimed_by=holder,
            claimed_until=now + timedelta(seconds=CLAIM_SECONDS),
            attempts=model.attempts + 1,
        )
        .returning(model.id),
        execution_options={"synchronize_session": False},
    )
    return list(taken)


def is_held(model: Tried, row_id: int, attempts: int, holder: str) -> ColumnElement[bool]:
    """The row is still in the hands of ``holder``, from this very try."""
    return and_(model.id == row_id, model.state == "claimed", model.claimed_by == holder, model.attempts == attempts)


def move(model: Tried, condition: ColumnElement[bool], **values: Any) -> bool:
    """Set the values and end the claim of the one row that meets the condition. False: none does (any more)."""
    moved = session().scalars(
        update(model).where(condition).values(claimed_by=None, claimed_until=None, **values).returning(model.id),
        execution_options={"synchronize_session": False},
    )
    return moved.one_or_none() is not None


def fail(
    model: Tried,
    held: ColumnElement[bool],
    tries: int,
    patience: Patience,
    *,
    error: str,
    final: bool,
    jitter: float,
    now: datetime,
    not_before: datetime | None = None,
) -> str | None:
    """A try failed: the row waits for its next one, or is ``dead`` after the last or a ``final`` no.

    ``not_before`` (UTC): the other side said when it may be asked again. Returns the new state, None if the row
    was not held any more.
    """
    if final or tries >= patience.most:
        return "dead" if move(model, held, state="dead", done_at=now, error=error) else None
    next_try_at = now + timedelta(seconds=patience.pause_seconds(tries, jitter))
    next_try_at = max(next_try_at, not_before or next_try_at)
    return "waiting" if move(model, held, state="waiting", next_try_at=next_try_at, error=error) else None


def revive(model: Tried, row_id: int, *, now: datetime) -> bool:
    """Somebody looked at a dead row and wants it tried anew, under its old key. False: it isn't dead."""
    dead = and_(model.id == row_id, model.state == "dead")
    return move(model, dead, state="waiting", attempts=0, next_try_at=now, done_at=None)


def give_up(model: Tried, row_id: int, *, now: datetime) -> bool:
    """Nobody wants a dead row any more. False: it isn't dead."""
    return move(model, and_(model.id == row_id, model.state == "dead"), state="withdrawn", done_at=now)
