"""One version of the rules as a value.

A rule book is stored as one immutable JSON document per version and parsed to this. Types, words,
targets, stages, platforms' deadlines, steps on pauses, routing and compensation policies stand in it
together, so that a decision made with version 7 can be explained and replayed with version 7.

Durations are integer seconds of working time, money is integer fen, shares are integer percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from helpdesk.domain.escalation import (
    Label,
    PauseStepRule,
    PlatformRule,
    Stage,
    check_pause_steps,
    check_platform_rules,
    check_stages,
    in_order,
    parse_label,
    parse_pause_step,
    parse_platform_rule,
    parse_stage,
    stage_elapsed,
)
from helpdesk.domain.lexicon import Lexicon
from helpdesk.domain.problems import Invalid
from helpdesk.domain.responsibility import ShareRules, parse_share_rules
from helpdesk.domain.tickets import Priority, TicketClass

__all__ = [
    "Label",
    "PauseStepRule",
    "PlatformRule",
    "Policy",
    "RoleLimit",
    "RuleBook",
    "Stage",
    "TicketType",
    "parse_rulebook",
    "stage_elapsed",
]


@dataclass(frozen=True, slots=True)
class TicketType:
    """A kind of exception: who acts, how fast, what usually blocks it and what would prevent it."""

    code: str
    klass: TicketClass
    queue: str
    name: Label
    first_response_seconds: int
    solution_seconds: int
    bottleneck: Label  # 主要卡点
    improvement: Label  # 优化方向
    agent_limit_fen: int | None  # None: the role's own limit
    supervisor_limit_fen: int | None
    system: bool  # opened by a monitor, never chosen by the matcher


@dataclass(frozen=True, slots=True)
class Policy:
    """One offer that may be made for a type.

    ``formula`` is one of FORMULAS; ``percent`` and ``amount_fen`` are its figures.
    ``is_remedy``: gives back what is owed (refund of price, resend), so it stands outside the ladder.
    """

    code: str
    type: str
    kind: str
    name: Label
    formula: str
    percent: int | None
    amount_fen: int | None
    floor_fen: int | None
    cap_fen: int | None
    evidence: tuple[str, ...]
    is_remedy: bool


KINDS = ("coupon", "partial_refund", "difference", "freight", "resend", "gift")
FORMULAS = ("fixed", "percent_of_paid", "snapshot_difference", "freight", "resend", "double_charge", "full_refund")


@dataclass(frozen=True, slots=True)
class RoleLimit:
    """What a role may promise alone, cumulative over an order."""

    role: str
    per_order_fen: int
    percent_of_paid: int | None
    per_day_fen: int | None


@dataclass(frozen=True, slots=True)
class ChannelCap:
    """A platform's own ceiling on payouts. ``paid_up_to_fen`` None is the last band."""

    paid_up_to_fen: int | None
    cap_fen: int | None  # None: the paid amount itself


@dataclass(frozen=True, slots=True)
class ChannelCaps:
    bands: tuple[ChannelCap, ...]
    payouts_per_order: int
    per_shop_day_fen: int


@dataclass(frozen=True, slots=True)
class CustomerCap:
    """What one customer is promised within so many days before the next rung of the ladder is asked, too."""

    days: int
    fen: int


