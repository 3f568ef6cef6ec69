"""Who is meant by @name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.mentions import Mentioned, Person, mentioned

LIN = Person(1, "linxiao", "林晓")
LIN2 = Person(2, "linxiao2", "林晓明")
ZHOU = Person(3, "zhou.z", "周舟")
TWINS = Person(4, "wang1", "王伟"), Person(5, "wang2", "王伟")
NAMELESS = Person(6, "ghost", "")
HOUSE = (LIN, LIN2, ZHOU, *TWINS, NAMELESS)


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("@林晓 看一下", (LIN,)),
        ("请@林晓看一下", (LIN,)),
        ("@林晓明看一下", (LIN2,)),
        ("＠周舟：急", (ZHOU,)),
        ("@linxiao看一下", (LIN,)),
        ("@LinXiao, please", (LIN,)),
        ("@linxiao2", (LIN2,)),
        ("ask @zhou.z.", (ZHOU,)),
        ("ask @linxiao. Now", (LIN,)),
        ("@周舟 @林晓 @周舟", (ZHOU, LIN)),
        ("@wang2", (TWINS[1],)),
        ("@linxiao3", ()),
        ("@linxiao.example", ()),
        ("mail buyer@linxiao.example or buyer@linxiao", ()),
        ("@", ()),
        ("@@ 5@ @谁", ()),
        ("没有", ()),
    ],
)
def test_whom_a_text_mentions(text: str, people: tuple[Person, ...]) -> None:
    assert mentioned(text, HOUSE) == Mentioned(people)


def test_a_name_that_two_bear_is_doubtful_and_names_their_logins() -> None:
    assert mentioned("@王伟 @林晓", HOUSE) == Mentioned((LIN,), {"王伟": ("wang1", "wang2")})


def test_a_login_goes_before_somebodys_name() -> None:
    assert mentioned("@ann", [Person(1, "ann", "Bo"), Person(2, "bo2", "Ann")]).people[0].id == 1


def test_where_nobody_works_nobody_is_meant() -> None:
    assert mentioned("@林晓", []) == Mentioned()


@given(st.text(max_size=200))
def test_only_people_of_the_house_are_mentioned_each_once(text: str) -> None:
    people = mentioned(text, HOUSE).people
    assert set(people) <= set(HOUSE)
    assert len(set(people)) == len(people)
