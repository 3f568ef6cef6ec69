"""What happens as time runs, as people set it: stages of clocks, steps on waits, deadlines of platforms.

Each part is changed as it was seen: a newer version of the rules stands in the way only if it changed the same
part. What is written is a new version; tickets keep the one that their clocks and waits began under.

Problems that are about a line of the list name it by ``row``, counted from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.escalation import MAX_TEXT, TELLS_CUSTOMER, PauseStepRule, PlatformRule, Stage, in_order
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.replies import unresolved
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import Status
from helpdesk.models import Channel, Queue, RuleBookRow
from helpdesk.models.rulebooks import published_rulebook, rulebook_of
from helpdesk.services.pause_steps import PLACEHOLDERS
from helpdesk.services.rulebooks import publish_section
from helpdesk.storage import session

MOST_STAGES = 12
MOST_STEPS = 12
MOST_PLATFORM_RULES = 50
MOST_MINUTES = 10_080  # a week
MOST_HOURS = 2_160  # 90 days
LONGEST_NAME = 60
ENDS_WAIT = ("resolve", "reopen")

Ruled = TypeVar("Ruled", Stage, PauseStepRule)


def set_house_stages(stages: Sequence[Stage], version: int, *, actor: Actor, now: datetime) -> int:
    """Replace the stages of all queues that have none of their own, as seen at ``version``; returns the new version.

    A stage without a code is new and is given one. ``Invalid`` names the line that can't be.
    """
    require_house(actor)
    base = _base(version, lambda book: book.stages)
    checked = _checked_stages(stages, base.stages, base.version)
    if checked == base.stages:
        return base.version
    return _publish("stages", [_stage_row(stage) for stage in checked], base, actor, now)


def set_queue_stages(
    queue_id: int, stages: Sequence[Stage] | None, version: int, *, actor: Actor, now: datetime
) -> int:
    """Give a queue a list of stages of its own, or (None) those of the house again. As ``set_house_stages``."""
    require_queue(actor, queue_id)
    queue = session().get(Queue, queue_id)
    if queue is None:
        raise NotFound("queue.no_such_queue")
    base = _base(version, lambda book: book.queue_stages.get(queue.code))
    own = base.queue_stages.get(queue.code)
    document = session().scalars(select(RuleBookRow.document).where(RuleBookRow.version == base.version)).one()
    others = {code: rows for code, rows in document.get("queue_stages", {}).items() if code != queue.code}
    if stages is None:
        return base.version if own is None else _publish("queue_stages", others, base, actor, now)
    checked = _checked_stages(stages, own or (), base.version)
    if checked == own:
        return base.version
    rows = [_stage_row(stage) for stage in checked]
    return _publish("queue_stages", {**others, queue.code: rows}, base, actor, now)


def set_pause_steps(
    status: Status, steps: Sequence[PauseStepRule], version: int, *, actor: Actor, now: datetime
) -> int:
    """Replace what is done while tickets wait in this state, as seen at ``version``; returns the new version.

    No steps at all: they wait for as long as it takes. Only the last one may end the wait.
    """
    require_house(actor)
    base = _base(version, lambda book: steps_of(book, status))
    standing = steps_of(base, status)
    checked = _checked_steps(steps, standing, status, base.version)
    if checked == standing:
        return base.version
    rows = [_step_row(step) for step in (*(one for one in base.pause_steps if one.status != status), *checked)]
    return _publish("pause_steps", rows, base, actor, now)


def set_platform_rule(code: str | None, rule: PlatformRule | None, version: int, *, actor: Actor, now: datetime) -> int:
    """Add a platform's deadline (``code`` None), change it, or (``rule`` None) take it away; returns the new version.

    The code of a rule is the program's: that of ``rule`` is not looked at.
    """
    require_house(actor)
    base = _base(version, lambda book: book.platform_rule(code) if code else book.platform_rules)
    standing = base.platform_rule(code) if code else None
    if code and standing is None:
        raise NotFound("escalation.no_such_rule")
    rules = list(base.platform_rules)
    if rule is None:
        rules.remove(standing) if standing else None
    else:
        _check_platform_rule(rule, base, standing)
        named = replace(rule, code=code or _new_code("platform", base.version, 1))
        if named == standing:
            return base.version
        rules = [named if one.code == code else one for one in rules] if code else [*rules, named]
    if len(rules) > MOST_PLATFORM_RULES:
        raise Conflict("escalation.too_many_rules", most=MOST_PLATFORM_RULES)
    return _publish("platform_rules", [_platform_row(one) for one in rules], base, actor, now)


def steps_of(book: RuleBook, status: Status) -> tuple[PauseStepRule, ...]:
    """What is done while a ticket waits in this state, in the order of time."""
    steps = (step for step in book.pause_steps if step.status == status)
    return tuple(sorted(steps, key=lambda step: step.after_seconds))


def sets_house(actor: Actor) -> bool:
    """Whether the actor says what holds for all queues."""
    return actor.scope(Permission.ESCALATION_MANAGE) is Scope.ALL


def sets_queue(actor: Actor, queue_id: int) -> bool:
    """Whether he says what holds for this queue: a supervisor in his own."""
    scope = actor.scope(Permission.ESCALATION_MANAGE)
    return scope is Scope.ALL or (scope is Scope.OWN and queue_id in actor.queues)


def require_house(actor: Actor) -> None:
    """Raise ``NotAllowed`` unless the actor says what holds for all queues."""
    actor.require(Permission.ESCALATION_MANAGE)
    if not sets_house(actor):
        raise NotAllowed("escalation.house_by_ops")


def require_queue(actor: Actor, queue_id: int) -> None:
    """Raise ``NotAllowed`` unless the actor says what holds for this queue."""
    actor.require(Permission.ESCALATION_MANAGE)
    if not sets_queue(actor, queue_id):
        raise NotAllowed("queue.not_yours")


def _base(version: int, part: Callable[[RuleBook], Hashable]) -> RuleBook:
    """The rules in force, if this part of them still is what was seen at ``version``."""
    present = published_rulebook()
    if present.version == version:
        return present
    try:
        seen = part(rulebook_of(version))
    except NotFound:
        raise Stale("rulebook.stale", version=present.version) from None
    if seen != part(present):
        raise Stale("rulebook.stale", version=present.version)
    return present


def _publish(section: str, value: Any, base: RuleBook, actor: Actor, now: datetime) -> int:
    return publish_section(section, value, expected_version=base.version, actor=actor, now=now)


def _new_code(prefix: str, version: int, number: int) -> str:
    """Unlike every code of this book and of all before it: one that is taken off never names something else."""
    return f"{prefix}_{version + 1}_{number}"


def _coded(rules: Iterable[Ruled], standing: Collection[str], prefix: str, version: int) -> Iterable[Ruled]:
    """Each with its code: the one it has, if it stands in this list already and only once; else a new one."""
    used: set[str] = set()
    for number, rule in enumerate(rules, 1):
        keeps = rule.code in standing and rule.code not in used
        code = rule.code if keeps else _new_code(prefix, version, number)
        used.add(code)
        yield replace(rule, code=code)


def _checked_stages(stages: Sequence[Stage], standing: Sequence[Stage], version: int) -> tuple[Stage, ...]:
    if not stages:
        raise Invalid("escalation.no_stage")
    if len(stages) > MOST_STAGES:
        raise Invalid("escalation.too_many_stages", most=MOST_STAGES)
    moments: set[tuple[int | None, int | None]] = set()
    for row, stage in enumerate(stages):
        if abs(stage.offset_seconds or 0) > MOST_MINUTES * 60:
            raise Invalid("escalation.bad_minutes", row=row, most=MOST_MINUTES)
        if not (stage.notify or stage.urgency or stage.changes_ticket):
            raise Invalid("escalation.idle_stage", row=row)
        moment = (100, None) if stage.offset_seconds == 0 else (stage.percent, stage.offset_seconds)
        if moment in moments:
            raise Invalid("escalation.same_moment", row=row)
        moments.add(moment)
    return in_order(_coded(stages, {stage.code for stage in standing}, "stage", version))


def _checked_steps(
    steps: Sequence[PauseStepRule], standing: Sequence[PauseStepRule], status: Status, version: int
) -> tuple[PauseStepRule, ...]:
    if len(steps) > MOST_STEPS:
        raise Invalid("escalation.too_many_steps", most=MOST_STEPS)
    last = max((step.after_seconds for step in steps), default=0)
    moments: set[int] = set()
    for row, step in enumerate(steps):
        if not 0 < step.after_seconds <= MOST_HOURS * 3600:
            raise Invalid("escalation.bad_hours", row=row, most=MOST_HOURS)
        if step.after_seconds in moments:
            raise Invalid("escalation.same_moment", row=row)
        moments.add(step.after_seconds)
        if step.action in ENDS_WAIT and step.after_seconds < last:
            raise Invalid("escalation.end_not_last", row=row)
        if step.action == "resolve" and status is not Status.PENDING_CUSTOMER:
            raise Invalid("escalation.resolves_customers_only", row=row)
        _check_text(row, step)
    told = [step if step.action in TELLS_CUSTOMER else replace(step, text=None) for step in steps]
    coded = _coded(told, {step.code for step in standing}, "step", version)
    return tuple(sorted((replace(step, status=status) for step in coded), key=lambda step: step.after_seconds))


def _check_text(row: int, step: PauseStepRule) -> None:
    """What a customer is told stands in both languages, with such gaps only as can be filled without a person."""
    if step.action not in TELLS_CUSTOMER:
        return
    texts = (step.text.zh.strip(), step.text.en.strip()) if step.text else ("", "")
    if not all(texts):
        raise Invalid("escalation.text_required", row=row)
    if any(len(text) > MAX_TEXT for text in texts):
        raise Invalid("escalation.text_too_long", row=row, most=MAX_TEXT)
    strange = sorted({name for text in texts for name in unresolved(text)} - set(PLACEHOLDERS))
    if strange:
        raise Invalid("escalation.unknown_placeholder", row=row, names=strange)


def _check_platform_rule(rule: PlatformRule, base: RuleBook, standing: PlatformRule | None) -> None:
    for name in (rule.name.zh, rule.name.en):
        if not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
            raise Invalid("queue.bad_name", most=LONGEST_NAME)
    if not 0 < rule.seconds <= MOST_HOURS * 3600:
        raise Invalid("escalation.bad_hours", most=MOST_HOURS)
    if not rule.channels:
        raise Invalid("escalation.no_channel")
    known = set(session().scalars(select(Channel.code))) | set(standing.channels if standing else ())
    if not set(rule.channels) <= known:
        raise Invalid("skill.unknown_channel")
    if not set(rule.types) <= set(base.types):
        raise Invalid("skill.unknown_type")


def _stage_row(stage: Stage) -> dict[str, Any]:
    when = {"percent": stage.percent} if stage.percent is not None else {"offset_seconds": stage.offset_seconds}
    row = {"code": stage.code, **when, "urgency": stage.urgency, "notify": list(stage.notify)}
    return row | {name: value for name, value in (("reassign", stage.reassign), ("tag", stage.tag)) if value}


def _step_row(step: PauseStepRule) -> dict[str, Any]:
    row = {
        "code": step.code,
        "status": step.status.value,
        "after_seconds": step.after_seconds,
        "action": step.action,
    }
    return row | ({"text": {"zh": step.text.zh, "en": step.text.en}} if step.text else {})


def _platform_row(rule: PlatformRule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": {"zh": rule.name.zh, "en": rule.name.en},
        "channels": list(rule.channels),
        "types": list(rule.types),
        "starts": rule.starts,
        "seconds": rule.seconds,
        "met_by": rule.met_by,
    }
