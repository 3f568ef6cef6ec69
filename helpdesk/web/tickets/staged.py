"""What a template stages above the composer, as rows that can be unticked; and what was left ticked of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from helpdesk.domain.access import Actor, may_transfer
from helpdesk.domain.compensation import Option, promisable_fen, remaining_fen
from helpdesk.domain.macros import Action
from helpdesk.domain.problems import Invalid
from helpdesk.domain.replies import Template
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import Priority
from helpdesk.queries.ticket_page import TicketPage
from helpdesk.services.staging import Staged
from helpdesk.web.filters import money
from helpdesk.web.tickets.offer_card import plain_yuan
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.explanations import basis_text, evidence_label
from helpdesk.wording.money import rung_label


@dataclass(frozen=True, slots=True)
class Kept:
    """What the form said of the staged rows: the places that were left ticked, and what stood in their fields."""

    places: frozenset[str]
    amount: str = ""  # yuan, as typed
    evidence: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose actions, and where: what decides which of them make sense."""

    page: TicketPage
    book: RuleBook
    actor: Actor
    offered: tuple[Option, ...]

    @property
    def room_fen(self) -> int:
        """What the actor may still promise alone (fen), whatever the policy gives."""
        kind = self.page.ticket.type
        return remaining_fen(self.book, kind, self.page.money, self.actor.role) if kind in self.book.types else 0


def amounts(offered: Iterable[Option]) -> dict[str, str]:
    """What each policy would give, as it is said to a customer; by policy."""
    return {one.policy_code: money(one.amount_fen) for one in offered if one.amount_fen is not None}


def rows(template: Template, desk: Desk, kept: Kept | None = None) -> list[dict[str, Any]]:
    """See ``tickets/_staged.html``. An action that would change nothing here has no row.

    ``kept`` is what a refused form said; without it all rows are ticked.
    """
    found = (
        {"place": str(place), "kept": kept is None or str(place) in kept.places, **row}
        for place, action in enumerate(template.actions)
        if (row := _row(action, template, desk, kept)) is not None
    )
    return [{**row, "kept": row["kept"] and not row.get("problem")} for row in found]


def chosen(template: Template, kept: Kept) -> tuple[Staged, str]:
    """The actions of the template that were left ticked, and the policy to propose (empty: none).

    ``Invalid`` for a place where the template has none.
    """
    if not kept.places <= {str(place) for place in range(len(template.actions))}:
        raise Invalid("input.bad_value")
    ticked = [action for place, action in enumerate(template.actions) if str(place) in kept.places]
    named = {action.kind: action.value for action in ticked}
    staged = Staged(
        tags=tuple(action.value for action in ticked if action.kind == "tag"),
        priority=Priority(named["priority"]) if "priority" in named else None,
        queue=named.get("transfer", ""),
        reason=kept.reason,
    )
    return staged, named.get("propose", "")


def _row(action: Action, template: Template, desk: Desk, kept: Kept | None) -> dict[str, Any] | None:
    match action.kind:
        case "tag":
            return {"kind": "tag", "text": _("加标签“%(tag)s”", tag=action.value)}
        case "priority" if action.value != desk.page.ticket.priority:
            return {"kind": "priority", "text": _("优先级改为 %(priority)s", priority=action.value)}
        case "transfer":
            return _transfer(action.value, template, desk, kept)
        case "propose":
            return _propose(action.value, desk, kept)
        case _:
            return None


def _transfer(code: str, template: Template, desk: Desk, kept: Kept | None) -> dict[str, Any] | None:
    queue = next((one for one in desk.page.names.queues.values() if one.code == code and one.active), None)
    if queue is None or queue.id == desk.page.ticket.queue_id:
        return None
    return {
        "kind": "transfer",
        "text": _("转到%(queue)s", queue=label(queue.name)),
        "reason": label(template.title) if kept is None else kept.reason,
        "problem": "" if may_transfer(desk.actor, desk.page.standing) else _("你不能转交这张工单。"),
    }


def _propose(policy: str, desk: Desk, kept: Kept | None) -> dict[str, Any]:
    option = next((one for one in desk.offered if one.policy_code == policy), None)
    if option is None:
        name = next((label(one.name) for one in desk.book.policies if one.code == policy), policy)
        return {"kind": "propose", "text": name, "problem": _("这张工单没有这个补偿方案。")}
    known = "" if option.amount_fen is None else plain_yuan(option.amount_fen)
    ends = option.cap_fen is not None and option.cap_fen < desk.room_fen
    why = (option.basis, option.bound, option.blocked)
    return {
        "kind": "propose",
        "text": label(option.name),
        "amount": known if kept is None else kept.amount,
        "said": "" if option.amount_fen is None else money(option.amount_fen),
        "rung": rung_label(option.approval.value),
        "alone": option.approval.strength == 0,
        "room_fen": None if option.is_remedy else promisable_fen([option], desk.room_fen),
        "beyond": _("超出这个方案的上限。") if ends else _("超出你还可补的金额，发送后要审批。"),
        "basis": _("，").join(basis_text(basis) for basis in why if basis is not None),
        "evidence": [
            {"code": code, "name": evidence_label(code), "ticked": kept is not None and code in kept.evidence}
            for code in option.evidence
        ],
        "problem": basis_text(option.blocked) if option.blocked is not None else "",
    }
