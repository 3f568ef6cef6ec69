"""What a deed on many tickets may be, and what it would do to each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from helpdesk.domain.access import Actor, Permission, Role, TicketStanding
from helpdesk.domain.bulk import Deed, Ground, Kind, Seen, foresee, offered, parse, to_document
from helpdesk.domain.problems import Problem
from helpdesk.domain.tickets import Priority, Status, TicketClass

MINE, OTHER, ME, COLLEAGUE = 1, 2, 10, 11
AGENT = Actor(ME, Role.AGENT, frozenset({MINE}), frozenset({MINE}))
BOSS = replace(AGENT, role=Role.SUPERVISOR)
STRANGER = Actor(12, Role.AGENT, frozenset({OTHER}))
TICKET = Seen(
    number="EX-1",
    status=Status.OPEN,
    pending_on=None,
    type="lost",
    tier="manual",
    klass=TicketClass.B,
    priority=Priority.P2,
    hands=ME,
    standing=TicketStanding(MINE, ME),
)
COLLEAGUES = Ground(memberships=frozenset({MINE}), writing=frozenset({MINE}))
K = Kind


@pytest.mark.parametrize(
    ("deed", "changed", "ahead"),
    [
        (Deed(K.TYPE, "broken"), {}, True),
        (Deed(K.TYPE, "lost"), {}, False),
        (Deed(K.TYPE, "lost"), {"tier": "suggest"}, True),
        (Deed(K.TRANSFER, "warehouse", "他们的"), {}, True),
        (Deed(K.TRANSFER, "warehouse", "他们的"), {"standing": TicketStanding(OTHER, ME)}, False),
        (Deed(K.ASSIGN, "11"), {}, True),
        (Deed(K.ASSIGN, "10"), {}, False),
        (Deed(K.ASSIGN, "10"), {"standing": TicketStanding(MINE, COLLEAGUE)}, True),
        (Deed(K.ASSIGN, "none"), {}, True),
        (Deed(K.OWNER, "11"), {}, True),
        (Deed(K.OWNER, "10"), {}, False),
        (Deed(K.PRIORITY, "P1"), {}, True),
        (Deed(K.PRIORITY, "P2"), {}, False),
        (Deed(K.STATUS, "pending_customer"), {}, True),
        (Deed(K.STATUS, "open"), {}, False),
        (Deed(K.STATUS, "open", pending_on="warehouse"), {}, False),
        (Deed(K.STATUS, "pending_internal", pending_on="courier"), {"status": Status.PENDING_INTERNAL}, True),
        (Deed(K.RESOLVE, "explained"), {}, True),
        (Deed(K.RESOLVE, "resent", party="courier"), {"klass": TicketClass.C}, True),
        (Deed(K.RESOLVE, "resent"), {"klass": TicketClass.C, "blamed": True}, True),
        (Deed(K.RESOLVE, "explained"), {"status": Status.RESOLVED}, False),
        (Deed(K.TAG, "双十一"), {}, True),
        (Deed(K.TAG, "双十一"), {"tags": frozenset({"双十一"})}, False),
        (Deed(K.UNTAG, "双十一"), {}, False),
        (Deed(K.UNTAG, "双十一"), {"tags": frozenset({"双十一"})}, True),
        (Deed(K.NOTE, text="看过了"), {}, True),
    ],
)
def test_it_is_said_whether_a_ticket_would_change(deed: Deed, changed: dict[str, Any], ahead: bool) -> None:
    ground = replace(COLLEAGUES, queue=OTHER)
    actor = replace(BOSS, role=Role.SUPERVISOR)
    assert foresee(deed, replace(TICKET, **changed), ground, actor) is ahead


@pytest.mark.parametrize(
    ("deed", "changed", "actor", "code"),
    [
        (Deed(K.TYPE, "broken"), {}, STRANGER, "ticket.not_yours"),
        (Deed(K.TYPE, "broken"), {"status": Status.CLOSED}, AGENT, "ticket.not_active"),
        (Deed(K.TRANSFER, "x", "y"), {}, STRANGER, "ticket.may_not_transfer"),
        (Deed(K.ASSIGN, "11"), {}, AGENT, "ticket.may_not_assign"),
        (Deed(K.ASSIGN, "99"), {"standing": TicketStanding(OTHER, ME)}, BOSS, "ticket.not_a_member"),
        (Deed(K.OWNER, "11"), {}, STRANGER, "ticket.may_not_assign"),
        (Deed(K.PRIORITY, "P1"), {}, STRANGER, "ticket.not_yours"),
        (Deed(K.STATUS, "open"), {"status": Status.RESOLVED}, AGENT, "ticket.illegal_move"),
        (Deed(K.RESOLVE, "explained"), {"status": Status.CLOSED}, AGENT, "ticket.illegal_move"),
        (Deed(K.RESOLVE, "refunded"), {"klass": TicketClass.A}, AGENT, "ticket.party_required"),
        (Deed(K.TAG, "a"), {}, STRANGER, "ticket.not_yours"),
        (Deed(K.NOTE, text="a"), {}, STRANGER, "ticket.may_not_note"),
    ],
)
def test_it_is_said_why_a_ticket_would_not_be_touched(
    deed: Deed, changed: dict[str, Any], actor: Actor, code: str
) -> None:
    with pytest.raises(Problem) as refused:
        foresee(deed, replace(TICKET, **changed), COLLEAGUES, actor)
    assert refused.value.code == code


def test_an_agent_may_take_and_who_answers_must_write_to_buyers() -> None:
    free = replace(TICKET, hands=None, standing=TicketStanding(MINE, None))
    assert foresee(Deed(K.ASSIGN, "10"), free, COLLEAGUES, AGENT)
    with pytest.raises(Problem) as refused:
        foresee(Deed(K.OWNER, "11"), TICKET, Ground(memberships=frozenset({OTHER})), AGENT)
    assert refused.value.code == "ticket.not_a_member"


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "type", "value": "lost"},
        {"kind": "transfer", "value": "warehouse", "text": "他们的"},
        {"kind": "assign", "value": "none"},
        {"kind": "owner", "value": "7"},
        {"kind": "priority", "value": "P1"},
        {"kind": "status", "value": "pending_internal", "pending_on": "courier"},
        {"kind": "resolve", "value": "resent", "party": "courier", "text": "补发"},
        {"kind": "tag", "value": "双十一"},
        {"kind": "untag", "value": "双十一"},
        {"kind": "note", "text": "看过了"},
    ],
)
def test_a_deed_is_kept_and_read_again(document: dict[str, str]) -> None:
    assert to_document(parse(document)) == document


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "bulk.choose_a_deed"),
        ({"kind": "burn"}, "bulk.choose_a_deed"),
        ({"kind": "type"}, "bulk.choose_a_value"),
        ({"kind": "type", "value": "x" * 61}, "input.bad_value"),
        ({"kind": "tag", "value": "x" * 31}, "input.bad_value"),
        ({"kind": "untag", "value": "a\tb"}, "input.bad_value"),
        ({"kind": "transfer", "value": "warehouse"}, "ticket.reason_required"),
        ({"kind": "transfer", "value": "warehouse", "text": "x" * 501}, "input.too_long"),
        ({"kind": "assign", "value": "me"}, "input.bad_value"),
        ({"kind": "owner", "value": str(2**31)}, "input.bad_value"),
        ({"kind": "owner", "value": "none"}, "input.bad_value"),
        ({"kind": "priority", "value": "P9"}, "input.bad_value"),
        ({"kind": "priority", "value": "P1", "text": "x"}, "input.too_long"),
        ({"kind": "status", "value": "pending_approval"}, "input.bad_value"),
        ({"kind": "resolve", "value": "lost"}, "input.bad_value"),
        ({"kind": "resolve", "value": "resent", "party": "moon"}, "input.bad_value"),
        ({"kind": "note"}, "note.text_required"),
        ({"kind": "note", "text": "a\0b"}, "input.bad_character"),
    ],
)
def test_what_can_be_no_deed_is_refused(document: dict[str, str], code: str) -> None:
    with pytest.raises(Problem) as refused:
        parse(document)
    assert refused.value.code == code


def test_only_deeds_that_the_role_may_do_are_offered() -> None:
    assert offered(AGENT) == tuple(Kind)
    assert offered(replace(AGENT, role=Role.AUDITOR)) == ()
    assert offered(replace(AGENT, role=Role.OPS)) == (K.TRANSFER, K.ASSIGN, K.OWNER)
    assert offered(replace(AGENT, only=frozenset({Permission.TICKETS_TRANSFER}))) == (K.TRANSFER,)
