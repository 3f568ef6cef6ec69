"""Who changed which setting: events that are about no ticket, newest first, with names for what they point at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpdesk.domain.access import Actor, Permission, Role
from helpdesk.domain.calendars import Calendar
from helpdesk.domain.problems import Invalid
from helpdesk.domain.rulebook import Label
from helpdesk.models import Channel, Event, Queue, RuleBookRow, Skill, User, WorkCalendar
from helpdesk.models.calendars import load_calendars
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.users import is_person
from helpdesk.queries.keyset import Cursor, Key, sorted_page
from helpdesk.storage import session

PER_PAGE = 50
NEWEST_FIRST = (Key("id", Event.id.expression, descending=True),)
"""Events are only ever added; the index of what is about no ticket is in this order."""

MOST_PEOPLE = 500

KINDS: Mapping[str, tuple[str, ...]] = {
    "queues": ("queue.created", "queue.changed", "queue.member_joined", "queue.member_left"),
    "escalation": ("rulebook.published",),
    "calendars": (
        "calendar.created",
        "calendar.changed",
        "holidays.changed",
        "holidays.imported",
        "holidays.published",
    ),
    "skills": ("skill.created", "skill.changed", "skill.given", "skill.taken"),
    "tags": ("tag.created", "tag.changed", "tag.merged"),
    "checklists": ("checklist.changed",),
    "templates": (
        "template.created",
        "template.changed",
        "template.reverted",
        "template.retired",
        "template.restored",
    ),
    "views": ("view.created", "view.changed", "view.deleted", "view.restored"),
    "exports": ("list.exported",),
    "team": ("shift.changed", "shift.repeated", "absence.added", "absence.cancelled", "user.capacity"),
    "targets": ("target.created", "target.changed", "target.deactivated"),
    "tokens": ("token.created", "token.changed", "token.rotated", "token.revoked"),
    "channels": (
        "shop.created",
        "shop.changed",
        "channel.created",
        "channel.changed",
        "channel.rotated",
        "channel.tested",
    ),
    "webhooks": (
        "webhook.created",
        "webhook.changed",
        "webhook.rotated",
        "webhook.old_secret_dropped",
        "webhook.deactivated",
        "webhook.reactivated",
    ),
    "users": (
        "user.created",
        "user.changed",
        "user.role_changed",
        "user.deactivated",
        "user.reactivated",
        "user.password_set",
    ),
    "reports": ("report.month_closed", "report.month_reopened", "report.recalculation_adopted"),
    "improvements": (
        "improvement.created",
        "improvement.changed",
        "improvement.planned",
        "improvement.started",
        "improvement.finished",
        "improvement.dropped",
        "improvement.reopened",
    ),
    "classifier": (
        "learner.switched_on",
        "learner.switched_off",
        "words.adopted",
        "words.retired",
        "words.taken_back",
        "words.dismissed",
        "words.reopened",
    ),
}
"""Codes of events by the kind of setting that they change."""

EVERY_CODE = tuple(code for codes in KINDS.values() for code in codes)


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody changed a setting. Ids and codes among ``params`` have been replaced by names.

    ``before`` and ``after`` are the part of the rules, or the calendar, that was changed, where it is one.
    """

    id: int
    at: datetime
    by: str
    by_person: bool
    code: str
    params: Mapping[str, Any]
    before: Any = None
    after: Any = None
    queues: Mapping[str, Label] = field(default_factory=dict)  # names of those in ``before`` and ``after``


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """A page of changes, newest first; ``next`` is where the older ones begin."""

    changes: tuple[Change, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Names:
    """What codes and ids in events stand for."""

    people: Mapping[int, str] = field(default_factory=dict)
    queues: Mapping[str, Label] = field(default_factory=dict)
    skills: Mapping[str, Label] = field(default_factory=dict)
    calendars: Mapping[str, Label] = field(default_factory=dict)
    calendar_ids: Mapping[str, int] = field(default_factory=dict)
    channels: Mapping[str, Label] = field(default_factory=dict)
    types: Mapping[str, Label] = field(default_factory=dict)


def changes(actor: Actor, *, kind: str = "", person: int | None = None, after: Cursor | None = None) -> ChangesPage:
    """Changes of one kind ("" for all), of one person (None for everybody), from the cursor on.

    The number of statements does not grow with the page. ``Invalid`` for a kind that there is not.
    """
    actor.require(Permission.CHANGES_READ)
    if kind and kind not in KINDS:
        raise Invalid("changes.unknown_kind")
    statement = (
        select(Event.id, Event.at, Event.code, Event.params, User.id.label("by_id"), User.name, User.role)
        .join(User, User.id == Event.actor_id)
        .where(Event.ticket_id.is_(None), Event.code.in_(KINDS.get(kind, EVERY_CODE)))
    )
    if person is not None:
        statement = statement.where(Event.actor_id == person)
    rows = session().execute(sorted_page(statement, NEWEST_FIRST, after).limit(PER_PAGE + 1)).all()
    shown = rows[:PER_PAGE]
    last = Cursor(id=shown[-1].id) if len(rows) > PER_PAGE else None
    return ChangesPage(tuple(_named(shown)), last)


def people(actor: Actor) -> list[tuple[int, str]]:
    """Everybody who may have changed something, by name."""
    actor.require(Permission.CHANGES_READ)
    rows = session().execute(
        select(User.id, User.name).where(is_person).order_by(User.name, User.id).limit(MOST_PEOPLE)
    )
    return [(id_, name) for id_, name in rows]


def _named(rows: Sequence[Any]) -> Iterable[Change]:
    names = _names(rows)
    versions = _versions(rows, names)
    for row in rows:
        before, after = versions.get(row.id, (None, None))
        params = {name: _name(name, value, names) for name, value in row.params.items()}
        by_person = row.role != Role.SYSTEM.value
        yield Change(row.id, row.at, row.name, by_person, row.code, params, before, after, names.queues)


def _name(name: str, value: Any, names: Names) -> Any:
    """What an id or code stands for; itself where nothing of that id is left."""
    match name:
        case "user" | "stand_in":
            return names.people.get(value, value)
        case "queue":
            return names.queues.get(value, value)
        case "skill":
            return names.skills.get(value, value)
        case "calendar":
            return names.calendars.get(value, value)
        case "type":
            return names.types.get(value, value)
        case "changes":
            return {column: [_value(column, one, names) for one in pair] for column, pair in value.items()}
        case _:
            return value


def _value(column: str, value: Any, names: Names) -> Any:
    match column:
        case "calendar_id":
            code = next((code for code, id_ in names.calendar_ids.items() if id_ == value), None)
            return names.calendars.get(code or "", value)
        case "types":
            return [names.types.get(code, code) for code in value]
        case "channels":
            return [names.channels.get(code, code) for code in value]
        case _:
            return value


def _names(rows: Sequence[Any]) -> Names:
    """Everything the page's events point at; each table is asked once, if at all."""
    if not rows:
        return Names()
    ids = {row.params.get(name) for row in rows for name in ("user", "stand_in")} - {None}
    people = session().execute(select(User.id, User.name).where(User.id.in_(ids))).all() if ids else ()
    calendars = (
        session().execute(select(WorkCalendar.id, WorkCalendar.code, WorkCalendar.name_zh, WorkCalendar.name_en)).all()
    )
    return Names(
        people={row.id: row.name for row in people},
        queues=_labels(Queue),
        skills=_labels(Skill),
        calendars={row.code: Label(row.name_zh, row.name_en) for row in calendars},
        calendar_ids={row.code: row.id for row in calendars},
        channels=_labels(Channel),
        types={code: kind.name for code, kind in published_rulebook().types.items()},
    )


def _labels(table: type[Queue] | type[Skill] | type[Channel]) -> dict[str, Label]:
    rows = session().execute(select(table.code, table.name_zh, table.name_en))
    return {code: Label(zh, en) for code, zh, en in rows}


def _versions(rows: Sequence[Any], names: Names) -> dict[int, tuple[Any, Any]]:
    """By event: the part of the rules, or the calendar, before and after it."""
    found: dict[int, tuple[Any, Any]] = {}
    published = [row for row in rows if row.code == "rulebook.published" and "section" in row.params]
    for section in {row.params["section"] for row in published}:
        own = [row for row in published if row.params["section"] == section]
        parts = _parts(section, {row.params[name] for row in own for name in ("version", "replaces")})
        found |= {row.id: (parts.get(row.params["replaces"]), parts.get(row.params["version"])) for row in own}
    changed = [row for row in rows if row.code == "calendar.changed" and row.params["calendar"] in names.calendar_ids]
    wanted = {row.id: (names.calendar_ids[row.params["calendar"]], row.params["version"]) for row in changed}
    calendars: Mapping[tuple[int, int], Calendar] = load_calendars(
        {(id_, version - back) for id_, version in wanted.values() for back in (0, 1)}
    )
    return found | {
        event: (calendars[id_, version - 1], calendars[id_, version]) for event, (id_, version) in wanted.items()
    }


def _parts(section: str, versions: set[int]) -> dict[int, Any]:
    """This part of these versions of the rules, without reading the rest of their documents."""
    if not versions:
        return {}
    rows = session().execute(
        select(RuleBookRow.version, RuleBookRow.document[section]).where(RuleBookRow.version.in_(versions))
    )
    return {row[0]: row[1] for row in rows}
