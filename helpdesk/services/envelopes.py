"""Envelopes: news on its way outside, one mail or robot message carrying one piece or many.

What waits for an address is packed once its time has come: its digest's time, outside its quiet hours, when nothing
else is on the way there. So whatever gathers meanwhile travels together, and a target's limit (``domain.targets``)
costs delay, never a message. Trying, waiting and giving up are those of ``services.attempts``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, and_, bindparam, case, exists, func, literal, or_, select, update
from sqlalchemy.orm import aliased

from helpdesk.domain.notices import is_quiet, is_urgent, kind_of
from helpdesk.domain.targets import LIMITS
from helpdesk.models import Envelope, NotificationTarget, Outbox, Ticket, User
from helpdesk.services import attempts, outbox
from helpdesk.services.attempts import Patience
from helpdesk.storage import insert_all_once, session

PATIENCE = Patience(most=100, first_seconds=30, last_seconds=900)
"""About a day: a mail server may be away for a night, and is noticed within a quarter of an hour when it is back."""

PACK_AT_ONCE = 5_000
CLAIM_AT_ONCE = 16
MOST_LINES = 200
"""Pieces of news that are read for one message; of the others it says how many there are."""

TEST = "test:"
"""Keys of test messages begin so: they are tried once, overtake what waits, and never end among the dead."""


class Address(NamedTuple):
    """Exactly one of the two: a person's mailbox, or a target."""

    user_id: int | None
    target_id: int | None


class Item(NamedTuple):
    """One piece of news as it will be worded."""

    code: str
    params: Mapping[str, Any]
    ticket_number: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """An envelope to deliver now. ``key`` and ``created_at`` are the same at every try.

    ``kind`` is how it goes (``domain.targets.KINDS``), ``to`` a mailbox, ``secret`` what a robot's address holds;
    ``items`` the first of the ``total`` pieces that it carries.
    """

    id: int
    key: str
    created_at: datetime
    attempts: int
    user_id: int | None
    target_id: int | None
    kind: str
    to: str
    secret: Mapping[str, Any] = field(repr=False)
    locale: str
    items: Sequence[Item]
    total: int

    @property
    def is_test(self) -> bool:
        return self.key.startswith(TEST)


def pack(now: datetime, zone: ZoneInfo, *, limit: int = PACK_AT_ONCE) -> int:
    """Put the news that waits for an address into an envelope, for every address whose time has come.

    Not in its quiet hours (``zone``: the shop's), not while an earlier envelope is on its way there, and not while
    the target can't take more, so that what comes meanwhile goes along. Packed are also pieces that could
    have waited for their digest: company doesn't make them late. A piece that goes alone (``domain.notices``) has an
    envelope of its own. Returns how many envelopes came about.
    """
    due = _due_addresses(now)
    awake = {address for address, quiet in due.items() if not is_quiet(now, *quiet, zone)}
    rows = _waiting_news(awake, limit) if awake else []
    contents: defaultdict[tuple[Address, int | None], list[int]] = defaultdict(list)
    for row_id, user_id, target_id, payload in rows:
        alone = row_id if kind_of(payload["code"]).alone else None
        contents[Address(user_id, target_id), alone].append(row_id)
    keys = {each: f"news:{ids[0]}" for each, ids in contents.items()}
    insert_all_once(
        Envelope,
        [
            {**address._asdict(), "key": key, "state": "waiting", "next_try_at": now, "attempts": 0, "created_at": now}
            for (address, _), key in keys.items()
        ],
    )
    stored = session().execute(select(Envelope.key, Envelope.id).where(Envelope.key.in_(keys.values())))
    made = {row.key: row.id for row in stored}

    moves = [{"row": row_id, "envelope": made[keys[each]]} for each, ids in contents.items() for row_id in ids]
    if moves:
        table = Outbox.__table__
        session().execute(
            update(table)  # type: ignore[arg-type]
            .where(table.c.id == bindparam("row"), table.c.state == "waiting")
            .values(envelope_id=bindparam("envelope"), state="done", done_at=now),
            moves,
        )
    return len(made)


def anything_due(now: datetime) -> bool:
    """Whether there may be something to pack or to claim. Reads only, so that asking doesn't make writers wait."""
    news = exists().where(
        attempts.is_unfinished(Outbox), Outbox.kind == "news", Outbox.state == "waiting", Outbox.next_try_at <= now
    )
    return bool(session().scalar(select(or_(news, exists().where(attempts.is_free(Envelope, now))))))


