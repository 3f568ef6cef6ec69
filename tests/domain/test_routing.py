"""Where a ticket goes, who answers its customer, and into whose hands it is given."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.routing import (
    LEAST_LOAD,
    ROUND_ROBIN,
    SEEN_WITHIN,
    Candidate,
    Load,
    Route,
    SkillRule,
    Whereabouts,
    choose,
    choose_owner,
    needed_skills,
    route,
    why_away,
)
from helpdesk.domain.rulebook import parse_rulebook
from tests.domain.small_rulebook import small_document

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NONE: frozenset[str] = frozenset()
SKILLS = ("english", "fragile", "vip")

skill_sets = st.frozensets(st.sampled_from(SKILLS))
modes = st.sampled_from([ROUND_ROBIN, LEAST_LOAD])
teams = st.lists(
    st.builds(
        Candidate,
        user_id=st.integers(1, 20),
        load=st.integers(0, 9),
        latest=st.integers(0, 9),
        capacity=st.none() | st.integers(1, 9),
        skills=skill_sets,
        available=st.booleans(),
    ),
    max_size=7,
    unique_by=lambda one: one.user_id,
)


def person(user_id: int, load: int = 0, capacity: int | None = None, *, latest: int = 0, **more: object) -> Candidate:
    return Candidate(user_id, load, latest, capacity, **more)  # type: ignore[arg-type]


def test_the_queue_is_the_type_s_and_customer_service_answers() -> None:
    book = parse_rulebook(small_document(), 1)
    assert route(book, "wrong_item") == Route(queue="warehouse", answering_queue="customer_service")
    assert route(book, "other") == Route(queue="customer_service", answering_queue="customer_service")


def test_nobody_is_chosen_where_nobody_is() -> None:
    assert choose_owner({}) is None
    for mode in (ROUND_ROBIN, LEAST_LOAD):
        choice = choose(mode, [], NONE, None)
        assert (choice.user_id, choice.reason["waits_for"]) == (None, "members")


@given(st.dictionaries(st.integers(1, 50), st.builds(Load, st.integers(0, 5), st.integers(0, 9)), min_size=1))
def test_the_least_loaded_answers_and_of_equals_whose_latest_is_the_oldest(loads: dict[int, Load]) -> None:
    chosen = choose_owner(loads)
    assert chosen is not None
    least = min(load.tickets for load in loads.values())
    equals = {user: load.latest for user, load in loads.items() if load.tickets == least}
    assert equals[chosen] == min(equals.values())


@given(modes, teams, skill_sets, st.none() | st.integers(0, 21), st.none() | st.integers(1, 20))
def test_nobody_gets_more_than_he_can_carry_and_nobody_who_is_away_gets_anything(
    mode: str, team: list[Candidate], needs: frozenset[str], last: int | None, prefers: int | None
) -> None:
    choice = choose(mode, team, needs, last, prefers=prefers)
    if choice.user_id is None:
        assert choice.reason["waits_for"] in {"members", "people", "room", "skill"}
        return
    chosen = next(one for one in team if one.user_id == choice.user_id)
    assert chosen.available
    assert chosen.capacity is None or chosen.load < chosen.capacity
    assert (choice.reason["load"], choice.reason["capacity"]) == (chosen.load, chosen.capacity)


@given(modes, teams, skill_sets)
def test_whoever_gets_it_has_as_many_of_the_skills_as_the_best_of_the_queue(
    mode: str, team: list[Candidate], needs: frozenset[str]
) -> None:
    choice = choose(mode, team, needs, None)
    best = max((len(one.skills & needs) for one in team), default=0)
    if choice.user_id is None:
        assert not any(one.free and len(one.skills & needs) == best for one in team)
    else:
        chosen = next(one for one in team if one.user_id == choice.user_id)
        assert len(chosen.skills & needs) == best
        assert set(choice.reason.get("skills", ())) | set(choice.reason.get("lacking", ())) == needs


@given(st.sets(st.integers(1, 99), min_size=1, max_size=8), st.integers(1, 60), st.none() | st.integers(0, 100))
def test_round_robin_gives_equals_equally_much(people: set[int], tickets: int, last: int | None) -> None:
    team = [person(user_id) for user_id in people]
    given_to: Counter[int] = Counter(dict.fromkeys(people, 0))
    for _ in range(tickets):
        last = choose(ROUND_ROBIN, team, NONE, last).user_id
        assert last is not None
        given_to[last] += 1
    assert max(given_to.values()) - min(given_to.values()) <= 1


@given(teams)
def test_least_load_takes_the_smallest_share_of_the_capacity(team: list[Candidate]) -> None:
    choice = choose(LEAST_LOAD, team, NONE, None)
    free = [one for one in team if one.free]
    if choice.user_id is None:
        assert free == []
        return
    unlimited = max((one.capacity for one in team if one.capacity), default=1)
    shares = {one.user_id: Fraction(one.load, one.capacity or unlimited) for one in free}
    assert shares[choice.user_id] == min(shares.values())


@given(st.integers(2, 6), st.integers(1, 40))
def test_least_load_spreads_a_backlog_evenly(people: int, tickets: int) -> None:
    team = {user_id: person(user_id) for user_id in range(1, people + 1)}
    for latest in range(1, tickets + 1):
        chosen = choose(LEAST_LOAD, team.values(), NONE, None).user_id
        assert chosen is not None
        team[chosen] = team[chosen].given(latest)
    loads = [one.load for one in team.values()]
    assert max(loads) - min(loads) <= 1


def test_of_equally_loaded_people_whose_latest_is_the_oldest_is_next_then_who_is_behind_the_last_one() -> None:
    assert choose(LEAST_LOAD, [person(1, 1, latest=7), person(2, 1, latest=3)], NONE, None).user_id == 2
    quiet_day = [person(1), person(2), person(3)]
    assert [choose(LEAST_LOAD, quiet_day, NONE, last).user_id for last in (None, 1, 2, 3)] == [1, 2, 3, 1]


def test_round_robin_skips_who_is_full_or_away_and_keeps_the_order() -> None:
    team = [person(1), person(2, 3, 3), person(3, available=False, why_not="absent"), person(4)]
    assert [choose(ROUND_ROBIN, team, NONE, last).user_id for last in (1, 2, 3, 4, None)] == [4, 4, 4, 1, 1]


def test_half_of_a_large_capacity_is_less_than_all_but_one_of_a_small_one() -> None:
    choice = choose(LEAST_LOAD, [person(1, 2, 3), person(2, 4, 8)], NONE, None)
    assert (choice.user_id, dict(choice.reason)) == (2, {"mode": "least_load", "load": 4, "capacity": 8})


def test_a_ticket_waits_for_those_who_have_the_skill() -> None:
    expert = person(1, 2, 2, skills=frozenset({"english"}))
    choice = choose(LEAST_LOAD, [expert, person(2)], frozenset({"english"}), None)
    assert (choice.user_id, choice.reason["waits_for"]) == (None, "skill")


def test_a_skill_that_nobody_has_is_passed_over_and_the_reason_says_so() -> None:
    choice = choose(LEAST_LOAD, [person(1), person(2)], frozenset({"english"}), None)
    assert (choice.user_id, choice.reason["lacking"]) == (1, ["english"])


def test_of_two_skills_that_nobody_has_together_either_will_do() -> None:
    team = [person(1, 5, skills=frozenset({"vip"})), person(2, 1, skills=frozenset({"english"})), person(3)]
    choice = choose(LEAST_LOAD, team, frozenset({"english", "vip"}), None)
    assert (choice.user_id, choice.reason["skills"], choice.reason["lacking"]) == (2, ["english"], ["vip"])


@pytest.mark.parametrize(
    ("team", "waits_for"),
    [
        ([person(1, available=False)], "people"),
        ([person(1, 2, 2), person(2, available=False)], "room"),
    ],
)
def test_the_reason_says_what_it_waits_for(team: list[Candidate], waits_for: str) -> None:
    assert choose(ROUND_ROBIN, team, NONE, None).reason == {"mode": ROUND_ROBIN, "waits_for": waits_for}


def test_who_answers_the_customer_already_goes_before_the_others_unless_he_is_full() -> None:
    team = [person(1, 0, 5), person(2, 4, 5)]
    choice = choose(LEAST_LOAD, team, NONE, None, prefers=2)
    assert (choice.user_id, choice.reason["mode"]) == (2, "owner")
    full = [person(1, 0, 5), person(2, 5, 5)]
    assert choose(LEAST_LOAD, full, NONE, None, prefers=2).user_id == 1


def test_while_he_is_on_leave_his_stand_in_goes_before_the_others() -> None:
    on_leave = person(3, available=False, why_not="absent", stand_in=2)
    choice = choose(LEAST_LOAD, [person(1, 0, 5), person(2, 4, 5), on_leave], NONE, None, prefers=3)
    assert (choice.user_id, choice.reason["mode"]) == (2, "stand_in")
    choice = choose(LEAST_LOAD, [person(1, 0, 5), person(2, 5, 5), on_leave], NONE, None, prefers=3)
    assert (choice.user_id, choice.reason["mode"]) == (1, "least_load")


def test_a_type_or_a_channel_asks_for_a_skill() -> None:
    skills = [
        SkillRule("fragile", frozenset({"damaged"}), NONE),
        SkillRule("english", NONE, frozenset({"shopify"})),
        SkillRule("vip", frozenset({"damaged"}), frozenset({"shopify"})),
    ]
    assert needed_skills(skills, "damaged", "tmall") == {"fragile", "vip"}
    assert needed_skills(skills, "invoice", "shopify") == {"english", "vip"}
    assert needed_skills(skills, "invoice", "tmall") == NONE


def known(**more: object) -> Whereabouts:
    values = {"presence": "online", "seen_at": NOW, "absent": False, "on_shift": True} | more
    return Whereabouts(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("whereabouts", "why"),
    [
        (known(), ""),
        (known(seen_at=NOW - SEEN_WITHIN), ""),
        (known(seen_at=NOW - SEEN_WITHIN - timedelta(seconds=1)), "unseen"),
        (known(seen_at=None), "unseen"),
        (known(presence="away"), "away"),
        (known(on_shift=False), "off_shift"),
        (known(absent=True), "absent"),
        (known(absent=True, on_shift=False, presence="away"), "absent"),
    ],
)
def test_somebody_is_there_who_says_so_was_seen_and_is_on_duty(whereabouts: Whereabouts, why: str) -> None:
    assert why_away(whereabouts, NOW) == why
