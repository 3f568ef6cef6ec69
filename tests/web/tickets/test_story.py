"""The story told briefly, with nothing lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.models import Event
from helpdesk.queries.ticket_timeline import Entry
from helpdesk.storage import unit_of_work
from helpdesk.web.tickets.presenting import Happened
from helpdesk.web.tickets.story import Line, Reminders, phrase_code, told
from helpdesk.wording.story import PHRASES, line_text
from tests import tickets
from tests.conftest import Client, Login
from tests.factories import World, add

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SYSTEM, LIU, HE = 1, 5, 6


def entry(kind: str, place: int, minute: int, author: int | None, code: str | None, **params: Any) -> Entry:
    at = START + timedelta(minutes=minute)
    text = None if kind == "event" else "在吗"
    return Entry(kind, place, at, author, text, None, None, False, False, at, code, params)


def event(minute: int, author: int, code: str, **params: Any) -> Entry:
    return entry("event", hash((minute, code)), minute, author, code, **params)


def stage(minute: int, percent: int) -> Entry:
    return event(minute, SYSTEM, "sla.stage", clock="solution", percent=percent)


def shape(entries: Sequence[Entry]) -> list[str]:
    """What is told, one letter or figure an entry."""
    names = {Line: "line", Reminders: "fold", Entry: "said"}
    return [f"{names[type(one)]} {len(getattr(one, 'events', [one]))}" for one in told(entries)]


def test_what_one_person_does_at_one_moment_is_one_line() -> None:
    claimed = [
        event(1, LIU, "ticket.status", **{"from": "new", "to": "open"}),
        event(1, LIU, "ticket.owner", **{"from": None, "to": LIU}),
        event(1, LIU, "ticket.assignee", **{"from": None, "to": LIU}),
    ]
    (line,) = told(claimed)
    assert isinstance(line, Line)
    assert [phrase_code(one) for one in line.events] == ["ticket.assignee.taken", "ticket.owner.taken", "ticket.status"]
    assert shape([*claimed, event(1, HE, "ticket.priority"), event(2, HE, "ticket.priority")]) == [
        "line 3",
        "line 1",
        "line 1",
    ]


def test_a_message_between_two_events_keeps_them_apart() -> None:
    entries = [event(1, LIU, "ticket.status"), entry("message", 1, 1, LIU, None), event(1, LIU, "ticket.owner")]
    assert shape(entries) == ["line 1", "said 1", "line 1"]


def test_reminders_fold_and_a_breach_stays_in_sight() -> None:
    assert shape([stage(1, 50), stage(2, 75), stage(3, 100), stage(4, 150)]) == ["line 1", "fold 3"]
    assert shape([stage(1, 50), stage(2, 75), stage(3, 100)]) == ["fold 2", "line 1"]
    assert shape([stage(1, 50), entry("note", 1, 2, LIU, None), stage(3, 75)]) == ["line 1", "said 1", "line 1"]
    assert shape([stage(1, 100), stage(1, 100)]) == ["line 1", "line 1"]


@given(
    st.lists(
        st.one_of(
            st.builds(stage, st.integers(0, 3), st.sampled_from([50, 75, 100, 150])),
            st.builds(event, st.integers(0, 3), st.sampled_from([LIU, HE]), st.sampled_from(["ticket.status", "x"])),
            st.builds(lambda place: entry("message", place, 1, None, None), st.integers(0, 99)),
        ),
        max_size=12,
    )
)
def test_nothing_is_lost_and_nothing_told_twice(entries: list[Entry]) -> None:
    found: list[Entry] = []
    for one in told(entries):
        if isinstance(one, Entry):
            found.append(one)
        else:
            found.extend(one.events)
    assert sorted(map(id, found)) == sorted(map(id, entries))


@pytest.mark.parametrize(
    ("code", "before", "after", "suited"),
    [
        ("ticket.assignee", None, LIU, "ticket.assignee.taken"),
        ("ticket.assignee", HE, LIU, "ticket.assignee.taken_over"),
        ("ticket.assignee", LIU, None, "ticket.assignee.left"),
        ("ticket.assignee", None, HE, "ticket.assignee.given"),
        ("ticket.assignee", LIU, HE, "ticket.assignee"),
        ("ticket.assignee", HE, None, "ticket.assignee"),
        ("ticket.owner", None, LIU, "ticket.owner.taken"),
        ("ticket.owner", None, None, "ticket.owner"),
        ("ticket.queue", None, LIU, "ticket.queue"),
    ],
)
def test_the_doer_is_not_named_twice(code: str, before: int | None, after: int | None, suited: str) -> None:
    done = event(1, LIU, code, **{"from": before, "to": after})
    assert phrase_code(done) == suited


def test_a_line_reads_as_a_sentence_in_both_languages(app: Flask) -> None:
    done = [
        Happened("ticket.assignee.taken", {"from": None, "to": "刘洋"}),
        Happened("ticket.status", {"from": "new", "to": "open"}),
    ]
    late = [Happened("sla.breach", {"clock": "solution", "percent": 100})]
    with app.test_request_context(), force_locale("zh_CN"):
        assert line_text(done, after_name=True) == "接手，状态：新建 → 处理中"
        assert line_text(late, after_name=False) == "解决时限已超时"
    with app.test_request_context(), force_locale("en"):
        assert line_text(done, after_name=True) == "took it on, status: New → Open"
        assert line_text(done, after_name=False).startswith("Took it on")
        assert line_text([Happened("none.such", {})], after_name=False) == "None.such"


def test_every_phrase_is_of_an_event_that_has_words() -> None:
    assert {code.rsplit(".", 1)[0] for code in PHRASES} == {"assist.assigned", "ticket.assignee", "ticket.owner", "sla"}


def test_the_page_shows_one_line_and_keeps_the_reminders_within_reach(
    client: Client, world: World, login: Login, now: datetime
) -> None:
    agent = world.users.agent
    with unit_of_work():
        row = tickets.ticket(world, now, owner=agent, hands=agent)
        happened = [
            (agent.id, "ticket.status", {"from": "new", "to": "open"}),
            (agent.id, "ticket.owner", {"from": None, "to": agent.id}),
            (agent.id, "ticket.assignee", {"from": None, "to": agent.id}),
            *((world.users.system.id, "sla.stage", {"clock": "queue", "percent": n}) for n in (50, 75, 100)),
        ]
        for actor_id, code, params in happened:
            add(Event(ticket_id=row.id, at=now, actor_id=actor_id, source="page", code=code, params=params))
    page = login(client, agent).get(f"/tickets/{row.number}").text
    assert "<b>林晓</b> 接手，成为负责人，状态：新建 → 处理中" in page
    assert "SLA 提醒 2 条" in page
    assert "队列时限到达 50%" in page
    assert "队列时限已超时" in page
    assert page.index("SLA 提醒 2 条") < page.index("队列时限到达 75%") < page.index("队列时限已超时")


@pytest.mark.parametrize(
    ("code", "before", "after", "phrase"),
    [
        ("ticket.assignee", None, HE, "ticket.assignee.handed"),
        ("ticket.assignee", LIU, HE, "ticket.assignee.moved"),
        ("ticket.assignee", LIU, None, "ticket.assignee.freed"),
        ("assist.assigned", None, HE, "assist.assigned.handed"),
        ("ticket.owner", None, HE, "ticket.owner.given"),
    ],
)
def test_what_a_rule_did_is_told_as_such(code: str, before: int | None, after: int | None, phrase: str) -> None:
    params = {"from": before, "to": after, "why": {"mode": "least_load", "load": 3, "capacity": 8}}
    assert phrase_code(event(1, SYSTEM, code, **params)) == phrase
