"""What happens as time runs, as people set it: who may, on what he saw, and what no clock could live with."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.escalation import NOTIFIABLE, REASSIGN, PauseStepRule, PlatformRule, Stage
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.domain.rulebook import Label
from helpdesk.domain.tickets import Status
from helpdesk.models.rulebooks import published_rulebook, rulebook_of
from helpdesk.services import escalation
from tests.factories import World
from tests.services.story import do, refused

HOUR = 3600
SOON = Stage("", None, offset_seconds=-600, urgency=2, notify=("queue",))
LATE = Stage("", 150, notify=("supervisor",), reassign="next", tag="超时")
ASK = Label("还在吗？{customer}", "Still there? {customer}")
WAIT = Status.PENDING_CUSTOMER
REMIND = PauseStepRule("", WAIT, 24 * HOUR, "remind_customer", ASK)
RESOLVE = PauseStepRule("", WAIT, 72 * HOUR, "resolve", ASK)
RULE = PlatformRule("", Label("退款", "Refund"), ("tmall",), ("cancel_order",), "ticket", 48 * HOUR, "resolve")


def house(world: World, now: datetime, *stages: Stage, version: int = 1, who: str = "ops") -> int:
    return do(escalation.set_house_stages, stages, version, actor=getattr(world.actors, who), now=now)


def own(world: World, now: datetime, *stages: Stage, version: int = 1, who: str = "supervisor", **more: Any) -> int:
    queue = more.get("queue", world.queues.customer_service)
    wanted = None if more.get("default") else stages
    return do(escalation.set_queue_stages, queue.id, wanted, version, actor=getattr(world.actors, who), now=now)


def steps(world: World, now: datetime, *rules: PauseStepRule, version: int = 1, status: Status = WAIT) -> int:
    return do(escalation.set_pause_steps, status, rules, version, actor=world.actors.ops, now=now)


def platform(world: World, now: datetime, code: str | None, rule: PlatformRule | None, version: int = 1) -> int:
    return do(escalation.set_platform_rule, code, rule, version, actor=world.actors.ops, now=now)


def test_new_stages_are_named_by_the_program_and_known_ones_keep_their_names(world: World, now: datetime) -> None:
    half = published_rulebook().stages[0]
    assert house(world, now, LATE, SOON, replace(half, percent=60)) == 2
    stages = published_rulebook().stages
    assert [stage.code for stage in stages] == ["half", "stage_2_1", "stage_2_2"]
    assert (stages[0].percent, stages[1].tag, stages[2].offset_seconds) == (60, "超时", -600)
    assert house(world, now, *stages, Stage("stage_2_1", 90, notify=("owner",)), version=2) == 3
    assert [stage.code for stage in published_rulebook().stages] == ["half", "stage_3_4", "stage_2_1", "stage_2_2"]


def test_the_old_version_stays_for_the_tickets_that_began_under_it(world: World, now: datetime) -> None:
    before = published_rulebook().stages
    house(world, now, SOON)
    assert rulebook_of(1).stages == before
    assert published_rulebook().pause_steps == rulebook_of(1).pause_steps


def test_saving_what_stands_there_makes_no_version(world: World, now: datetime) -> None:
    book = published_rulebook()
    assert house(world, now, *book.stages) == 1
    assert steps(world, now, *escalation.steps_of(book, WAIT)) == 1
    assert platform(world, now, "ship_48h", book.platform_rule("ship_48h")) == 1
    assert own(world, now, default=True) == 1
    assert own(world, now, SOON) == 2
    assert own(world, now, *published_rulebook().queue_stages["customer_service"], version=2) == 2


def test_a_queue_has_its_own_list_until_it_takes_the_houses_again(world: World, now: datetime) -> None:
    own(world, now, SOON)
    book = published_rulebook()
    assert [stage.offset_seconds for stage in book.stages_for("customer_service")] == [-600]
    assert book.stages_for("warehouse") == book.stages
    own(world, now, default=True, version=2)
    assert published_rulebook().queue_stages == {}


def test_a_supervisor_sets_his_own_queues_beside_the_lists_of_others(world: World, now: datetime) -> None:
    own(world, now, LATE, who="ops", queue=world.queues.finance)
    own(world, now, SOON, version=2)
    assert set(published_rulebook().queue_stages) == {"finance", "customer_service"}
    with refused(NotAllowed, "queue.not_yours"):
        own(world, now, SOON, version=3, queue=world.queues.finance)
    with refused(NotAllowed, "escalation.house_by_ops"):
        house(world, now, SOON, version=3, who="supervisor")
    for nobody in ("agent", "admin", "auditor", "finance"):
        with refused(NotAllowed, "access.denied"):
            own(world, now, SOON, version=3, who=nobody)


def test_a_list_that_was_changed_meanwhile_is_not_overwritten_but_other_parts_are_no_hindrance(
    world: World, now: datetime
) -> None:
    house(world, now, SOON)
    assert own(world, now, SOON, version=1) == 3
    with refused(Stale, "rulebook.stale"):
        house(world, now, LATE, version=1)
    with refused(Stale, "rulebook.stale"):
        own(world, now, LATE, version=2)
    for unknown in (-1, 99):
        with refused(Stale, "rulebook.stale"):
            house(world, now, LATE, version=unknown)
    assert published_rulebook().version == 3


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        ((), "escalation.no_stage"),
        (tuple(replace(LATE, percent=number) for number in range(1, 14)), "escalation.too_many_stages"),
        ((SOON, SOON), "escalation.same_moment"),
        ((replace(LATE, percent=100), Stage("", None, offset_seconds=0, urgency=1)), "escalation.same_moment"),
        ((Stage("", 50),), "escalation.idle_stage"),
        ((replace(SOON, offset_seconds=10_081 * 60),), "escalation.bad_minutes"),
        ((replace(LATE, percent=1001),), "rulebook.malformed"),
        ((replace(LATE, notify=("everybody",)),), "rulebook.malformed"),
        ((replace(LATE, tag="x" * 31),), "rulebook.malformed"),
    ],
)
def test_stages_that_make_no_sense_are_refused(
    world: World, now: datetime, stages: tuple[Stage, ...], code: str
) -> None:
    with refused(Invalid, code):
        house(world, now, *stages)
    assert published_rulebook().version == 1


def test_a_queue_that_is_not_there_is_not_found(world: World, now: datetime) -> None:
    with refused(NotFound, "queue.no_such_queue"):
        do(escalation.set_queue_stages, 999, [SOON], 1, actor=world.actors.ops, now=now)


def test_steps_of_one_wait_are_replaced_and_those_of_others_stay(world: World, now: datetime) -> None:
    before = published_rulebook()
    assert steps(world, now, RESOLVE, REMIND, replace(REMIND, after_seconds=HOUR, action="remind_owner")) == 2
    book = published_rulebook()
    found = escalation.steps_of(book, WAIT)
    assert [(step.action, step.after_seconds // HOUR) for step in found] == [
        ("remind_owner", 1),
        ("remind_customer", 24),
        ("resolve", 72),
    ]
    assert found[0].text is None
    for status in (Status.PENDING_INTERNAL, Status.PENDING_APPROVAL):
        assert escalation.steps_of(book, status) == escalation.steps_of(before, status)
    assert steps(world, now, version=2) == 3
    assert escalation.steps_of(published_rulebook(), WAIT) == ()


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ((replace(REMIND, text=None),), "escalation.text_required"),
        ((replace(REMIND, text=Label("有", " ")),), "escalation.text_required"),
        ((replace(REMIND, text=Label("字" * 501, "x")),), "escalation.text_too_long"),
        ((replace(REMIND, text=Label("{paid}", "x")),), "escalation.unknown_placeholder"),
        ((replace(REMIND, text=Label("x", "｛nothing｝")),), "escalation.unknown_placeholder"),
        ((REMIND, replace(RESOLVE, after_seconds=24 * HOUR)), "escalation.same_moment"),
        ((replace(REMIND, after_seconds=0),), "escalation.bad_hours"),
        ((replace(REMIND, after_seconds=2161 * HOUR),), "escalation.bad_hours"),
        ((RESOLVE, replace(REMIND, after_seconds=96 * HOUR)), "escalation.end_not_last"),
        (tuple(replace(REMIND, after_seconds=number * HOUR) for number in range(1, 14)), "escalation.too_many_steps"),
    ],
)
def test_steps_that_make_no_sense_are_refused(
    world: World, now: datetime, rules: tuple[PauseStepRule, ...], code: str
) -> None:
    with refused(Invalid, code):
        steps(world, now, *rules)
    assert published_rulebook().version == 1


def test_only_a_wait_for_the_customer_ends_in_a_resolve(world: World, now: datetime) -> None:
    with refused(Invalid, "escalation.resolves_customers_only"):
        steps(world, now, RESOLVE, status=Status.PENDING_INTERNAL)
    assert steps(world, now, replace(RESOLVE, action="reopen"), status=Status.PENDING_INTERNAL) == 2


def test_a_platforms_deadline_is_added_changed_and_taken_away(world: World, now: datetime) -> None:
    count = len(published_rulebook().platform_rules)
    assert platform(world, now, None, RULE) == 2
    code = "platform_2_1"
    assert published_rulebook().platform_rule(code) == replace(RULE, code=code)
    assert platform(world, now, code, replace(RULE, seconds=HOUR, types=()), 2) == 3
    rules = published_rulebook().platform_rules
    assert (len(rules), rules[-1].seconds, rules[-1].types) == (count + 1, HOUR, ())
    assert platform(world, now, code, None, 3) == 4
    assert published_rulebook().platform_rules == rulebook_of(1).platform_rules
    with refused(NotFound, "escalation.no_such_rule"):
        platform(world, now, code, RULE, 4)
    with refused(Stale, "rulebook.stale"):
        platform(world, now, None, RULE, 2)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (replace(RULE, name=Label(" ", "x")), "queue.bad_name"),
        (replace(RULE, name=Label("x" * 61, "x")), "queue.bad_name"),
        (replace(RULE, channels=()), "escalation.no_channel"),
        (replace(RULE, channels=("moon",)), "skill.unknown_channel"),
        (replace(RULE, types=("moon",)), "skill.unknown_type"),
        (replace(RULE, seconds=0), "escalation.bad_hours"),
        (replace(RULE, starts="never"), "rulebook.malformed"),
    ],
)
def test_deadlines_that_make_no_sense_are_refused(world: World, now: datetime, rule: PlatformRule, code: str) -> None:
    with refused(Invalid, code):
        platform(world, now, None, rule)


def test_a_deadline_keeps_a_channel_that_the_shop_gave_up(world: World, now: datetime) -> None:
    known = published_rulebook().platform_rule("ship_48h")
    assert known is not None
    assert "douyin" in known.channels  # which this world has not got
    assert platform(world, now, "ship_48h", replace(known, seconds=HOUR)) == 2


def test_there_are_not_endlessly_many_deadlines(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalation, "MOST_PLATFORM_RULES", len(published_rulebook().platform_rules))
    with refused(Conflict, "escalation.too_many_rules"):
        platform(world, now, None, RULE)


STAGES = st.builds(
    Stage,
    code=st.sampled_from(["", "half", "breach", "other"]),
    percent=st.integers(1, 1000),
    urgency=st.integers(1, 3),
    notify=st.lists(st.sampled_from(NOTIFIABLE), unique=True).map(tuple),
    reassign=st.sampled_from(REASSIGN),
)


@given(st.lists(STAGES, min_size=1, max_size=12, unique_by=lambda stage: stage.percent))
def test_codes_stay_unique_whatever_a_form_sends(stages: list[Stage]) -> None:
    standing = [Stage("half", 50), Stage("breach", 100)]
    codes = [stage.code for stage in escalation._checked_stages(stages, standing, 7)]
    assert len(set(codes)) == len(stages)
    assert all(code in ("half", "breach") or code.startswith("stage_8_") for code in codes)
