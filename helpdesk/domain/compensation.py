"""What may be offered to a customer, how the amount comes about, and who has to agree.

The ladder (agent, supervisor, finance, finance and ops together) counts everything promised on an
order, so that cutting a sum into pieces gains nothing. Its figures stand in the rule book: a role's
limits in ``role_limits``, a type's own limits in place of the role's yuan cap, a platform's ceilings
in ``channel_caps``. Price owed, a double charge and a resend are remedies: they give back what is the
customer's, so the ladder doesn't count them.

All money is integer fen. A share of a sum is rounded down to the fen. A figure is first raised to its
floor, then cut to its cap: where the two collide the cap wins.

A policy bounds what may be proposed by it: a share, a price difference, a refund and a double charge give
that much on an order and no more, in one piece or several; other amounts end at the policy's cap, or at the
amount itself where the policy has no cap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum

from helpdesk.domain.access import Role
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed
from helpdesk.domain.rulebook import ChannelCaps, Label, Policy, RoleLimit, RuleBook


class Approval(StrEnum):
    """Who has to agree before the offer holds, from nobody to two people."""

    NONE = "none"
    SUPERVISOR = "supervisor"
    FINANCE = "finance"
    FINANCE_AND_OPS = "finance_and_ops"

    @property
    def strength(self) -> int:
        """0 for nobody, one more for each rung of the ladder."""
        return tuple(Approval).index(self)


APPROVERS: Mapping[Role, Approval] = {Role.SUPERVISOR: Approval.SUPERVISOR, Role.FINANCE: Approval.FINANCE}
"""Who can agree alone, from the lowest rung up; above them finance and ops agree together."""

PROPOSERS: Mapping[Role, tuple[Role, ...]] = {
    Role.AGENT: (Role.SUPERVISOR, Role.FINANCE),
    Role.SUPERVISOR: (Role.FINANCE,),
    Role.FINANCE: (),
    Role.OPS: (Role.SUPERVISOR, Role.FINANCE),
}
"""Who may propose money, and whom he turns to when his own limit doesn't reach.

An admin keeps the installation, an auditor reads, a job has no judgement: none of them promises money.
"""

_BY_PAYOUT = frozenset({"partial_refund", "difference", "freight"})
_BACK_THE_WAY_IT_CAME = frozenset({"full_refund", "double_charge"})
_OWED = frozenset({"full_refund", "snapshot_difference", "double_charge"})
"""Formulas of what is the customer's: it is given back once on an order, by whichever policies."""

_MEASURED = _OWED | {"percent_of_paid"}
"""Formulas that measure what there is to give on an order."""


@dataclass(frozen=True, slots=True)
class MoneyFacts:
    """What is known of the order's money when an offer is made (fen; None: not known).

    Sums over the order count every proposal that isn't rejected or reversed; a ticket without an
    order counts its own. ``already_promised_fen`` and ``promised_by_agent_today_fen`` leave remedies
    out, ``paid_out_fen`` (through the platform's payout) holds them.
    """

    paid_fen: int | None = None
    snapshot_difference_fen: int | None = None  # paid above the price shown; zero or less: nothing owed
    freight_fen: int | None = None
    already_promised_fen: int = 0
    promised_by_agent_today_fen: int = 0  # by the person who proposes, over all orders
    payouts_on_order: int = 0
    paid_out_fen: int = 0
    shop_day_fen: int = 0
    promised_to_customer_fen: int = 0  # on all his orders, within the days of the customer's cap, remedies left out
    promised_by_policy: Mapping[str, int] = field(default_factory=dict)  # on the order, by policy code, with remedies

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            figures = value.values() if isinstance(value, Mapping) else [value]
            if item.name != "snapshot_difference_fen" and any(one is not None and one < 0 for one in figures):
                raise Invalid("compensation.negative_money", field=item.name)


@dataclass(frozen=True, slots=True)
class Basis:
    """How an amount came about, as code and parameters; worded where it is shown."""

    code: str
    params: Mapping[str, int] = field(default_factory=dict)


BASIS_CODES = (
    "compensation.fixed",
    "compensation.percent_of_paid",
    "compensation.snapshot_difference",
    "compensation.freight",
    "compensation.usual_freight",
    "compensation.full_refund",
    "compensation.case_by_case",
    "compensation.needs_paid",
    "compensation.needs_snapshot",
    "compensation.needs_freight",
    "compensation.needs_charge",
    "compensation.resend",
)
BOUND_CODES = (
    "compensation.raised_to_floor",
    "compensation.cut_to_cap",
    "compensation.cut_to_channel",
    "compensation.cut_to_rest",
)
BLOCK_CODES = (
    "compensation.payouts_used_up",
    "compensation.shop_day_used_up",
    "compensation.channel_used_up",
    "compensation.policy_used_up",
)


