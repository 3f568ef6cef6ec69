"""Skills with what asks for them and who has them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select

from helpdesk.domain.access import WORKING_ROLES, Actor, Permission, Role, Scope
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.models import Membership, Skill, User, UserSkill
from helpdesk.storage import session

MOST_PEOPLE = 500
WORKS = (User.active, User.role.in_(sorted(role.value for role in WORKING_ROLES)))


@dataclass(frozen=True, slots=True)
class SkillRow:
    """A skill. ``people``: names of those who have it and work here."""

    id: int
    code: str
    name_zh: str
    name_en: str
    types: tuple[str, ...]
    channels: tuple[str, ...]
    active: bool
    version: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skilled:
    """Somebody who may have a skill. ``within``: the actor says whether he has."""

    id: int
    name: str
    role: Role
    has: bool
    within: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a queue as far as handing out goes. ``capacity`` None: what the queue says."""

    id: int
    name: str
    role: Role
    version: int
    capacity: int | None
    skills: frozenset[int]


def skills(actor: Actor) -> list[SkillRow]:
    """All of them, those in use first. Two statements."""
    actor.require(Permission.QUEUES_READ)
    rows = session().scalars(select(Skill).order_by(Skill.active.desc(), Skill.id)).all()
    having: dict[int, list[str]] = {}
    asked = select(UserSkill.skill_id, User.name).join(User, User.id == UserSkill.user_id).where(*WORKS)
    for skill_id, name in session().execute(asked.order_by(User.name, User.id)):
        having.setdefault(skill_id, []).append(name)
    return [_row(skill, tuple(having.get(skill.id, ()))) for skill in rows]


def skill(skill_id: int, actor: Actor) -> SkillRow:
    """One of them, or ``NotFound``."""
    found = next((row for row in skills(actor) if row.id == skill_id), None)
    if found is None:
        raise NotFound("skill.no_such_skill")
    return found


def people(skill_id: int, actor: Actor) -> list[Skilled]:
    """Everybody who works on tickets, and whoever has the skill all the same; by name. One statement."""
    everybody = actor.scope(Permission.QUEUES_MANAGE) is Scope.ALL
    own = select(Membership.user_id).where(Membership.queue_id.in_(sorted(actor.queues)))
    has = UserSkill.skill_id.is_not(None)
    rows = session().execute(
        select(User.id, User.name, User.role, has, User.id.in_(own))
        .outerjoin(UserSkill, (UserSkill.user_id == User.id) & (UserSkill.skill_id == skill_id))
        .where(or_(has, WORKS[0] & WORKS[1]))
        .order_by(User.name, User.id)
        .limit(MOST_PEOPLE)
    )
    return [
        Skilled(id_, name, Role(role), bool(having), everybody or bool(his)) for id_, name, role, having, his in rows
    ]


def members(queue_id: int) -> list[Member]:
    """Members of a queue who are handed tickets, with their skills in use. Two statements."""
    asked = (
        select(User)
        .join(Membership, (Membership.user_id == User.id) & (Membership.queue_id == queue_id))
        .where(*WORKS)
        .order_by(User.name, User.id)
    )
    users = session().scalars(asked).all()
    held: dict[int, set[int]] = {}
    pairs = (
        select(UserSkill.user_id, UserSkill.skill_id)
        .join(Skill, Skill.id == UserSkill.skill_id)
        .where(Skill.active, UserSkill.user_id.in_([user.id for user in users]))
    )
    for user_id, skill_id in session().execute(pairs):
        held.setdefault(user_id, set()).add(skill_id)
    return [
        Member(user.id, user.name, Role(user.role), user.version, user.capacity, frozenset(held.get(user.id, ())))
        for user in users
    ]


def skill_names() -> list[tuple[int, Label]]:
    """Skills in use, for choosing."""
    rows = session().execute(select(Skill.id, Skill.name_zh, Skill.name_en).where(Skill.active).order_by(Skill.id))
    return [(id_, Label(zh, en)) for id_, zh, en in rows]


def _row(skill: Skill, people: tuple[str, ...]) -> SkillRow:
    return SkillRow(
        id=skill.id,
        code=skill.code,
        name_zh=skill.name_zh,
        name_en=skill.name_en,
        types=tuple(skill.types),
        channels=tuple(skill.channels),
        active=skill.active,
        version=skill.version,
        people=people,
    )
