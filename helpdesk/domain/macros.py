"""What a reply template does beside its words: put on a tag, move the ticket, propose money, set the priority.

The status it sets and whether it gives the solution are fields of the template itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from helpdesk.domain.problems import Invalid
from helpdesk.domain.tickets import Priority

FIELDS = {"tag": "tag", "transfer": "queue", "propose": "policy", "priority": "priority"}
"""Each kind of action with the field that names what it acts with."""

MOST_ACTIONS = 8
MAX_TAG = 30
MAX_CODE = 60  # of queues and policies


@dataclass(frozen=True, slots=True)
class Action:
    """One of them. ``value`` is the tag, the queue's code, the policy's code or the priority."""

    kind: str
    value: str


def parse(document: object) -> tuple[Action, ...]:
    """Actions from what is stored or was sent, in their order.

    Raises ``Invalid`` for what is none, for more than ``MOST_ACTIONS``, and for two that can't both be done: only
    tags may come more than once, and each of them once. Whether queue and policy exist is not known here.
    """
    if not isinstance(document, list) or len(document) > MOST_ACTIONS:
        raise Invalid("template.bad_actions", most=MOST_ACTIONS)
    actions = tuple(_action(entry) for entry in document)
    single = [action.kind for action in actions if action.kind != "tag"]
    if len(set(single)) < len(single) or len(set(actions)) < len(actions):
        raise Invalid("template.action_twice")
    return actions


def to_document(actions: Iterable[Action]) -> list[dict[str, str]]:
    """The actions as they are stored: what ``parse`` reads."""
    return [{"kind": action.kind, FIELDS[action.kind]: action.value} for action in actions]


def _action(entry: Any) -> Action:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    name = FIELDS.get(kind) if isinstance(kind, str) else None
    if name is None or set(entry) != {"kind", name} or not isinstance(entry[name], str):
        raise Invalid("template.bad_action")
    value = entry[name].strip()
    longest = MAX_TAG if kind == "tag" else MAX_CODE
    known = kind != "priority" or value in list(Priority)
    if not value or len(value) > longest or not value.isprintable() or not known:
        raise Invalid("template.bad_action")
    return Action(str(kind), value)