@dataclass(frozen=True, slots=True)
class Option:
    """One offer for this ticket.

    ``amount_fen`` None waits for a figure between ``floor_fen`` and ``cap_fen`` (each None: open), and
    is then rated at the smallest one: the figure that is entered goes through ``approval_for`` again.
    ``bound`` tells which limit moved the amount. ``blocked`` tells why it can't be paid out at all now.
    """

    policy_code: str
    kind: str
    name: Label
    amount_fen: int | None
    is_remedy: bool
    basis: Basis
    evidence: tuple[str, ...]
    approval: Approval
    floor_fen: int | None = None
    cap_fen: int | None = None
    bound: Basis | None = None
    blocked: Basis | None = None


def options(rulebook: RuleBook, type_code: str, facts: MoneyFacts, role: Role) -> tuple[Option, ...]:
    """The offers the rule book knows for this type, in the book's order.

    An offer whose amount is nothing (no price difference, no freight) is left out. A role that may not
    promise money sees none. ``Invalid`` for a type the book hasn't got.
    """
    rulebook.type(type_code)
    if role not in PROPOSERS:
        return ()
    found = (_option(rulebook, policy, facts, role) for policy in rulebook.policies if policy.type == type_code)
    return tuple(option for option in found if option is not None)


def approval_for(
    rulebook: RuleBook, type_code: str, amount_fen: int, facts: MoneyFacts, role: Role, *, is_remedy: bool = False
) -> Approval:
    """Who has to agree to this further amount (fen, positive), proposed by this role.

    The lowest rung whose limit holds what is already promised on the order and this amount together; one more where
    the customer gets more than his cap by it.
    ``NotAllowed`` for a role that may not promise money, ``Invalid`` for an amount that isn't positive.
    """
    kind = rulebook.type(type_code)
    if role not in PROPOSERS:
        raise NotAllowed("compensation.no_right", role=role.value)
    if amount_fen <= 0:
        raise Invalid("compensation.amount_not_positive", amount_fen=amount_fen)
    if is_remedy:
        return Approval.NONE
    rung = _rung(rulebook, kind.code, amount_fen, facts, role)
    cap = rulebook.customer_cap
    if cap is not None and facts.promised_to_customer_fen + amount_fen > cap.fen:
        return _above(rung, role)
    return rung


def approval_of(
    rulebook: RuleBook, type_code: str, option: Option, amount_fen: int, facts: MoneyFacts, role: Role
) -> Approval:
    """Who has to agree to this amount (fen) of this offer; see ``approval_for``.

    A remedy in money whose amount nothing can bound, because it isn't known what was paid, is the supervisor's to see.
    """
    unknown = option.is_remedy and option.kind in _BY_PAYOUT and facts.paid_fen is None
    if unknown and Role.SUPERVISOR in PROPOSERS.get(role, ()):
        return Approval.SUPERVISOR
    return approval_for(rulebook, type_code, amount_fen, facts, role, is_remedy=option.is_remedy)


def _rung(rulebook: RuleBook, type_code: str, amount_fen: int, facts: MoneyFacts, role: Role) -> Approval:
    if amount_fen <= _ladder_room_fen(rulebook, type_code, facts, role):
        return Approval.NONE
    total = facts.already_promised_fen + amount_fen
    for approver in PROPOSERS[role]:
        if total <= _order_limit_fen(rulebook, type_code, facts, approver):
            return APPROVERS[approver]
    return Approval.FINANCE_AND_OPS


def _above(rung: Approval, role: Role) -> Approval:
    """The rung that this role turns to beyond this one: who proposes never comes to ask those below him."""
    asked = (*(APPROVERS[approver] for approver in PROPOSERS[role]), Approval.FINANCE_AND_OPS)
    return next(one for one in asked if one.strength > rung.strength or one is Approval.FINANCE_AND_OPS)


def remaining_fen(rulebook: RuleBook, type_code: str, facts: MoneyFacts, role: Role) -> int:
    """What this role may still promise to this customer on this order alone (fen); 0 where he may not.

    Exactly up to it ``approval_for`` asks nobody. It knows no policy and no platform: see ``promisable_fen``.
    """
    room = _ladder_room_fen(rulebook, type_code, facts, role)
    cap = rulebook.customer_cap
    return room if cap is None else max(min(room, cap.fen - facts.promised_to_customer_fen), 0)


def promisable_fen(offered: Iterable[Option], left_fen: int) -> int:
    """The most that one of these offers gives without anybody else (还可补, fen); ``left_fen`` is ``remaining_fen``.

    Remedies count on no ladder, so they say nothing here.
    """
    goodwill = [one for one in offered if not one.is_remedy and one.blocked is None]
    rooms = [(min(left_fen, one.cap_fen) if one.cap_fen is not None else left_fen, one.floor_fen) for one in goodwill]
    return max((room for room, floor in rooms if floor is None or floor <= room), default=0)


