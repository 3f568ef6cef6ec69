"""Who is to blame: proposed by rules that never guess, cut to the fen, disputed in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, Problem
from helpdesk.domain.responsibility import (
    NO_EVIDENCE,
    NO_RULE,
    Facts,
    Judge,
    ShareRules,
    apportion,
    check_appeal,
    check_judge,
    check_upheld,
    parse_share_rules,
    propose_shares,
    split_fen,
)
from helpdesk.domain.rulebook import parse_rulebook
from helpdesk.domain.tickets import Party
from seeds import rulebook_document
from tests.domain.small_rulebook import small_document

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
LABEL = {"zh": "因为", "en": "Because"}
SHIPPED = parse_rulebook(rulebook_document.document(), 1).responsibility
PARTIES = [party for party in Party if party is not Party.UNDETERMINED]


def document(*rules: dict[str, Any], needs: tuple[str, ...] = ("photo",)) -> dict[str, Any]:
    return {
        "evidence": [{"code": code, "name": LABEL} for code in ("photo", "record")],
        "types": {"wrong_item": {"evidence": ["photo", "record"], "needs": list(needs)}},
        "rules": [{"code": f"rule{n}", "why": LABEL, **rule} for n, rule in enumerate(rules)],
    }


def rules(*some: dict[str, Any], **more: Any) -> ShareRules:
    return parse_share_rules(document(*some, **more))


# ---- proposals


def test_nothing_is_proposed_until_what_a_type_needs_is_ticked() -> None:
    book = rules({"weights": {"warehouse": 100}})
    proposal = propose_shares(book, Facts("wrong_item"))
    assert (dict(proposal.shares), proposal.reasons) == ({Party.UNDETERMINED: 100}, (NO_EVIDENCE,))
    assert (proposal.missing, proposal.determined) == (("photo",), False)


@pytest.mark.parametrize("seen", [True, False])
def test_ticked_as_missing_is_an_answer_too(seen: bool) -> None:
    book = rules({"present": ["photo"], "weights": {"warehouse": 1}}, {"absent": ["photo"], "weights": {"customer": 1}})
    proposal = propose_shares(book, Facts("wrong_item", evidence={"photo": seen}))
    assert dict(proposal.shares) == {Party.WAREHOUSE if seen else Party.CUSTOMER: 100}
    assert proposal.determined


def test_evidence_that_nobody_ticked_is_neither_present_nor_absent() -> None:
    book = rules(
        {"present": ["record"], "weights": {"warehouse": 1}}, {"absent": ["record"], "weights": {"courier": 1}}
    )
    proposal = propose_shares(book, Facts("wrong_item", evidence={"photo": True}))
    assert (dict(proposal.shares), proposal.reasons) == ({Party.UNDETERMINED: 100}, (NO_RULE,))


def test_the_weights_of_all_rules_that_hold_become_percent() -> None:
    book = rules(
        {"weights": {"warehouse": 60, "courier": 30}},
        {"slowest": "warehouse", "weights": {"warehouse": 30}},
        {"slowest": "finance", "weights": {"platform": 100}},
    )
    proposal = propose_shares(book, Facts("wrong_item", evidence={"photo": True}, slowest="warehouse"))
    assert dict(proposal.shares) == {Party.WAREHOUSE: 75, Party.COURIER: 25}
    assert proposal.reasons == ("rule0", "rule1")


@pytest.mark.parametrize(
    ("condition", "facts", "holds"),
    [
        ({"types": ["wrong_item"]}, {}, True),
        ({"order": ["shipped", "signed"]}, {"order_status": "signed"}, True),
        ({"order": ["shipped", "signed"]}, {"order_status": "paid"}, False),
        ({"order": ["shipped"]}, {"order_status": None}, False),
        ({"compensated": True}, {"compensated": True}, True),
        ({"compensated": True}, {"compensated": False}, False),
        ({"compensated": False}, {"compensated": False}, True),
        ({"slowest": "warehouse"}, {"slowest": None}, False),
    ],
)
def test_conditions(condition: dict[str, Any], facts: dict[str, Any], holds: bool) -> None:
    book = rules({**condition, "weights": {"courier": 7}})
    proposal = propose_shares(book, Facts("wrong_item", evidence={"photo": True}, **facts))
    assert (Party.COURIER in proposal.shares) is holds


def test_a_rule_for_one_type_says_nothing_of_another() -> None:
    book = rules({"types": ["wrong_item"], "weights": {"courier": 7}})
    assert propose_shares(book, Facts("quality")).reasons == (NO_RULE,)


ticks = st.dictionaries(st.sampled_from(sorted(SHIPPED.evidence)), st.booleans())


@given(
    st.sampled_from(sorted(SHIPPED.lists)),
    ticks,
    st.sampled_from([None, "paid", "shipped", "signed"]),
    st.sampled_from([None, "warehouse", "customer_service"]),
    st.booleans(),
)
def test_whatever_is_known_shipped_rules_propose_a_hundred(
    type_code: str, evidence: dict[str, bool], order: str | None, slowest: str | None, compensated: bool
) -> None:
    proposal = propose_shares(SHIPPED, Facts(type_code, order, evidence, slowest, compensated))
    assert sum(proposal.shares.values()) == 100
    assert all(percent > 0 for percent in proposal.shares.values())
    assert Party.UNDETERMINED not in proposal.shares or len(proposal.shares) == 1
    assert all(SHIPPED.rule(code) for code in proposal.reasons if code not in (NO_EVIDENCE, NO_RULE))


@pytest.mark.parametrize("type_code", sorted(SHIPPED.lists))
def test_each_shipped_type_comes_to_a_verdict_once_its_evidence_is_ticked(type_code: str) -> None:
    asked = SHIPPED.asked_of(type_code)
    found = [
        propose_shares(SHIPPED, Facts(type_code, order, dict.fromkeys(asked.codes, seen))).determined
        for order in ("paid", "signed")
        for seen in (True, False)
    ]
    assert any(found)


def test_every_shipped_type_but_other_asks_for_evidence() -> None:
    types = {row["code"] for row in rulebook_document.document()["types"]}
    assert set(SHIPPED.lists) == types - {"other"}


# ---- splitting

weights = st.dictionaries(st.sampled_from(PARTIES), st.integers(0, 10**6), min_size=1).filter(
    lambda found: sum(found.values()) > 0
)


@given(st.integers(0, 10**12), weights)
def test_parts_add_up_and_are_within_one_of_exact(total: int, found: dict[Party, int]) -> None:
    parts, whole = apportion(total, found), sum(found.values())
    assert sum(parts.values()) == total
    assert all(abs(parts[party] * whole - total * weight) < whole for party, weight in found.items())


@given(st.integers(0, 10**9), st.lists(st.integers(1, 99), unique=True, max_size=7), st.permutations(PARTIES))
def test_money_is_split_to_the_fen_whatever_the_shares(fen: int, cuts: list[int], order: list[Party]) -> None:
    edges = [0, *sorted(cuts), 100]
    shares = {party: b - a for party, a, b in zip(order, edges, edges[1:], strict=False)}
    parts = split_fen(fen, shares)
    assert sum(parts.values()) == fen
    assert parts == split_fen(fen, dict(reversed(shares.items())))


def test_the_odd_fen_goes_to_the_largest_remainder_and_else_by_the_order_of_parties() -> None:
    assert split_fen(1, {Party.COURIER: 40, Party.WAREHOUSE: 60}) == {Party.WAREHOUSE: 1, Party.COURIER: 0}
    assert split_fen(5, {Party.COURIER: 50, Party.WAREHOUSE: 50}) == {Party.WAREHOUSE: 3, Party.COURIER: 2}


@pytest.mark.parametrize(("total", "found"), [(-1, {Party.COURIER: 1}), (1, {}), (1, {Party.COURIER: 0})])
def test_what_cannot_be_split_is_refused(total: int, found: dict[Party, int]) -> None:
    with pytest.raises(Invalid):
        apportion(total, found)
    with pytest.raises(Invalid):
        apportion(5, {Party.COURIER: -1, Party.WAREHOUSE: 2})
    with pytest.raises(Invalid):
        split_fen(5, {Party.COURIER: 99})


# ---- appeals


def appeal(**more: Any) -> str | None:
    values = {"percent": 60, "settled_at": NOW, "open_already": False, "decided_percent": None, "now": NOW}
    try:
        check_appeal(**{**values, **more})
    except Conflict as problem:
        return problem.code
    return None


def test_an_appeal_has_forty_eight_hours_on_the_wall_clock() -> None:
    last = NOW + timedelta(hours=48)
    assert appeal(now=last) is None
    assert appeal(now=last + timedelta(microseconds=1)) == "appeal.too_late"
    assert appeal(settled_at=None) == "appeal.too_late"


def test_one_appeal_at_a_time_and_none_against_what_was_decided_unless_more_is_charged() -> None:
    assert appeal(open_already=True) == "appeal.open_already"
    assert appeal(decided_percent=60) == "appeal.decided_already"
    assert appeal(decided_percent=59) is None


@pytest.mark.parametrize(
    ("facts", "upholds", "rejects"),
    [
        ({}, None, None),
        ({"reaches": False}, "access.denied", "access.denied"),
        ({"appealed": True}, "appeal.your_own", "appeal.your_own"),
        ({"said_the_shares": True}, None, "appeal.your_shares"),
        ({"in_queue": True}, "appeal.your_queue", None),
        ({"in_queue": True, "said_the_shares": True, "alone": True}, None, None),
        ({"appealed": True, "alone": True}, "appeal.your_own", "appeal.your_own"),
        ({"reaches": False, "alone": True}, "access.denied", "access.denied"),
    ],
)
def test_nobody_decides_in_his_own_favour(facts: dict[str, bool], upholds: str | None, rejects: str | None) -> None:
    judge = Judge(**{"reaches": True, "appealed": False, "said_the_shares": False, "in_queue": False, **facts})
    for uphold, code in ((True, upholds), (False, rejects)):
        if code is None:
            check_judge(judge, uphold=uphold)
        else:
            with pytest.raises(NotAllowed) as refused:
                check_judge(judge, uphold=uphold)
            assert refused.value.code == code


def test_who_upholds_charges_less_than_was_disputed() -> None:
    check_upheld(Party.WAREHOUSE, 60, {Party.COURIER: 100})
    check_upheld(Party.WAREHOUSE, 60, {Party.WAREHOUSE: 59, Party.COURIER: 41})
    check_upheld(Party.WAREHOUSE, 60, {Party.UNDETERMINED: 100})
    for shares in ({Party.WAREHOUSE: 60, Party.COURIER: 40}, {Party.COURIER: 90}):
        with pytest.raises(Invalid):
            check_upheld(Party.WAREHOUSE, 60, shares)


# ---- the document


def test_a_book_without_the_section_proposes_nothing_and_knows_the_usual_queues() -> None:
    book = parse_rulebook(small_document(), 1)
    assert propose_shares(book.responsibility, Facts("wrong_item")).reasons == (NO_RULE,)
    assert dict(book.responsibility.queues) == {
        Party.WAREHOUSE: "warehouse",
        Party.CUSTOMER_SERVICE: "customer_service",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        document({"weights": {}}),
        document({"weights": {"undetermined": 100}}),
        document({"weights": {"warehouse": 0}}),
        document({"weights": {"warehouse": True}}),
        document({"weights": {"warehouse": 101}}),
        document({"weights": {"nobody": 100}}),
        document({"code": "same", "weights": {"courier": 1}}, {"code": "same", "weights": {"courier": 1}}),
        document({"present": ["unheard_of"], "weights": {"courier": 1}}),
        document(needs=("unheard_of",)),
        document({"types": ["unheard_of"], "weights": {"courier": 1}}),
        {"queues": {"nobody": "warehouse"}},
        {"evidence": [{"code": "photo"}]},
    ],
)
def test_a_section_that_could_not_be_judged_by_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Problem) as refused:
        parse_rulebook({**small_document(), "responsibility": wrong}, 1)
    assert refused.value.code in {"rulebook.malformed", "rulebook.unknown_type"}
