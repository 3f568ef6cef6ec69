"""Which reports were sent, to whom, and what became of each mail and message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from helpdesk.domain import report_digest
from helpdesk.domain.access import Actor, Permission, Role
from helpdesk.domain.problems import NotFound
from helpdesk.domain.report_digest import news_key, reach, scope_of
from helpdesk.domain.reports import Period, Question
from helpdesk.domain.rulebook import Label
from helpdesk.models import Envelope, NotificationTarget, Outbox, Queue, ReportDue, ReportSending, User
from helpdesk.queries.keyset import Cursor, Key, Statement, sorted_page
from helpdesk.queries.reports import report
from helpdesk.storage import session

PAGE = 20


@dataclass(frozen=True, slots=True)
class Delivery:
    """One mailbox or target. ``state``: queued, sent, failed, withdrawn, or gone: too old to be known.

    ``way`` is mail or the kind of target, ``error`` a code, ``at`` when it was sent or given up (UTC).
    """

    name: str
    way: str
    state: str
    error: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Sending:
    """A report that was sent. ``figures`` are ``domain.report_digest.figures``; ``queues`` None: of everything."""

    id: int
    kind: str
    first: date
    last: date
    made_at: datetime
    made_by: str | None  # None: by the clock
    figures: Mapping[str, Any]
    queues: tuple[Label, ...] | None
    bells: tuple[str, ...]
    deliveries: tuple[Delivery, ...]

    @property
    def period(self) -> Period:
        return Period(self.first, self.last)

    @property
    def state(self) -> str:
        """The worst of its deliveries: failed, queued, sent; bell if there was none, empty if nobody was told."""
        states = {one.state for one in self.deliveries}
        if not states:
            return "bell" if self.bells else "empty"
        return next((state for state in ("failed", "queued", "sent") if state in states), "sent")


@dataclass(frozen=True, slots=True)
class Page:
    """A page, newest first. ``next_cursor`` None: nothing is older."""

    rows: tuple[Sending, ...]
    next_cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class Stored:
    """What a file is made from: the question, and who may see its answer."""

    id: int
    question: Question
    reader: Actor


def page(actor: Actor, cursor: Cursor | None = None, *, limit: int = PAGE) -> Page:
    """Sendings that told the actor no more than he may see. At most five statements."""
    statement = _seen_by(select(ReportSending), actor).limit(limit + 1)
    key = Key("id", ReportSending.id.expression, descending=True)
    rows = session().scalars(sorted_page(statement, [key], cursor)).all()
    shown = rows[:limit]
    return Page(_with_deliveries(shown), Cursor(id=shown[-1].id) if len(rows) > limit else None)


def stored(sending_id: int, actor: Actor) -> Stored:
    """One of those that the actor sees, as the question it answered; ``NotFound`` for any other."""
    row = session().scalar(_seen_by(select(ReportSending), actor).where(ReportSending.id == sending_id))
    if row is None:
        raise NotFound("report.no_such_sending")
    queues = row.document["queues"]
    return Stored(
        row.id,
        Question(Period(row.first, row.last)),
        reader_of(None if queues is None else frozenset(queues), row.made_by_id),
    )


def reader_of(queues: frozenset[int] | None, user_id: int) -> Actor:
    """Somebody who sees just this: everything, or the figures of these queues."""
    if queues is None:
        return Actor(user_id, Role.OPS, source="job")
    return Actor(user_id, Role.SUPERVISOR, queues, source="job")


def figures(period: Period, reader: Actor) -> dict[str, Any]:
    """What is told of the period (``domain.report_digest.figures``), as the reader sees it."""
    found = report(Question(period), reader)
    return report_digest.figures(found.whole.line, found.whole.before, (row.line for row in found.rows))


def is_sent(key: str) -> bool:
    """Whether there is a sending under this key."""
    return session().scalar(select(ReportSending.id).where(ReportSending.key == key)) is not None


def anything_due() -> bool:
    """Whether tickets that changed are still to be counted."""
    return session().scalar(select(ReportDue.id).limit(1)) is not None


def _seen_by(statement: Statement, actor: Actor) -> Statement:
    """All of them, or those of the actor's queues, together or one by one."""
    actor.require(Permission.REPORTS_READ)
    queues = reach(actor)
    if queues is None:
        return statement
    scopes = {scope_of(queues), *(scope_of(frozenset({queue})) for queue in queues)} if queues else {"nothing"}
    return statement.where(or_(*(ReportSending.key.endswith(f":{scope}", autoescape=True) for scope in sorted(scopes))))