def after(facts: MoneyFacts, option: Option, amount_fen: int) -> MoneyFacts:
    """The facts as they stand once this amount (fen) of this offer is proposed."""
    counted = 0 if option.is_remedy else amount_fen
    paid_out = amount_fen if option.kind in _BY_PAYOUT else 0
    code = option.policy_code
    return replace(
        facts,
        already_promised_fen=facts.already_promised_fen + counted,
        promised_by_agent_today_fen=facts.promised_by_agent_today_fen + counted,
        promised_to_customer_fen=facts.promised_to_customer_fen + counted,
        payouts_on_order=facts.payouts_on_order + (option.kind in _BY_PAYOUT),
        paid_out_fen=facts.paid_out_fen + paid_out,
        shop_day_fen=facts.shop_day_fen + paid_out,
        promised_by_policy={**facts.promised_by_policy, code: facts.promised_by_policy.get(code, 0) + amount_fen},
    )


def _ladder_room_fen(rulebook: RuleBook, type_code: str, facts: MoneyFacts, role: Role) -> int:
    rulebook.type(type_code)
    if role not in PROPOSERS:
        return 0
    room = _order_limit_fen(rulebook, type_code, facts, role) - facts.already_promised_fen
    limit = _role_limit(rulebook, role)
    if limit is not None and limit.per_day_fen is not None:
        room = min(room, limit.per_day_fen - facts.promised_by_agent_today_fen)
    return max(room, 0)


def check_amount(option: Option, amount_fen: int) -> None:
    """Raise ``Invalid`` for an amount (fen) that this offer doesn't give, ``Conflict`` where none can be paid at all.

    It lies between the offer's floor and cap. Of what is owed (a difference, a refund) no more is given back than that.
    """
    if amount_fen <= 0:
        raise Invalid("compensation.amount_not_positive", amount_fen=amount_fen)
    if option.blocked is not None:
        raise Conflict(option.blocked.code, **option.blocked.params)
    if option.floor_fen is not None and amount_fen < option.floor_fen:
        raise Invalid("compensation.below_floor", limit_fen=option.floor_fen)
    caps = [cap for cap in (option.cap_fen, option.amount_fen if option.is_remedy else None) if cap is not None]
    if caps and amount_fen > min(caps):
        raise Invalid("compensation.above_cap", limit_fen=min(caps))


def channel_cap_fen(caps: ChannelCaps, paid_fen: int | None) -> int | None:
    """The platform's ceiling on payouts for an order of this value (fen).

    The first band that holds the paid amount decides. None: the amount isn't known, or no band holds it.
    """
    if paid_fen is None:
        return None
    for band in caps.bands:
        if band.paid_up_to_fen is None or paid_fen <= band.paid_up_to_fen:
            return paid_fen if band.cap_fen is None else band.cap_fen
    return None


def payout_room_fen(caps: ChannelCaps, facts: MoneyFacts) -> tuple[int, Basis | None]:
    """What the platform still lets through to this order (fen), and why if that is nothing."""
    if facts.payouts_on_order >= caps.payouts_per_order:
        return 0, Basis("compensation.payouts_used_up", {"payouts": caps.payouts_per_order})
    day = caps.per_shop_day_fen - facts.shop_day_fen
    if day <= 0:
        return 0, Basis("compensation.shop_day_used_up", {"limit_fen": caps.per_shop_day_fen})
    cap = channel_cap_fen(caps, facts.paid_fen)
    if cap is None:
        return day, None
    if cap <= facts.paid_out_fen:
        return 0, Basis("compensation.channel_used_up", {"limit_fen": cap})
    return min(day, cap - facts.paid_out_fen), None


def _role_limit(rulebook: RuleBook, role: Role) -> RoleLimit | None:
    return next((limit for limit in rulebook.role_limits if limit.role == role.value), None)


