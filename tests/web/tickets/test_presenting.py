"""Small pure parts of the ticket page."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.clocks import Step
from helpdesk.domain.compensation import BASIS_CODES, BLOCK_CODES, BOUND_CODES, Basis
from helpdesk.domain.decisions import Span
from helpdesk.domain.rulebook import parse_rulebook
from helpdesk.web.tickets.presenting import lit_segments
from helpdesk.web.tickets.story import ICONS
from helpdesk.wording.events import EVENTS
from helpdesk.wording.explanations import AMOUNTS, CLOCK_STEPS, EVIDENCE, basis_text, step_text
from seeds.rulebook_document import document

BOOK = parse_rulebook(document(), 1)
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MAY_DAY = date(2026, 5, 1)
SPEAKING = Flask(__name__)
"""An application that knows nothing but the language."""

Babel(SPEAKING, default_locale="zh_CN")


def step(code: str, **params: object) -> Step:
    return Step(code, params)  # type: ignore[arg-type]


@given(st.text(min_size=1, max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=6))
def test_lit_pieces_put_together_are_the_message(text: str, places: list[tuple[int, int]]) -> None:
    spans = [Span(start, start + length, "词", "gone_type", "exact") for start, length in places]
    with SPEAKING.test_request_context():
        pieces = list(lit_segments(text, spans, BOOK))
    assert "".join(piece["text"] for piece in pieces) == text
    for piece in pieces:
        assert piece["text"]
        if piece["lit"]:
            assert any(text[span.start : span.end] == piece["text"] for span in spans)


def test_every_basis_evidence_and_event_on_the_page_has_its_words() -> None:
    assert set(AMOUNTS) == {*BASIS_CODES, *BOUND_CODES, *BLOCK_CODES}
    assert {code for policy in BOOK.policies for code in policy.evidence} <= set(EVIDENCE)
    assert set(ICONS) <= set(EVENTS)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (step("clock.started", at=AT, target_seconds=14_400), "11-23 10:00 开始计时，时限 4时"),
        (
            step("clock.holiday", first=date(2026, 10, 1), last=date(2026, 10, 7)),
            "2026-10-01 到 2026-10-07 放假，不计时",
        ),
        (step("clock.closed", first=date(2026, 11, 28), last=date(2026, 11, 28)), "2026-11-28 不上班，不计时"),
        (step("clock.paused", begin=AT, end=None), "11-23 10:00 起暂停"),
        (step("clock.overdue", seconds=5_400), "已超时 1时30分（工作时间）"),
        (step("clock.unheard_of"), "clock.unheard_of"),
    ],
)
def test_steps_of_a_clock_read_as_lines(app: Flask, told: Step, words: str) -> None:
    with app.test_request_context():
        assert step_text(told) == words


@pytest.mark.parametrize("code", sorted(CLOCK_STEPS))
def test_no_step_fails_over_what_it_is_given(app: Flask, code: str) -> None:
    at, day = AT, date(2026, 11, 23)
    params = dict.fromkeys(("target_seconds", "seconds", "total", "elapsed_seconds", "count"), 3600)
    shown = {"at": at, "begin": at, "end": at, "first": day, "last": day, "confirmed_through": day, **params}
    with app.test_request_context():
        assert "%(" not in step_text(step(code, **shown))


def test_an_amount_says_how_it_came_about(app: Flask) -> None:
    with app.test_request_context():
        basis = Basis("compensation.percent_of_paid", {"percent": 20, "paid_fen": 123_450})
        assert basis_text(basis) == "实付 ¥1,234.50 的 20%"
        assert basis_text(Basis("compensation.cut_to_cap", {"limit_fen": 500})) == "不超过上限 ¥5.00"
