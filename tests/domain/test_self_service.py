from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.problems import Invalid
from helpdesk.domain.self_service import Step, may_confirm, phone_tail, step
from helpdesk.domain.tickets import ACTIVE, Status

STEPS = {
    Status.NEW: (Step.RECEIVED, Step.WORKING),
    Status.OPEN: (Step.RECEIVED, Step.WORKING),
    Status.PENDING_CUSTOMER: (Step.YOUR_TURN, Step.YOUR_TURN),
    Status.PENDING_INTERNAL: (Step.RECEIVED, Step.WORKING),
    Status.PENDING_APPROVAL: (Step.RECEIVED, Step.WORKING),
    Status.RESOLVED: (Step.SOLVED, Step.SOLVED),
    Status.CLOSED: (Step.CLOSED, Step.CLOSED),
    Status.MERGED: (Step.CLOSED, Step.CLOSED),
}
"""Before the first answer and after it."""


@pytest.mark.parametrize("status", Status)
def test_the_customer_sees_whether_he_was_heard_and_whose_turn_it_is(status: Status) -> None:
    assert (step(status, answered=False), step(status, answered=True)) == STEPS[status]


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("stands", [True, False])
def test_a_solution_is_confirmed_while_it_stands_or_once_it_is_resolved(status: Status, stands: bool) -> None:
    assert may_confirm(status, solution_stands=stands) == (status is Status.RESOLVED or (stands and status in ACTIVE))


@given(st.text("0123456789", min_size=4, max_size=11), st.sampled_from(["", " ", "-", "+86 ", "尾号"]))
def test_of_a_phone_however_it_is_typed_the_last_four_digits_count(digits: str, around: str) -> None:
    assert phone_tail(around + digits[:-2] + around.replace("+86", "") + digits[-2:]) == digits[-4:]


@pytest.mark.parametrize("typed", ["", "123", "一二三四", "٣٤٥٦", "12 a 3"])
def test_fewer_than_four_digits_are_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        phone_tail(typed)
    assert refused.value.code == "self_service.tail_required"


def test_full_width_digits_are_digits() -> None:
    assert phone_tail("１２３４５") == "2345"
