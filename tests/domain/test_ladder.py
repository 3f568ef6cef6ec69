"""Who is asked when nobody can answer."""

from __future__ import annotations

import pytest

from helpdesk.domain.compensation import Approval
from helpdesk.domain.ladder import raised, reachable

SUPERVISOR, FINANCE, BOTH = Approval.SUPERVISOR, Approval.FINANCE, Approval.FINANCE_AND_OPS


@pytest.mark.parametrize(
    ("rung", "empty", "asked", "passed"),
    [
        (SUPERVISOR, set(), SUPERVISOR, ()),
        (SUPERVISOR, {FINANCE}, SUPERVISOR, ()),
        (SUPERVISOR, {SUPERVISOR}, FINANCE, (SUPERVISOR,)),
        (SUPERVISOR, {SUPERVISOR, FINANCE}, BOTH, (SUPERVISOR, FINANCE)),
        (BOTH, {SUPERVISOR, FINANCE, BOTH}, BOTH, ()),
        (Approval.NONE, {SUPERVISOR}, Approval.NONE, ()),
    ],
)
def test_rungs_without_anybody_are_passed_over_and_the_last_one_is_asked_in_any_case(
    rung: Approval, empty: set[Approval], asked: Approval, passed: tuple[Approval, ...]
) -> None:
    assert reachable(rung, empty) == (asked, passed)


def test_behind_the_last_rung_there_is_none() -> None:
    assert [raised(rung) for rung in (SUPERVISOR, FINANCE, BOTH)] == [FINANCE, BOTH, None]