APPROVAL_SECONDS: Mapping[str, int] = MappingProxyType(
    {"supervisor": 2 * 3600, "finance": 4 * 3600, "finance_and_ops": 8 * 3600}
)
"""Working time that a rung has for its answer, where a document names none."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Everything the decisions stand on, of one version."""

    version: int
    types: Mapping[str, TicketType]
    lexicon: Lexicon
    stages: tuple[Stage, ...]  # of every clock whose queue has none of its own
    queue_stages: Mapping[str, tuple[Stage, ...]]
    platform_rules: tuple[PlatformRule, ...]
    pause_steps: tuple[PauseStepRule, ...]
    queue_targets: Mapping[str, int]
    priority_percent: Mapping[Priority, int]
    class_b_solution_cap_seconds: int
    answering_queue: str  # writes to buyers, answers what no type claims
    policies: tuple[Policy, ...]
    role_limits: tuple[RoleLimit, ...]
    channel_caps: ChannelCaps
    customer_cap: CustomerCap | None = None
    vip_priority: Priority | None = None  # what tickets of a customer who matters more have at least
    approval_seconds: Mapping[str, int] = field(default_factory=lambda: APPROVAL_SECONDS)  # by the rung that is asked
    responsibility: ShareRules = field(default_factory=ShareRules)

    def type(self, code: str) -> TicketType:
        """The type of this code; ``Invalid`` if the book has none."""
        try:
            return self.types[code]
        except KeyError:
            raise Invalid("rulebook.unknown_type", type=code) from None

    def stages_for(self, queue: str) -> tuple[Stage, ...]:
        """The stages of clocks that this queue answers for: its own, or else those of the house."""
        return self.queue_stages.get(queue, self.stages)

    def stage(self, code: str) -> Stage | None:
        """The stage of this code, whichever queue's; None where the book knows none. Codes are unique in a book."""
        return next((stage for stage in self.all_stages() if stage.code == code), None)

    def all_stages(self) -> tuple[Stage, ...]:
        """The stages of the house and of every queue."""
        return (*self.stages, *(stage for stages in self.queue_stages.values() for stage in stages))

    def platform_rule(self, code: str) -> PlatformRule | None:
        """The platform's deadline of this code; None where the book knows none."""
        return next((rule for rule in self.platform_rules if rule.code == code), None)

    def pause_step(self, code: str) -> PauseStepRule | None:
        """The step on a pause of this code; None where the book knows none."""
        return next((step for step in self.pause_steps if step.code == code), None)

    def solution_seconds(self, type_code: str, priority: Priority) -> int:
        """Target of the solution clock. P3 never lifts a class B solution above its cap (4 h)."""
        kind = self.type(type_code)
        seconds = kind.solution_seconds * self.priority_percent[priority] // 100
        if kind.klass is TicketClass.B:
            seconds = min(seconds, self.class_b_solution_cap_seconds)
        return seconds

    def first_response_seconds(self, type_code: str, priority: Priority) -> int:
        """Target of the first-response clock."""
        return self.type(type_code).first_response_seconds * self.priority_percent[priority] // 100

    def priority_for(self, priority: Priority, *, vip: bool) -> Priority:
        """The priority itself, or the one that the rules give a customer who matters more, if that is more urgent."""
        return min(priority, self.vip_priority, key=str) if vip and self.vip_priority else priority

    def queue_seconds(self, queue: str, priority: Priority) -> int | None:
        """Target of a stint in this queue; None where the book sets none for it."""
        seconds = self.queue_targets.get(queue)
        return None if seconds is None else seconds * self.priority_percent[priority] // 100


def _type(row: Mapping[str, Any]) -> TicketType:
    return TicketType(
        code=row["code"],
        klass=TicketClass(row["class"]),
        queue=row["queue"],
        name=parse_label(row["name"]),
        first_response_seconds=row["first_response_seconds"],
        solution_seconds=row["solution_seconds"],
        bottleneck=parse_label(row["bottleneck"]),
        improvement=parse_label(row["improvement"]),
        agent_limit_fen=row.get("agent_limit_fen"),
        supervisor_limit_fen=row.get("supervisor_limit_fen"),
        system=row.get("system", False),
    )


def _policy(row: Mapping[str, Any]) -> Policy:
    return Policy(
        code=row["code"],
        type=row["type"],
        kind=row["kind"],
        name=parse_label(row["name"]),
        formula=row["formula"],
        percent=row.get("percent"),
        amount_fen=row.get("amount_fen"),
        floor_fen=row.get("floor_fen"),
        cap_fen=row.get("cap_fen"),
        evidence=tuple(row.get("evidence", ())),
        is_remedy=row.get("is_remedy", False),
    )