def claim(kinds: Collection[str], holder: str, *, now: datetime, limit: int = CLAIM_AT_ONCE) -> list[Letter]:
    """Take up to ``limit`` envelopes that may go now by one of these kinds, the oldest of each address only.

    Left alone: targets at their limit of messages a minute, and those that asked for rest. An envelope whose
    address is gone (no mailbox any more, switched off) is withdrawn.
    """
    ids = session().scalars(
        select(Envelope.id)
        .outerjoin(NotificationTarget, NotificationTarget.id == Envelope.target_id)
        .where(
            func.coalesce(NotificationTarget.kind, "mail").in_(sorted(kinds)),
            attempts.is_free(Envelope, now),
            _bears_more(now),
            or_(Envelope.key.startswith(TEST), ~_overtakes()),
        )
        .order_by(Envelope.next_try_at, Envelope.id)
        .limit(limit)
        .with_for_update(of=Envelope, skip_locked=True)
    )
    letters = _letters(attempts.take(Envelope, ids.all(), holder, now=now))
    gone = [letter for letter in letters if not letter.to and not letter.secret]
    for letter in gone:
        attempts.move(Envelope, _held(letter, holder), state="withdrawn", done_at=now, error="target.gone")
    return [letter for letter in letters if letter not in gone]


def end_tests(kinds: Collection[str], *, now: datetime) -> int:
    """Tell who asked for a test that there is no way for it: ``kinds`` are those that can be reached."""
    unreached = select(NotificationTarget.id).where(NotificationTarget.kind.not_in(sorted(kinds)))
    ended = session().scalars(
        update(Envelope)
        .where(attempts.is_free(Envelope, now), Envelope.key.startswith(TEST), Envelope.target_id.in_(unreached))
        .values(state="withdrawn", done_at=now, error="target.no_way")
        .returning(Envelope.id),
        execution_options={"synchronize_session": False},
    )
    return len(ended.all())


def mark_done(letter: Letter, holder: str, *, now: datetime) -> bool:
    """It was taken. False: the claim had run out and somebody else has it."""
    return attempts.move(Envelope, _held(letter, holder), state="done", done_at=now, error=None)


def mark_failed(
    letter: Letter,
    holder: str,
    *,
    error: str,
    final: bool,
    jitter: float,
    now: datetime,
    retry_after: int | None = None,
) -> bool:
    """It was not taken: later again, or dead after the last try or a ``final`` no. False: somebody else has it.

    ``retry_after`` (seconds): the target said "too many", so nothing at all goes there for so long. A test message
    isn't tried again; its envelope keeps the ``error`` (a code) for who asked for it.
    """
    rest = now + timedelta(seconds=retry_after) if retry_after else None
    if rest is not None and letter.target_id is not None:
        _hold(letter.target_id, rest)
    held = _held(letter, holder)
    if letter.is_test:
        return attempts.move(Envelope, held, state="withdrawn", done_at=now, error=error)
    state = attempts.fail(
        Envelope,
        held,
        letter.attempts,
        PATIENCE,
        error=error,
        final=final,
        jitter=jitter,
        now=now,
        not_before=rest,
    )
    if state == "dead":
        address = f"target:{letter.target_id}" if letter.target_id is not None else f"user:{letter.user_id}"
        outbox.tell_of_dead(address, letter.id, error, ticket_id=None, now=now)
    return state is not None


def _due_addresses(now: datetime) -> dict[Address, tuple[int | None, int | None]]:
    """Addresses with news whose time has come and nothing on the way, with their quiet hours."""
    under_way = exists().where(
        attempts.is_unfinished(Envelope),
        ~Envelope.key.startswith(TEST),
        or_(Envelope.user_id == Outbox.user_id, Envelope.target_id == Outbox.target_id),
    )
    rows = session().execute(
        select(
            Outbox.user_id,
            Outbox.target_id,
            func.coalesce(NotificationTarget.quiet_from, User.quiet_from),
            func.coalesce(NotificationTarget.quiet_to, User.quiet_to),
        )
        .outerjoin(User, and_(User.id == Outbox.user_id, User.active))
        .outerjoin(NotificationTarget, and_(NotificationTarget.id == Outbox.target_id, NotificationTarget.active))
        .where(
            attempts.is_unfinished(Outbox),
            Outbox.kind == "news",
            Outbox.state == "waiting",
            Outbox.next_try_at <= now,
            or_(User.id.is_not(None), NotificationTarget.id.is_not(None)),
            _bears_more(now),
            ~under_way,
        )
        .distinct()
    )
    return {Address(user, target): (begin, end) for user, target, begin, end in rows}


