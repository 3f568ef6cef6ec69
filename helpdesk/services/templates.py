"""Reply templates: written, edited, retired and taken back to what they said before.

Everybody who answers customers keeps his own; those of a queue take the right to manage them there, those of the
whole house the right over everything. A version, once written, stays: editing adds one, and so does going back.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from helpdesk.domain.access import Actor, may_write_template
from helpdesk.domain.macros import Action, parse, to_document
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.replies import MAX_BODY, MAX_SHORTCUT, MAX_TITLE, MAX_WORDS, PLACEHOLDERS, unresolved
from helpdesk.domain.tickets import Status
from helpdesk.models import Membership, Queue, ReplyTemplate, ReplyTemplateVersion
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import events
from helpdesk.storage import insert_once, session

STATUSES = (Status.OPEN, Status.PENDING_CUSTOMER, Status.PENDING_INTERNAL)
"""What a reply may leave a ticket in by itself; resolving asks for an outcome, which no template knows."""

MOST_OWN = 200
MOST_SHARED = 400
_SHORTCUT = re.compile(r"[a-z0-9\u4e00-\u9fff_-]*")


@dataclass(frozen=True, slots=True)
class Content:
    """What a person writes of a template. ``queue_id`` goes with the scope ``team`` only."""

    scope: str  # personal, team, all
    title_zh: str
    body_zh: str
    title_en: str = ""
    body_en: str = ""
    queue_id: int | None = None
    type: str | None = None
    shortcut: str = ""
    words: tuple[str, ...] = ()
    marks_solution: bool = False
    set_status: str | None = None
    actions: tuple[Action, ...] = ()


_HEAD = ("scope", "queue_id", "owner_id", "type", "shortcut")
_TEXTS = {
    "title_zh": (MAX_TITLE, partial(Invalid, "template.bad_title_zh"), None),
    "title_en": (MAX_TITLE, partial(Invalid, "template.bad_title_en"), None),
    "body_zh": (MAX_BODY, partial(Invalid, "template.bad_body_zh"), partial(Invalid, "template.unknown_in_body_zh")),
    "body_en": (MAX_BODY, partial(Invalid, "template.bad_body_en"), partial(Invalid, "template.unknown_in_body_en")),
}
"""What a person writes: at most how long, refused as what, and as what for placeholders that don't exist."""

_WORDS = ("title_zh", "title_en", "body_zh", "body_en", "words", "marks_solution", "set_status", "actions")


def create(content: Content, *, key: str | None = None, actor: Actor, now: datetime) -> int:
    """A new template; return its id. ``Invalid`` for what can't be sent, ``Conflict`` for a shortcut that is taken.

    ``key`` names the press of the button: the same one again is the same template, and ``Conflict`` with other words.
    """
    owner = actor.id if content.scope == "personal" else None
    _require(actor, content.scope, content.queue_id, owner)
    columns = _columns(content, owner)
    code, head = f"own_{secrets.token_hex(8)}", {name: columns[name] for name in _HEAD}
    id = insert_once(ReplyTemplate, code=code, key=key, version=1, active=True, **head)
    if id is None:
        return _known(key, columns, actor)
    row = session().get_one(ReplyTemplate, id)
    _check_room(content.scope, actor, row.id)
    _check_shortcut(columns, row.id)
    _add_version(row, columns, actor, now)
    events.record("template.created", actor=actor, now=now, template=row.id)
    return row.id


def edit(template_id: int, version: int, content: Content, *, actor: Actor, now: datetime) -> int:
    """Write a new version over ``version``; return its number (the same if nothing differs). ``Stale`` if it moved on.

    Who moves it between scopes needs the right to both.
    """
    row = _locked(template_id, version, actor)
    owner = (row.owner_id or actor.id) if content.scope == "personal" else None
    _require(actor, content.scope, content.queue_id, owner)
    columns = _columns(content, owner, known_type=row.type)
    _check_shortcut(columns, row.id)
    if row.scope != content.scope:
        _check_room(content.scope, actor)
    before = _stored(row, row.version)
    if all(getattr(before, name) == columns[name] for name in _WORDS) and all(
        getattr(row, name) == columns[name] for name in _HEAD
    ):
        return row.version
    _next(row, columns, actor, now)
    events.record("template.changed", actor=actor, now=now, template=row.id, version=row.version)
    return row.version


