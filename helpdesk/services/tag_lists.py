"""The list of tags: names, colours, which are in use, and two that become one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Conflict, Invalid, NotFound, Stale
from helpdesk.domain.tags import MOST_TAGS, Colour, read_tag
from helpdesk.models import Tag, TicketTag
from helpdesk.services import events
from helpdesk.storage import session


@dataclass(frozen=True, slots=True)
class TagSettings:
    """What a person sets of a tag. One that is not active is offered to nobody; where it stands it stays."""

    name: str
    colour: Colour = Colour.PLAIN
    active: bool = True


def create_tag(settings: TagSettings, *, actor: Actor, now: datetime) -> int:
    """A new tag; return its id. ``Conflict`` for a word that is known."""
    actor.require(Permission.QUEUES_MANAGE)
    name = read_tag(settings.name)
    _check_free(name)
    if (session().scalar(select(func.count()).select_from(Tag)) or 0) >= MOST_TAGS:
        raise Conflict("tag.too_many", most=MOST_TAGS)
    tag = Tag(name=name, colour=settings.colour.value, active=settings.active)
    session().add(tag)
    session().flush()
    events.record("tag.created", actor=actor, now=now, tag=name)
    return tag.id


def update_tag(tag_id: int, version: int, settings: TagSettings, *, actor: Actor, now: datetime) -> None:
    """Change a tag as seen at ``version``, on every ticket too: its old word means it from then on."""
    actor.require(Permission.QUEUES_MANAGE)
    tag = _locked(tag_id, version)
    name, old = read_tag(settings.name), tag.name
    if name != old:
        _check_free(name, but=tag.id)
        session().execute(delete(Tag).where(Tag.name == name, Tag.means_id == tag.id))  # his own old word, again
    wanted = {"name": name, "colour": settings.colour.value, "active": settings.active}
    changes = events.apply_changes(tag, wanted)
    if not changes:
        return
    tag.version += 1
    if name != old:
        session().flush()
        session().add(Tag(name=old, active=False, means_id=tag.id))
        session().execute(update(TicketTag).where(TicketTag.tag == old).values(tag=name))
    session().flush()
    events.record("tag.changed", actor=actor, now=now, tag=old, changes=changes)


def merge_tags(tag_id: int, into_id: int, version: int, *, actor: Actor, now: datetime) -> int:
    """Put the other tag where this one stands, for good; return on how many tickets it stood."""
    actor.require(Permission.QUEUES_MANAGE)
    if tag_id == into_id:
        raise Invalid("tag.same_tag")
    tag, into = _locked(tag_id, version), _locked(into_id, None)
    both = select(TicketTag.ticket_id).where(TicketTag.tag == into.name)
    standing = session().scalar(select(func.count()).where(TicketTag.tag == tag.name)) or 0
    session().execute(
        delete(TicketTag)
        .where(TicketTag.tag == tag.name, TicketTag.ticket_id.in_(both))
        .execution_options(synchronize_session=False)
    )
    session().execute(update(TicketTag).where(TicketTag.tag == tag.name).values(tag=into.name))
    session().execute(update(Tag).where(Tag.means_id == tag.id).values(means_id=into.id))
    tag.active, tag.means_id, tag.version = False, into.id, tag.version + 1
    session().flush()
    events.record("tag.merged", actor=actor, now=now, tag=tag.name, into=into.name, tickets=standing)
    return standing


def _locked(tag_id: int, version: int | None) -> Tag:
    """One that is no old word of another."""
    tag = session().get(Tag, tag_id, with_for_update=True, populate_existing=True)
    if tag is None or tag.means_id is not None:
        raise NotFound("tag.no_such_tag")
    if version is not None and tag.version != version:
        raise Stale("tag.stale")
    return tag


def _check_free(name: str, but: int | None = None) -> None:
    """``Conflict`` for a word that is another tag, or stood for one. One's own old word may be taken again."""
    known = session().execute(select(Tag.id, Tag.means_id).where(Tag.name == name)).one_or_none()
    if known is not None and (but is None or but not in {known.id, known.means_id}):
        raise Conflict("tag.name_taken", tag=name)
