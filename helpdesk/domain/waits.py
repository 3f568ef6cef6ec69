"""How long a ticket may wait before somebody should look at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from helpdesk.domain.escalation import PauseStepRule
from helpdesk.domain.tickets import Status

UNRULED_SECONDS = 24 * 3600
"""A wait that no rule ends: after a day somebody looks at it."""

WAITING = (Status.PENDING_CUSTOMER, Status.PENDING_INTERNAL, Status.PENDING_APPROVAL)


def longest_waits(steps: Iterable[PauseStepRule]) -> Mapping[Status, int]:
    """By waiting state, after how many seconds of wall-clock time a wait has lasted too long.

    That is when the last of the rule's steps was due: whoever waits longer than that was forgotten by the rules, too.
    """
    longest: dict[Status, int] = {}
    for step in steps:
        longest[step.status] = max(longest.get(step.status, 0), step.after_seconds)
    return {status: longest.get(status, UNRULED_SECONDS) for status in WAITING}
