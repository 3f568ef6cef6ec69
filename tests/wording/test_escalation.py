"""Rules about time are told in sentences."""

from __future__ import annotations

import pytest
from flask import Flask

from helpdesk.domain import escalation as domain
from helpdesk.domain.escalation import Stage
from helpdesk.wording import escalation


def test_every_code_of_a_rule_has_a_name() -> None:
    assert set(escalation.NOTIFIED) == set(domain.NOTIFIABLE)
    assert set(escalation.REASSIGNED) == set(domain.REASSIGN)
    assert set(escalation.STARTS) == set(domain.STARTS)
    assert set(escalation.MET_BY) == set(domain.MET_BY)
    assert set(escalation.STEPS) == set(domain.PAUSE_ACTIONS)


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (Stage("x", 75, urgency=1, notify=("assignee", "owner")), "到目标的 75%：提醒经手人和负责人，紧急度升到 1"),
        (
            Stage("x", None, offset_seconds=-1800, notify=("assignee", "owner", "queue"), reassign="next"),
            "目标前 30分：提醒经手人、负责人和队列全体成员，改派给队列里的别人",
        ),
        (Stage("x", None, offset_seconds=5400, tag="超时"), "超过目标 1时30分：加标签“超时”"),
        (Stage("x", None, offset_seconds=0, reassign="unassign"), "到目标时：退回未分派"),
    ],
    ids=["share", "before", "after", "at"],
)
def test_a_stage_is_a_sentence(app: Flask, stage: Stage, words: str) -> None:
    with app.test_request_context():
        assert escalation.stage_text(stage) == words
