"""What was learned from corrections, in versions."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.domain.learner import Model
from helpdesk.storage import Base, plain_rows, session, where


class LearnedModel(Base):
    """One training: what it was trained on, how it did beside the rules alone, and its weights.

    ``live``: decisions use it; at most one is. ``off``: it could be. ``refused``: it was not clearly better than
    the rules, so it has no weights. ``switched_by_id`` is the person who switched it last, None for the job.
    """

    __tablename__ = "learned_model"
    __table_args__ = (
        CheckConstraint("state IN ('live', 'off', 'refused')", name="state"),
        Index("uq_learned_model_live", "state", unique=True, **where("state = 'live'")),
    )

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(8))
    rule_version: Mapped[int]
    examples: Mapped[int]
    through_correction_id: Mapped[int]  # the last one that it knows of
    rules_share: Mapped[float]  # right first types in cross-validation, by the rules alone
    blended_share: Mapped[float]  # and with the model
    document: Mapped[dict[str, Any]]
    switched_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]


_LIVE = select(LearnedModel.version, LearnedModel.created_at).where(LearnedModel.state == "live")


def live_model() -> Model | None:
    """The model in force, or None. One small statement; weights are read and parsed once per version."""
    row = plain_rows(_LIVE).one_or_none()
    return _parsed(row.version, row.created_at) if row else None


@lru_cache(maxsize=4)
def _parsed(version: int, _created_at: datetime) -> Model:
    """Weights never change; the time tells one installation's version 1 from another's in one process."""
    document = session().execute(select(LearnedModel.document).where(LearnedModel.version == version)).scalar_one()
    return Model.parse(document, version)
