"""Which messages can become a ticket of their own, and when they can go back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.domain.links import Relation
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.splitting import MOST_AT_ONCE, RELATIONS, Said, check_can_rejoin, check_chosen, movable
from helpdesk.domain.tickets import Status

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def said(number: int, minutes: int, *, by_customer: bool = True) -> Said:
    return Said(number, by_customer, NOW + timedelta(minutes=minutes))


def test_what_the_customer_said_after_the_first_word_can_go() -> None:
    talk = [said(1, 0), said(2, 1, by_customer=False), said(3, 2), said(4, 3)]
    assert movable(talk, NOW) == {3, 4}


def test_the_word_that_began_the_cycle_stays_and_so_does_what_was_before() -> None:
    talk = [said(1, 0), said(2, 10), said(3, 60), said(4, 61)]
    assert movable(talk, NOW + timedelta(minutes=60)) == {4}


def test_of_two_at_the_same_moment_the_first_heard_stays() -> None:
    assert movable([said(8, 0), said(5, 0)], NOW) == {8}


def test_a_single_word_and_none_can_t_be_split() -> None:
    assert movable([said(1, 0)], NOW) == movable([], NOW) == frozenset()


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_choice_that_may_go_passes(relation: Relation) -> None:
    check_chosen({3, 4}, {3, 4, 5}, relation)


@pytest.mark.parametrize(
    ("chosen", "relation", "kind", "code"),
    [
        (set(), Relation.CHILD, Invalid, "split.nothing_chosen"),
        (set(range(MOST_AT_ONCE + 1)), Relation.CHILD, Invalid, "split.too_many"),
        ({3}, Relation.DUPLICATE, Invalid, "link.unknown_relation"),
        ({3, 9}, Relation.CHILD, Conflict, "split.not_movable"),
    ],
)
def test_what_makes_no_sense_is_refused(
    chosen: set[int], relation: Relation, kind: type[Invalid | Conflict], code: str
) -> None:
    with pytest.raises(kind) as caught:
        check_chosen(chosen, {3, 4}, relation)
    assert caught.value.code == code


def test_it_goes_back_while_nothing_happened_there_and_the_first_goes_on() -> None:
    check_can_rejoin("B", moved_on=False, into="A", status=Status.RESOLVED)
    with pytest.raises(Conflict) as caught:
        check_can_rejoin("B", moved_on=True, into="A", status=Status.OPEN)
    assert (caught.value.code, caught.value.params["number"]) == ("split.moved_on", "B")
    with pytest.raises(Conflict) as caught:
        check_can_rejoin("B", moved_on=False, into="A", status=Status.MERGED)
    assert (caught.value.code, caught.value.params["number"]) == ("split.source_ended", "A")
