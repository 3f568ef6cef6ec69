"""Which type a message gets from the shipped rule book, how sure, and what it stands on."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.domain.decisions import (
    MAX_LETTERS,
    MAX_NEAR_LETTERS,
    Candidate,
    Decision,
    OrderFacts,
    candidates_from_json,
    candidates_to_json,
    classify,
    spans_from_json,
    spans_to_json,
)
from helpdesk.domain.rulebook import RuleBook, parse_rulebook
from helpdesk.domain.text import NORMALISER_VERSION
from seeds.rulebook_document import document

NOTHING_KNOWN = OrderFacts()
SHIPPED_BOOK = parse_rulebook(document(), version=7)


def decide(text: str, facts: OrderFacts = NOTHING_KNOWN, book: RuleBook = SHIPPED_BOOK) -> Decision:
    return classify(text, facts, book)


def book_with(words: dict[str, Any]) -> RuleBook:
    return parse_rulebook({**document(), "lexicon": {"words": words}}, version=1)


BY_TYPE = {
    "address_change": [
        "下单时地址写错了，能改到公司吗",
        "收件人电话换了帮我改下",
        "please update the shipping address for my order",
    ],
    "price_dispute": ["前天刚下单今天就便宜了五十", "能不能给我补差价", "the price dropped right after i bought it"],
    "wrong_item": ["我要的是黑色，你们寄来的却是白色", "寄错东西了吧", "you sent me the wrong size"],
    "missing_item": ["一共三盒只收到两盒", "打开箱子发现配件少了", "one item is missing from the box"],
    "damaged": ["瓶子碎了，洒得到处都是", "箱子压扁了里面也压坏了", "the mug arrived broken"],
    "out_of_stock": ["拍下之后才告诉我缺货", "这个什么时候有货", "says it is out of stock now"],
    "late_shipment": ["五天了怎么还没发货", "说好48小时发出，现在还没出库", "my order still hasn't shipped"],
    "exchange_request": ["鞋子小了想换大一码", "可以换个颜色吗", "i want to exchange it for a bigger size"],
    "return_mismatch": ["仓库说我退回来的东西少了一件", "退货验收不通过是什么意思"],
    "logistics_stuck": ["物流好几天没更新了", "快递什么时候能到", "where is my parcel"],
    "lost_parcel": ["显示签收了可我没收到", "包裹丢了怎么办", "it says delivered but i never got it"],
    "quality": ["穿了两次就开线了，质量太差", "怀疑是假货", "it stopped working after two days"],
    "return_request": ["我想退货，怎么申请", "七天无理由退货支持吗", "how do i return this jacket"],
    "cancel_order": ["帮我取消这个订单", "不想要了，能拦截快递吗", "please cancel my order"],
    "coupon_promo": ["说好的赠品没有收到", "优惠券为什么没减", "my promo code does not work"],
    "service_complaint": ["客服态度太差了，我要投诉", "再不处理就打12315", "i want to file a complaint"],
    "refund_status": ["退款十天了还没到账", "钱什么时候退给我", "when will i get my refund"],
    "payment_issue": ["同一单被扣了两次款", "付款成功却显示待付款", "i was charged twice"],
    "freight_dispute": ["退货的运费谁承担", "运费险没有赔", "why do i have to pay for return shipping"],
    "invoice": ["请开一张专票，税号发你", "发票抬头开错了", "i need an invoice for this purchase"],
    "other": ["好的谢谢", "在吗", "这款怎么使用", "thanks for your help"],
}


@pytest.mark.parametrize(("type_code", "text"), [(code, text) for code, texts in BY_TYPE.items() for text in texts])
def test_each_type_is_known_by_the_words_of_the_trade(type_code: str, text: str) -> None:
    assert decide(text).type == type_code


def test_every_type_a_person_can_mean_has_words() -> None:
    chosen = {code for code, kind in SHIPPED_BOOK.types.items() if not kind.system}
    assert SHIPPED_BOOK.lexicon.type_codes() == chosen == set(BY_TYPE)


@pytest.mark.parametrize(
    ("text", "not_type"),
    [
        ("没有发错，是我记错了", "wrong_item"),
        ("东西没坏", "damaged"),
        ("不用退款了", "refund_status"),
        ("我不是要投诉", "service_complaint"),
        ("一共多少件", "missing_item"),
        ("千万别发错", "wrong_item"),
        ("不想取消，只要改地址", "cancel_order"),
        ("nothing is missing", "missing_item"),
        ("i dont want to cancel", "cancel_order"),
    ],
)
def test_what_is_denied_is_not_the_type(text: str, not_type: str) -> None:
    assert decide(text).type != not_type


@pytest.mark.parametrize(
    ("text", "type_code"),
    [
        ("不是少发，是发错货了", "wrong_item"),
        ("不是要退货，是要换货", "exchange_request"),
        ("不想退货想换货", "exchange_request"),
    ],
)
def test_in_a_contrast_the_second_half_counts(text: str, type_code: str) -> None:
    assert decide(text).type == type_code


def test_not_having_received_goods_is_no_negation() -> None:
    assert decide("显示已签收但是我没有收到货").type == "lost_parcel"


@pytest.mark.parametrize(
    ("text", "type_code"),
    [
        ("你们发措货了", "wrong_item"),
        ("露发了一个", "missing_item"),
        ("我要还货", "exchange_request"),
        ("优惠卷用不了", "coupon_promo"),
        ("退宽什么时候到帐", "refund_status"),
        ("帮我取小定单", "cancel_order"),
        ("質量太差，縫線都開了", "quality"),
        ("請問發票什麼時候開", "invoice"),
        ("退　款．多 久 到、账", "refund_status"),
        ("Ｗｈｅｒｅ　ｉｓ　ｍｙ　ｏｒｄｅｒ", "logistics_stuck"),
    ],
)
def test_slips_of_the_pen_other_script_and_noise_are_read_through(text: str, type_code: str) -> None:
    assert decide(text).type == type_code


def test_spans_light_the_unaltered_message() -> None:
    text = "親，你們 發 錯.貨 了"
    decision = decide(text)
    assert any(text[span.start : span.end].startswith("發 錯.貨") for span in decision.spans)
    assert {span.how for span in decision.spans if span.type == "wrong_item"} == {"exact"}


def test_a_word_with_a_gap_lights_its_parts() -> None:
    book = book_with({"wrong_item": {"strong": ["买的…发成"]}})
    text = "买的红色，发成蓝色"
    assert [text[span.start : span.end] for span in decide(text, book=book).spans] == ["买的", "发成"]


def test_class_queue_and_versions_follow_from_the_rule_book() -> None:
    decision = decide("包裹压坏了，杯子全碎了")
    assert (decision.type, decision.klass, decision.queue) == ("damaged", "C", "warehouse")
    assert (decision.rule_version, decision.model_version) == (7, None)
    assert decision.normaliser_version == NORMALISER_VERSION


def test_clear_words_decide_by_themselves() -> None:
    decision = decide("要求开具增值税专用发票")
    assert decision.tier == "auto"
    assert 0.5 < decision.score < 1


def test_two_types_close_together_are_a_suggestion_with_a_runner_up() -> None:
    book = book_with({"quality": {"strong": ["开线"]}, "invoice": {"normal": ["发票"]}})
    decision = decide("开线了，发票呢", book=book)
    assert (decision.type, decision.tier) == ("quality", "suggest")
    assert [candidate.type for candidate in decision.runners_up] == ["invoice"]
    assert decision.runners_up[0].score < decision.score


def test_one_weak_word_decides_nothing_but_is_named() -> None:
    book = book_with({"quality": {"weak": ["一般"]}})
    decision = decide("感觉一般", book=book)
    assert (decision.type, decision.tier, decision.queue) == ("other", "none", "customer_service")
    assert decision.score == 0.0
    assert decision.runners_up == (Candidate("quality", 0.3103),)


def test_other_wins_where_its_words_say_more() -> None:
    book = book_with({"quality": {"normal": ["质量"]}, "other": {"strong": ["质量很好"]}})
    decision = decide("质量很好，就是质量", book=book)
    assert (decision.type, decision.tier) == ("other", "none")
    assert decision.score > 0.5


def test_at_most_two_runners_up() -> None:
    words = {code: {"normal": [word]} for code, word in zip(BY_TYPE, "甲乙丙丁戊", strict=False)}
    decision = decide("甲乙丙丁戊" * 2, book=book_with(words))
    assert len(decision.runners_up) == 2


def test_a_word_counts_once_however_often_it_is_said() -> None:
    assert decide("发错货了").score == decide("发错货了发错货了发错货了").score


def test_overlapping_words_of_a_type_do_not_add_up() -> None:
    book = book_with({"wrong_item": {"strong": ["发错货"], "normal": ["错货了"]}})
    assert decide("发错货了", book=book).score == 0.6


def test_near_words_are_sought_only_where_nothing_else_decides() -> None:
    book = book_with({"logistics_stuck": {"strong": ["快递一直没更新"]}, "invoice": {"strong": ["发票"]}})
    assert [span.how for span in decide("这快递一直不更新啊", book=book).spans] == ["fuzzy"]
    assert [span.how for span in decide("快递一直不更新，发票呢", book=book).spans] == ["exact"]
    assert decide("快递一直不更新" + "。哦" * MAX_NEAR_LETTERS, book=book).spans == ()


def test_system_types_are_never_chosen() -> None:
    book = book_with({"order_stall": {"strong": ["订单停滞"]}, "reconcile_diff": {"strong": ["对账差异"]}})
    decision = decide("订单停滞，对账差异", book=book)
    assert (decision.type, decision.spans, decision.runners_up) == ("other", (), ())


@pytest.mark.parametrize(
    ("facts", "text", "type_code"),
    [
        (OrderFacts(known=True, shipped=False), "东西什么时候送到", "late_shipment"),
        (OrderFacts(known=True, shipped=True), "怎么还没发货", "logistics_stuck"),
        (OrderFacts(known=True, shipped=True, signed=True), "快递怎么还没送到", "lost_parcel"),
        (OrderFacts(known=True, shipped=True, signed=True), "怎么还没发货", "lost_parcel"),
        (OrderFacts(known=True, shipped=False), "一直没收到货", "late_shipment"),
        (OrderFacts(known=True), "快递怎么还没送到", "logistics_stuck"),
        (OrderFacts(known=False, shipped=False), "快递怎么还没送到", "logistics_stuck"),
        (OrderFacts(known=True, shipped=False), "发票抬头错了", "invoice"),
        (OrderFacts(known=True, shipped=False), "不合适，我要退货", "cancel_order"),
        (OrderFacts(known=True, shipped=None), "不合适，我要退货", "return_request"),
        (OrderFacts(known=True, shipped=True, signed=True), "帮我取消订单", "return_request"),
        (OrderFacts(known=True, shipped=True, signed=False), "帮我取消订单", "cancel_order"),
        (OrderFacts(known=True, shipped=False, called_off=True), "怎么还没发货", "cancel_order"),
        (OrderFacts(known=True, shipped=False, called_off=True), "一直没收到货", "cancel_order"),
        (OrderFacts(known=True, shipped=True, refunded=True), "退货的事怎么样了", "refund_status"),
        (OrderFacts(known=True, shipped=True, refunded=True), "重复扣款两次", "payment_issue"),
    ],
)
def test_the_order_says_what_the_same_words_mean(facts: OrderFacts, text: str, type_code: str) -> None:
    decision = decide(text, facts)
    assert decision.type == type_code
    assert any(span.type == type_code for span in decision.spans)


@pytest.mark.parametrize(
    ("named", "told", "type_code"),
    [
        ("买菜顺便取的快递", "快递呢", "logistics_stuck"),
        ("随货的发票放抽屉里", "发票怎么弄", "invoice"),
        ("给的赠品放车上", "赠品", "coupon_promo"),
    ],
)
def test_a_matter_that_is_only_named_is_no_problem(named: str, told: str, type_code: str) -> None:
    assert decide(named).type == "other"
    assert decide(told).type == type_code


def test_what_stands_far_down_is_not_considered() -> None:
    assert decide("哦" * MAX_LETTERS + "要发票").type == "other"
    assert decide("哦" * (MAX_LETTERS - 3) + "要发票").type == "invoice"


@pytest.mark.parametrize("text", ["", " ", "。。。", "😀", "12345678", "\x00", "\ud800"])
def test_a_message_without_words_is_other(text: str) -> None:
    decision = decide(text)
    assert (decision.type, decision.tier, decision.spans, decision.runners_up) == ("other", "none", (), ())


def test_decision_and_facts_survive_storage_as_json() -> None:
    decision = decide("退款没到账，运费也没退")
    assert decision.runners_up
    stored = json.loads(json.dumps([spans_to_json(decision.spans), candidates_to_json(decision.runners_up)]))
    assert spans_from_json(stored[0]) == decision.spans
    assert candidates_from_json(stored[1]) == decision.runners_up
    assert json.loads(json.dumps(asdict(decision)))["type"] == decision.type
    facts = OrderFacts(known=True, shipped=True, signed=None, paid_fen=1290)
    assert OrderFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


SCRAPS = st.sampled_from(
    [
        "发错货",
        "没有",
        "退款",
        "不是",
        "是",
        "还没收到",
        "運費",
        "発票",
        "where is",
        " my order",
        "…",
        "{",
        "取小",
        "碎了",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.lists(st.one_of(SCRAPS, st.characters())).map("".join)), st.booleans(), st.booleans())
def test_any_text_gets_a_decision_whose_spans_lie_within_it(text: str, shipped: bool, signed: bool) -> None:
    decision = decide(text, OrderFacts(known=True, shipped=shipped, signed=signed))
    kind = SHIPPED_BOOK.types[decision.type]
    assert not kind.system
    assert decision.klass is kind.klass
    assert 0 <= decision.score < 1
    assert (decision.tier == "none") == (decision.type == "other")
    assert all(0 <= span.start < span.end <= len(text) for span in decision.spans)
    assert all(0 < candidate.score < 1 and candidate.type != decision.type for candidate in decision.runners_up)


@given(st.text(max_size=60))
@settings(max_examples=50, deadline=None)
def test_the_same_text_gets_the_same_decision(text: str) -> None:
    assert decide(text) == decide(text)
