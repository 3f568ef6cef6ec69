"""The rules as a value: read from a document, or refused with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.domain.problems import Invalid
from helpdesk.domain.rulebook import Label, RuleBook, Stage, parse_rulebook
from helpdesk.domain.tickets import Priority, TicketClass
from seeds import rulebook_document
from tests.domain.small_rulebook import HOUR, small_document


@pytest.fixture
def book() -> RuleBook:
    return parse_rulebook(small_document(), 3)


def test_a_document_becomes_a_value(book: RuleBook) -> None:
    assert book.version == 3
    assert book.type("wrong_item").klass is TicketClass.C
    assert (book.type("wrong_item").agent_limit_fen, book.type("wrong_item").supervisor_limit_fen) == (2000, None)
    assert (book.type("order_stall").system, book.type("other").system) == (True, False)
    assert book.stages == (Stage("half", 50, 0, ()), Stage("breach", 100, 2, ()))
    assert book.policies[0].evidence == ()


def test_an_unknown_type_is_refused(book: RuleBook) -> None:
    with pytest.raises(Invalid) as refusal:
        book.type("moon")
    assert (refusal.value.code, refusal.value.params) == ("rulebook.unknown_type", {"type": "moon"})


@pytest.mark.parametrize(
    ("type_code", "priority", "hours"),
    [
        ("wrong_item", Priority.P1, 4),
        ("wrong_item", Priority.P2, 8),
        ("wrong_item", Priority.P3, 12),
        ("quick", Priority.P1, 2),
        ("quick", Priority.P2, 4),
        ("quick", Priority.P3, 4),  # never above four hours
        ("other", Priority.P3, 3),
    ],
)
def test_priority_sets_the_solution_s_target_but_never_lifts_class_b_above_four_hours(
    book: RuleBook, type_code: str, priority: Priority, hours: float
) -> None:
    assert book.solution_seconds(type_code, priority) == hours * HOUR


def test_priority_sets_the_other_targets_too(book: RuleBook) -> None:
    assert book.first_response_seconds("quick", Priority.P1) == 900
    assert book.queue_seconds("warehouse", Priority.P3) == 6 * HOUR
    assert book.queue_seconds("finance", Priority.P2) is None


def test_names_are_in_both_languages() -> None:
    name = Label("发错货", "Wrong item")
    assert (name.in_locale("en"), name.in_locale("en_GB"), name.in_locale("zh_CN")) == (
        "Wrong item",
        "Wrong item",
        "发错货",
    )


SPOILED: dict[str, Callable[[dict[str, Any]], object]] = {
    "no stages": lambda d: d.pop("stages"),
    "a nameless type": lambda d: d["types"][0].pop("name"),
    "a fourth class": lambda d: d["types"][0].update({"class": "D"}),
    "types that are numbers": lambda d: d.update(types=[1]),
    "priorities as a list": lambda d: d.update(priority_percent=[50]),
    "a priority missing": lambda d: d["priority_percent"].pop("P3"),
    "no type other": lambda d: d["types"].pop(2),
    "a stage twice": lambda d: d["stages"].append({"code": "half", "percent": 60}),
    "hours in words": lambda d: d["types"][0].update(solution_seconds="8h"),
    "no time at all": lambda d: d["types"][0].update(first_response_seconds=0),
    "negative time": lambda d: d["queue_targets"].update(warehouse=-1),
    "an unknown formula": lambda d: d["policies"][0].update(formula="guess"),
    "an unknown kind of offer": lambda d: d["policies"][0].update(kind="hug"),
    "a slip of another length": lambda d: d["lexicon"].update(confusions={"卷": "优惠券"}),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
def test_a_malformed_document_is_refused_before_a_ticket_meets_it(spoil: Callable[[dict[str, Any]], object]) -> None:
    document = small_document()
    spoil(document)
    with pytest.raises(Invalid, match=r"rulebook\.malformed"):
        parse_rulebook(document, 1)


@pytest.mark.parametrize("where", ["offers", "words"])
def test_offers_and_words_for_types_that_do_not_exist_are_refused(where: str) -> None:
    document = small_document()
    if where == "offers":
        document["policies"][0]["type"] = "moon"
    else:
        document["lexicon"]["words"]["moon"] = {"strong": ["月亮不见了"]}
    with pytest.raises(Invalid, match=r"rulebook\.unknown_type"):
        parse_rulebook(document, 1)


def test_the_shipped_rules_keep_the_product_s_promises() -> None:
    shipped = parse_rulebook(rulebook_document.document(), 1)
    assert len(shipped.types) == 23
    assert {kind.code for kind in shipped.types.values() if kind.system} == {"order_stall", "reconcile_diff"}
    assert all(kind.queue in shipped.queue_targets for kind in shipped.types.values())
    assert all(
        shipped.solution_seconds(kind.code, priority) <= 4 * HOUR
        for kind in shipped.types.values()
        if kind.klass is TicketClass.B
        for priority in Priority
    )
