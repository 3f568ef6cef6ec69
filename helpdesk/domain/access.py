"""Who may do what: one table of role x permission x scope.

A permission is ``noun:verb``. A role holds it for everything (``ALL``), or for what stands in the
actor's queues, is owned by him, or asks his queue for help (``OWN``). What is not in the table is denied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.domain.problems import NotAllowed


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    FINANCE = "finance"
    OPS = "ops"
    ADMIN = "admin"
    AUDITOR = "auditor"
    INTEGRATION = "integration"  # another system, by a token or a webhook
    SYSTEM = "system"  # jobs and imports


class Scope(StrEnum):
    ALL = "all"
    OWN = "own"


class Permission(StrEnum):
    TICKETS_READ = "tickets:read"
    TICKETS_CREATE = "tickets:create"
    TICKETS_WORK = "tickets:work"  # claim, note, status, type, priority, resolve
    TICKETS_REPLY = "tickets:reply"  # speak to the buyer
    TICKETS_ASSIGN = "tickets:assign"  # to somebody else
    TICKETS_TRANSFER = "tickets:transfer"
    TICKETS_IMPORT = "tickets:import"
    CUSTOMERS_ERASE = "customers:erase"  # forget a customer: what was said, who he was
    CUSTOMERS_REVEAL = "customers:reveal"  # unmask phone and address, with a reason
    TEMPLATES_READ = "templates:read"
    TEMPLATES_WRITE = "templates:write"  # own ones
    TEMPLATES_MANAGE = "templates:manage"  # those of a queue; everybody's take the scope over all
    MONEY_READ = "money:read"  # the ledger of compensations
    MONEY_PROPOSE = "money:propose"
    MONEY_APPROVE = "money:approve"
    MONEY_PAY = "money:pay"  # payment files
    SHARES_APPEAL = "shares:appeal"  # against the share of responsibility that one's queue was given
    SHARES_DECIDE = "shares:decide"
    SHARES_READ = "shares:read"  # who owes what, month by month
    REPORTS_READ = "reports:read"
    REPORTS_CLOSE = "reports:close"  # months: close, open again, recalculate, send
    IMPROVEMENTS_MANAGE = "improvements:manage"  # what the shop changes upstream
    WORDS_READ = "words:read"  # how the rules' words and learned models do
    RULES_READ = "rules:read"
    RULES_MANAGE = "rules:manage"  # what decides types: words, learned models
    QUEUES_READ = "queues:read"
    QUEUES_MANAGE = "queues:manage"
    BOARD_READ = "board:read"  # the overdue board and everybody's workload
    ESCALATION_MANAGE = "escalation:manage"  # stages of clocks, steps on pauses
    CALENDARS_READ = "calendars:read"
    CALENDARS_MANAGE = "calendars:manage"  # hours; holidays take the scope over all
    SHIFTS_READ = "shifts:read"
    SHIFTS_MANAGE = "shifts:manage"  # who is on duty, who is away and who stands in
    VIEWS_MANAGE = "views:manage"  # saved views of a queue; everybody's take the scope over all
    ORDERS_READ = "orders:read"  # by themselves, without a ticket
    ORDERS_WRITE = "orders:write"  # what other systems tell of orders
    CHANNELS_MANAGE = "channels:manage"  # shops, channels, mailboxes: where words come in and go out
    TOKENS_MANAGE = "tokens:manage"  # keys of other systems: tokens and webhooks
    TARGETS_MANAGE = "targets:manage"  # mailboxes and robots that are told
    OUTBOX_MANAGE = "outbox:manage"  # what could not be delivered
    CHANGES_READ = "changes:read"  # who changed which setting
    USERS_READ = "users:read"
    USERS_MANAGE = "users:manage"
    ACCOUNT_OWN = "account:own"  # own password, language, theme, sessions


ALL, OWN = Scope.ALL, Scope.OWN
P = Permission

_EVERYONE: Mapping[Permission, Scope] = {
    P.ACCOUNT_OWN: OWN,
    P.TEMPLATES_READ: ALL,
    P.RULES_READ: ALL,
    P.QUEUES_READ: ALL,
    P.CALENDARS_READ: ALL,
    P.SHIFTS_READ: ALL,
}
_WORKING: Mapping[Permission, Scope] = {
    P.TICKETS_READ: OWN,
    P.TICKETS_CREATE: ALL,
    P.TICKETS_WORK: OWN,
    P.TICKETS_REPLY: OWN,
    P.TICKETS_TRANSFER: OWN,
    P.CUSTOMERS_REVEAL: OWN,
    P.TEMPLATES_WRITE: OWN,
    P.MONEY_PROPOSE: OWN,
    P.SHARES_APPEAL: OWN,
}

TABLE: Mapping[Role, Mapping[Permission, Scope]] = {
    Role.AGENT: {**_EVERYONE, **_WORKING},
    Role.SUPERVISOR: {
        **_EVERYONE,
        **_WORKING,
        P.TICKETS_ASSIGN: OWN,
        P.BOARD_READ: OWN,
        P.QUEUES_MANAGE: OWN,
        P.ESCALATION_MANAGE: OWN,
        P.CALENDARS_MANAGE: OWN,
        P.SHIFTS_MANAGE: OWN,
        P.TARGETS_MANAGE: OWN,
        P.OUTBOX_MANAGE: OWN,
        P.TEMPLATES_MANAGE: OWN,
        P.VIEWS_MANAGE: OWN,
        P.MONEY_READ: OWN,
        P.MONEY_APPROVE: OWN,
        P.SHARES_DECIDE: OWN,
        P.SHARES_READ: OWN,
        P.REPORTS_READ: OWN,
        P.IMPROVEMENTS_MANAGE: OWN,
        P.WORDS_READ: ALL,
        P.CHANGES_READ: ALL,
        P.USERS_READ: ALL,
        P.TICKETS_IMPORT: ALL,
    },
    Role.FINANCE: {
        **_EVERYONE,
        **_WORKING,
        P.TICKETS_READ: ALL,
        P.MONEY_READ: ALL,
        P.MONEY_APPROVE: ALL,
        P.MONEY_PAY: ALL,
        P.SHARES_READ: ALL,
        P.REPORTS_READ: ALL,
    },
    Role.OPS: {
        **_EVERYONE,
        P.TICKETS_READ: ALL,
        P.TICKETS_CREATE: ALL,
        P.TICKETS_ASSIGN: ALL,
        P.TICKETS_TRANSFER: ALL,
        P.TICKETS_IMPORT: ALL,
        P.BOARD_READ: ALL,
        P.QUEUES_MANAGE: ALL,
        P.RULES_MANAGE: ALL,
        P.ESCALATION_MANAGE: ALL,
        P.CALENDARS_MANAGE: ALL,
        P.SHIFTS_MANAGE: ALL,
        P.TARGETS_MANAGE: ALL,
        P.OUTBOX_MANAGE: ALL,
        P.TEMPLATES_WRITE: OWN,
        P.TEMPLATES_MANAGE: ALL,
        P.VIEWS_MANAGE: ALL,
        P.MONEY_READ: ALL,
        P.MONEY_PROPOSE: ALL,
        P.MONEY_APPROVE: ALL,
        P.SHARES_DECIDE: ALL,
        P.SHARES_READ: ALL,
        P.REPORTS_READ: ALL,
        P.REPORTS_CLOSE: ALL,
        P.IMPROVEMENTS_MANAGE: ALL,
        P.WORDS_READ: ALL,
        P.CHANGES_READ: ALL,
        P.USERS_READ: ALL,
    },
    Role.ADMIN: {
        **_EVERYONE,
        P.TICKETS_READ: ALL,
        P.TICKETS_IMPORT: ALL,
        P.BOARD_READ: ALL,
        P.QUEUES_MANAGE: ALL,
        P.CALENDARS_MANAGE: ALL,
        P.SHIFTS_MANAGE: ALL,
        P.TARGETS_MANAGE: ALL,
        P.OUTBOX_MANAGE: ALL,
        P.MONEY_READ: ALL,
        P.SHARES_READ: ALL,
        P.REPORTS_READ: ALL,
        P.WORDS_READ: ALL,
        P.CHANGES_READ: ALL,
        P.USERS_READ: ALL,
        P.USERS_MANAGE: ALL,
        P.VIEWS_MANAGE: ALL,
        P.CHANNELS_MANAGE: ALL,
        P.TOKENS_MANAGE: ALL,
        P.CUSTOMERS_ERASE: ALL,
    },
    Role.AUDITOR: {
        **_EVERYONE,
        P.TICKETS_READ: ALL,
        P.BOARD_READ: ALL,
        P.MONEY_READ: ALL,
        P.SHARES_READ: ALL,
        P.REPORTS_READ: ALL,
        P.WORDS_READ: ALL,
        P.CHANGES_READ: ALL,
        P.USERS_READ: ALL,
    },
    Role.INTEGRATION: {
        P.TICKETS_READ: ALL,
        P.TICKETS_CREATE: ALL,
        P.TICKETS_WORK: ALL,
        P.TICKETS_REPLY: ALL,
        P.TICKETS_ASSIGN: ALL,
        P.TICKETS_TRANSFER: ALL,
        P.CUSTOMERS_REVEAL: ALL,
        P.TEMPLATES_READ: ALL,
        P.QUEUES_READ: ALL,
        P.RULES_READ: ALL,
        P.ORDERS_READ: ALL,
        P.ORDERS_WRITE: ALL,
    },
    Role.SYSTEM: {
        P.TICKETS_READ: ALL,
        P.TICKETS_CREATE: ALL,
        P.TICKETS_WORK: ALL,
        P.TICKETS_ASSIGN: ALL,
        P.TICKETS_TRANSFER: ALL,
        P.TICKETS_IMPORT: ALL,
        P.CUSTOMERS_ERASE: ALL,
        P.USERS_MANAGE: ALL,
        P.QUEUES_MANAGE: ALL,
        P.CALENDARS_MANAGE: ALL,
        P.SHIFTS_MANAGE: ALL,
        P.REPORTS_READ: ALL,
        P.REPORTS_CLOSE: ALL,
    },
}


PEOPLE = tuple(role for role in Role if role not in {Role.INTEGRATION, Role.SYSTEM})
"""Roles that somebody can log in with."""

NO_MONEY = frozenset({Role.ADMIN, Role.AUDITOR, Role.INTEGRATION, Role.SYSTEM})
"""Who decides over no money, in nobody's place."""

