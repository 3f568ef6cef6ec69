from __future__ import annotations

from helpdesk.domain.escalation import PauseStepRule
from helpdesk.domain.tickets import Status
from helpdesk.domain.waits import longest_waits

HOUR = 3600


def test_a_wait_has_lasted_too_long_when_the_last_step_of_its_rule_is_past() -> None:
    steps = [
        PauseStepRule("second", Status.PENDING_CUSTOMER, 48 * HOUR, "remind_customer"),
        PauseStepRule("end", Status.PENDING_CUSTOMER, 72 * HOUR, "resolve"),
        PauseStepRule("first", Status.PENDING_CUSTOMER, 24 * HOUR, "remind_customer"),
        PauseStepRule("approval", Status.PENDING_APPROVAL, 4 * HOUR, "tell_supervisor"),
    ]
    assert longest_waits(steps) == {
        Status.PENDING_CUSTOMER: 72 * HOUR,
        Status.PENDING_APPROVAL: 4 * HOUR,
        Status.PENDING_INTERNAL: 24 * HOUR,
    }


def test_without_rules_a_day_is_too_long() -> None:
    assert set(longest_waits([]).values()) == {24 * HOUR}
