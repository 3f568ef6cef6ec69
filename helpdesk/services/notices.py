"""Spreading notices: who is told of what has happened, under the bell and outside.

Whoever wants somebody told writes one ``notice`` into the outbox. Here it becomes ``notification`` rows (bells) and
outbox rows of kind ``news``, one for each mailbox and target, all with keys made of the notice's, so that spreading
twice tells nobody twice. A batch costs a handful of statements, however many people it concerns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, select, update

from helpdesk.domain.notices import House, Kind, Standing, concerned, is_urgent, kind_of, queues_of
from helpdesk.domain.shifts import last_stand_in
from helpdesk.models import (
    Absence,
    Membership,
    Notification,
    NotificationChoice,
    NotificationTarget,
    Outbox,
    Stint,
    Ticket,
    User,
)
from helpdesk.models.users import is_person
from helpdesk.services.attempts import is_unfinished
from helpdesk.services.outbox import NOTICE_USEFUL_FOR
from helpdesk.storage import insert_all_once, session

BATCH = 500


class Notice(NamedTuple):
    """A row that was taken. ``payload`` is code, params, notify and perhaps actor."""

    key: str
    ticket_id: int | None
    payload: Mapping[str, Any]
    created_at: datetime

    @property
    def kind(self) -> Kind:
        return kind_of(str(self.payload.get("code", "")))

    @property
    def params(self) -> Mapping[str, Any]:
        """Its parameters, with ``by``: who did it."""
        by = {"by": self.payload["actor"]} if self.payload.get("actor") else {}
        return {**by, **(self.payload.get("params") or {})}

    @property
    def notify(self) -> Sequence[object]:
        return self.payload.get("notify") or ()


@dataclass(frozen=True, slots=True)
class Ways:
    """How people and targets are reached. ``digests``: seconds for which somebody's mail gathers."""

    house: House
    digests: Mapping[int, int]  # of those who have a mailbox
    choices: Mapping[tuple[int, str], tuple[bool, bool]]
    targets: Sequence[NotificationTarget]


def spread(now: datetime, *, limit: int = BATCH, mail: bool = True) -> int:
    """Tell of up to ``limit`` notices, the oldest first; returns how many. Call it again until it returns 0.

    Marks them done in the same transaction. ``mail`` False: the installation has no mail server, so no news is
    written for mailboxes. Notices too old to be of use are left to ``outbox.expire_notices``.
    """
    taken = _take(now, limit)
    if not taken:
        return 0
    standings = _standings({notice.ticket_id for notice in taken if notice.ticket_id is not None})
    ways = _ways({notice.kind.code for notice in taken}, now, mail)
    bells: list[dict[str, Any]] = []
    news: list[dict[str, Any]] = []
    for notice in taken:
        standing = standings.get(notice.ticket_id or 0, Standing())
        told = concerned(notice.notify, standing, ways.house, actor=notice.payload.get("actor"))
        bells += _bells(notice, told, ways)
        if notice.kind.outside:
            news += _mails(notice, told, ways, now)
            news += _to_targets(notice, queues_of(notice.notify, standing), ways, now)
    insert_all_once(Notification, bells)
    insert_all_once(Outbox, news)
    return len(taken)


def anything_due(now: datetime) -> bool:
    """Whether ``spread`` would find something. Reads only, so that asking doesn't make writers wait."""
    return session().scalar(select(Outbox.id).where(_due(now)).limit(1)) is not None


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(
        is_unfinished(Outbox),
        Outbox.kind == "notice",
        Outbox.state == "waiting",
        Outbox.next_try_at <= now,
        Outbox.next_try_at >= now - NOTICE_USEFUL_FOR,
    )


