"""Colleagues whom a note mentions: only those who may see the ticket; they are told, and may open it from then on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.mentions import MOST, Person, mentioned
from helpdesk.domain.problems import Invalid
from helpdesk.models import Membership, Note, Ticket, User
from helpdesk.models.scope import readable
from helpdesk.models.users import is_person
from helpdesk.services import outbox, tickets
from helpdesk.storage import session


def checked(ticket: Ticket, text: str, *, actor: Actor) -> tuple[int, ...]:
    """Ids of those whom the text mentions, without the one who writes it; asked before a note is written.

    ``Invalid`` if one of them may not see the ticket, if a name is borne by several, or if they are too many.
    """
    if not {"@", "＠"} & set(text):
        return ()
    people = session().execute(select(User.id, User.login, User.name).where(User.active, is_person)).all()
    named = mentioned(text, [Person(row.id, row.login, row.name) for row in people])
    if named.doubtful:
        name, logins = next(iter(named.doubtful.items()))
        raise Invalid("note.mention_doubtful", name=name, logins=list(logins))
    others = [person for person in named.people if person.id != actor.id]
    if len(others) > MOST:
        raise Invalid("note.too_many_mentions", most=MOST)
    if not others:
        return ()
    sight = _actors(others)
    blind = [person.name for person in others if not _sees(sight[person.id], ticket)]
    if blind:
        raise Invalid("note.mentioned_may_not_see", people=blind)
    return tuple(sight)


def tell(ticket: Ticket, note: Note, people: Sequence[int], *, actor: Actor, now: datetime) -> None:
    """Tell those whom the note mentions (``checked``); they may open the ticket later, wherever it goes."""
    if not people:
        return
    tickets.remember_readers(ticket, people)
    notify = [f"user:{user_id}" for user_id in people]
    outbox.put(
        "notice",
        f"mentioned:{note.id}",
        ticket_id=ticket.id,
        payload={"code": "ticket.mentioned", "params": {}, "notify": notify, "actor": actor.id},
        now=now,
    )


def _actors(people: Sequence[Person]) -> dict[int, Actor]:
    """They as actors, with the role and queues that they have now."""
    rows = session().execute(
        select(User.id, User.role, Membership.queue_id)
        .outerjoin(Membership, Membership.user_id == User.id)
        .where(User.id.in_([person.id for person in people]))
    )
    roles: dict[int, Role] = {}
    queues: defaultdict[int, set[int]] = defaultdict(set)
    for user_id, role, queue_id in rows:
        roles[user_id] = Role(role)
        queues[user_id] |= {queue_id} - {None}
    return {user_id: Actor(user_id, role, frozenset(queues[user_id])) for user_id, role in roles.items()}


def _sees(who: Actor, ticket: Ticket) -> bool:
    return session().scalar(select(Ticket.id).where(Ticket.id == ticket.id, readable(who))) is not None
