"""The plan as values: orders, and steps that people, customers and systems take, each at its time (UTC)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from helpdesk.domain.tickets import Outcome, Party, Priority, Status
from helpdesk.services.orders import LineData, ParcelData, StatusData

OWNER = "owner"
"""In place of a login: whoever answers the customer; the ticket's planned agent while nobody does."""

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Buyer:
    name: str
    buyer_id: str
    phone: str
    address: str
    english: bool = False


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """An order as the channel tells it just before the ticket; money in fen."""

    shop: str
    channel: str
    number: str
    status: str
    paid_fen: int
    freight_fen: int
    price_snapshot_fen: int
    placed_at: datetime
    buyer: Buyer
    lines: tuple[LineData, ...]
    parcels: tuple[ParcelData, ...]
    history: tuple[StatusData, ...]
    warehouse: str = ""


@dataclass(frozen=True, slots=True)
class PlannedTicket:
    """What a ticket is about. ``type`` is the true one, whatever the words are taken for at first.

    ``agent`` (customer service) takes it up if nobody owns it; ``helper`` works in the queue of its type.
    ``values`` fill the placeholders of replies, ``slots`` the customer's words. ``order`` None: the customer told no
    number, or an unknown one.
    """

    key: int
    type: str
    shop: str
    channel: str
    buyer: Buyer
    agent: str
    helper: str
    order: PlannedOrder | None
    order_number: str
    values: Mapping[str, str]
    slots: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Open:
    """Comes in: by the channel (``by`` system) or entered by an agent.

    ``typed``: the type was given, by a monitor or by the agent.
    """

    text: str
    by: str = SYSTEM
    typed: bool = False
    priority: Priority = Priority.P2


@dataclass(frozen=True, slots=True)
class Triage:
    """Whoever owns it says which type it is, if the words were taken for another or nobody could be sure."""


@dataclass(frozen=True, slots=True)
class Claim:
    by: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply from a template, which brings its own marks, or in free ``text``; ``copied``: carried over."""

    template: str = ""
    text: str = ""
    promise: str = ""
    copied: bool = True
    solution: bool = False


@dataclass(frozen=True, slots=True)
class Hear:
    """The customer writes again; as ``nudge``, through the way in by which the first message came."""

    text: str
    nudge: bool = False


@dataclass(frozen=True, slots=True)
class Jot:
    """A note."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Another queue is asked for help."""

    queue: str
    party: Party
    question: str


@dataclass(frozen=True, slots=True)
class Tell:
    """What another queue was asked is answered, by whoever has the question in hand."""

    queue: str
    answer: str


@dataclass(frozen=True, slots=True)
class Urge:
    """The queue's supervisor asks who has it to get on with it."""


@dataclass(frozen=True, slots=True)
class Move:
    """To another queue."""

    queue: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    status: Status
    pending_on: str | None = None


@dataclass(frozen=True, slots=True)
class Rank:
    priority: Priority


@dataclass(frozen=True, slots=True)
class Offer:
    """Money or a thing is offered to the customer. A ``large`` offer is more than the agent may promise alone: the
    ticket waits for it.
    """

    large: bool = False


@dataclass(frozen=True, slots=True)
class Agree:
    """What waits for somebody's agreement is answered."""


@dataclass(frozen=True, slots=True)
class Resolve:
    outcome: Outcome
    shares: tuple[tuple[Party, int], ...]
    by: str = OWNER


@dataclass(frozen=True, slots=True)
class Dispute:
    """A queue that was blamed appeals."""

    by: str
    party: Party
    reason: str


@dataclass(frozen=True, slots=True)
class Judge:
    """The appeal is upheld with other shares; turned down where there are none."""

    by: str
    shares: tuple[tuple[Party, int], ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Into the ticket of that key, by who answers its customer."""

    into: int
    reason: str


@dataclass(frozen=True, slots=True)
class Close:
    """Seven days after, by the job."""


Action = (
    Open | Triage | Claim | Answer | Hear | Jot | Ask | Tell | Urge | Move | Wait | Rank | Offer | Agree | Resolve
    | Dispute | Judge | Merge | Close
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    ticket: int
    action: Action


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """Everything that will have happened by ``now``; steps in order of time."""

    now: datetime
    begins: datetime
    tickets: tuple[PlannedTicket, ...]
    steps: tuple[Step, ...]