def _order_limit_fen(rulebook: RuleBook, type_code: str, facts: MoneyFacts, role: Role) -> int:
    """The role's ceiling over the whole order. A role without a row in the book has none to give.

    A limit that is a share of the paid amount needs that amount: without it the next rung decides.
    """
    limit = _role_limit(rulebook, role)
    if limit is None:
        return 0
    kind = rulebook.type(type_code)
    own = {Role.AGENT: kind.agent_limit_fen, Role.SUPERVISOR: kind.supervisor_limit_fen}.get(role)
    cap = limit.per_order_fen if own is None else own
    if limit.percent_of_paid is None:
        return cap
    return 0 if facts.paid_fen is None else min(cap, facts.paid_fen * limit.percent_of_paid // 100)


def _option(rulebook: RuleBook, policy: Policy, facts: MoneyFacts, role: Role) -> Option | None:
    raw, basis = _formula(policy, facts)
    if raw is not None and raw <= 0:
        return None
    amount, bound = _within(policy, raw)
    cap, blocked = _ceiling(rulebook, policy, amount, facts)
    if amount is not None and cap is not None and amount > cap:
        amount, bound = cap, Basis("compensation.cut_to_rest", {"limit_fen": cap})
    if blocked is None and policy.kind in _BY_PAYOUT and policy.formula not in _BACK_THE_WAY_IT_CAME:
        room, blocked = payout_room_fen(rulebook.channel_caps, facts)
        cap = room if cap is None else min(cap, room)
        if amount is not None and amount > room:
            amount, bound = room, Basis("compensation.cut_to_channel", {"limit_fen": room})
    rated = amount or policy.floor_fen or 1
    option = Option(
        policy_code=policy.code,
        kind=policy.kind,
        name=policy.name,
        amount_fen=amount,
        is_remedy=policy.is_remedy,
        basis=basis,
        evidence=policy.evidence,
        approval=Approval.NONE,
        floor_fen=policy.floor_fen if cap is None or policy.floor_fen is None else min(policy.floor_fen, cap),
        cap_fen=cap,
        bound=bound,
        blocked=blocked,
    )
    return replace(option, approval=approval_of(rulebook, policy.type, option, rated, facts, role))


def _ceiling(
    rulebook: RuleBook, policy: Policy, amount: int | None, facts: MoneyFacts
) -> tuple[int | None, Basis | None]:
    """The most that this policy still gives on the order (fen; None: open), and why if that is nothing.

    What is charged twice was paid once more: a double charge is at most what was paid.
    """
    if policy.formula not in _MEASURED:
        return (amount if policy.cap_fen is None else policy.cap_fen), None
    whole = amount
    if policy.formula == "double_charge":
        known = [one for one in (facts.paid_fen, policy.cap_fen) if one is not None]
        whole = min(known, default=None)
    if whole is None:
        return policy.cap_fen, None
    left = whole - _given(rulebook, policy, facts)
    if left <= 0:
        return 0, Basis("compensation.policy_used_up", {"limit_fen": whole})
    return left, None


def _given(rulebook: RuleBook, policy: Policy, facts: MoneyFacts) -> int:
    """What stands on the order by this policy, or by any that gives back the same (fen)."""
    same = {one.code for one in rulebook.policies if one.formula == policy.formula and policy.formula in _OWED}
    return sum(fen for code, fen in facts.promised_by_policy.items() if code in same | {policy.code})


def _within(policy: Policy, amount: int | None) -> tuple[int | None, Basis | None]:
    """The amount between the policy's floor and cap, and which of them moved it."""
    bound = None
    if amount is not None and policy.floor_fen is not None and amount < policy.floor_fen:
        amount, bound = policy.floor_fen, Basis("compensation.raised_to_floor", {"limit_fen": policy.floor_fen})
    if amount is not None and policy.cap_fen is not None and amount > policy.cap_fen:
        amount, bound = policy.cap_fen, Basis("compensation.cut_to_cap", {"limit_fen": policy.cap_fen})
    return amount, bound


def _formula(policy: Policy, facts: MoneyFacts) -> tuple[int | None, Basis]:
    """The policy's figure before its limits (fen; None: somebody has to enter it) and how it came about."""
    match policy.formula:
        case "percent_of_paid":
            return _percent(policy.percent or 0, facts.paid_fen)
        case "full_refund":
            return _fact(facts.paid_fen, "compensation.full_refund", "compensation.needs_paid")
        case "snapshot_difference":
            difference = facts.snapshot_difference_fen
            return _fact(difference, "compensation.snapshot_difference", "compensation.needs_snapshot")
        case "freight":
            if facts.freight_fen is None and policy.amount_fen is not None:
                return policy.amount_fen, Basis("compensation.usual_freight", {"amount_fen": policy.amount_fen})
            return _fact(facts.freight_fen, "compensation.freight", "compensation.needs_freight")
        case "double_charge":
            return None, Basis("compensation.needs_charge")
        case "resend":
            return None, Basis("compensation.resend")
        case _:
            return _fact(policy.amount_fen, "compensation.fixed", "compensation.case_by_case")


def _percent(percent: int, paid_fen: int | None) -> tuple[int | None, Basis]:
    if paid_fen is None:
        return None, Basis("compensation.needs_paid", {"percent": percent})
    return paid_fen * percent // 100, Basis("compensation.percent_of_paid", {"percent": percent, "paid_fen": paid_fen})


def _fact(amount_fen: int | None, known: str, unknown: str) -> tuple[int | None, Basis]:
    return (None, Basis(unknown)) if amount_fen is None else (amount_fen, Basis(known, {"amount_fen": amount_fen}))
