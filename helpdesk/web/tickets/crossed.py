"""What came between a form and its ticket, field by field: what it was, what it is by now, what the form wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import Status
from helpdesk.queries.directory import Directory
from helpdesk.queries.ticket_timeline import Entry
from helpdesk.web.tickets.presenting import change_lines, happened, who_did
from helpdesk.wording.events import FIELDS, before_and_after, field_label

WANTED: Mapping[str, Mapping[str, str]] = {
    "assign": {"user_id": "assignee"},
    "owner": {"user_id": "owner"},
    "transfer": {"queue": "queue"},
    "type": {"type": "type"},
    "priority": {"priority": "priority"},
    "status": {"status": "status", "pending_on": "pending_on"},
    "resolve": {"outcome": "outcome"},
    "compose": {"status": "status"},
}
"""Which field each panel's inputs are about."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A field that somebody changed meanwhile. ``wanted`` is what the form says of it, empty where nothing."""

    field: str
    name: str
    before: str
    after: str
    who: str
    at: datetime
    wanted: str

    @property
    def agrees(self) -> bool:
        """It is already what the form wants."""
        return self.wanted == self.after


@dataclass(frozen=True, slots=True)
class Crossed:
    """All that came between. ``lines`` say what is no field; ``safe``: nothing of it is what the form is about."""

    fields: tuple[Crossing, ...] = ()
    lines: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fields or self.lines)

    @property
    def safe(self) -> bool:
        return not any(one.wanted for one in self.fields)


NOTHING = Crossed()


def crossed(
    entries: Iterable[Entry], names: Directory, book: RuleBook, panel: str = "", typed: Mapping[str, str] | None = None
) -> Crossed:
    """What the events (oldest first) did to the ticket, beside what was ``typed`` into the panel."""
    asked = _asked(panel, typed or {})
    found: dict[str, list[Entry]] = {}
    rest = []
    for entry in entries:
        field = (entry.code or "").removeprefix("ticket.")
        if field in FIELDS and "to" in entry.params:
            found.setdefault(field, []).append(entry)
        else:
            rest.append(entry)
    rows = (_crossing(field, found[field], asked.get(field, ""), names, book) for field in FIELDS if field in found)
    changed = tuple(row for row in rows if row.before != row.after)
    return Crossed(changed, tuple(change_lines(rest, names, book)))


def _asked(panel: str, typed: Mapping[str, str]) -> dict[str, str]:
    asked = {field: typed.get(key, "") for key, field in WANTED.get(panel, {}).items()}
    return {**asked, "status": Status.RESOLVED.value} if panel == "resolve" else asked


def _crossing(field: str, entries: list[Entry], wanted: str, names: Directory, book: RuleBook) -> Crossing:
    first, last = entries[0], entries[-1]
    _, after = before_and_after(happened(last, names, book))
    before, _ = before_and_after(happened(first, names, book))
    said = ""
    if wanted:
        meant = replace(last, params={**last.params, "to": _stored(field, wanted, names)})
        _, said = before_and_after(happened(meant, names, book))
    return Crossing(field, field_label(field), before, after, who_did(last, names) or "", last.at, said)


def _stored(field: str, typed: str, names: Directory) -> object:
    """What was typed, as an event would hold it."""
    if field == "queue":
        return next((queue.id for queue in names.queues.values() if queue.code == typed), typed)
    if field in ("owner", "assignee"):
        return int(typed) if typed.isdecimal() and typed.isascii() else None
    return typed
