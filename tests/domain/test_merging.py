"""What may be merged at once, and how long it can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.domain.merging import (
    MOST_AT_ONCE,
    UNDO_WITHIN,
    check_can_part,
    check_in_time,
    check_named,
    check_settled,
)
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.tickets import Status

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ([], "merge.nothing_chosen"),
        (["A", "B"], "ticket.merge_into_itself"),
        ([str(number) for number in range(MOST_AT_ONCE + 1)], "merge.too_many"),
    ],
)
def test_something_is_merged_into_something_else_and_not_too_much(numbers: list[str], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_named(numbers, "A")
    assert caught.value.code == code


def test_as_many_as_are_allowed_pass() -> None:
    check_named([str(number) for number in range(MOST_AT_ONCE)], "A")


@pytest.mark.parametrize(
    ("waiting", "code"),
    [
        ({"money"}, "merge.money_waits"),
        ({"appeal"}, "merge.appeal_waits"),
        ({"assist"}, "merge.assist_waits"),
        ({"assist", "money"}, "merge.money_waits"),
    ],
)
def test_where_somebody_owes_an_answer_it_has_to_be_given_first(waiting: set[str], code: str) -> None:
    with pytest.raises(Conflict) as caught:
        check_settled("A", waiting)
    assert (caught.value.code, caught.value.params) == (code, {"number": "A"})
    check_settled("A", set())


@pytest.mark.parametrize("status", Status)
def test_they_part_while_the_other_one_lives_and_its_customer_is_silent(status: Status) -> None:
    if status in {Status.CLOSED, Status.MERGED}:
        with pytest.raises(Conflict) as caught:
            check_can_part("A", status, heard=False)
        assert caught.value.code == "merge.target_ended"
        return
    check_can_part("A", status, heard=False)
    with pytest.raises(Conflict) as caught:
        check_can_part("A", status, heard=True)
    assert caught.value.code == "merge.heard_since"


def test_a_day_later_it_can_be_undone_and_a_moment_after_no_more() -> None:
    check_in_time(NOW, NOW + UNDO_WITHIN)
    with pytest.raises(Conflict) as caught:
        check_in_time(NOW, NOW + UNDO_WITHIN + timedelta(seconds=1))
    assert (caught.value.code, caught.value.params) == ("operation.too_late", {"hours": 24})