def revert(template_id: int, version: int, to: int, *, actor: Actor, now: datetime) -> int:
    """Say again what version ``to`` said, as a new version; scope, type and shortcut stay. Return its number."""
    row = _locked(template_id, version, actor)
    old = _stored(row, to)
    columns = _columns(_content(row, old), row.owner_id, known_type=row.type)
    if to == row.version:
        return row.version
    _next(row, columns, actor, now)
    events.record("template.reverted", actor=actor, now=now, template=row.id, version=row.version, to=to)
    return row.version


def retire(template_id: int, version: int, *, actor: Actor, now: datetime) -> None:
    """Offer it no more; what was sent with it stays. Nothing happens where it is retired already."""
    row = _locked(template_id, version, actor)
    if row.active:
        row.active = False
        events.record("template.retired", actor=actor, now=now, template=row.id)


def restore(template_id: int, version: int, *, actor: Actor, now: datetime) -> None:
    """Offer it again. ``Conflict`` if its shortcut was given away meanwhile."""
    row = _locked(template_id, version, actor)
    if row.active:
        return
    _check_shortcut({name: getattr(row, name) for name in _HEAD}, row.id)
    _check_room(row.scope, actor)
    row.active = True
    events.record("template.restored", actor=actor, now=now, template=row.id)


def _known(key: str | None, columns: dict[str, Any], actor: Actor) -> int:
    """The template that this press of the button made before."""
    row = session().scalars(select(ReplyTemplate).where(ReplyTemplate.key == key)).one()
    said = _stored(row, 1)
    same = all(getattr(said, name) == columns[name] for name in _WORDS)
    if said.created_by_id != actor.id or not same or any(getattr(row, name) != columns[name] for name in _HEAD):
        raise Conflict("template.saved_already")
    return row.id


def _require(actor: Actor, scope: str, queue_id: int | None, owner_id: int | None) -> None:
    if scope not in ("personal", "team", "all") or (scope == "team") is (queue_id is None):
        raise Invalid("template.bad_scope")
    if not may_write_template(actor, scope, queue_id, owner_id):
        raise NotAllowed("template.not_yours")


def _locked(template_id: int, version: int, actor: Actor) -> ReplyTemplate:
    row = session().get(ReplyTemplate, template_id, with_for_update=True)
    if row is None or (row.scope == "personal" and row.owner_id != actor.id):
        raise NotFound("template.not_found")
    if not may_write_template(actor, row.scope, row.queue_id, row.owner_id):
        raise NotAllowed("template.not_yours")
    if row.version != version:
        raise Stale("template.stale")
    return row


def _stored(row: ReplyTemplate, version: int) -> ReplyTemplateVersion:
    found = session().scalar(
        select(ReplyTemplateVersion).where(
            ReplyTemplateVersion.template_id == row.id, ReplyTemplateVersion.version == version
        )
    )
    if found is None:
        raise NotFound("template.no_such_version")
    return found


def _content(row: ReplyTemplate, old: ReplyTemplateVersion) -> Content:
    return Content(
        scope=row.scope,
        queue_id=row.queue_id,
        type=row.type,
        shortcut=row.shortcut,
        title_zh=old.title_zh,
        title_en=old.title_en,
        body_zh=old.body_zh,
        body_en=old.body_en,
        words=tuple(old.words.splitlines()),
        marks_solution=old.marks_solution,
        set_status=old.set_status,
        actions=parse(old.actions),
    )


def _next(row: ReplyTemplate, columns: dict[str, Any], actor: Actor, now: datetime) -> None:
    for name in _HEAD:
        setattr(row, name, columns[name])
    row.version += 1
    _add_version(row, columns, actor, now)


def _add_version(row: ReplyTemplate, columns: dict[str, Any], actor: Actor, now: datetime) -> None:
    said = {name: columns[name] for name in _WORDS}
    session().add(
        ReplyTemplateVersion(template_id=row.id, version=row.version, created_at=now, created_by_id=actor.id, **said)
    )
    session().flush()


def _columns(content: Content, owner_id: int | None, known_type: str | None = None) -> dict[str, Any]:
    """The content as it is stored, or ``Invalid``. A type that the rules dropped may stay, not come."""
    if content.type is not None and content.type not in {known_type, *published_rulebook().types}:
        raise Invalid("template.unknown_type")
    if content.set_status is not None and content.set_status not in STATUSES:
        raise Invalid("template.bad_status")
    return {
        "scope": content.scope,
        "queue_id": content.queue_id,
        "owner_id": owner_id,
        "type": content.type,
        "shortcut": _shortcut(content.shortcut),
        **_said(content),
        "words": _words(content.words),
        "marks_solution": content.marks_solution,
        "set_status": content.set_status,
        "actions": _actions(content.actions),
    }


