"""Compensation: what may be offered, how much of it, and who has to agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.access import Role
from helpdesk.domain.compensation import (
    BASIS_CODES,
    BLOCK_CODES,
    BOUND_CODES,
    Approval,
    Basis,
    MoneyFacts,
    Option,
    approval_for,
    channel_cap_fen,
    check_amount,
    options,
    payout_room_fen,
    remaining_fen,
)
from helpdesk.domain.lexicon import Lexicon
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed
from helpdesk.domain.rulebook import (
    FORMULAS,
    KINDS,
    ChannelCap,
    ChannelCaps,
    Label,
    Policy,
    RoleLimit,
    RuleBook,
    TicketType,
)
from helpdesk.domain.tickets import TicketClass

PLAIN, OWN_LIMITS, NO_AGENT = "plain", "own_limits", "no_agent"
LABEL = Label("名", "name")
CAPS = ChannelCaps(
    bands=(ChannelCap(2000, 2000), ChannelCap(50000, None), ChannelCap(None, 50000)),
    payouts_per_order=5,
    per_shop_day_fen=1_500_000,
)


def kind(code: str, agent: int | None = None, supervisor: int | None = None) -> TicketType:
    return TicketType(
        code, TicketClass.B, "customer_service", LABEL, 60, 3600, LABEL, LABEL, agent, supervisor, system=False
    )


def policy(formula: str = "fixed", **values: object) -> Policy:
    row: dict[str, Any] = {
        "code": "offer",
        "type": PLAIN,
        "kind": "coupon",
        "name": LABEL,
        "formula": formula,
        "percent": None,
        "amount_fen": None,
        "floor_fen": None,
        "cap_fen": None,
        "evidence": (),
        "is_remedy": False,
    }
    return Policy(**row | values)


def book(*policies: Policy, caps: ChannelCaps = CAPS, **types: TicketType) -> RuleBook:
    """A rule book with the ladder of the shipped one: 20 yuan and 30 % and 300 a day, 100, 500."""
    known = {PLAIN: kind(PLAIN), OWN_LIMITS: kind(OWN_LIMITS, 3000, 15000), NO_AGENT: kind(NO_AGENT, 0, 20000)}
    return RuleBook(
        version=1,
        types=known | types,
        lexicon=cast(Lexicon, None),  # no word is looked at here
        stages=(),
        queue_stages={},
        platform_rules=(),
        pause_steps=(),
        queue_targets={},
        priority_percent={},
        class_b_solution_cap_seconds=14400,
        answering_queue="customer_service",
        policies=policies,
        role_limits=(
            RoleLimit("agent", 2000, 30, 30000),
            RoleLimit("supervisor", 10000, None, None),
            RoleLimit("finance", 50000, None, None),
        ),
        channel_caps=caps,
    )


BOOK = book()
RICH = MoneyFacts(paid_fen=100_000)


def only(rules: RuleBook, facts: MoneyFacts, role: Role = Role.AGENT) -> Option:
    (option,) = options(rules, PLAIN, facts, role)
    return option


class TestLadder:
    @pytest.mark.parametrize(
        ("amount", "who"),
        [
            (2000, Approval.NONE),
            (2001, Approval.SUPERVISOR),
            (10000, Approval.SUPERVISOR),
            (10001, Approval.FINANCE),
            (50000, Approval.FINANCE),
            (50001, Approval.FINANCE_AND_OPS),
        ],
    )
    def test_each_rung_holds_up_to_its_limit_inclusive(self, amount: int, who: Approval) -> None:
        assert approval_for(BOOK, PLAIN, amount, RICH, Role.AGENT) is who

    @pytest.mark.parametrize(
        ("role", "amount", "who"),
        [
            (Role.SUPERVISOR, 10000, Approval.NONE),
            (Role.SUPERVISOR, 10001, Approval.FINANCE),
            (Role.FINANCE, 50000, Approval.NONE),
            (Role.FINANCE, 50001, Approval.FINANCE_AND_OPS),
            (Role.OPS, 1, Approval.SUPERVISOR),
            (Role.OPS, 50001, Approval.FINANCE_AND_OPS),
        ],
    )
    def test_a_proposer_turns_only_to_rungs_above_him(self, role: Role, amount: int, who: Approval) -> None:
        assert approval_for(BOOK, PLAIN, amount, RICH, role) is who

    def test_what_is_already_promised_on_the_order_counts(self) -> None:
        facts = replace(RICH, already_promised_fen=1500)
        assert approval_for(BOOK, PLAIN, 500, facts, Role.AGENT) is Approval.NONE
        assert approval_for(BOOK, PLAIN, 501, facts, Role.AGENT) is Approval.SUPERVISOR
        assert approval_for(BOOK, PLAIN, 8501, facts, Role.AGENT) is Approval.FINANCE

    def test_an_agent_promises_at_most_thirty_percent_of_what_was_paid(self) -> None:
        facts = MoneyFacts(paid_fen=3335)  # 30 % are 1000.5 fen
        assert approval_for(BOOK, PLAIN, 1000, facts, Role.AGENT) is Approval.NONE
        assert approval_for(BOOK, PLAIN, 1001, facts, Role.AGENT) is Approval.SUPERVISOR

    def test_an_agents_day_ends_at_three_hundred_yuan_over_all_orders(self) -> None:
        facts = replace(RICH, promised_by_agent_today_fen=29000)
        assert approval_for(BOOK, PLAIN, 1000, facts, Role.AGENT) is Approval.NONE
        assert approval_for(BOOK, PLAIN, 1001, facts, Role.AGENT) is Approval.SUPERVISOR

    def test_a_types_own_limits_replace_the_yuan_caps(self) -> None:
        assert approval_for(BOOK, OWN_LIMITS, 3000, RICH, Role.AGENT) is Approval.NONE
        assert approval_for(BOOK, OWN_LIMITS, 15000, RICH, Role.AGENT) is Approval.SUPERVISOR
        assert approval_for(BOOK, OWN_LIMITS, 15001, RICH, Role.AGENT) is Approval.FINANCE
        assert approval_for(BOOK, NO_AGENT, 1, RICH, Role.AGENT) is Approval.SUPERVISOR

    def test_a_types_own_limit_leaves_the_share_and_the_day_in_force(self) -> None:
        assert approval_for(BOOK, OWN_LIMITS, 2500, MoneyFacts(paid_fen=5000), Role.AGENT) is Approval.SUPERVISOR
        spent = replace(RICH, promised_by_agent_today_fen=28000)
        assert approval_for(BOOK, OWN_LIMITS, 2500, spent, Role.AGENT) is Approval.SUPERVISOR

    def test_without_the_paid_amount_the_supervisor_decides(self) -> None:
        assert approval_for(BOOK, PLAIN, 1, MoneyFacts(), Role.AGENT) is Approval.SUPERVISOR
        assert approval_for(BOOK, PLAIN, 1, MoneyFacts(), Role.SUPERVISOR) is Approval.NONE
        assert approval_for(BOOK, PLAIN, 10001, MoneyFacts(), Role.AGENT) is Approval.FINANCE

    def test_remedies_stand_outside_the_ladder(self) -> None:
        assert approval_for(BOOK, PLAIN, 90000, MoneyFacts(), Role.AGENT, is_remedy=True) is Approval.NONE

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR, Role.SYSTEM])
    def test_admin_auditor_and_jobs_never_promise_money(self, role: Role) -> None:
        for remedy in (False, True):
            with pytest.raises(NotAllowed) as refusal:
                approval_for(BOOK, PLAIN, 1, RICH, role, is_remedy=remedy)
            assert refusal.value.code == "compensation.no_right"
        assert remaining_fen(BOOK, PLAIN, RICH, role) == 0
        assert options(book(policy(amount_fen=300)), PLAIN, RICH, role) == ()

    def test_a_row_in_the_book_does_not_give_an_admin_the_right(self) -> None:
        generous = replace(BOOK, role_limits=(*BOOK.role_limits, RoleLimit("admin", 99999, None, None)))
        assert remaining_fen(generous, PLAIN, RICH, Role.ADMIN) == 0

    def test_figures_come_from_the_book(self) -> None:
        strict = replace(BOOK, role_limits=(RoleLimit("agent", 100, 1, 150), RoleLimit("supervisor", 200, None, None)))
        assert approval_for(strict, PLAIN, 100, RICH, Role.AGENT) is Approval.NONE
        assert approval_for(strict, PLAIN, 200, RICH, Role.AGENT) is Approval.SUPERVISOR
        assert approval_for(strict, PLAIN, 201, RICH, Role.AGENT) is Approval.FINANCE_AND_OPS

    @pytest.mark.parametrize("amount", [0, -1])
    def test_an_amount_that_is_not_positive_is_refused(self, amount: int) -> None:
        with pytest.raises(Invalid) as refusal:
            approval_for(BOOK, PLAIN, amount, RICH, Role.AGENT)
        assert refusal.value.code == "compensation.amount_not_positive"

    def test_an_unknown_type_is_refused(self) -> None:
        for ask in (
            lambda: approval_for(BOOK, "nothing", 1, RICH, Role.AGENT),
            lambda: remaining_fen(BOOK, "nothing", RICH, Role.AGENT),
            lambda: options(BOOK, "nothing", RICH, Role.AGENT),
        ):
            with pytest.raises(Invalid):
                ask()

    def test_negative_sums_are_refused_but_a_negative_difference_is_a_fact(self) -> None:
        with pytest.raises(Invalid) as refusal:
            MoneyFacts(already_promised_fen=-1)
        assert refusal.value.params == {"field": "already_promised_fen"}
        assert MoneyFacts(snapshot_difference_fen=-5).snapshot_difference_fen == -5


class TestRemaining:
    def test_remaining_is_the_least_of_order_share_and_day(self) -> None:
        assert remaining_fen(BOOK, PLAIN, RICH, Role.AGENT) == 2000
        assert remaining_fen(BOOK, PLAIN, MoneyFacts(paid_fen=5000), Role.AGENT) == 1500
        assert remaining_fen(BOOK, PLAIN, replace(RICH, promised_by_agent_today_fen=29900), Role.AGENT) == 100
        assert remaining_fen(BOOK, PLAIN, replace(RICH, already_promised_fen=2500), Role.AGENT) == 0
        assert remaining_fen(BOOK, OWN_LIMITS, replace(RICH, already_promised_fen=2500), Role.SUPERVISOR) == 12500
        assert remaining_fen(BOOK, PLAIN, RICH, Role.OPS) == 0


class TestChannel:
    @pytest.mark.parametrize(
        ("paid", "cap"),
        [(0, 2000), (2000, 2000), (2001, 2001), (50000, 50000), (50001, 50000), (900_000, 50000), (None, None)],
    )
    def test_ceiling_follows_the_band_of_the_paid_amount(self, paid: int | None, cap: int | None) -> None:
        assert channel_cap_fen(CAPS, paid) == cap

    def test_an_amount_outside_all_bands_has_no_ceiling(self) -> None:
        assert channel_cap_fen(ChannelCaps((ChannelCap(100, 100),), 5, 1000), 101) is None

    @pytest.mark.parametrize(
        ("facts", "room", "code"),
        [
            (MoneyFacts(paid_fen=8000), 8000, None),
            (MoneyFacts(paid_fen=8000, paid_out_fen=3000), 5000, None),
            (MoneyFacts(paid_fen=8000, shop_day_fen=1_499_000), 1000, None),
            (MoneyFacts(), 1_500_000, None),
            (MoneyFacts(paid_fen=8000, paid_out_fen=8000), 0, "compensation.channel_used_up"),
            (MoneyFacts(paid_fen=8000, payouts_on_order=5), 0, "compensation.payouts_used_up"),
            (MoneyFacts(paid_fen=8000, shop_day_fen=1_500_000), 0, "compensation.shop_day_used_up"),
        ],
    )
    def test_room_is_what_order_number_and_day_leave(self, facts: MoneyFacts, room: int, code: str | None) -> None:
        left, blocked = payout_room_fen(CAPS, facts)
        assert left == room
        assert (blocked.code if blocked else None) == code
        assert code is None or code in BLOCK_CODES


class TestOptions:
    @pytest.mark.parametrize(
        ("formula", "values", "facts", "amount", "basis"),
        [
            ("fixed", {"amount_fen": 300}, MoneyFacts(), 300, "fixed"),
            ("fixed", {}, RICH, None, "case_by_case"),
            ("percent_of_paid", {"percent": 5}, MoneyFacts(paid_fen=12999), 649, "percent_of_paid"),
            ("percent_of_paid", {"percent": 5}, MoneyFacts(), None, "needs_paid"),
            ("full_refund", {}, RICH, 100_000, "full_refund"),
            ("full_refund", {}, MoneyFacts(), None, "needs_paid"),
            ("snapshot_difference", {}, MoneyFacts(snapshot_difference_fen=777), 777, "snapshot_difference"),
            ("snapshot_difference", {}, MoneyFacts(), None, "needs_snapshot"),
            ("freight", {}, MoneyFacts(freight_fen=900), 900, "freight"),
            ("freight", {"amount_fen": 800}, MoneyFacts(freight_fen=900), 900, "freight"),
            ("freight", {"amount_fen": 800}, MoneyFacts(), 800, "usual_freight"),
            ("freight", {}, MoneyFacts(), None, "needs_freight"),
            ("resend", {}, RICH, None, "resend"),
            ("double_charge", {}, RICH, None, "needs_charge"),
        ],
    )
    def test_amount_and_how_it_came_about(
        self, formula: str, values: dict[str, int], facts: MoneyFacts, amount: int | None, basis: str
    ) -> None:
        option = only(book(policy(formula, **values)), facts)
        assert (option.amount_fen, option.basis.code) == (amount, f"compensation.{basis}")
        assert option.basis.code in BASIS_CODES

    def test_a_share_names_its_figures(self) -> None:
        option = only(book(policy("percent_of_paid", percent=5)), MoneyFacts(paid_fen=12999))
        assert option.basis.params == {"percent": 5, "paid_fen": 12999}

    @pytest.mark.parametrize("difference", [0, -100])
    def test_no_difference_is_no_offer(self, difference: int) -> None:
        rules = book(policy("snapshot_difference", floor_fen=500))
        assert options(rules, PLAIN, MoneyFacts(snapshot_difference_fen=difference), Role.AGENT) == ()

    def test_floor_raises_and_cap_cuts(self) -> None:
        rules = book(policy("percent_of_paid", percent=5, floor_fen=500, cap_fen=3000))
        low, high = only(rules, MoneyFacts(paid_fen=2000)), only(rules, MoneyFacts(paid_fen=90000))
        middle = only(rules, MoneyFacts(paid_fen=20000))
        assert (low.amount_fen, low.bound and low.bound.code) == (500, BOUND_CODES[0])
        assert (middle.amount_fen, middle.bound) == (1000, None)
        assert (high.amount_fen, high.bound and high.bound.code) == (3000, BOUND_CODES[1])
        assert (high.floor_fen, high.cap_fen) == (500, 3000)

    def test_money_paid_out_is_cut_to_what_the_platform_lets_through(self) -> None:
        rules = book(policy(kind="partial_refund", amount_fen=3000, floor_fen=2500))
        option = only(rules, MoneyFacts(paid_fen=1500))
        assert (option.amount_fen, option.floor_fen, option.cap_fen) == (2000, 2000, 2000)
        assert option.bound is not None
        assert option.bound.code == BOUND_CODES[2]

    def test_the_platforms_ceiling_narrows_the_policys_cap(self) -> None:
        option = only(book(policy(kind="freight", cap_fen=99000)), MoneyFacts(paid_fen=8000, paid_out_fen=1000))
        assert (option.amount_fen, option.cap_fen, option.blocked) == (None, 7000, None)

    def test_a_platform_that_lets_nothing_through_blocks_the_offer_and_says_why(self) -> None:
        option = only(book(policy(kind="difference", amount_fen=300)), MoneyFacts(paid_fen=8000, payouts_on_order=5))
        assert option.amount_fen == 0
        assert option.blocked is not None
        assert option.blocked.params == {"payouts": 5}

    @pytest.mark.parametrize(("name", "formula"), [("coupon", "fixed"), ("partial_refund", "full_refund")])
    def test_coupons_and_refunds_the_way_the_money_came_need_no_payout(self, name: str, formula: str) -> None:
        rules = book(policy(formula, kind=name, amount_fen=300))
        option = only(rules, MoneyFacts(paid_fen=300, payouts_on_order=5))
        assert (option.amount_fen, option.blocked) == (300, None)

    def test_only_the_types_offers_in_the_books_order(self) -> None:
        rules = book(policy(code="second", amount_fen=300), policy(code="first"), policy(code="alien", type=OWN_LIMITS))
        assert [option.policy_code for option in options(rules, PLAIN, RICH, Role.AGENT)] == ["second", "first"]

    def test_an_option_says_who_would_have_to_agree(self) -> None:
        rules = book(policy(amount_fen=2500, evidence=("photo_item",)))
        option = only(rules, RICH)
        assert (option.approval, option.evidence, option.name) == (Approval.SUPERVISOR, ("photo_item",), LABEL)
        assert only(rules, RICH, Role.SUPERVISOR).approval is Approval.NONE

    def test_an_offer_without_a_figure_is_rated_at_its_smallest(self) -> None:
        assert only(book(policy()), RICH).approval is Approval.NONE
        assert only(book(policy(floor_fen=2500)), RICH).approval is Approval.SUPERVISOR

    def test_a_remedy_needs_nobody(self) -> None:
        option = only(book(policy("full_refund", kind="partial_refund", is_remedy=True)), RICH)
        assert (option.is_remedy, option.approval) == (True, Approval.NONE)


class TestAmounts:
    def test_an_offer_keeps_its_floor_and_its_cap(self) -> None:
        offer = Option("x", "freight", LABEL, 800, False, Basis("compensation.fixed"), (), Approval.NONE)
        ranged = replace(offer, floor_fen=500, cap_fen=1_000)
        for fen in (500, 800, 1_000):
            check_amount(ranged, fen)
        for fen, why in ((0, "not_positive"), (499, "below_floor"), (1_001, "above_cap")):
            with pytest.raises(Invalid, match=why):
                check_amount(ranged, fen)
        with pytest.raises(Invalid, match="above_cap"):  # no more is given back than is owed
            check_amount(replace(ranged, is_remedy=True), 801)
        with pytest.raises(Conflict, match="payouts_used_up"):
            check_amount(replace(ranged, blocked=Basis("compensation.payouts_used_up", {"payouts": 5})), 800)


class TestProperties:
    money = st.integers(min_value=0, max_value=200_000)
    facts = st.builds(
        MoneyFacts,
        paid_fen=st.none() | money,
        snapshot_difference_fen=st.none() | st.integers(-5000, 50_000),
        freight_fen=st.none() | money,
        already_promised_fen=money,
        promised_by_agent_today_fen=money,
        payouts_on_order=st.integers(0, 7),
        paid_out_fen=money,
        shop_day_fen=st.integers(0, 1_600_000),
    )
    proposers = st.sampled_from([Role.AGENT, Role.SUPERVISOR, Role.FINANCE, Role.OPS])
    types = st.sampled_from([PLAIN, OWN_LIMITS, NO_AGENT])
    policies = st.builds(
        policy,
        st.sampled_from(FORMULAS),
        kind=st.sampled_from(KINDS),
        percent=st.integers(0, 100),
        amount_fen=st.none() | money,
        floor_fen=st.none() | money,
        cap_fen=st.none() | money,
        is_remedy=st.booleans(),
    )

    @given(policies, facts, proposers)
    def test_no_offer_exceeds_its_cap_or_the_platforms(self, offer: Policy, facts: MoneyFacts, role: Role) -> None:
        for option in options(book(offer), PLAIN, facts, role):
            amount = option.amount_fen
            assert amount is None or amount >= 0
            assert amount is None or option.cap_fen is None or amount <= option.cap_fen
            assert option.cap_fen is None or offer.cap_fen is None or option.cap_fen <= offer.cap_fen
            if option.kind in {"partial_refund", "freight", "difference"} and offer.formula not in {
                "full_refund",
                "double_charge",
            }:
                ceiling = channel_cap_fen(CAPS, facts.paid_fen)
                assert ceiling is None or (amount or 0) <= max(0, ceiling - facts.paid_out_fen)

    @given(st.integers(0, 100), st.none() | money, st.none() | money, money, money)
    def test_a_share_never_falls_when_more_was_paid(
        self, percent: int, floor: int | None, cap: int | None, paid: int, more: int
    ) -> None:
        rules = book(policy("percent_of_paid", kind="partial_refund", percent=percent, floor_fen=floor, cap_fen=cap))
        less, greater = (options(rules, PLAIN, MoneyFacts(paid_fen=p), Role.AGENT) for p in (paid, paid + more))
        assert sum(option.amount_fen or 0 for option in less) <= sum(option.amount_fen or 0 for option in greater)

    @given(types, st.integers(1, 200_000), money, money, facts, proposers)
    def test_approval_never_weakens_as_sums_grow(
        self, code: str, amount: int, more: int, promised: int, facts: MoneyFacts, role: Role
    ) -> None:
        base = approval_for(BOOK, code, amount, facts, role).strength
        assert base <= approval_for(BOOK, code, amount + more, facts, role).strength
        later = replace(facts, already_promised_fen=facts.already_promised_fen + promised)
        assert base <= approval_for(BOOK, code, amount, later, role).strength
        busier = replace(facts, promised_by_agent_today_fen=facts.promised_by_agent_today_fen + promised)
        assert base <= approval_for(BOOK, code, amount, busier, role).strength

    @given(types, st.integers(1, 200_000), facts, proposers)
    def test_nobody_is_asked_exactly_within_what_remains(
        self, code: str, amount: int, facts: MoneyFacts, role: Role
    ) -> None:
        alone = approval_for(BOOK, code, amount, facts, role) is Approval.NONE
        assert alone == (amount <= remaining_fen(BOOK, code, facts, role))

    @given(types, st.lists(st.integers(1, 4000), min_size=1, max_size=12), facts, proposers)
    def test_cutting_a_sum_into_pieces_gains_nothing(
        self, code: str, parts: list[int], facts: MoneyFacts, role: Role
    ) -> None:
        strongest, now = Approval.NONE, facts
        for part in parts:
            strongest = max(strongest, approval_for(BOOK, code, part, now, role), key=lambda one: one.strength)
            now = replace(
                now,
                already_promised_fen=now.already_promised_fen + part,
                promised_by_agent_today_fen=now.promised_by_agent_today_fen + part,
            )
        assert strongest is approval_for(BOOK, code, sum(parts), facts, role)

    @given(types, st.integers(1, 200_000), facts)
    def test_a_higher_rung_never_needs_more_agreement_than_a_lower_one(
        self, code: str, amount: int, facts: MoneyFacts
    ) -> None:
        agent, supervisor, finance = (
            approval_for(BOOK, code, amount, facts, role).strength
            for role in (Role.AGENT, Role.SUPERVISOR, Role.FINANCE)
        )
        assert agent >= supervisor >= finance
