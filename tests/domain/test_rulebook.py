"""The rules as a value: read from a document, or refused with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.domain.problems import Invalid
from helpdesk.domain.rulebook import Label, PauseStepRule, PlatformRule, RuleBook, Stage, parse_rulebook
from helpdesk.domain.tickets import Priority, Status, TicketClass
from seeds import rulebook_document
from seeds.base import CHANNELS
from tests.domain.small_rulebook import HOUR, small_document


@pytest.fixture
def book() -> RuleBook:
    return parse_rulebook(small_document(), 3)


def test_a_document_becomes_a_value(book: RuleBook) -> None:
    assert book.version == 3
    assert book.type("wrong_item").klass is TicketClass.C
    assert (book.type("wrong_item").agent_limit_fen, book.type("wrong_item").supervisor_limit_fen) == (2000, None)
    assert (book.type("order_stall").system, book.type("other").system) == (True, False)
    assert book.stages == (Stage("half", 50), Stage("breach", 100, urgency=2))
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


def full_document() -> dict[str, Any]:
    """The small one with everything that happens as time runs."""
    label = {"zh": "名", "en": "Name"}
    return small_document() | {
        "queue_stages": {
            "warehouse": [
                {"code": "shelf_late", "offset_seconds": 1800, "reassign": "next", "tag": "慢"},
                {"code": "shelf_soon", "offset_seconds": -1800, "notify": ["queue"]},
            ]
        },
        "platform_rules": [
            {
                "code": "ship",
                "name": label,
                "channels": ["tmall"],
                "types": ["quick"],
                "seconds": 60,
                "met_by": "shipped",
            }
        ],
        "pause_steps": [
            {
                "code": "ask",
                "status": "pending_customer",
                "after_seconds": 60,
                "action": "remind_customer",
                "text": label,
            },
            {"code": "end", "status": "pending_customer", "after_seconds": 90, "action": "resolve", "text": label},
            {"code": "poke", "status": "pending_internal", "after_seconds": 60, "action": "remind_owner"},
        ],
    }


def test_what_happens_as_time_runs_is_read_from_the_document() -> None:
    book = parse_rulebook(full_document(), 4)
    soon, late = book.stages_for("warehouse")
    assert (soon.offset_seconds, soon.notify) == (-1800, ("queue",))
    assert (late.reassign, late.tag, late.changes_ticket, soon.changes_ticket) == ("next", "慢", True, False)
    assert book.stages_for("finance") == book.stages
    assert (book.stage("shelf_late"), book.stage("half"), book.stage("moon")) == (late, book.stages[0], None)
    ship = PlatformRule("ship", Label("名", "Name"), ("tmall",), ("quick",), "ticket", 60, "shipped")
    assert (book.platform_rules, book.platform_rule("ship"), book.platform_rule("moon")) == ((ship,), ship, None)
    assert book.pause_step("poke") == PauseStepRule("poke", Status.PENDING_INTERNAL, 60, "remind_owner")
    assert book.pause_step("moon") is None


def test_an_older_document_knows_nothing_of_it_and_is_read_all_the_same(book: RuleBook) -> None:
    assert (dict(book.queue_stages), book.platform_rules, book.pause_steps) == ({}, (), ())


@pytest.mark.parametrize(
    ("stage", "target", "seconds"),
    [
        (Stage("half", 50), 3601, 1800),
        (Stage("over", 150), 3600, 5400),
        (Stage("soon", None, -1800), 3600, 1800),
        (Stage("soon", None, -1800), 1800, None),  # half an hour before the end of half an hour
        (Stage("due", None, 0), 1800, 1800),
        (Stage("late", None, 1800), 1800, 3600),
    ],
)
def test_a_stage_is_reached_at_a_share_or_so_long_from_the_target(
    stage: Stage, target: int, seconds: int | None
) -> None:
    assert stage.elapsed(target) == seconds


def test_a_platform_s_deadline_binds_its_channels_and_types() -> None:
    rule = parse_rulebook(full_document(), 4).platform_rules[0]
    assert (rule.fits("tmall", "quick"), rule.fits("jd", "quick"), rule.fits("tmall", "other")) == (True, False, False)
    anything = PlatformRule("any", Label("名", "Name"), ("tmall",), (), "ticket", 60, "resolve")
    assert anything.fits("tmall", "other")


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
    "a stage without a place": lambda d: d["stages"][0].pop("percent"),
    "a stage at two places": lambda d: d["stages"][0].update(offset_seconds=60),
    "a stage at nothing": lambda d: d["stages"][0].update(percent=0),
    "a stage at a truth": lambda d: d["stages"][0].update(percent=True),
    "a stage told to the moon": lambda d: d["stages"][0].update(notify=["moon"]),
    "a stage that hands to the moon": lambda d: d["stages"][0].update(reassign="moon"),
    "a tag that is a number": lambda d: d["stages"][0].update(tag=5),
    "a tag too long": lambda d: d["stages"][0].update(tag="慢" * 31),
    "more urgent than there is": lambda d: d["stages"][0].update(urgency=4),
    "a stage's code too long": lambda d: d["stages"][0].update(code="h" * 21),
    "a stage's code with a blank": lambda d: d["stages"][0].update(code="half way"),
    "a queue's stage named like the house's": lambda d: d["queue_stages"]["warehouse"][0].update(code="half"),
    "stages as a word": lambda d: d.update(queue_stages="half"),
    "hundreds of stages": lambda d: d.update(stages=[{"code": f"s{n}", "percent": n + 1} for n in range(101)]),
    "a platform without channels": lambda d: d["platform_rules"][0].update(channels=[]),
    "a platform of numbers": lambda d: d["platform_rules"][0].update(channels=[5]),
    "a platform that starts on the moon": lambda d: d["platform_rules"][0].update(starts="moon"),
    "a platform that nothing can please": lambda d: d["platform_rules"][0].update(met_by="moon"),
    "a platform without time": lambda d: d["platform_rules"][0].update(seconds=0),
    "a platform's rule twice": lambda d: d["platform_rules"].append(d["platform_rules"][0]),
    "a platform's rule without a name": lambda d: d["platform_rules"][0].update(name={"zh": " ", "en": "Name"}),
    "a step while nobody waits": lambda d: d["pause_steps"][0].update(status="open"),
    "a step that does nothing known": lambda d: d["pause_steps"][0].update(action="dance"),
    "a step at once": lambda d: d["pause_steps"][0].update(after_seconds=0),
    "a step that says nothing": lambda d: d["pause_steps"][0].pop("text"),
    "a step in one language": lambda d: d["pause_steps"][0].update(text={"zh": "在吗"}),
    "a step after the wait was ended": lambda d: d["pause_steps"][0].update(after_seconds=100),
    "no reply from ourselves": lambda d: d["pause_steps"][1].update(status="pending_internal"),
    "two steps that end a wait": lambda d: d["pause_steps"].append({**d["pause_steps"][1], "code": "again"}),
    "a slip of another length": lambda d: d["lexicon"].update(confusions={"卷": "优惠券"}),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
def test_a_malformed_document_is_refused_before_a_ticket_meets_it(spoil: Callable[[dict[str, Any]], object]) -> None:
    document = full_document()
    spoil(document)
    with pytest.raises(Invalid, match=r"rulebook\.malformed"):
        parse_rulebook(document, 1)


@pytest.mark.parametrize("where", ["offers", "words", "platforms"])
def test_offers_words_and_deadlines_for_types_that_do_not_exist_are_refused(where: str) -> None:
    document = small_document()
    if where == "offers":
        document["policies"][0]["type"] = "moon"
    elif where == "platforms":
        document = full_document()
        document["platform_rules"][0]["types"] = ["moon"]
    else:
        document["lexicon"]["words"]["moon"] = {"strong": ["月亮不见了"]}
    with pytest.raises(Invalid, match=r"rulebook\.unknown_type"):
        parse_rulebook(document, 1)


def test_the_shipped_rules_keep_the_product_s_promises() -> None:
    shipped = parse_rulebook(rulebook_document.document(), 1)
    assert len(shipped.types) == 23
    assert {kind.code for kind in shipped.types.values() if kind.system} == {"order_stall", "reconcile_diff"}
    assert [(stage.percent, stage.offset_seconds) for stage in shipped.stages] == [
        (50, None),
        (75, None),
        (100, None),
        (150, None),
    ]
    assert not any(stage.changes_ticket for stage in shipped.all_stages())
    assert {rule.seconds for rule in shipped.platform_rules if rule.met_by == "shipped"} == {48 * HOUR}
    assert {channel for rule in shipped.platform_rules for channel in rule.channels} <= {row[0] for row in CHANNELS}
    waits = {(step.status, step.after_seconds // HOUR): step.action for step in shipped.pause_steps}
    assert [action for (status, _), action in waits.items() if status is Status.PENDING_CUSTOMER] == [
        "remind_customer",
        "remind_customer",
        "resolve",
    ]
    assert max(hours for _, hours in waits) == 72
    assert all(kind.queue in shipped.queue_targets for kind in shipped.types.values())
    assert all(
        shipped.solution_seconds(kind.code, priority) <= 4 * HOUR
        for kind in shipped.types.values()
        if kind.klass is TicketClass.B
        for priority in Priority
    )


@pytest.mark.parametrize(
    ("rule", "priority", "vip", "expected"),
    [
        ("P1", Priority.P2, True, Priority.P1),
        ("P1", Priority.P2, False, Priority.P2),
        ("P2", Priority.P1, True, Priority.P1),
        ("P2", Priority.P3, True, Priority.P2),
        (None, Priority.P3, True, Priority.P3),
    ],
)
def test_a_customer_who_matters_more_has_at_least_the_priority_of_the_rules(
    rule: str | None, priority: Priority, vip: bool, expected: Priority
) -> None:
    book = parse_rulebook(small_document() | {"vip_priority": rule}, 1)
    assert book.priority_for(priority, vip=vip) is expected
