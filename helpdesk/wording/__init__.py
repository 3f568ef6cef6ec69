"""Codes and figures in the reader's words. Chinese is the source, English stands in the catalog.

Everything below speaks in codes + parameters; only what shows something comes here.
"""

from helpdesk.wording.calendars import hours_text
from helpdesk.wording.events import event_text
from helpdesk.wording.labels import (
    absence_label,
    appeal_state_label,
    assignment_label,
    class_label,
    clock_label,
    duration,
    label,
    order_status_label,
    outcome_label,
    party_label,
    role_label,
    status_label,
    tier_label,
)
from helpdesk.wording.problems import problem_text, problem_title
from helpdesk.wording.times import day_and_time, time_or_day

__all__ = [
    "absence_label",
    "appeal_state_label",
    "assignment_label",
    "class_label",
    "clock_label",
    "day_and_time",
    "duration",
    "event_text",
    "hours_text",
    "label",
    "order_status_label",
    "outcome_label",
    "party_label",
    "problem_text",
    "problem_title",
    "role_label",
    "status_label",
    "tier_label",
    "time_or_day",
]