WORKING_ROLES = frozenset(role for role in PEOPLE if P.TICKETS_WORK in TABLE[role] and P.TICKETS_REPLY in TABLE[role])
"""Whose people can have tickets in their hands."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as a value that can be handed down the floors."""

    id: int
    role: Role
    queues: frozenset[int] = frozenset()
    writing_queues: frozenset[int] = frozenset()  # those of them that answer buyers
    source: str = "page"  # page, api, import, job, cli: recorded with every event
    only: frozenset[Permission] | None = None  # of his role's permissions, those that his token allows
    shop: int | None = None  # the one shop whose matters his token reaches

    def scope(self, permission: Permission) -> Scope | None:
        """How far the permission reaches for this actor; None where he has not got it."""
        if self.only is not None and permission not in self.only:
            return None
        return TABLE[self.role].get(permission)

    def may(self, permission: Permission) -> bool:
        return self.scope(permission) is not None

    def require(self, permission: Permission) -> None:
        """Raise ``NotAllowed`` unless the actor's role holds the permission."""
        if not self.may(permission):
            raise NotAllowed("access.denied", permission=permission.value)


@dataclass(frozen=True, slots=True)
class TicketStanding:
    """What of a ticket decides over rights to it."""

    queue: int
    owner: int | None
    assists: frozenset[int] = frozenset()  # queues with an open assist


