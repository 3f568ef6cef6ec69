"""The shipped replies and compensation policies: complete, consistent, fit to be sent."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from helpdesk.domain.access import Role
from helpdesk.domain.compensation import MoneyFacts, options
from helpdesk.domain.replies import (
    MAX_BODY,
    MAX_CODE,
    MAX_SHORTCUT,
    MAX_TITLE,
    MAX_WORDS,
    PLACEHOLDERS,
    Template,
    fill,
    rank,
    search,
    unresolved,
)
from helpdesk.domain.rulebook import Label, RuleBook, parse_rulebook
from helpdesk.domain.text import normalise
from helpdesk.domain.tickets import Status
from seeds.reply_template_data import reply_templates
from seeds.rulebook_document import document

ROWS = reply_templates()
VALUES = {name: f"<{name}>" for name in PLACEHOLDERS}
FREQUENT = {"address_change", "price_dispute", "wrong_item", "late_shipment", "logistics_stuck", "refund_status"}
WITHOUT_MONEY = {"invoice", "order_stall", "reconcile_diff", "other"}
CHINESE = re.compile(r"[一-鿿]")


@pytest.fixture(scope="module")
def rulebook() -> RuleBook:
    """The shipped book without its words, which have tests of their own."""
    return parse_rulebook(document() | {"lexicon": {"words": {}, "exceptions": [], "confusions": {}}}, 1)


def as_template(number: int, row: dict[str, Any]) -> Template:
    return Template(
        id=number,
        code=row["code"],
        version=1,
        type=row["type"],
        scope=row["scope"],
        shortcut=row["shortcut"],
        title=Label(row["title_zh"], row["title_en"]),
        body=Label(row["body_zh"], row["body_en"]),
        marks_solution=row["marks_solution"],
        set_status=row["set_status"],
        words=tuple(row["words"].split("\n")),
    )


TEMPLATES = [as_template(number, row) for number, row in enumerate(ROWS, start=1)]
every = pytest.mark.parametrize("row", ROWS, ids=[row["code"] for row in ROWS])


def test_there_are_at_least_forty() -> None:
    assert len(ROWS) >= 40


def test_every_type_has_its_replies_and_the_frequent_ones_three(rulebook: RuleBook) -> None:
    count = Counter(row["type"] for row in ROWS)
    chosen = {code for code, kind in rulebook.types.items() if not kind.system}
    assert chosen <= set(count)
    assert set(count) - {None} <= set(rulebook.types)
    assert {code for code in FREQUENT if count[code] < 3} == set()


def test_every_type_but_other_has_a_reply_that_gives_a_solution(rulebook: RuleBook) -> None:
    solved = {row["type"] for row in ROWS if row["marks_solution"]}
    assert {code for code, kind in rulebook.types.items() if not kind.system} - solved == {"other"}


@pytest.mark.parametrize("key", ["code", "shortcut", "title_zh", "title_en", "body_zh", "body_en"])
def test_no_two_are_called_or_say_the_same(key: str) -> None:
    assert [value for value, times in Counter(row[key] for row in ROWS).items() if times > 1] == []


@every
def test_only_known_placeholders_and_the_same_in_both_languages(row: dict[str, Any]) -> None:
    chinese, english = unresolved(row["body_zh"]), unresolved(row["body_en"])
    assert set(chinese) == set(english)
    assert set(chinese) <= set(PLACEHOLDERS)


@every
def test_with_all_values_it_can_be_sent(row: dict[str, Any]) -> None:
    for body in (row["body_zh"], row["body_en"]):
        filled = fill(body, VALUES)
        assert filled.complete
        assert unresolved(filled.text) == ()
        assert not {"{", "}", "｛", "｝"} & set(filled.text)


@every
def test_it_keeps_the_limits_and_is_short_enough_for_a_chat(row: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z][a-z_]*", row["code"])
    assert re.fullmatch(r"[a-z][a-z0-9]*", row["shortcut"])
    assert len(row["code"]) <= MAX_CODE
    assert len(row["shortcut"]) <= MAX_SHORTCUT
    assert max(len(row["title_zh"]), len(row["title_en"])) <= MAX_TITLE
    assert len(row["words"]) <= MAX_WORDS
    assert 30 <= len(row["body_zh"]) <= 250
    assert 80 <= len(row["body_en"]) <= min(700, MAX_BODY)


@every
def test_both_languages_are_complete(row: dict[str, Any]) -> None:
    assert CHINESE.search(row["title_zh"])
    assert CHINESE.search(row["body_zh"])
    assert not CHINESE.search(row["title_en"] + row["body_en"])
    assert any(CHINESE.search(word) for word in row["words"].split("\n"))
    assert any(word.isascii() for word in row["words"].split("\n"))
    assert all(normalise(word).text for word in row["words"].split("\n"))


@every
def test_the_customer_knows_what_happens_next(row: dict[str, Any]) -> None:
    """A time, a question to him, or the solution: never a mere "please be patient"."""
    assert "{promise_time}" in row["body_zh"] or row["set_status"] == "pending_customer" or row["marks_solution"]


@every
def test_a_sum_is_promised_with_the_time_it_comes_or_put_to_the_customer(row: dict[str, Any]) -> None:
    if "{amount}" in row["body_zh"]:
        assert row["marks_solution"]
        assert "{promise_time}" in row["body_zh"]


@every
def test_status_is_one_that_a_reply_may_set(row: dict[str, Any]) -> None:
    assert row["set_status"] in (None, Status.PENDING_CUSTOMER.value)


@every
def test_no_wording_that_platforms_forbid_or_that_promises_without_cover(row: dict[str, Any]) -> None:
    forbidden = ("微信", "好评", "保证", "绝对", "一定", "百分百", "尽快", "耐心等", "撤销投诉", "加好友")
    assert [word for word in forbidden if word in row["body_zh"]] == []
    english = row["body_en"].lower()
    unwanted = ("guarantee", "as soon as possible", "asap", "please be patient", "whatsapp", "positive review")
    assert [word for word in unwanted if word in english] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("fch", "wrong_resend"),
        ("facuohuo", "wrong_ask_photo"),
        ("发错", "wrong_choice"),
        ("/fpxx", "invoice_ask_details"),
        ("tuikuan", "refund_check"),
        ("freight receipt", "freight_ask_receipt"),
        ("DAMAGED photos", "damaged_ask_photo"),
    ],
)
def test_an_agent_finds_it_by_word_shortcut_or_pinyin(query: str, code: str) -> None:
    assert code in [template.code for template in search(TEMPLATES, query)]


@pytest.mark.parametrize(
    ("type_code", "message", "status", "best"),
    [
        ("wrong_item", "颜色不对，不是我买的那个", Status.NEW, "wrong_ask_photo"),
        ("lost_parcel", "显示签收了但是我没收到货", Status.NEW, "lost_ask_check"),
        ("late_shipment", "Why is it not shipped yet?", Status.NEW, "late_checking"),
        ("missing_item", "不用补了，退少的那个钱", Status.OPEN, "missing_refund"),
        ("invoice", "电子发票的抬头错了，重开发票", Status.OPEN, "invoice_issued"),
    ],
)
def test_the_fitting_reply_stands_first(type_code: str, message: str, status: Status, best: str) -> None:
    found = rank(TEMPLATES, type_code=type_code, text=normalise(message).text, status=status)
    assert found[0].template.code == best
    assert found[0].matched


def test_every_type_settled_with_money_has_an_offer(rulebook: RuleBook) -> None:
    assert {policy.type for policy in rulebook.policies} == set(rulebook.types) - WITHOUT_MONEY
    assert max(Counter(policy.code for policy in rulebook.policies).values()) == 1


def test_policies_are_consistent(rulebook: RuleBook) -> None:
    for policy in rulebook.policies:
        known = [value for value in (policy.floor_fen, policy.amount_fen, policy.cap_fen) if value is not None]
        assert known == sorted(known), policy.code
        assert (policy.percent is not None) == (policy.formula == "percent_of_paid"), policy.code
        assert policy.percent is None or 0 < policy.percent <= 100, policy.code
        assert policy.is_remedy or policy.formula not in {"resend", "full_refund", "double_charge"}, policy.code
        assert CHINESE.search(policy.name.zh), policy.code
        assert not CHINESE.search(policy.name.en), policy.code


def test_what_is_proposed_for_a_usual_order_is_within_a_supervisors_power(rulebook: RuleBook) -> None:
    facts = MoneyFacts(paid_fen=12_900, snapshot_difference_fen=500, freight_fen=800)
    for code in rulebook.types:
        for option in options(rulebook, code, facts, Role.SUPERVISOR):
            assert option.approval == "none", option.policy_code
