"""Who may do what. People differ by role, by their queues, and by what they own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.access import (
    PEOPLE,
    TABLE,
    WORKING_ROLES,
    Actor,
    Permission,
    Role,
    Scope,
    TicketStanding,
    may,
    may_answer,
    may_assign,
    may_assign_assist,
    may_hand_over,
    may_note,
    may_reply,
    may_transfer,
    may_withdraw,
    may_work,
)
from helpdesk.domain.problems import NotAllowed

SERVICE, WAREHOUSE, FINANCE = 1, 2, 3
WRITING = frozenset({SERVICE})


def person(role: Role, *queues: int, id: int = 7) -> Actor:
    return Actor(id=id, role=role, queues=frozenset(queues), writing_queues=frozenset(queues) & WRITING)


actors = st.builds(
    lambda role, queues, id: person(role, *queues, id=id),
    st.sampled_from(Role),
    st.sets(st.sampled_from([SERVICE, WAREHOUSE, FINANCE])),
    st.integers(1, 3),
)
tickets = st.builds(
    TicketStanding,
    queue=st.sampled_from([SERVICE, WAREHOUSE, FINANCE]),
    owner=st.none() | st.integers(1, 3),
    assists=st.frozensets(st.sampled_from([SERVICE, WAREHOUSE, FINANCE])),
)


def test_each_role_has_a_row() -> None:
    assert set(TABLE) == set(Role)


def test_what_is_not_in_the_table_is_denied() -> None:
    agent = person(Role.AGENT, SERVICE)
    agent.require(Permission.TICKETS_WORK)
    with pytest.raises(NotAllowed) as refusal:
        agent.require(Permission.USERS_MANAGE)
    assert refusal.value.params == {"permission": "users:manage"}


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN, Role.OPS])
def test_who_only_reads_or_runs_the_place_never_works_on_tickets(role: Role) -> None:
    one = person(role, SERVICE, WAREHOUSE)
    ticket = TicketStanding(queue=SERVICE, owner=one.id, assists=frozenset({WAREHOUSE}))
    assert one.scope(Permission.TICKETS_READ) is Scope.ALL
    assert not any(right(one, ticket) for right in (may_work, may_note, may_reply))


def test_an_auditor_changes_nothing_at_all() -> None:
    changing = {p for p in Permission if p.value.rpartition(":")[2] not in {"read", "own"}}
    assert not changing & set(TABLE[Role.AUDITOR])


def test_people_with_tickets_in_their_hands_are_agents_supervisors_and_finance() -> None:
    assert {Role.AGENT, Role.SUPERVISOR, Role.FINANCE} == WORKING_ROLES


def test_the_warehouse_works_on_its_tickets_and_never_writes_to_buyers() -> None:
    ticket = TicketStanding(queue=WAREHOUSE, owner=9)
    assert may_work(person(Role.AGENT, WAREHOUSE), ticket)
    assert not may_reply(person(Role.AGENT, WAREHOUSE), ticket)


def test_the_owner_answers_wherever_the_ticket_is() -> None:
    owner = person(Role.AGENT, SERVICE, id=9)
    assert may_reply(owner, TicketStanding(queue=WAREHOUSE, owner=9))
    assert not may_reply(person(Role.AGENT, SERVICE), TicketStanding(queue=WAREHOUSE, owner=9))


def test_who_is_asked_for_help_notes_and_does_nothing_else() -> None:
    asked, ticket = (
        person(Role.AGENT, WAREHOUSE),
        TicketStanding(queue=SERVICE, owner=9, assists=frozenset({WAREHOUSE})),
    )
    assert may_note(asked, ticket)
    assert not any(right(asked, ticket) for right in (may_work, may_reply, may_assign, may_transfer))


def test_supervisors_assign_in_their_queues_and_operations_everywhere() -> None:
    ticket = TicketStanding(queue=SERVICE, owner=9)
    assert may_assign(person(Role.SUPERVISOR, SERVICE), ticket)
    assert not may_assign(person(Role.SUPERVISOR, WAREHOUSE), ticket)
    assert may_assign(person(Role.OPS), ticket)
    assert not may_assign(person(Role.AGENT, SERVICE), ticket)


@given(actors, tickets)
def test_rights_build_on_each_other(actor: Actor, ticket: TicketStanding) -> None:
    near = ticket.owner == actor.id or ticket.queue in actor.queues
    assert not may_work(actor, ticket) or may_note(actor, ticket)
    assert not may_reply(actor, ticket) or may_work(actor, ticket)
    everywhere = actor.scope(Permission.TICKETS_REPLY) is Scope.ALL
    assert not may_reply(actor, ticket) or ticket.owner == actor.id or actor.writing_queues or everywhere
    assert not may_note(actor, ticket) or near or ticket.assists & actor.queues or actor.role not in PEOPLE


@given(actors, tickets, st.sampled_from(Permission))
def test_a_permission_reaches_a_ticket_only_if_the_table_has_it(
    actor: Actor, ticket: TicketStanding, permission: Permission
) -> None:
    scope = TABLE[actor.role].get(permission)
    near = ticket.owner == actor.id or ticket.queue in actor.queues
    assert may(actor, permission, ticket) == (scope is Scope.ALL or (scope is Scope.OWN and near))
    assert actor.may(permission) == (scope is not None)


@given(actors, st.frozensets(st.sampled_from(Permission)), st.sampled_from(Permission))
def test_a_token_takes_permissions_away_and_gives_none(
    actor: Actor, only: frozenset[Permission], permission: Permission
) -> None:
    narrowed = replace(actor, only=only)
    assert narrowed.scope(permission) == (actor.scope(permission) if permission in only else None)


def test_a_question_is_answered_and_given_by_the_queue_that_was_asked() -> None:
    assert may_answer(person(Role.AGENT, WAREHOUSE), WAREHOUSE)
    assert not may_answer(person(Role.AGENT, SERVICE), WAREHOUSE)
    assert not may_answer(person(Role.AUDITOR), WAREHOUSE)
    assert may_assign_assist(person(Role.SUPERVISOR, WAREHOUSE), WAREHOUSE)
    assert may_assign_assist(person(Role.OPS), WAREHOUSE)
    assert not may_assign_assist(person(Role.SUPERVISOR, SERVICE), WAREHOUSE)
    assert not may_assign_assist(person(Role.AGENT, WAREHOUSE), WAREHOUSE)


@pytest.mark.parametrize(
    ("who", "asked_by", "may_take_back"),
    [
        (person(Role.AGENT, SERVICE, id=7), 7, True),
        (person(Role.AGENT, SERVICE, id=7), 8, False),
        (person(Role.AGENT, id=9), 8, True),  # owns the ticket
        (person(Role.SUPERVISOR, SERVICE), 8, True),
        (person(Role.SUPERVISOR, WAREHOUSE), 8, False),
        (person(Role.AUDITOR, id=7), 7, False),
    ],
)
def test_a_question_is_taken_back_by_who_asked_owns_or_assigns(who: Actor, asked_by: int, may_take_back: bool) -> None:
    ticket = TicketStanding(queue=SERVICE, owner=9, assists=frozenset({WAREHOUSE}))
    assert may_withdraw(who, ticket, asked_by=asked_by) is may_take_back


@pytest.mark.parametrize(
    ("who", "owner", "may_hand"),
    [
        (person(Role.AGENT, WAREHOUSE, id=9), 9, True),
        (person(Role.AGENT, SERVICE), 9, False),
        (person(Role.AGENT, SERVICE), None, True),
        (person(Role.AGENT, WAREHOUSE), None, False),
        (person(Role.SUPERVISOR, SERVICE), 9, True),
        (person(Role.AUDITOR), None, False),
    ],
)
def test_the_customer_is_handed_over_by_his_owner_or_by_who_assigns(
    who: Actor, owner: int | None, may_hand: bool
) -> None:
    assert may_hand_over(who, TicketStanding(queue=SERVICE, owner=owner)) is may_hand
