"""Skills: which tickets ask for them, and who has them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from helpdesk.domain.access import WORKING_ROLES, Actor, Permission, Scope
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import Channel, Membership, Skill, User, UserSkill
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import events
from helpdesk.services.queues import CODE, LONGEST_NAME, require_settings
from helpdesk.storage import session

MOST_SKILLS = 100


@dataclass(frozen=True, slots=True)
class SkillSettings:
    """What a person sets of a skill. A ticket asks for it if its type or its channel is among these codes."""

    name_zh: str
    name_en: str
    types: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    active: bool = True


def create_skill(code: str, settings: SkillSettings, *, actor: Actor, now: datetime) -> int:
    """A new skill that nobody has yet; return its id. ``Conflict`` for a code that is taken."""
    require_settings(actor)
    if not CODE.fullmatch(code):
        raise Invalid("queue.bad_code")
    columns = _columns(settings)
    if session().scalar(select(Skill.id).where(Skill.code == code)):
        raise Conflict("skill.code_taken", skill=code)
    if (session().scalar(select(func.count()).select_from(Skill)) or 0) >= MOST_SKILLS:
        raise Conflict("skill.too_many", most=MOST_SKILLS)
    skill = Skill(code=code, **columns)
    session().add(skill)
    session().flush()
    events.record("skill.created", actor=actor, now=now, skill=code)
    return skill.id


def update_skill(skill_id: int, version: int, settings: SkillSettings, *, actor: Actor, now: datetime) -> None:
    """Change a skill as seen at ``version``; one that is not active asks for nobody. ``Stale`` if it moved on."""
    require_settings(actor)
    skill = _locked(skill_id, version)
    wanted = _columns(settings, known_types=frozenset(skill.types), known_channels=frozenset(skill.channels))
    changes = events.apply_changes(skill, wanted)
    if not changes:
        return
    skill.version += 1
    events.record("skill.changed", actor=actor, now=now, skill=skill.code, changes=changes)


def save_skill(
    skill_id: int,
    version: int,
    settings: SkillSettings | None,
    user_ids: Collection[int],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a skill (``settings`` None: not) and who has it, as both were seen at ``version``. Rights as for each."""
    if settings is not None:
        update_skill(skill_id, version, settings, actor=actor, now=now)
        session().flush()
        version = _locked(skill_id, None).version
    set_people(skill_id, version, user_ids, actor=actor, now=now)


def set_people(skill_id: int, version: int, user_ids: Collection[int], *, actor: Actor, now: datetime) -> None:
    """Say who has a skill: exactly these people. ``Stale`` if it or they were changed since ``version``.

    A supervisor gives and takes it among the members of his queues only: ``NotAllowed`` if somebody else would come
    or go. ``Invalid`` for somebody who doesn't work on tickets here.
    """
    actor.require(Permission.QUEUES_MANAGE)
    skill = _locked(skill_id, version)
    known = set(session().scalars(select(UserSkill.user_id).where(UserSkill.skill_id == skill_id)))
    joining, leaving = set(user_ids) - known, known - set(user_ids)
    _check_people(joining, joining | leaving, actor)
    for user_id in sorted(leaving):
        _take(skill, user_id, actor=actor, now=now)
    for user_id in sorted(joining):
        _give(skill, user_id, actor=actor, now=now)
    if joining or leaving:
        skill.version += 1
        session().flush()


def set_skills_of(
    user_id: int, seen: Collection[int], skill_ids: Collection[int], *, actor: Actor, now: datetime
) -> bool:
    """Say which of the skills in use somebody has, as ``seen`` before; return whether that changed anything.

    ``Stale`` if he gained or lost one of them meanwhile. Rights as for ``set_people``.
    """
    actor.require(Permission.QUEUES_MANAGE)
    in_use = select(Skill).where(Skill.active).order_by(Skill.id).with_for_update()
    rows = {skill.id: skill for skill in session().scalars(in_use)}
    known = set(session().scalars(select(UserSkill.skill_id).where(UserSkill.user_id == user_id))) & set(rows)
    wanted = set(skill_ids)
    if known == wanted:
        return False
    if known != set(seen):
        raise Stale("skill.stale")
    if not wanted <= set(rows):
        raise Invalid("skill.no_such_skill")
    _check_people({user_id} if wanted - known else set(), {user_id}, actor)
    for skill_id in sorted(known ^ wanted):
        deed = _give if skill_id in wanted else _take
        deed(rows[skill_id], user_id, actor=actor, now=now)
        rows[skill_id].version += 1
    session().flush()
    return True


def _give(skill: Skill, user_id: int, *, actor: Actor, now: datetime) -> None:
    session().add(UserSkill(user_id=user_id, skill_id=skill.id))
    events.record("skill.given", actor=actor, now=now, skill=skill.code, user=user_id)


def _take(skill: Skill, user_id: int, *, actor: Actor, now: datetime) -> None:
    session().execute(delete(UserSkill).where(UserSkill.skill_id == skill.id, UserSkill.user_id == user_id))
    events.record("skill.taken", actor=actor, now=now, skill=skill.code, user=user_id)


def _locked(skill_id: int, version: int | None) -> Skill:
    skill = session().get(Skill, skill_id, with_for_update=True)
    if skill is None:
        raise NotFound("skill.no_such_skill")
    if version is not None and skill.version != version:
        raise Stale("skill.stale")
    return skill


def _columns(
    settings: SkillSettings,
    *,
    known_types: frozenset[str] = frozenset(),
    known_channels: frozenset[str] = frozenset(),
) -> dict[str, object]:
    """The settings as columns, or ``Invalid``. What the skill names already may stay, though the rules dropped it."""
    names = {"name_zh": settings.name_zh.strip(), "name_en": settings.name_en.strip()}
    for name in names.values():
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise Invalid("queue.bad_name", most=LONGEST_NAME)
    channels = frozenset(session().scalars(select(Channel.code)))
    if not settings.types <= known_types | set(published_rulebook().types):
        raise Invalid("skill.unknown_type")
    if not settings.channels <= known_channels | channels:
        raise Invalid("skill.unknown_channel")
    lists = {"types": sorted(settings.types), "channels": sorted(settings.channels)}
    return {**names, **lists, "active": settings.active}


def _check_people(joining: Collection[int], changed: Collection[int], actor: Actor) -> None:
    roles = [role.value for role in WORKING_ROLES]
    workers = select(User.id).where(User.id.in_(joining), User.active, User.role.in_(roles))
    if set(session().scalars(workers)) != set(joining):
        raise Invalid("queue.no_such_member")
    if actor.scope(Permission.QUEUES_MANAGE) is Scope.ALL:
        return
    own = select(Membership.user_id).where(
        Membership.queue_id.in_(sorted(actor.queues)), Membership.user_id.in_(changed)
    )
    if set(session().scalars(own)) != set(changed):
        raise NotAllowed("skill.not_your_people")
