"""Reports that went out lately in the demo: three months', and the last days' digests, all taken by their mailboxes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from helpdesk.domain import report_digest
from helpdesk.domain.access import Actor, Role
from helpdesk.domain.reports import Period
from helpdesk.models import Notification, User
from helpdesk.queries import report_sendings as queries
from helpdesk.services import envelopes, notifications, report_sendings
from helpdesk.storage import session, unit_of_work
from seeds.demo.house import DEVICE, READ_BEFORE
from seeds.demo.times import ZONE

MONTHS, DAYS = 3, 6
TAKEN_AFTER = timedelta(seconds=20)


def send(now: datetime) -> int:
    """Send what the job worker would have sent until now; returns how many sendings. The report has been counted."""
    due = sorted(_due(now), key=lambda one: one[2])
    with unit_of_work():
        system = _system()
        made = sum(_send(kind, period, at, system) for kind, period, at in due)
        _read(now)
    return made


def _due(now: datetime) -> Iterator[tuple[str, Period, datetime]]:
    """Kind, period and moment of what was due in the last months and days."""
    seen = set()
    for days in range(31 * MONTHS + 10):
        local = now.astimezone(ZONE).replace(tzinfo=None) - timedelta(days=days)
        for kind, period in report_digest.due(local):
            at = report_digest.due_since(kind, period).replace(tzinfo=ZONE).astimezone(UTC)
            if (kind, period) not in seen and (kind == "month" or days < DAYS):
                seen.add((kind, period))
                yield kind, period, at


def _send(kind: str, period: Period, at: datetime, system: Actor) -> int:
    made = 0
    for circle in report_sendings.circles(period, mail=True):
        told = queries.figures(period, queries.reader_of(circle.queues, system.id))
        key = report_digest.key_of(kind, period, circle.scope)
        made += report_sendings.send(kind, period, circle, told, key=key, actor=system, now=at) is not None
    envelopes.pack(at, ZONE)
    while letters := envelopes.claim(["mail"], DEVICE, now=at):
        for letter in letters:
            envelopes.mark_done(letter, DEVICE, now=at + TAKEN_AFTER)
    return made


def _read(now: datetime) -> None:
    """Who was told of it has looked, but for what is new."""
    rows = session().execute(
        select(Notification.id, User.id.label("user"), User.role)
        .join(User, User.id == Notification.user_id)
        .where(Notification.kind.startswith("report."), Notification.created_at < now - READ_BEFORE)
    )
    for row in rows.all():
        notifications.read(row.id, actor=Actor(row.user, Role(row.role)), now=now)


def _system() -> Actor:
    user_id = session().scalars(select(User.id).where(User.role == Role.SYSTEM.value).order_by(User.id)).first()
    assert user_id is not None, "the base is planted first"  # noqa: S101
    return Actor(user_id, Role.SYSTEM, source="job")
