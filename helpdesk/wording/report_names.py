"""How a report calls what it is cut by: types, queues, people, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from helpdesk.domain.access import Actor
from helpdesk.domain.reports import Dimension
from helpdesk.domain.rulebook import RuleBook
from helpdesk.queries.choices import list_choices
from helpdesk.queries.directory import directory
from helpdesk.wording import class_label, label
from helpdesk.wording.reports import other_label, unknown_label

NOT_QUEUES = ("customer", "approval", "closed")


@dataclass(frozen=True, slots=True)
class Names:
    """Names by value of each cut that has any; queues by code besides, as the times of a report have them."""

    book: RuleBook
    by_cut: Mapping[str, Mapping[str, str]]
    queue_names: Mapping[str, str]
    kinds: Mapping[str, str]

    def of(self, cut: str, value: str) -> str:
        """The value in words; as it is where it is its own name, or nobody knows it any more."""
        if not value:
            return unknown_label(cut)
        known = self.by_cut.get(cut)
        if known is None or value in known:
            return known[value] if known else value
        return f"#{value}" if cut in (Dimension.CHANNEL, Dimension.QUEUE, Dimension.AGENT) else value

    def choices(self, cut: str) -> list[tuple[str, str]]:
        """(value, name) to choose from."""
        return list(self.by_cut.get(cut, {}).items())

    def who(self, who: str) -> str:
        """Whose time it was."""
        return self.queue_names.get(who) or other_label(who)

    def kind(self, who: str) -> str:
        """How that is coloured: queues by the class whose tickets they work on."""
        return who if who in NOT_QUEUES else self.kinds.get(who, "other")

    def klass(self, cut: str, value: str) -> str:
        """The class that a type is of, or that is cut by."""
        if cut == Dimension.CLASS:
            return value
        return self.book.types[value].klass.value if cut == Dimension.TYPE and value in self.book.types else ""


def names(actor: Actor, book: RuleBook) -> Names:
    """All that the actor may choose from, with the type names of these rules. Two statements."""
    known, offered = directory(), list_choices(actor)
    return Names(
        book=book,
        by_cut={
            Dimension.TYPE: {kind.code: label(kind.name) for kind in book.types.values()},
            Dimension.CLASS: {klass: class_label(klass) for klass in "ABC"},
            Dimension.CHANNEL: {str(channel.id): label(channel.name) for channel in offered.channels},
            Dimension.QUEUE: {str(queue.id): label(queue.name) for queue in known.queues.values()},
            Dimension.AGENT: {str(id): person.name for id, person in known.people.items()},
        },
        queue_names={queue.code: label(queue.name) for queue in known.queues.values()},
        kinds={kind.queue: kind.klass.value.lower() for kind in book.types.values()},
    )


def by_who(time: Mapping[str, int]) -> list[tuple[str, int]]:
    """Queues first, the one with most of the time before the others; then who was waited for, then closed hours."""
    late = {"customer": 1, "approval": 2, "closed": 3}
    return sorted(
        ((who, s) for who, s in time.items() if s > 0), key=lambda one: (late.get(one[0], 0), -one[1], one[0])
    )
