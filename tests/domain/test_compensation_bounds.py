"""How far an offer goes by its policy, what an order, a customer and a person's limit leave of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.access import Role
from helpdesk.domain.compensation import (
    Approval,
    Basis,
    MoneyFacts,
    Option,
    after,
    approval_for,
    approval_of,
    check_amount,
    options,
    promisable_fen,
    remaining_fen,
)
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.rulebook import CustomerCap, RuleBook
from tests.domain.test_compensation import BOOK, PLAIN, RICH, book, only, policy


class TestBounds:
    @pytest.mark.parametrize(
        ("formula", "values", "facts", "most"),
        [
            ("percent_of_paid", {"percent": 5}, MoneyFacts(paid_fen=12999), 649),
            ("percent_of_paid", {"percent": 5, "floor_fen": 500, "cap_fen": 3000}, MoneyFacts(paid_fen=2000), 500),
            ("percent_of_paid", {"percent": 5, "floor_fen": 500, "cap_fen": 3000}, MoneyFacts(paid_fen=20000), 1000),
            ("percent_of_paid", {"percent": 5, "floor_fen": 500, "cap_fen": 3000}, MoneyFacts(paid_fen=90000), 3000),
            ("percent_of_paid", {"percent": 5}, MoneyFacts(), None),
            ("percent_of_paid", {"percent": 5, "cap_fen": 3000}, MoneyFacts(), 3000),
            ("full_refund", {}, MoneyFacts(paid_fen=5000), 5000),
            ("snapshot_difference", {"cap_fen": 900}, MoneyFacts(snapshot_difference_fen=777), 777),
            ("double_charge", {}, MoneyFacts(paid_fen=5000), 5000),
            ("double_charge", {"cap_fen": 4000}, MoneyFacts(paid_fen=5000), 4000),
            ("double_charge", {}, MoneyFacts(), None),
            ("fixed", {"amount_fen": 300}, MoneyFacts(), 300),
            ("fixed", {"amount_fen": 300, "cap_fen": 500}, MoneyFacts(), 500),
            ("fixed", {}, MoneyFacts(), None),
            ("freight", {}, MoneyFacts(freight_fen=900), 900),
            ("freight", {"cap_fen": 1500}, MoneyFacts(freight_fen=900), 1500),
        ],
    )
    def test_the_policy_itself_says_how_far_an_amount_may_go(
        self, formula: str, values: dict[str, int], facts: MoneyFacts, most: int | None
    ) -> None:
        option = only(book(policy(formula, **values)), facts)
        assert option.cap_fen == most
        if most is not None:
            check_amount(option, most)
            with pytest.raises(Invalid) as refusal:
                check_amount(option, most + 1)
            assert refusal.value.params == {"limit_fen": most}

    @pytest.mark.parametrize("formula", ["percent_of_paid", "full_refund", "snapshot_difference", "double_charge"])
    def test_what_stands_by_the_policy_leaves_the_rest_of_its_measure(self, formula: str) -> None:
        rules = book(policy(formula, percent=50))
        facts = MoneyFacts(paid_fen=10000, snapshot_difference_fen=5000, promised_by_policy={"offer": 2000, "other": 9})
        whole = only(rules, replace(facts, promised_by_policy={})).cap_fen or 0
        rest = only(rules, facts)
        assert (rest.cap_fen, rest.blocked) == (whole - 2000, None)
        if rest.amount_fen is not None:
            assert rest.amount_fen == rest.cap_fen
            assert rest.bound == Basis("compensation.cut_to_rest", {"limit_fen": whole - 2000})
        used = only(rules, replace(facts, promised_by_policy={"offer": whole}))
        assert used.blocked == Basis("compensation.policy_used_up", {"limit_fen": whole})
        with pytest.raises(Conflict):
            check_amount(used, 1)

    def test_what_is_owed_is_given_back_once_and_shares_of_two_policies_each_for_itself(self) -> None:
        two = [
            policy(formula, code=code, percent=20) for formula in ("full_refund", "percent_of_paid") for code in "ab"
        ]
        owed, shares = book(*two[:2]), book(*two[2:])
        facts = MoneyFacts(paid_fen=10000, promised_by_policy={"a": 2000})
        assert [one.cap_fen for one in options(owed, PLAIN, facts, Role.AGENT)] == [8000, 8000]
        assert [one.cap_fen for one in options(shares, PLAIN, facts, Role.AGENT)] == [0, 2000]

    def test_a_coupon_may_be_given_again(self) -> None:
        rules = book(policy(amount_fen=300, cap_fen=500))
        assert only(rules, MoneyFacts(promised_by_policy={"offer": 500})).cap_fen == 500

    def test_the_supervisor_sees_a_remedy_in_money_when_it_is_not_known_what_was_paid(self) -> None:
        rules = book(policy("double_charge", kind="difference", is_remedy=True))
        for role, who in (
            (Role.AGENT, Approval.SUPERVISOR),
            (Role.OPS, Approval.SUPERVISOR),
            (Role.SUPERVISOR, Approval.NONE),
            (Role.FINANCE, Approval.NONE),
        ):
            assert only(rules, MoneyFacts(), role).approval is who
        assert only(rules, RICH).approval is Approval.NONE
        resent = book(policy("resend", kind="resend", is_remedy=True))
        assert only(resent, MoneyFacts()).approval is Approval.NONE


class TestCustomersCap:
    def test_beyond_the_customers_cap_nothing_is_left_to_promise_alone(self) -> None:
        capped = replace(BOOK, customer_cap=CustomerCap(days=90, fen=5000))
        got = replace(RICH, promised_to_customer_fen=4000)
        assert remaining_fen(capped, PLAIN, got, Role.AGENT) == 1000
        assert remaining_fen(capped, PLAIN, replace(got, promised_to_customer_fen=9000), Role.AGENT) == 0

    @given(
        amount=st.integers(1, 6000),
        promised=st.integers(0, 3000),
        customer=st.integers(0, 6000),
        day=st.integers(0, 31000),
        paid=st.one_of(st.none(), st.integers(0, 20000)),
    )
    def test_up_to_what_remains_nobody_is_asked_and_beyond_it_somebody(
        self, amount: int, promised: int, customer: int, day: int, paid: int | None
    ) -> None:
        capped = replace(BOOK, customer_cap=CustomerCap(days=90, fen=5000))
        facts = MoneyFacts(
            paid_fen=paid,
            already_promised_fen=promised,
            promised_by_agent_today_fen=day,
            promised_to_customer_fen=customer,
        )
        alone = approval_for(capped, PLAIN, amount, facts, Role.AGENT) is Approval.NONE
        assert alone is (amount <= remaining_fen(capped, PLAIN, facts, Role.AGENT))


class TestPromisable:
    """还可补: what one offer, proposed now, gives without anybody else."""

    def promisable(self, rules: RuleBook, facts: MoneyFacts) -> int:
        return promisable_fen(options(rules, PLAIN, facts, Role.AGENT), remaining_fen(rules, PLAIN, facts, Role.AGENT))

    def test_it_ends_at_the_limit_or_at_what_the_best_offer_gives(self) -> None:
        coupon, open_one = policy(amount_fen=300, cap_fen=500), policy(code="open")
        assert self.promisable(book(coupon), RICH) == 500
        assert self.promisable(book(coupon, open_one), RICH) == 2000
        assert self.promisable(book(coupon), replace(RICH, already_promised_fen=1900)) == 100

    def test_an_offer_whose_floor_is_beyond_the_limit_gives_nothing_alone(self) -> None:
        assert (
            self.promisable(book(policy(amount_fen=300, floor_fen=300)), replace(RICH, already_promised_fen=1900)) == 0
        )

    def test_remedies_and_what_is_blocked_say_nothing(self) -> None:
        full = policy("full_refund", kind="partial_refund", is_remedy=True)
        paid_out = policy(code="b", kind="difference", amount_fen=300)
        assert self.promisable(book(full, paid_out), replace(RICH, payouts_on_order=5)) == 0

    @given(
        steps=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3000)), max_size=8),
        paid=st.one_of(st.none(), st.integers(0, 20000)),
    )
    def test_exactly_what_it_says_holds_at_once(self, steps: list[tuple[int, int]], paid: int | None) -> None:
        rules = book(
            policy("percent_of_paid", code="share", kind="partial_refund", percent=10),
            policy(code="coupon", amount_fen=300, floor_fen=200, cap_fen=500),
            policy("full_refund", code="back", kind="partial_refund", is_remedy=True),
            policy(code="freely", kind="partial_refund", cap_fen=1500),
        )
        facts = MoneyFacts(paid_fen=paid)
        for place, amount in steps:
            offered = options(rules, PLAIN, facts, Role.AGENT)
            most = promisable_fen(offered, remaining_fen(rules, PLAIN, facts, Role.AGENT))
            alone = [one for one in offered if not one.is_remedy and self.holds(rules, one, most, facts)]
            assert bool(alone) is (most > 0)
            assert not [one for one in offered if not one.is_remedy and self.holds(rules, one, most + 1, facts)]
            chosen = offered[place % len(offered)]
            try:
                check_amount(chosen, amount)
            except (Invalid, Conflict):
                continue
            facts = after(facts, chosen, amount)
            assert facts.promised_by_policy.get("back", 0) <= (paid or 10**9)
            assert facts.promised_by_policy.get("share", 0) <= (paid * 10 // 100 if paid is not None else 10**9)

    def holds(self, rules: RuleBook, option: Option, amount: int, facts: MoneyFacts) -> bool:
        try:
            check_amount(option, amount)
        except (Invalid, Conflict):
            return False
        return approval_of(rules, PLAIN, option, amount, facts, Role.AGENT) is Approval.NONE
