"""New versions of the rules. A version is never changed: what was decided on it stays explainable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.problems import Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.rulebook import parse_rulebook
from helpdesk.models import Queue, RuleBookRow
from helpdesk.services.events import record
from helpdesk.storage import session

SECTIONS = ("stages", "queue_stages", "queue_targets", "platform_rules", "pause_steps")
"""What of a rule book a page may replace. Types, words and money have ways of their own."""

BY_QUEUE = ("queue_stages", "queue_targets")
"""Keyed by a queue's code, so that a supervisor may set his own queues'."""


def publish_section(section: str, value: Any, *, expected_version: int, actor: Actor, now: datetime) -> int:
    """Publish the next version of the rules, with one part of the document replaced; returns its number.

    ``value`` is the whole part, JSON-able, durations in seconds. It takes ``escalation:manage``: over everything,
    except that who has it for his own queues may change what is keyed by them. Tickets keep the version their
    clocks were started under. Raises ``Stale`` if another version than ``expected_version`` is published by now,
    ``Invalid`` for a part that makes no valid book, ``NotAllowed``. Nothing is written when nothing differs.
    """
    if section not in SECTIONS:
        raise Invalid("rulebook.unknown_section", section=section[:40])
    actor.require(Permission.ESCALATION_MANAGE)
    row = _published()
    if row.version != expected_version:
        raise Stale("rulebook.stale", version=row.version)
    before = row.document.get(section, {} if section in BY_QUEUE else [])
    if value == before:
        return row.version
    _check_reach(section, before, value, actor)
    version = _publish(row, {**row.document, section: value}, now)
    record("rulebook.published", actor=actor, now=now, version=version, replaces=row.version, section=section)
    return version


def publish_lexicon(
    change: Callable[[Mapping[str, Any]], Mapping[str, Any]], *, expected_version: int, actor: Actor, now: datetime
) -> int:
    """Publish the next version with other words, as ``change`` makes them of the present ones; returns its number.

    It takes ``rules:manage``. ``Stale`` if another version than ``expected_version`` is published by now. Who calls
    records what was changed: one word is a better story than a whole list.
    """
    actor.require(Permission.RULES_MANAGE)
    row = _published()
    if row.version != expected_version:
        raise Stale("rulebook.stale", version=row.version)
    return _publish(row, {**row.document, "lexicon": change(row.document["lexicon"])}, now)


def _publish(row: RuleBookRow, document: dict[str, Any], now: datetime) -> int:
    """Store the document as the version in force, in place of ``row``; ``Invalid`` if it makes no book."""
    version: int = session().execute(select(func.max(RuleBookRow.version))).scalar_one() + 1
    parse_rulebook(document, version)
    row.status = "retired"
    session().flush()
    session().add(
        RuleBookRow(
            version=version,
            status="published",
            hash=document_hash(document),
            document=document,
            created_at=now,
            published_at=now,
        )
    )
    session().flush()
    return version


def document_hash(document: Mapping[str, Any]) -> str:
    """What tells one document from another: SHA-256 of its canonical JSON."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _published() -> RuleBookRow:
    """The rules in force, locked: of two who publish at once the second finds that his are stale."""
    wanted = select(RuleBookRow).where(RuleBookRow.status == "published").with_for_update()
    for _ in range(2):  # on PostgreSQL a row that was retired while we waited for it answers with nothing, once
        row = session().execute(wanted).scalar_one_or_none()
        if row is not None:
            return row
    raise NotFound("rulebook.none_published")


def _check_reach(section: str, before: Any, value: Any, actor: Actor) -> None:
    """Rules hold for the whole house, unless they are keyed by queue: then queues that exist."""
    everything = actor.scope(Permission.ESCALATION_MANAGE) is Scope.ALL
    denied = NotAllowed("access.denied", permission=Permission.ESCALATION_MANAGE.value)
    if section not in BY_QUEUE:
        if not everything:
            raise denied
        return
    if not isinstance(value, dict):
        raise Invalid("rulebook.malformed", detail=section)
    queues = {row.code: row.id for row in session().execute(select(Queue.code, Queue.id))}
    changed = {code for code in {*before, *value} if before.get(code) != value.get(code)}
    unknown = sorted(str(code) for code in changed & set(value) if code not in queues)
    if unknown:
        raise Invalid("rulebook.malformed", detail=f"{section} {unknown[0][:40]}")
    if not everything and not all(queues.get(code) in actor.queues for code in changed):
        raise denied