def _caps(row: Mapping[str, Any]) -> ChannelCaps:
    return ChannelCaps(
        bands=tuple(ChannelCap(band.get("paid_up_to_fen"), band.get("cap_fen")) for band in row["bands"]),
        payouts_per_order=row["payouts_per_order"],
        per_shop_day_fen=row["per_shop_day_fen"],
    )


def _customer_cap(row: Mapping[str, Any] | None) -> CustomerCap | None:
    return None if row is None else CustomerCap(row["days"], row["fen"])


def parse_rulebook(document: Mapping[str, Any], version: int) -> RuleBook:
    """Turn a stored document into the value. ``Invalid`` names what is wrong with it."""
    try:
        types = {row["code"]: _type(row) for row in document["types"]}
        book = RuleBook(
            version=version,
            types=MappingProxyType(types),
            lexicon=Lexicon.parse(document["lexicon"]),
            stages=in_order(parse_stage(row) for row in document["stages"]),
            queue_stages=MappingProxyType(
                {
                    queue: in_order(parse_stage(row) for row in rows)
                    for queue, rows in document.get("queue_stages", {}).items()
                }
            ),
            platform_rules=tuple(parse_platform_rule(row) for row in document.get("platform_rules", ())),
            pause_steps=tuple(parse_pause_step(row) for row in document.get("pause_steps", ())),
            queue_targets=MappingProxyType(dict(document["queue_targets"])),
            priority_percent=MappingProxyType({Priority(k): v for k, v in document["priority_percent"].items()}),
            class_b_solution_cap_seconds=document["class_b_solution_cap_seconds"],
            answering_queue=document["answering_queue"],
            policies=tuple(_policy(row) for row in document["policies"]),
            role_limits=tuple(
                RoleLimit(r["role"], r["per_order_fen"], r.get("percent_of_paid"), r.get("per_day_fen"))
                for r in document["role_limits"]
            ),
            channel_caps=_caps(document["channel_caps"]),
            customer_cap=_customer_cap(document.get("customer_cap")),
            vip_priority=Priority(document["vip_priority"]) if document.get("vip_priority") else None,
            approval_seconds=MappingProxyType({**APPROVAL_SECONDS, **document.get("approval_seconds", {})}),
            responsibility=parse_share_rules(document.get("responsibility", {})),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Invalid("rulebook.malformed", detail=str(error)) from error
    _check(book)
    return book


def _check(book: RuleBook) -> None:
    """What a document can say and no ticket could live with."""
    if "other" not in book.types:
        raise Invalid("rulebook.malformed", detail="type other is missing")
    if set(book.priority_percent) != set(Priority):
        raise Invalid("rulebook.malformed", detail="priority_percent")
    check_stages(book.all_stages())
    check_platform_rules(book.platform_rules)
    check_pause_steps(book.pause_steps)
    durations = [
        *book.queue_targets.values(),
        *book.priority_percent.values(),
        *book.approval_seconds.values(),
        *((book.customer_cap.days, book.customer_cap.fen) if book.customer_cap else ()),
        *(seconds for kind in book.types.values() for seconds in (kind.first_response_seconds, kind.solution_seconds)),
        book.class_b_solution_cap_seconds,
    ]
    if not all(isinstance(number, int) and number > 0 for number in durations):
        raise Invalid("rulebook.malformed", detail="targets")
    named = {p.type for p in book.policies} | book.lexicon.type_codes()
    named |= {code for rule in book.platform_rules for code in rule.types}
    named |= book.responsibility.type_codes()
    unknown = sorted(named - set(book.types))
    if unknown:
        raise Invalid("rulebook.unknown_type", type=", ".join(unknown))
    wrong = sorted(p.code for p in book.policies if p.kind not in KINDS or p.formula not in FORMULAS)
    if wrong:
        raise Invalid("rulebook.malformed", detail=", ".join(wrong))