def _said(content: Content) -> dict[str, str]:
    """Titles and bodies. English that is left out says what Chinese says: customers never get an empty reply."""
    title, body = content.title_zh.strip(), _lines(content.body_zh)
    said = {
        "title_zh": title,
        "title_en": content.title_en.strip() or title,
        "body_zh": body,
        "body_en": _lines(content.body_en) or body,
    }
    for name, (most, bad, unknown) in _TEXTS.items():
        text = said[name]
        whole = text.isprintable() if most == MAX_TITLE else "\x00" not in text
        if not 0 < len(text) <= most or not whole:
            raise bad(most=most)
        names = [one for one in unresolved(text) if one not in PLACEHOLDERS]
        if names and unknown:
            raise unknown(names=", ".join(names[:10]))
    return said


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _shortcut(text: str) -> str:
    shortcut = text.strip().removeprefix("/").lower()
    if len(shortcut) > MAX_SHORTCUT or not _SHORTCUT.fullmatch(shortcut):
        raise Invalid("template.bad_shortcut", most=MAX_SHORTCUT)
    return shortcut


def _words(words: tuple[str, ...]) -> str:
    text = "\n".join(dict.fromkeys(word for one in words if (word := one.strip())))
    if len(text) > MAX_WORDS or not text.replace("\n", " ").isprintable():
        raise Invalid("template.bad_words", most=MAX_WORDS)
    return text


def _actions(actions: tuple[Action, ...]) -> list[dict[str, str]]:
    document = to_document(actions)
    book = published_rulebook()
    for action in parse(document):
        if action.kind == "propose" and action.value not in {policy.code for policy in book.policies}:
            raise Invalid("template.unknown_policy", policy=action.value)
        if action.kind == "transfer" and not session().scalar(select(Queue.id).where(Queue.code == action.value)):
            raise Invalid("template.unknown_queue", queue=action.value)
    return document


def _check_room(scope: str, actor: Actor, own_id: int | None = None) -> None:
    """One person's own ones, and what is shared, have each their limit: the ticket page ranks them all.

    ``own_id``: the one that asks for room, if it is stored already.
    """
    own = scope == "personal"
    which = and_(ReplyTemplate.scope == "personal", ReplyTemplate.owner_id == actor.id)
    counted = select(func.count()).where(ReplyTemplate.active, which if own else ReplyTemplate.scope != "personal")
    if own_id is not None:
        counted = counted.where(ReplyTemplate.id != own_id)
    most = MOST_OWN if own else MOST_SHARED
    if (session().scalar(counted) or 0) >= most:
        raise Conflict("template.too_many", most=most)


def _check_shortcut(columns: dict[str, Any], own_id: int | None) -> None:
    """One shortcut means one template to everybody who sees it."""
    if not columns["shortcut"]:
        return
    taken = (
        select(ReplyTemplateVersion.title_zh)
        .join(ReplyTemplate, ReplyTemplate.id == ReplyTemplateVersion.template_id)
        .where(ReplyTemplate.version == ReplyTemplateVersion.version, ReplyTemplate.active)
        .where(ReplyTemplate.shortcut == columns["shortcut"], _seen_beside(columns))
    )
    if own_id is not None:
        taken = taken.where(ReplyTemplate.id != own_id)
    if session().scalar(taken.limit(1)) is not None:
        raise Conflict("template.shortcut_taken", shortcut=columns["shortcut"])


def _seen_beside(columns: dict[str, Any]) -> ColumnElement[bool]:
    """Templates that somebody who sees this one sees too. People may be in any queues, so all teams' count together."""
    shared = ReplyTemplate.scope != "personal"
    personal = ReplyTemplate.scope == "personal"
    if columns["scope"] == "personal":
        queues = select(Membership.queue_id).where(Membership.user_id == columns["owner_id"])
        own = and_(personal, ReplyTemplate.owner_id == columns["owner_id"])
        return or_(ReplyTemplate.scope == "all", ReplyTemplate.queue_id.in_(queues), own)
    if columns["scope"] == "team":
        members = select(Membership.user_id).where(Membership.queue_id == columns["queue_id"])
        return or_(shared, ReplyTemplate.owner_id.in_(members))
    return true()
