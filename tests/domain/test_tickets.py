"""The life of a ticket: which moves there are, and what it takes to resolve."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.tickets import (
    ACTIVE,
    FINAL,
    JOB_OUTCOMES,
    Outcome,
    Party,
    Status,
    TicketClass,
    check_move,
    check_resolution,
    check_responsibility,
    in_order,
    legal_moves,
)

LEGAL = {
    "new": "open pending_customer pending_internal resolved merged",
    "open": "pending_customer pending_internal pending_approval resolved merged",
    "pending_customer": "open pending_internal pending_approval resolved merged",
    "pending_internal": "open pending_customer pending_approval resolved merged",
    "pending_approval": "open pending_customer pending_internal resolved merged",
    "resolved": "open closed merged",
    "closed": "",
    "merged": "",
}
WAREHOUSE = {Party.WAREHOUSE: 100}
UNDETERMINED = {Party.UNDETERMINED: 100}


@pytest.mark.parametrize("new", Status)
@pytest.mark.parametrize("old", Status)
def test_a_ticket_moves_as_the_table_says_and_no_other_way(old: Status, new: Status) -> None:
    if new in LEGAL[old].split():
        check_move(old, new)
        return
    with pytest.raises(Conflict) as refusal:
        check_move(old, new)
    assert (refusal.value.code, refusal.value.params) == ("ticket.illegal_move", {"old": old, "new": new})


def test_every_status_is_active_resolved_or_final() -> None:
    assert {*ACTIVE, Status.RESOLVED, *FINAL} == set(Status)
    assert not ACTIVE & FINAL


def test_people_are_offered_every_legal_move_but_merging_in_the_order_of_a_ticket_s_life() -> None:
    assert legal_moves(Status.PENDING_CUSTOMER) == (
        Status.OPEN,
        Status.PENDING_INTERNAL,
        Status.PENDING_APPROVAL,
        Status.RESOLVED,
    )
    assert legal_moves(Status.CLOSED) == ()
    assert in_order([Status.CLOSED, Status.NEW]) == (Status.NEW, Status.CLOSED)


@pytest.mark.parametrize("klass", TicketClass)
def test_nothing_is_resolved_without_an_outcome(klass: TicketClass) -> None:
    with pytest.raises(Invalid, match="outcome_required"):
        check_resolution(klass, None, WAREHOUSE)


@pytest.mark.parametrize("klass", [TicketClass.A, TicketClass.C])
def test_money_and_warehouse_matters_need_a_responsible_party(klass: TicketClass) -> None:
    with pytest.raises(Invalid, match="party_required"):
        check_resolution(klass, Outcome.RESENT, {})
    check_resolution(klass, Outcome.RESENT, WAREHOUSE)
    check_resolution(klass, Outcome.RESENT, UNDETERMINED)


def test_customer_service_s_own_matters_may_name_a_party_but_need_not() -> None:
    check_resolution(TicketClass.B, Outcome.EXPLAINED, {})
    with pytest.raises(Invalid, match="shares_must_be_100"):
        check_resolution(TicketClass.B, Outcome.EXPLAINED, {Party.COURIER: 99})


@pytest.mark.parametrize("outcome", Outcome)
def test_jobs_resolve_only_what_nobody_answered_or_what_healed_by_itself(outcome: Outcome) -> None:
    if outcome in JOB_OUTCOMES:
        check_resolution(TicketClass.C, outcome, UNDETERMINED, by_job=True)
        return
    with pytest.raises(Invalid, match="job_outcome"):
        check_resolution(TicketClass.C, outcome, UNDETERMINED, by_job=True)


def test_jobs_blame_nobody() -> None:
    with pytest.raises(Invalid, match="job_outcome"):
        check_resolution(TicketClass.C, Outcome.NO_REPLY, WAREHOUSE, by_job=True)


shares = st.dictionaries(st.sampled_from(Party), st.integers(-20, 120), max_size=5)


@given(shares)
def test_responsibility_is_whole_positive_and_undetermined_alone(given_shares: dict[Party, int]) -> None:
    whole = sum(given_shares.values()) == 100 and all(percent > 0 for percent in given_shares.values())
    alone = Party.UNDETERMINED not in given_shares or len(given_shares) == 1
    try:
        check_responsibility(given_shares)
    except Invalid:
        assert not (whole and alone)
    else:
        assert whole
        assert alone


@given(st.lists(st.sampled_from([p for p in Party if p is not Party.UNDETERMINED]), min_size=1, unique=True), st.data())
def test_any_split_of_a_hundred_among_parties_is_accepted(parties: list[Party], data: st.DataObject) -> None:
    cuts = data.draw(
        st.lists(st.integers(1, 99), min_size=len(parties) - 1, max_size=len(parties) - 1, unique=True).map(sorted)
    )
    edges = [0, *cuts, 100]
    check_responsibility({p: b - a for p, a, b in zip(parties, edges, edges[1:], strict=False)})


def test_a_part_of_the_blame_can_t_be_undetermined() -> None:
    with pytest.raises(Invalid, match="undetermined_stands_alone"):
        check_responsibility({Party.UNDETERMINED: 50, Party.COURIER: 50})