def _with_deliveries(rows: Sequence[ReportSending]) -> tuple[Sending, ...]:
    users = {id for row in rows for id in (row.made_by_id, *row.document["mails"], *row.document["bells"])}
    people = {row.id: row for row in session().execute(select(User.id, User.name, User.role).where(User.id.in_(users)))}
    wanted = {id for row in rows for id in row.document["targets"]}
    targets: dict[int, Any] = {}
    if wanted:
        statement = select(NotificationTarget.id, NotificationTarget.name, NotificationTarget.kind)
        targets = {row.id: row for row in session().execute(statement.where(NotificationTarget.id.in_(wanted)))}
    queues = {}
    if any(row.document["queues"] for row in rows):
        found = session().execute(select(Queue.id, Queue.name_zh, Queue.name_en))
        queues = {row.id: Label(row.name_zh, row.name_en) for row in found}
    states = _states(key for row in rows for key in _keys(row))
    return tuple(_sending(row, people, targets, queues, states) for row in rows)


def _sending(
    row: ReportSending,
    people: Mapping[int, Any],
    targets: Mapping[int, Any],
    queues: Mapping[int, Label],
    states: Mapping[str, tuple[str, str | None, datetime | None]],
) -> Sending:
    document = row.document
    gone = ("gone", None, None)
    mails = [
        Delivery(_name(people, user), "mail", *states.get(news_key(row.id, f"u{user}"), gone))
        for user in document["mails"]
    ]
    robots = [
        Delivery(_name(targets, target), _way(targets, target), *states.get(news_key(row.id, f"t{target}"), gone))
        for target in document["targets"]
    ]
    by = people.get(row.made_by_id)
    of = document["queues"]
    return Sending(
        row.id,
        row.kind,
        row.first,
        row.last,
        row.made_at,
        by.name if by is not None and by.role != Role.SYSTEM else None,
        document["figures"],
        None if of is None else tuple(queues[queue] for queue in of if queue in queues),
        tuple(_name(people, user) for user in document["bells"]),
        (*mails, *robots),
    )


def _keys(row: ReportSending) -> list[str]:
    addresses = [f"u{user}" for user in row.document["mails"]] + [f"t{target}" for target in row.document["targets"]]
    return [news_key(row.id, to) for to in addresses]


def _states(keys: Iterable[str]) -> dict[str, tuple[str, str | None, datetime | None]]:
    """By key of the news: what became of it, why, and when."""
    wanted = list(keys)
    if not wanted:
        return {}
    rows = session().execute(
        select(Outbox.key, Outbox.state, Envelope.state.label("carried"), Envelope.error, Envelope.done_at)
        .outerjoin(Envelope, Envelope.id == Outbox.envelope_id)
        .where(Outbox.key.in_(wanted))
    )
    return {row.key: (_state(row.state, row.carried), row.error, row.done_at) for row in rows}


def _state(news: str, carried: str | None) -> str:
    known = {"waiting": "queued", "claimed": "queued", "done": "sent", "dead": "failed", "withdrawn": "withdrawn"}
    return known[news if carried is None else carried]


def _name(known: Mapping[int, Any], id: int) -> str:
    return known[id].name if id in known else f"#{id}"


def _way(targets: Mapping[int, Any], id: int) -> str:
    return targets[id].kind if id in targets else "mail"
