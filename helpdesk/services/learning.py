"""Learning from corrections: what is evidence, when to train, which model is in force.

A model is trained outside any transaction (it takes seconds) and then stored as a version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.decisions import OrderFacts, example_of
from helpdesk.domain.learner import MIN_EXAMPLES, NEW_ENOUGH, Example, Model, Trial
from helpdesk.domain.problems import Conflict, NotFound
from helpdesk.models import Correction, DecisionRow, LearnedModel, Message
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services.events import record
from helpdesk.storage import session

MOST_EXAMPLES = 3_000
"""The latest corrections say what is true now; more would take minutes and add little."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What people said, as the rules of ``rule_version`` see it; ``through`` is the id of the last correction."""

    examples: tuple[Example, ...]
    rule_version: int
    through: int


def is_due() -> bool:
    """Whether enough was corrected since the last training, or the rules changed under it. Two statements."""
    last = (
        session()
        .execute(
            select(LearnedModel.through_correction_id, LearnedModel.rule_version)
            .order_by(LearnedModel.version.desc())
            .limit(1)
        )
        .one_or_none()
    )
    known = last.through_correction_id if last else 0
    fresh = session().execute(select(func.count()).select_from(Correction).where(Correction.id > known)).scalar_one()
    if last is None:
        return fresh >= MIN_EXAMPLES
    return fresh >= NEW_ENOUGH or last.rule_version != published_rulebook().version


def evidence() -> Evidence:
    """The latest word on each ticket, newest first, at most MOST_EXAMPLES; with the message as it was decided on."""
    book = published_rulebook()
    latest = select(func.max(Correction.id)).group_by(Correction.ticket_id)
    rows = (
        session()
        .execute(
            select(Correction.id, Correction.to_type, DecisionRow.facts, Message.text)
            .join(DecisionRow, DecisionRow.id == Correction.decision_id)
            .join(Message, Message.id == DecisionRow.message_id)
            .where(Correction.id.in_(latest), Correction.to_type.in_(list(book.types)))
            .order_by(Correction.id.desc())
            .limit(MOST_EXAMPLES)
        )
        .all()
    )
    examples = tuple(example_of(row.text, OrderFacts.from_json(row.facts), book, row.to_type) for row in rows)
    return Evidence(examples, book.version, max((row.id for row in rows), default=0))


def store(evidence: Evidence, model: Model | None, trial: Trial, *, actor: Actor, now: datetime) -> int:
    """Keep what a training gave as the next version; it goes live unless a person has switched learning off.

    A training that was refused ends the model before it too: that one knows less of the same.
    """
    version = next_version()
    held = _held_off()
    session().execute(update(LearnedModel).where(LearnedModel.state == "live").values(state="off"))
    state = "refused" if model is None else "off" if held else "live"
    session().add(
        LearnedModel(
            version=version,
            state=state,
            rule_version=evidence.rule_version,
            examples=trial.examples,
            through_correction_id=evidence.through,
            rules_share=trial.rules,
            blended_share=trial.blended,
            document=model.to_document() if model else {},
            switched_by_id=None,
            created_at=now,
        )
    )
    session().flush()
    record("learner.trained", actor=actor, now=now, version=version, state=state, examples=trial.examples)
    return version


def next_version() -> int:
    """The number that the next training gets."""
    return session().execute(select(func.coalesce(func.max(LearnedModel.version), 0))).scalar_one() + 1


def switch_off(version: int, *, actor: Actor, now: datetime) -> None:
    """Decide by the rules alone from now on, until a person switches a version on. ``Conflict`` if it isn't live."""
    actor.require(Permission.RULES_MANAGE)
    row = _load(version)
    if row.state != "live":
        raise Conflict("learner.not_live", version=version)
    row.state, row.switched_by_id = "off", actor.id
    session().flush()
    record("learner.switched_off", actor=actor, now=now, version=version)


def switch_on(version: int, *, actor: Actor, now: datetime) -> None:
    """Put this version into force, in place of the one that is. ``Conflict`` for one that was refused or is live."""
    actor.require(Permission.RULES_MANAGE)
    row = _load(version)
    if row.state != "off":
        raise Conflict("learner.not_off", version=version)
    session().execute(update(LearnedModel).where(LearnedModel.state == "live").values(state="off"))
    session().execute(update(LearnedModel).values(switched_by_id=None))
    row.state, row.switched_by_id = "live", actor.id
    session().flush()
    record("learner.switched_on", actor=actor, now=now, version=version)


def _load(version: int) -> LearnedModel:
    row = session().get(LearnedModel, version, with_for_update=True)
    if row is None:
        raise NotFound("learner.no_such_version", version=version)
    return row


def _held_off() -> bool:
    """A person switched the last live model off: it is his word until a person takes it back."""
    held = select(LearnedModel.version).where(LearnedModel.state == "off", LearnedModel.switched_by_id.is_not(None))
    return session().execute(held.limit(1)).first() is not None
