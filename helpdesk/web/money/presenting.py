"""What the pages about money show, as plain values for their templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.domain.compensation import Approval, Basis
from helpdesk.domain.ladder import PARTS
from helpdesk.domain.rulebook import Policy, RuleBook
from helpdesk.queries.approvals import Decided, Waiting
from helpdesk.services.compensations import EMPTY
from helpdesk.web.customer_money import history
from helpdesk.wording import label, role_label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.explanations import basis_text, evidence_label
from helpdesk.wording.money import money_kind_label, rung_label


@dataclass(frozen=True, slots=True)
class Step:
    """A rung of the ladder. ``state``: done, asked or passed (nobody there could answer, or nobody did in time)."""

    name: str
    who: str
    state: str


def policy_of(code: str, book: RuleBook) -> Policy | None:
    return next((policy for policy in book.policies if policy.code == code), None)


def policy_name(code: str, book: RuleBook) -> str:
    """By name where the rules know it, else its code."""
    policy = policy_of(code, book)
    return label(policy.name) if policy else code


def type_name(code: str, book: RuleBook) -> str:
    return label(book.types[code].name) if code in book.types else code


def card(one: Waiting, book: RuleBook, now: datetime) -> dict[str, Any]:
    """A proposal with all that decides over it."""
    return {
        "id": one.id,
        "version": one.version,
        "ticket": one.ticket,
        "subject": one.subject,
        "klass": one.klass,
        "type": type_name(one.type, book),
        "order": one.order,
        "shop": one.shop,
        "policy": policy_name(one.policy, book),
        "kind": money_kind_label(one.kind),
        "amount_fen": one.amount_fen,
        "is_remedy": one.is_remedy,
        "paid_fen": one.paid_fen,
        "share": one.share,
        "before": one.before,
        "basis": basis_words(one.basis),
        "evidence": evidence(one, book),
        "why": one.why,
        "proposer": one.proposer,
        "proposed_at": one.proposed_at,
        "ask_until": one.ask_until,
        "late": one.ask_until is not None and one.ask_until < now,
        "rung": rung_label(one.asked.value),
        "ladder": ladder(one),
        "instead_of": one.instead_of,
        **history(one.earlier, book, now),
    }


def evidence(one: Waiting, book: RuleBook) -> list[dict[str, Any]]:
    """What the policy asks for and what the proposer has seen; beyond it what he saw besides."""
    policy = policy_of(one.policy, book)
    asked = policy.evidence if policy else ()
    codes = [*asked, *(code for code in one.evidence if code not in asked)]
    return [{"name": evidence_label(code), "seen": code in one.evidence} for code in codes]


def ladder(one: Waiting) -> list[Step]:
    """Who proposed, who was asked, who is asked now; both parts where two have to agree."""
    steps = [Step(_("提出"), one.proposer, "done")]
    for passed in one.passed:
        why = _("没有人可批") if passed["why"] == EMPTY else _("逾期未批")
        steps += [Step(role_label(part), why, "passed") for part in PARTS[Approval(passed["rung"])]]
    agreed = {part.part: part for part in one.agreed}
    for part in PARTS[one.asked]:
        if part in agreed:
            by = agreed[part]
            who = _("%(name)s 代 %(absent)s", name=by.name, absent=by.stands_in_for) if by.stands_in_for else by.name
            steps.append(Step(role_label(part), who, "done"))
        else:
            steps.append(Step(role_label(part), _("待批"), "asked"))
    return steps


def decided(one: Decided, book: RuleBook) -> dict[str, Any]:
    return {
        "ticket": one.ticket,
        "policy": policy_name(one.policy, book),
        "kind": money_kind_label(one.kind),
        "amount_fen": one.amount_fen,
        "state": one.state,
        "why_not": one.why_not,
        "proposer": one.proposer,
        "decider": one.decider,
        "at": one.decided_at,
    }


def basis_words(basis: Any) -> str:
    """How the amount came about; stored as code and parameters."""
    if not basis or "code" not in basis:
        return ""
    return basis_text(Basis(str(basis["code"]), dict(basis.get("params") or {})))
