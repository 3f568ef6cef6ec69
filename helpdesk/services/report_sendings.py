"""Reports that go out: once for each period and each circle of people who see the same figures.

A circle is those who may see everything, or certain queues. Its people and targets are told together, so that all of
them read the same. What is sent is recorded (``ReportSending``) in the transaction that writes the bells and the news
for the outbox; the record's unique key makes it one, with two job workers and after any downtime. The file that goes
with a mail is made when the mail leaves (``jobs.report_letters``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk.domain.access import PEOPLE, TABLE, Actor, Permission, Role, Scope
from helpdesk.domain.notices import kind_of
from helpdesk.domain.problems import Invalid
from helpdesk.domain.report_digest import bell_key, code_of, news_key, reach, says_nothing, scope_of, stamp
from helpdesk.domain.reports import Period
from helpdesk.models import (
    Membership,
    Notification,
    NotificationChoice,
    NotificationTarget,
    Outbox,
    ReportSending,
    User,
)
from helpdesk.storage import insert_all_once, insert_once, session


@dataclass(frozen=True, slots=True)
class Circle:
    """Ids of those who are told the same figures: those of ``queues``, or of everything (None)."""

    queues: frozenset[int] | None
    bells: frozenset[int] = field(default=frozenset())
    mails: frozenset[int] = field(default=frozenset())
    targets: frozenset[int] = field(default=frozenset())

    @property
    def scope(self) -> str:
        return scope_of(self.queues)

    @property
    def size(self) -> int:
        return len(self.bells | self.mails) + len(self.targets)

    def joined(self, other: Circle) -> Circle:
        return Circle(self.queues, self.bells | other.bells, self.mails | other.mails, self.targets | other.targets)


def circles(period: Period, *, mail: bool) -> list[Circle]:
    """Everybody who wants to hear of such a period, those who see everything first. Three statements.

    ``mail`` False: the installation has no mail server, so nobody's mailbox is reached. A target of a queue is told
    that queue's figures, one of the whole house those of everything.
    """
    code = code_of(period)
    found: dict[str, Circle] = {}
    for circle in (*_people(code, mail=mail), *_targets(code, mail=mail)):
        known = found.get(circle.scope)
        found[circle.scope] = known.joined(circle) if known else circle
    return sorted(found.values(), key=lambda circle: circle.scope)


def own_circle(actor: Actor, *, mail: bool) -> Circle:
    """The actor alone, by mail. ``Invalid`` where no mail reaches him."""
    if not mail:
        raise Invalid("report.no_mail_server")
    if not session().scalar(select(User.email).where(User.id == actor.id)):
        raise Invalid("report.no_mailbox")
    return Circle(reach(actor), mails=frozenset({actor.id}))


def send(
    kind: str, period: Period, circle: Circle, told: Mapping[str, Any], *, key: str, actor: Actor, now: datetime
) -> int | None:
    """Tell the circle of the period's figures (``domain.report_digest.figures``); the sending's id.

    ``kind`` is month, day or hand. Where there is nothing to tell, the sending is recorded with nobody to hear of
    it. None: it was sent before.
    """
    actor.require(Permission.REPORTS_CLOSE)
    if says_nothing(told):
        circle = replace(circle, bells=frozenset(), mails=frozenset(), targets=frozenset())
    sending_id = insert_once(
        ReportSending,
        key=key,
        kind=kind,
        first=period.first,
        last=period.last,
        made_at=now,
        made_by_id=actor.id,
        receivers=circle.size,
        document={
            "figures": dict(told),
            "scope": circle.scope,
            "queues": None if circle.queues is None else sorted(circle.queues),
            "bells": sorted(circle.bells),
            "mails": sorted(circle.mails),
            "targets": sorted(circle.targets),
        },
    )
    if sending_id is None:
        return None
    _tell(sending_id, period, circle, told, now)
    return sending_id


def _tell(sending_id: int, period: Period, circle: Circle, told: Mapping[str, Any], now: datetime) -> None:
    code = code_of(period)
    params = {
        "sending": sending_id,
        "first": str(period.first),
        "last": str(period.last),
        "month": stamp(period.first),
        "day": str(period.first) if period.days == 1 else f"{period.first}–{period.last}",
        **told,
    }
    line = {"kind": code, "ticket_id": None, "params": params, "created_at": now}
    bells = [{**line, "user_id": user, "key": bell_key(sending_id)} for user in sorted(circle.bells)]
    insert_all_once(Notification, bells)
    news = {
        "kind": "news",
        "ticket_id": None,
        "payload": {"code": code, "params": params},
        "state": "waiting",
        "not_before": now,
        "next_try_at": now,
        "attempts": 0,
        "created_at": now,
    }
    mails = [(f"u{user}", user, None) for user in sorted(circle.mails)]
    robots = [(f"t{target}", None, target) for target in sorted(circle.targets)]
    insert_all_once(
        Outbox,
        [
            {**news, "key": news_key(sending_id, to), "user_id": user, "target_id": target}
            for to, user, target in (*mails, *robots)
        ],
    )


def _people(code: str, *, mail: bool) -> Iterable[Circle]:
    """One circle for each person who hears of it by bell or mail."""
    kind = kind_of(code)
    may = [role for role in PEOPLE if kind.needs in TABLE[role]]
    choices = {
        user: (bell, mailed)
        for user, bell, mailed in session().execute(
            select(NotificationChoice.user_id, NotificationChoice.bell, NotificationChoice.mail).where(
                NotificationChoice.kind == code
            )
        )
    }
    members: defaultdict[int, set[int]] = defaultdict(set)
    rows = session().execute(
        select(User.id, User.role, User.email, Membership.queue_id)
        .outerjoin(Membership, Membership.user_id == User.id)
        .where(User.active, User.role.in_([role.value for role in may]))
        .order_by(User.id)
    )
    people: dict[int, tuple[Role, bool]] = {}
    for user, role, email, queue in rows:
        people[user] = (Role(role), bool(email) and mail)
        members[user] |= {queue} - {None}
    for user, (role, reached) in people.items():
        queues = None if TABLE[role][Permission.REPORTS_READ] is Scope.ALL else frozenset(members[user])
        bell, mailed = choices.get(user, kind.default(role))
        himself = frozenset({user})
        if queues != frozenset() and (bell or (mailed and reached)):
            yield Circle(
                queues,
                bells=himself if bell else frozenset(),
                mails=himself if mailed and reached else frozenset(),
            )


def _targets(code: str, *, mail: bool) -> Iterable[Circle]:
    rows = session().execute(
        select(NotificationTarget.id, NotificationTarget.queue_id, NotificationTarget.kind, NotificationTarget.kinds)
        .where(NotificationTarget.active)
        .order_by(NotificationTarget.id)
    )
    for target, queue, way, kinds in rows:
        if code in kinds and (mail or way != "mail"):
            yield Circle(None if queue is None else frozenset({queue}), targets=frozenset({target}))
