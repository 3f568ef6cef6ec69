"""Reply templates: filling, ranking, searching."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpdesk.domain.replies import (
    MAX_QUERY,
    ORDER_PLACEHOLDERS,
    PLACEHOLDERS,
    REASONS,
    Span,
    Suggestion,
    Template,
    fill,
    rank,
    rewritten,
    search,
    search_fields,
    unresolved,
)
from helpdesk.domain.rulebook import Label
from helpdesk.domain.text import normalise
from helpdesk.domain.tickets import Status

BASE = Template(
    id=1,
    code="base",
    version=1,
    type="wrong_item",
    scope="all",
    shortcut="sc",
    title=Label("标题", "Title"),
    body=Label("您好", "Hello"),
    marks_solution=True,
    set_status=None,
    words=(),
)


def codes(found: tuple[Suggestion, ...]) -> list[str]:
    return [one.template.code for one in found]


class TestFill:
    def test_values_take_the_places_of_their_names(self) -> None:
        filled = fill("{customer}您好，订单 {order} 已发出。", {"customer": "林女士", "order": "88001"})
        assert filled.text == "林女士您好，订单 88001 已发出。"
        assert filled.complete
        assert filled.spans == (Span(0, 3, "customer", "filled"), Span(9, 14, "order", "filled"))

    @pytest.mark.parametrize("value", [None, "", "  \n"])
    def test_a_missing_value_leaves_the_placeholder_in_sight(self, value: str | None) -> None:
        filled = fill("单号 {tracking}，{tracking}", {"tracking": value})
        assert filled.text == "单号 {tracking}，{tracking}"
        assert (filled.missing, filled.unknown, filled.complete) == (("tracking",), (), False)
        assert [span.state for span in filled.spans] == ["missing", "missing"]

    def test_a_name_outside_the_list_is_unknown_even_with_a_value(self) -> None:
        filled = fill("{order_no} {Order}", {"order_no": "1", "Order": "2"})
        assert filled.text == "{order_no} {Order}"
        assert (filled.missing, filled.unknown, filled.complete) == ((), ("order_no", "Order"), False)

    def test_a_value_that_reads_like_a_placeholder_is_not_filled_again(self) -> None:
        filled = fill("{items}/{order}", {"items": "{order}", "order": "{items}"})
        assert filled.text == "{order}/{items}"
        assert filled.complete

    def test_values_are_trimmed(self) -> None:
        assert fill("[{order}]", {"order": " 1 "}).text == "[1]"

    @pytest.mark.parametrize(
        "text", ["{}", "{1}", "{颜色}", '{ "a": 1 }', "{order", "order}", "{a-b}", "{  order }", ":-{"]
    )
    def test_other_braces_are_plain_text(self, text: str) -> None:
        filled = fill(text, {"order": "88001"})
        assert (filled.text, filled.spans) == (text, ())
        assert unresolved(text) == ()

    @pytest.mark.parametrize("text", ["{order}", "{ order }", "｛order｝", "{{order}}"])
    def test_full_width_braces_and_a_blank_inside_count_too(self, text: str) -> None:
        assert unresolved(text) == ("order",)
        assert "88001" in fill(text, {"order": "88001"}).text

    def test_what_still_stands_in_an_outgoing_text_is_named_once(self) -> None:
        assert unresolved("{order}、{tracking}、{order}、{whatever}") == ("order", "tracking", "whatever")
        assert unresolved("您好") == ()

    def test_order_placeholders_are_placeholders(self) -> None:
        assert set(PLACEHOLDERS) > ORDER_PLACEHOLDERS

    pieces = st.one_of(
        st.sampled_from([f"{{{name}}}" for name in PLACEHOLDERS] + ["{nope}", "{", "}", "{}", "您好", "｛order｝"]),
        st.text(max_size=8),
    )
    bodies = st.lists(pieces, max_size=12).map("".join)
    values = st.dictionaries(st.sampled_from(PLACEHOLDERS), st.none() | st.text(max_size=12) | st.just("{order}"))

    @given(bodies, values)
    @example("{order}", {"order": "{order}"})
    def test_spans_say_exactly_where_everything_came_to_stand(self, body: str, values: dict[str, str | None]) -> None:
        filled = fill(body, values)
        end = 0
        for span in filled.spans:
            assert end <= span.start < span.end <= len(filled.text)
            end = span.end
            shown = filled.text[span.start : span.end]
            if span.state == "filled":
                assert shown == (values[span.name] or "").strip()
            else:
                assert unresolved(shown) == (span.name,)
        assert filled.complete == all(span.state == "filled" for span in filled.spans)

    @given(bodies)
    def test_without_values_nothing_changes_and_everything_is_named(self, body: str) -> None:
        filled = fill(body, {})
        assert filled.text == body
        assert set(filled.missing) | set(filled.unknown) == set(unresolved(body))

    @given(bodies)
    def test_complete_values_leave_nothing_but_unknown_names(self, body: str) -> None:
        filled = fill(body, dict.fromkeys(PLACEHOLDERS, "值"))
        assert filled.missing == ()
        assert set(filled.unknown) <= set(unresolved(filled.text))


class TestRank:
    def test_the_tickets_type_stands_before_better_scores_of_others(self) -> None:
        text = "颜色不对尺码不对发错货了"
        templates = [
            replace(BASE, code="other_type", type="damaged", words=("颜色不对", "尺码不对", "发错货")),
            replace(BASE, code="any_type", type=None, words=("颜色不对", "尺码不对", "发错货")),
            replace(BASE, code="same_type", marks_solution=False),
        ]
        assert codes(rank(templates, type_code="wrong_item", text=text)) == ["same_type", "any_type", "other_type"]

    def test_words_decide_within_a_type_and_are_named(self) -> None:
        templates = [
            replace(BASE, code="plain"),
            replace(BASE, code="hit", words=("颜色不对", "退款")),
        ]
        best = rank(templates, type_code="wrong_item", text="收到的颜色不对")[0]
        assert best.template.code == "hit"
        assert best.matched == ("颜色不对",)
        assert best.reasons == ("reply.same_type", "reply.words", "reply.fits_status")
        assert set(best.reasons) <= set(REASONS)

    def test_another_type_is_shown_only_if_one_of_its_words_stands_exactly(self) -> None:
        alien = replace(BASE, code="alien", type="damaged", words=("包装破损",))
        assert rank([alien], type_code="wrong_item", text="发错了") == ()
        assert rank([alien], type_code="wrong_item", text="外包装破了损") == ()
        assert codes(rank([alien], type_code="wrong_item", text="包装破损了")) == ["alien"]

    def test_without_a_type_the_words_decide(self) -> None:
        templates = [replace(BASE, code="a", words=("发错货",)), replace(BASE, code="b", type=None)]
        assert codes(rank(templates, type_code=None, text="发错货")) == ["b", "a"]

    def test_a_near_hit_counts_from_four_characters_and_less_than_an_exact_one(self) -> None:
        near, exact, short = (
            replace(BASE, code=code, words=(word,))
            for code, word in (("near", "颜色不对劲"), ("exact", "颜色不对"), ("short", "色不同"))
        )
        found = rank([near, exact, short], type_code="wrong_item", text="这个颜色不对呀")
        assert codes(found) == ["exact", "near", "short"]
        assert found[1].matched == ("颜色不对劲",)
        assert found[2].matched == ()

    def test_latin_letters_have_to_be_nearer(self) -> None:
        phrase = replace(BASE, words=("which order",))
        assert rank([phrase], type_code="wrong_item", text="i ordered by mistake")[0].matched == ()
        assert rank([phrase], type_code="wrong_item", text="whitch order is it")[0].matched == ("which order",)

    def test_with_an_order_a_reply_that_names_it_is_the_more_concrete_one(self) -> None:
        templates = [replace(BASE, code="a"), replace(BASE, code="b", body=Label("订单 {order}", "Order {order}"))]
        best = rank(templates, type_code="wrong_item", text="")[0]
        assert (best.template.code, best.reasons[-1]) == ("b", "reply.names_order")

    def test_a_word_longer_than_the_message_is_never_near(self) -> None:
        long = replace(BASE, words=("颜色不对而且尺码不对",))
        assert rank([long], type_code="wrong_item", text="颜色不对")[0].matched == ()

    def test_a_latin_word_counts_only_as_a_word(self) -> None:
        late = replace(BASE, words=("late",))
        assert rank([late], type_code="wrong_item", text="why so late")[0].matched == ("late",)
        assert rank([late], type_code="wrong_item", text="my plate")[0].score < 100
        assert rank([replace(BASE, words=("cup",))], type_code="wrong_item", text="cupboard")[0].matched == ()

    def test_words_the_rule_book_found_count_as_hits(self) -> None:
        slip = replace(BASE, words=("发错货",))
        assert rank([slip], type_code="wrong_item", text="发措货", words=["发错货"])[0].matched == ("发错货",)

    def test_words_are_compared_as_messages_are(self) -> None:
        template = replace(BASE, words=("發錯 貨！", "…"))
        found = rank([template], type_code="wrong_item", text=normalise("发错货").text)
        assert found[0].matched == ("發錯 貨！",)

    def test_a_new_ticket_wants_to_be_heard_and_one_in_work_a_solution(self) -> None:
        templates = [replace(BASE, code="solution"), replace(BASE, code="heard", marks_solution=False)]
        assert codes(rank(templates, type_code="wrong_item", text="", status=Status.NEW)) == ["heard", "solution"]
        assert codes(rank(templates, type_code="wrong_item", text="", status=Status.OPEN)) == ["solution", "heard"]

    def test_without_an_order_what_needs_one_falls_behind(self) -> None:
        templates = [
            replace(BASE, code="a_needs", body=Label("订单 {order}", "Order {order}")),
            replace(BASE, code="b_free", body=Label("{customer}您好", "Hello {customer}")),
        ]
        assert codes(rank(templates, type_code="wrong_item", text="")) == ["a_needs", "b_free"]
        found = rank(templates, type_code="wrong_item", text="", has_order=False)
        assert codes(found) == ["b_free", "a_needs"]
        assert "reply.lacks_order" in found[1].reasons

    def test_no_more_than_asked_for_and_nothing_from_nothing(self) -> None:
        many = [replace(BASE, code=f"t{number}") for number in range(5)]
        assert codes(rank(many, type_code="wrong_item", text="")) == ["t0", "t1", "t2"]
        assert len(rank(many, type_code="wrong_item", text="", limit=5)) == 5
        assert rank([], type_code="wrong_item", text="发错货") == ()

    words = st.lists(st.sampled_from(["发错货", "颜色不对", "少发", "wrong", "退款不到账"]), max_size=5).map(tuple)
    templates = st.lists(
        st.builds(
            replace,
            st.just(BASE),
            code=st.text("abc", min_size=1, max_size=3),
            type=st.sampled_from(["wrong_item", "damaged", None]),
            words=words,
            marks_solution=st.booleans(),
        ),
        max_size=8,
    )

    @given(templates, st.text("发错货颜色不对wrong 退款", max_size=30), st.booleans(), st.sampled_from(Status))
    def test_scores_stay_in_range_and_the_order_does_not_depend_on_the_input_order(
        self, templates: list[Template], text: str, has_order: bool, status: Status
    ) -> None:
        def ranked(given_templates: list[Template]) -> list[tuple[str, int]]:
            found = rank(
                given_templates, type_code="wrong_item", text=text, has_order=has_order, status=status, limit=8
            )
            assert all(0 <= one.score <= 100 for one in found)
            same = [one.template.type == "wrong_item" for one in found]
            assert same == sorted(same, reverse=True)
            return [(one.template.code, one.score) for one in found]

        assert ranked(templates) == ranked(templates[::-1])

    def test_five_hundred_templates_are_ranked_in_under_five_milliseconds(self) -> None:
        dice = random.Random(7)
        alphabet = [chr(0x4E00 + number) for number in dice.sample(range(6000), 600)]

        def word() -> str:
            return "".join(dice.choices(alphabet, k=dice.randint(2, 7)))

        many = [
            replace(BASE, id=n, code=f"t{n}", type=f"type{n % 21}", words=tuple(word() for _ in range(10)))
            for n in range(500)
        ]
        text = "".join(dice.choices(alphabet, k=120))
        rank(many, type_code="type3", text=text)
        taken = []
        for _ in range(15):
            start = time.perf_counter()
            rank(many, type_code="type3", text=text)
            taken.append(time.perf_counter() - start)
        assert min(taken) < 0.005  # the least: what the machine does besides is not measured


class TestSearch:
    shelf = (
        replace(BASE, code="body", shortcut="a", title=Label("第一", "One"), body=Label("发错货", "x")),
        replace(BASE, code="words", shortcut="b", title=Label("第二", "Two"), words=("发错货",)),
        replace(BASE, code="title", shortcut="c", title=Label("发错货补发", "Wrong item")),
        replace(BASE, code="shortcut", shortcut="fch", title=Label("第四", "Four")),
    )

    def found(self, query: str, limit: int = 20) -> list[str]:
        return [template.code for template in search(self.shelf, query, limit)]

    def test_the_better_field_stands_first(self) -> None:
        assert self.found("发错货") == ["title", "words", "body"]
        assert self.found("fch") == ["shortcut", "words", "title"]

    def test_full_pinyin_works_and_a_single_letter_is_no_pinyin(self) -> None:
        assert self.found("facuo") == ["words", "title"]
        assert self.found("z") == []

    def test_pinyin_does_not_run_over_the_end_of_a_word(self) -> None:
        assert search([replace(BASE, words=("发错", "货"))], "fch") == ()

    def test_every_word_of_the_query_has_to_stand(self) -> None:
        assert self.found("发错货 wrong") == ["title"]
        assert self.found("发错货 nothing") == []

    def test_case_width_and_the_slash_do_not_matter(self) -> None:
        assert self.found("ＷＲＯＮＧ") == ["title"]
        assert self.found(" /FCH ") == ["shortcut", "words", "title"]

    def test_an_empty_query_lists_from_the_start(self) -> None:
        assert self.found("  ") == ["body", "words", "title", "shortcut"]
        assert self.found("", limit=2) == ["body", "words"]

    def test_a_long_query_is_cut(self) -> None:
        assert self.found("发错货" + " " * MAX_QUERY + "nothing") == ["title", "words", "body"]

    @given(st.text(max_size=80))
    def test_any_query_is_answered_from_the_shelf(self, query: str) -> None:
        assert set(self.found(query)) <= {"body", "words", "title", "shortcut"}

    def test_a_search_elsewhere_finds_in_the_same_fields(self) -> None:
        one = replace(BASE, shortcut="fch", title=Label("发错货", "Wrong item"), words=("换一件",))
        shortcut, title, words, sounds, body = search_fields(one)
        assert (shortcut, title, words) == ("fch", "发错货\nwrong item", "换一件")
        assert {"fch", "hyj", "facuohuo", "huanyijian"} <= set(sounds.splitlines())
        assert body == f"{BASE.body.zh}\n{BASE.body.en}".casefold()


class TestRewritten:
    @pytest.mark.parametrize(
        ("filled", "sent", "distance"),
        [
            ("已催", "已催", 0),
            ("已催\n", "  已催", 0),
            ("甲\n乙", "甲\r\n乙", 0),
            ("已催", "刚催了", 2),
            ("", "三个字", 3),
        ],
    )
    def test_it_counts_characters(self, filled: str, sent: str, distance: int) -> None:
        assert rewritten(filled, sent) == distance

    @given(st.text(max_size=50), st.text(max_size=50))
    def test_it_is_the_same_both_ways_and_never_more_than_the_longer_text(self, one: str, other: str) -> None:
        assert rewritten(one, other) == rewritten(other, one) <= max(len(one), len(other))
