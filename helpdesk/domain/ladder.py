"""Who answers a proposal of money: parts of a rung, stand-ins, time-outs.

A rung that is asked has one part (the supervisor's, finance's) or two (finance's and ops'), each filled by a
person of that role. Nobody answers for what he proposed himself, nor in the place of who proposed it, nor for
both parts of a rung. A rung that doesn't answer in time is passed over, and one on which nobody could answer is
passed over at once: the next one is asked.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from helpdesk.domain.access import Role
from helpdesk.domain.compensation import Approval
from helpdesk.domain.problems import NotAllowed

PARTS: Mapping[Approval, tuple[Role, ...]] = {
    Approval.NONE: (),
    Approval.SUPERVISOR: (Role.SUPERVISOR,),
    Approval.FINANCE: (Role.FINANCE,),
    Approval.FINANCE_AND_OPS: (Role.FINANCE, Role.OPS),
}
"""Whose agreement a rung needs."""

_NEXT: Mapping[Approval, Approval] = {
    Approval.SUPERVISOR: Approval.FINANCE,
    Approval.FINANCE: Approval.FINANCE_AND_OPS,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A proposal that waits. ``agreed``: who (user id) has filled which part already."""

    proposer: int
    rung: Approval
    agreed: Mapping[Role, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Right:
    """Somebody's right to decide: his own, or that of an absent person he stands in for.

    ``reaches`` tells whether it reaches this ticket (a supervisor's ends at his own queues).
    """

    holder: int
    role: Role
    reaches: bool = True


def right_to_decide(asked: Asked, decider: int, rights: Iterable[Right]) -> Right:
    """By which of his rights this person answers; his own come first. ``NotAllowed`` where he has none."""
    if decider == asked.proposer:
        raise NotAllowed("compensation.own_proposal")
    if decider in asked.agreed.values():
        raise NotAllowed("compensation.agreed_already")
    for right in rights:
        if right.reaches and right.holder != asked.proposer and right.role in open_parts(asked):
            return right
    raise NotAllowed("compensation.not_asked")


def open_parts(asked: Asked) -> tuple[Role, ...]:
    """Parts of the asked rung that nobody has filled."""
    return tuple(part for part in PARTS[asked.rung] if part not in asked.agreed)


def is_settled(asked: Asked) -> bool:
    """Whether everybody whose agreement the rung needs has agreed."""
    return not open_parts(asked)


def raised(rung: Approval) -> Approval | None:
    """The rung that is asked when this one doesn't answer in time; None behind the last."""
    return _NEXT.get(rung)


def reachable(rung: Approval, empty: Container[Approval]) -> tuple[Approval, tuple[Approval, ...]]:
    """The rung that is asked from this one up, and those passed over because nobody on them could answer (``empty``).

    The last rung is asked in any case: behind it there is nobody.
    """
    passed: tuple[Approval, ...] = ()
    while rung in empty and (above := raised(rung)) is not None:
        rung, passed = above, (*passed, rung)
    return rung, passed