def _waiting_news(addresses: Collection[Address], limit: int) -> Sequence[Any]:
    users = sorted(address.user_id for address in addresses if address.user_id is not None)
    targets = sorted(address.target_id for address in addresses if address.target_id is not None)
    return (
        session()
        .execute(
            select(Outbox.id, Outbox.user_id, Outbox.target_id, Outbox.payload)
            .where(
                attempts.is_unfinished(Outbox),
                Outbox.kind == "news",
                Outbox.state == "waiting",
                or_(Outbox.user_id.in_(users), Outbox.target_id.in_(targets)),
            )
            .order_by(Outbox.next_try_at, Outbox.id)  # as the index of what waits has them
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        .all()
    )


def _overtakes() -> ColumnElement[bool]:
    """Something older for the same address isn't finished."""
    older = aliased(Envelope)
    return exists().where(
        or_(older.user_id == Envelope.user_id, older.target_id == Envelope.target_id),
        older.id + 0 < Envelope.id,  # so that SQLite takes the index of the unfinished, not all older ones
        attempts.is_unfinished(older),
    )


def _bears_more(now: datetime) -> ColumnElement[bool]:
    """The target has not asked for rest, and isn't at its limit: within the last minute, or just going."""
    other = aliased(Envelope)
    sent_lately = (
        select(func.count())
        .select_from(other)
        .where(
            other.target_id == NotificationTarget.id,
            or_(
                and_(other.state == "done", other.done_at > now - timedelta(seconds=60)),
                and_(other.state == "claimed", other.claimed_until >= now),
            ),
        )
        .correlate(NotificationTarget)
        .scalar_subquery()
    )
    limits = {kind: literal(limit.a_minute, Integer) for kind, limit in LIMITS.items()}
    return or_(
        NotificationTarget.id.is_(None),
        and_(
            or_(NotificationTarget.held_until.is_(None), NotificationTarget.held_until <= now),
            sent_lately < case(limits, value=NotificationTarget.kind, else_=literal(1, Integer)),
        ),
    )


def _held(letter: Letter, holder: str) -> ColumnElement[bool]:
    return attempts.is_held(Envelope, letter.id, letter.attempts, holder)


def _hold(target_id: int, until: datetime) -> None:
    """Where it has been asked to rest longer already, that stands."""
    session().execute(
        update(NotificationTarget)
        .where(
            NotificationTarget.id == target_id,
            or_(NotificationTarget.held_until.is_(None), NotificationTarget.held_until < until),
        )
        .values(held_until=until),
        execution_options={"synchronize_session": False},
    )


def _letters(ids: Sequence[int]) -> list[Letter]:
    rows = session().execute(
        select(Envelope, User, NotificationTarget)
        .outerjoin(User, and_(User.id == Envelope.user_id, User.active))
        .outerjoin(NotificationTarget, and_(NotificationTarget.id == Envelope.target_id, NotificationTarget.active))
        .where(Envelope.id.in_(ids))
        .order_by(Envelope.id)
        .execution_options(populate_existing=True)
    )
    return [_letter(envelope, user, target) for envelope, user, target in rows]


def _letter(envelope: Envelope, user: User | None, target: NotificationTarget | None) -> Letter:
    items, total = _items(envelope.id)
    return Letter(
        id=envelope.id,
        key=envelope.key,
        created_at=envelope.created_at,
        attempts=envelope.attempts,
        user_id=envelope.user_id,
        target_id=envelope.target_id,
        kind=target.kind if target else "mail",
        to=(target.address if target else user.email if user else "") or "",
        secret=target.secret if target else {},
        locale=target.locale if target else user.locale if user else "",
        items=items,
        total=total,
    )


def _items(envelope_id: int) -> tuple[list[Item], int]:
    """What the envelope carries: the newest that are read, urgent ones first, and how many there are in all."""
    carried = Outbox.envelope_id == envelope_id
    total = session().scalar(select(func.count()).select_from(Outbox).where(carried)) or 0
    rows = session().execute(
        select(Outbox.payload, Ticket.number, Outbox.created_at)
        .outerjoin(Ticket, Ticket.id == Outbox.ticket_id)
        .where(carried)
        .order_by(Outbox.id.desc())
        .limit(MOST_LINES)
    )
    newest = rows.all()[::-1]
    items = [Item(payload["code"], payload.get("params") or {}, number, at) for payload, number, at in newest]
    return sorted(items, key=lambda item: not is_urgent(item.code, item.params)), total