def may_work(actor: Actor, ticket: TicketStanding) -> bool:
    """The owner and the members of the ticket's queue act on it."""
    return may(actor, P.TICKETS_WORK, ticket)


def may_note(actor: Actor, ticket: TicketStanding) -> bool:
    """Members of an assist's queue note and answer, beside those who act."""
    return may_work(actor, ticket) or (actor.may(P.TICKETS_WORK) and bool(ticket.assists & actor.queues))


def may_reply(actor: Actor, ticket: TicketStanding) -> bool:
    """Only the owner and members of writing queues speak to the buyer, and systems that may everywhere.

    A member of a writing queue may answer where he can act at all; warehouse people never do.
    """
    if not actor.may(P.TICKETS_REPLY):
        return False
    if actor.scope(P.TICKETS_REPLY) is ALL:
        return True
    if ticket.owner == actor.id:
        return True
    return bool(actor.writing_queues) and may_work(actor, ticket)


def may_answer(actor: Actor, queue: int) -> bool:
    """Members of the queue that was asked take its questions and answer them."""
    return _in_queue(actor, P.TICKETS_WORK, queue)


def may_assign_assist(actor: Actor, queue: int) -> bool:
    """Hand a question to somebody of the queue that was asked."""
    return _in_queue(actor, P.TICKETS_ASSIGN, queue)


