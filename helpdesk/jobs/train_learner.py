"""Learn from what people corrected, when there is enough that is new."""

from __future__ import annotations

from datetime import datetime

from helpdesk.domain.learner import learn
from helpdesk.queries.actors import system_actor
from helpdesk.services import learning
from helpdesk.storage import unit_of_work


def train_learner(now: datetime) -> int:
    """Train if it is due; returns on how many corrections. Nothing is locked while it thinks."""
    if not learning.is_due():
        return 0
    evidence, version = learning.evidence(), learning.next_version()
    model, trial = learn(evidence.examples, version)
    with unit_of_work():
        if learning.next_version() != version:
            return 0  # somebody else was faster
        learning.store(evidence, model, trial, actor=system_actor("job"), now=now)
    return trial.examples
