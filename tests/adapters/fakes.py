"""Stand-ins for the outside."""

from __future__ import annotations

from dataclasses import dataclass, field

from helpdesk.adapters.senders import Delivery


@dataclass
class FakeSender:
    """A channel in memory. ``refuse`` is raised, one per call, before anything is taken; repeats are told by id."""

    refuse: list[Exception] = field(default_factory=list)
    asked: list[Delivery] = field(default_factory=list)
    taken: list[Delivery] = field(default_factory=list)

    def send(self, delivery: Delivery) -> None:
        self.asked.append(delivery)
        if self.refuse:
            raise self.refuse.pop(0)
        if delivery.id not in {known.id for known in self.taken}:
            self.taken.append(delivery)
