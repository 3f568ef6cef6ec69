"""One's own bell: what is read, what one wants to hear of and where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, update

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.notices import kinds_for
from helpdesk.domain.problems import Invalid, NotFound, Stale
from helpdesk.domain.targets import checked_mailbox
from helpdesk.models import Notification, NotificationChoice, User
from helpdesk.services import events
from helpdesk.services.targets import check_times
from helpdesk.storage import insert_all_once, session

KEEP_FOR = timedelta(days=90)


def read(notification_id: int, *, actor: Actor, now: datetime) -> None:
    """One line has been read; reading it again changes nothing. ``NotFound`` for somebody else's."""
    actor.require(Permission.ACCOUNT_OWN)
    row = session().get(Notification, notification_id)
    if row is None or row.user_id != actor.id:
        raise NotFound("notification.not_found")
    if row.read_at is None:
        row.read_at = now


def read_ticket(ticket_id: int, *, actor: Actor, now: datetime) -> int:
    """He looks at the ticket: what the bell says of it is read. Returns how many lines."""
    return _read(actor, now, Notification.ticket_id == ticket_id)


def read_all(*, up_to: int, actor: Actor, now: datetime) -> int:
    """Everything up to the newest line he has seen (its id); what came meanwhile stays unread. Returns how many."""
    return _read(actor, now, Notification.id <= up_to)


def set_choices(wanted: Mapping[str, tuple[bool, bool]], *, actor: Actor, now: datetime) -> None:
    """Where one wants to hear of each kind: (bell, mail). Kinds that aren't named go back to their default."""
    actor.require(Permission.ACCOUNT_OWN)
    kinds = {kind.code: kind for kind in kinds_for(actor.role)}
    if not set(wanted) <= set(kinds):
        raise Invalid("notification.no_such_kind")
    session().execute(delete(NotificationChoice).where(NotificationChoice.user_id == actor.id))
    chosen = {
        code: (bell, mail and kinds[code].outside)
        for code, (bell, mail) in wanted.items()
        if (bell, mail) != kinds[code].default(actor.role)
    }
    insert_all_once(
        NotificationChoice,
        [{"user_id": actor.id, "kind": code, "bell": bell, "mail": mail} for code, (bell, mail) in chosen.items()],
    )
    events.record("notification.choices_changed", actor=actor, now=now, user=actor.id, kinds=sorted(chosen))


def set_delivery(
    version: int, *, email: str, quiet: tuple[int, int] | None, digest_seconds: int, actor: Actor, now: datetime
) -> None:
    """One's own mailbox (empty: no mail), quiet hours and digest, as seen at the account's ``version``.

    ``quiet``: from and to in minutes since midnight in the shop's zone. ``digest_seconds`` 0: each mail at once.
    ``Stale`` if the account was changed meanwhile.
    """
    actor.require(Permission.ACCOUNT_OWN)
    user = session().get_one(User, actor.id, with_for_update=True)
    if user.version != version:
        raise Stale("account.stale")
    mailbox = checked_mailbox(email) if email.strip() else None
    check_times(digest_seconds, quiet)
    quiet_from, quiet_to = quiet or (None, None)
    before = (user.email, user.quiet_from, user.quiet_to, user.digest_seconds)
    if before == (mailbox, quiet_from, quiet_to, digest_seconds):
        return
    user.email, user.quiet_from, user.quiet_to = mailbox, quiet_from, quiet_to
    user.digest_seconds = digest_seconds
    user.version += 1
    events.record("notification.delivery_changed", actor=actor, now=now, user=user.id)


def remove_old(now: datetime) -> int:
    """Delete what stood under bells for 90 days, read or not; returns how many."""
    old = delete(Notification).where(Notification.created_at < now - KEEP_FOR).returning(Notification.id)
    return len(session().scalars(old).all())


def _read(actor: Actor, now: datetime, condition: object) -> int:
    actor.require(Permission.ACCOUNT_OWN)
    read_now = session().scalars(
        update(Notification)
        .where(Notification.user_id == actor.id, Notification.read_at.is_(None), condition)  # type: ignore[arg-type]
        .values(read_at=now)
        .returning(Notification.id),
        execution_options={"synchronize_session": False},
    )
    return len(read_now.all())