def may_withdraw(actor: Actor, ticket: TicketStanding, *, asked_by: int | None) -> bool:
    """Who asked takes the question back, and so do the ticket's owner and who assigns it."""
    works = actor.may(P.TICKETS_WORK) and actor.id in {asked_by, ticket.owner}
    return works or may_assign(actor, ticket)


def may_assign(actor: Actor, ticket: TicketStanding) -> bool:
    """Hand the ticket to somebody else."""
    return may(actor, P.TICKETS_ASSIGN, ticket)


def may_hand_over(actor: Actor, ticket: TicketStanding) -> bool:
    """Say who answers the customer: the owner, who assigns, and, while there is none, members of writing queues."""
    orphan = ticket.owner is None and bool(actor.writing_queues) and actor.may(P.TICKETS_REPLY)
    return ticket.owner == actor.id or orphan or may_assign(actor, ticket)


def may_transfer(actor: Actor, ticket: TicketStanding) -> bool:
    """Move the ticket to another queue."""
    return may(actor, P.TICKETS_TRANSFER, ticket)


def may(actor: Actor, permission: Permission, ticket: TicketStanding) -> bool:
    """Whether the permission reaches this ticket: everything, or what he owns or what stands in his queues."""
    match actor.scope(permission):
        case Scope.ALL:
            return True
        case Scope.OWN:
            return ticket.owner == actor.id or ticket.queue in actor.queues
        case _:
            return False


def _in_queue(actor: Actor, permission: Permission, queue: int) -> bool:
    """Whether the permission reaches this queue: everything, or the actor's own queues."""
    scope = actor.scope(permission)
    return scope is Scope.ALL or (scope is Scope.OWN and queue in actor.queues)


def may_write_template(actor: Actor, scope: str, queue_id: int | None, owner_id: int | None) -> bool:
    """Own ones with the right to write, a queue's with the right to manage it, everybody's with that over all."""
    reach = actor.scope(P.TEMPLATES_MANAGE)
    match scope:
        case "personal":
            return owner_id == actor.id and actor.may(P.TEMPLATES_WRITE)
        case "team":
            return reach is ALL or (reach is OWN and queue_id in actor.queues)
        case _:
            return reach is ALL


def may_write_view(actor: Actor, scope: str, queue_id: int | None, owner_id: int | None) -> bool:
    """One's own lists, a queue's with the right to manage them there, everybody's with that over all."""
    reach = actor.scope(P.VIEWS_MANAGE)
    match scope:
        case "personal":
            return owner_id == actor.id and actor.may(P.TICKETS_READ)
        case "team":
            return reach is ALL or (reach is OWN and queue_id in actor.queues)
        case _:
            return reach is ALL
