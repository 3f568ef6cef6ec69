"""A ticket's events, told briefly: what one person did at one moment is one line, reminders fold into another.

Nothing is left out: a line says all that happened then, folded reminders open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from helpdesk.queries.ticket_timeline import Entry

ICONS = {
    "ticket.created": "plus",
    "ticket.status": "flag",
    "ticket.type": "tags",
    "ticket.type_confirmed": "check",
    "ticket.queue": "arrows-exchange",
    "ticket.owner": "user",
    "ticket.assignee": "user-check",
    "ticket.priority": "urgent",
    "ticket.outcome": "circle-check",
    "ticket.responsibility": "scale",
    "ticket.responsibility_taken_back": "scale",
    "ticket.evidence": "scale",
    "appeal.filed": "gavel",
    "appeal.upheld": "gavel",
    "appeal.rejected": "gavel",
    "appeal.withdrawn": "gavel",
    "appeal.lapsed": "gavel",
    "ticket.checked": "square-check",
    "ticket.unchecked": "square",
    "ticket.nudged": "bell",
    "ticket.reopened": "refresh",
    "ticket.confirmed": "thumb-up",
    "ticket.merged": "git-merge",
    "ticket.merged_in": "git-merge",
    "ticket.parted": "arrow-back-up",
    "ticket.split": "git-branch",
    "ticket.split_off": "git-branch",
    "ticket.rejoined": "arrow-back-up",
    "ticket.gone_back": "arrow-back-up",
    "ticket.linked": "link",
    "ticket.unlinked": "link",
    "assist.asked": "help-circle",
    "assist.answered": "message-check",
    "assist.assigned": "user-check",
    "assist.withdrawn": "help-off",
    "customer.revealed": "eye",
    "customer.vip_named": "crown",
    "customer.vip_unnamed": "crown-off",
    "message.taken_back": "arrow-back-up",
    "operation.undone": "arrow-back-up",
    "sla.stage": "hourglass",
    "pause.step": "clock-pause",
    "pause.step_refused": "clock-exclamation",
}
"""Of a line, by the code of its event."""

BREACH_PERCENT = 100
"""Of a clock's stages the one that must not be overlooked."""

TOLD_FIRST = (
    "ticket.created",
    "ticket.reopened",
    "ticket.merged",
    "ticket.parted",
    "ticket.split",
    "ticket.split_off",
    "ticket.rejoined",
    "ticket.gone_back",
    "ticket.assignee",
    "ticket.owner",
    "ticket.type",
    "ticket.queue",
    "ticket.status",
    "ticket.pending_on",
    "ticket.outcome",
)
"""The order within a line; anything else stands behind."""


@dataclass(frozen=True, slots=True)
class Line:
    """Events of one actor at one moment, in the order in which they are told."""

    events: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Reminders:
    """Stages of clocks with nothing between them but other stages: at least two, oldest first."""

    events: tuple[Entry, ...]


def told(entries: Iterable[Entry]) -> Iterator[Entry | Line | Reminders]:
    """Messages and notes as they are, events in lines and folds."""
    for key, run in groupby(entries, _place):
        if key[0] == "stage":
            yield from _stages(list(run))
        elif key[0] == "event":
            yield Line(tuple(sorted(run, key=_rank)))
        else:
            yield from run


def _place(entry: Entry) -> tuple[object, ...]:
    """Equal for neighbours that are told together."""
    if entry.kind != "event":
        return entry.kind, entry.id
    return ("stage",) if entry.code == "sla.stage" else ("event", entry.author_id, entry.at)


def _rank(entry: Entry) -> int:
    return TOLD_FIRST.index(entry.code) if entry.code in TOLD_FIRST else len(TOLD_FIRST)


def _stages(run: list[Entry]) -> Iterator[Line | Reminders]:
    """Breaches stand for themselves; the reminders are told where the last of them was."""
    reminders = tuple(entry for entry in run if not is_breach(entry))
    for entry in run:
        if is_breach(entry) or len(reminders) == 1:
            yield Line((entry,))
        elif entry is reminders[-1]:
            yield Reminders(reminders)


def is_breach(entry: Entry) -> bool:
    at_target = entry.params.get("percent") == BREACH_PERCENT or entry.params.get("offset_seconds") == 0
    return entry.code == "sla.stage" and at_target


def phrase_code(entry: Entry) -> str:
    """The event's code, or that of the phrase which suits it better beside its doer's name (``wording.story``)."""
    if is_breach(entry):
        return "sla.breach"
    if entry.code == "sla.stage" and entry.params.get("offset_seconds"):
        return "sla.before" if entry.params["offset_seconds"] < 0 else "sla.after"
    before, after = entry.params.get("from"), entry.params.get("to")
    if entry.code not in ("ticket.owner", "ticket.assignee", "assist.assigned") or before == after:
        return entry.code or ""
    if "why" in entry.params and entry.code != "ticket.owner":
        return f"{entry.code}.{'freed' if after is None else 'handed' if before is None else 'moved'}"
    if after == entry.author_id:
        return f"{entry.code}.taken" if before is None else f"{entry.code}.taken_over"
    if after is None:
        return f"{entry.code}.left" if before == entry.author_id else entry.code
    return f"{entry.code}.given" if before is None else entry.code