def _take(now: datetime, limit: int) -> list[Notice]:
    """Claimed and done in one: they are spread in this transaction or not at all."""
    due = _due(now)
    ids = session().scalars(
        select(Outbox.id)
        .where(due)
        .order_by(Outbox.next_try_at, Outbox.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = session().execute(
        update(Outbox)
        .where(Outbox.id.in_(ids.all()), due)
        .values(state="done", done_at=now)
        .returning(Outbox.id, Outbox.key, Outbox.ticket_id, Outbox.payload, Outbox.created_at),
        execution_options={"synchronize_session": False},
    )
    return [Notice(*row[1:]) for row in sorted(taken)]


def _standings(ticket_ids: Collection[int]) -> dict[int, Standing]:
    rows = session().execute(
        select(Ticket.id, Ticket.queue_id, Ticket.owner_id, Stint.assignee_id)
        .outerjoin(Stint, and_(Stint.ticket_id == Ticket.id, Stint.kind == "stay", Stint.left_at.is_(None)))
        .where(Ticket.id.in_(ticket_ids))
    )
    return {ticket: Standing(queue, owner, assignee) for ticket, queue, owner, assignee in rows}


def _ways(kinds: Collection[str], now: datetime, mail: bool) -> Ways:
    people = session().execute(
        select(User.id, User.role, User.email, User.digest_seconds).where(User.active, is_person)
    )
    roles, digests = defaultdict(set), {}
    for user, role, email, digest in people:
        roles[role].add(user)
        if mail and email:
            digests[user] = digest
    members = defaultdict(set)
    for user, queue in session().execute(select(Membership.user_id, Membership.queue_id)):
        members[queue].add(user)
    away = session().execute(
        select(Absence.user_id, Absence.stand_in_id).where(
            Absence.starts_at <= now,
            Absence.ends_at > now,
            Absence.cancelled_at.is_(None),
        )
    )
    stand_ins: dict[int, int | None] = {row.user_id: row.stand_in_id for row in away}
    really_in = {user: last_stand_in(user, stand_ins) for user in stand_ins}
    choices = session().scalars(select(NotificationChoice).where(NotificationChoice.kind.in_(kinds)))
    targets = select(NotificationTarget).where(NotificationTarget.active).order_by(NotificationTarget.id)
    if not mail:
        targets = targets.where(NotificationTarget.kind != "mail")
    return Ways(
        house=House(
            roles={role: frozenset(users) for role, users in roles.items()},
            members={queue: frozenset(users) for queue, users in members.items()},
            stand_ins={user: stand_in for user, stand_in in really_in.items() if stand_in is not None},
        ),
        digests=digests,
        choices={(choice.user_id, choice.kind): (choice.bell, choice.mail) for choice in choices},
        targets=session().scalars(targets).all(),
    )


def _bells(notice: Notice, told: Collection[int], ways: Ways) -> list[dict[str, Any]]:
    kind = notice.kind
    default = (kind.bell, kind.mail)
    return [
        {
            "user_id": user,
            "key": notice.key,
            "kind": kind.code,
            "ticket_id": notice.ticket_id,
            "params": dict(notice.params),
            "created_at": notice.created_at,
        }
        for user in sorted(told)
        if ways.choices.get((user, kind.code), default)[0]
    ]


def _mails(notice: Notice, told: Collection[int], ways: Ways, now: datetime) -> list[dict[str, Any]]:
    kind = notice.kind
    default = (kind.bell, kind.mail)
    return [
        _news(notice, f"u{user}", now, ways.digests[user], user_id=user)
        for user in sorted(told)
        if user in ways.digests and ways.choices.get((user, kind.code), default)[1]
    ]


def _to_targets(notice: Notice, queues: Collection[int], ways: Ways, now: datetime) -> list[dict[str, Any]]:
    return [
        _news(notice, f"t{target.id}", now, target.digest_seconds, target_id=target.id)
        for target in ways.targets
        if notice.kind.code in target.kinds and (target.queue_id is None or target.queue_id in queues)
    ]


def _news(
    notice: Notice,
    to: str,
    now: datetime,
    digest_seconds: int,
    *,
    user_id: int | None = None,
    target_id: int | None = None,
) -> dict[str, Any]:
    """One piece of news for one address, due when the digest it waits for is."""
    wait = 0 if is_urgent(notice.kind.code, notice.params) else digest_seconds
    due = now + timedelta(seconds=wait)
    return {
        "key": f"{notice.key}:{to}",
        "kind": "news",
        "ticket_id": notice.ticket_id,
        "user_id": user_id,
        "target_id": target_id,
        "payload": {"code": notice.kind.code, "params": dict(notice.params)},
        "state": "waiting",
        "not_before": due,
        "next_try_at": due,
        "attempts": 0,
        "created_at": notice.created_at,
    }
