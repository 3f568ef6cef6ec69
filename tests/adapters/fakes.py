"""Stand-ins for the outside."""

from __future__ import annotations

from dataclasses import dataclass, field

from helpdesk.adapters.senders import Delivery


@dataclass
class FakeSender:
    """A channel in memory. ``refuse`` is raised, one per call, before anything is taken; repeats are told by id.

    ``answers`` are used up one by one, too: None takes it.
    """

    answers: list[Exception | None] = field(default_factory=list)
    refuse: list[Exception] = field(default_factory=list)
    asked: list[Delivery] = field(default_factory=list)
    taken: list[Delivery] = field(default_factory=list)

    def send(self, delivery: Delivery) -> None:
        self.asked.append(delivery)
        if self.refuse:
            raise self.refuse.pop(0)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        if delivery.id not in {known.id for known in self.taken}:
            self.taken.append(delivery)
