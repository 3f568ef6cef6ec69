"""The card of the ticket page that offers money: what may be offered, what has been, and what was typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.compensation import (
    PROPOSERS,
    Option,
    after,
    approval_of,
    check_amount,
    options,
    promisable_fen,
    remaining_fen,
)
from helpdesk.domain.problems import Invalid, Problem
from helpdesk.domain.rulebook import RuleBook
from helpdesk.models.promised import PAYOUTS
from helpdesk.queries.promises import Promise, Promises
from helpdesk.queries.ticket_page import TicketPage
from helpdesk.web.customer_money import history
from helpdesk.web.filters import money
from helpdesk.web.tickets.crossed import Crossed
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.explanations import basis_text, evidence_label
from helpdesk.wording.money import money_kind_label, rung_label

AMOUNT = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,2})?")
"""Yuan with at most two decimals: nothing is rounded."""


@dataclass(frozen=True, slots=True)
class TypedOffer:
    """What stands in the form. ``version``: the ticket's, as the form was made; None where nothing was refused."""

    policy: str = ""
    amounts: Mapping[str, str] = field(default_factory=dict)  # as typed, by policy
    evidence: Mapping[str, frozenset[str]] = field(default_factory=dict)
    why: str = ""
    wait: bool = False
    key: str = ""
    error: str = ""
    version: int | None = None


def parse_yuan(text: str) -> int:
    """What was typed, in fen, exactly. ``Invalid`` for anything but yuan with at most two decimals."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").replace(",", "").lstrip("¥").removesuffix("元")
    if not AMOUNT.fullmatch(plain):
        raise Invalid("compensation.bad_amount")
    yuan, _dot, rest = plain.partition(".")
    return int(yuan) * 100 + int(rest.ljust(2, "0"))


def plain_yuan(fen: int) -> str:
    """The amount as a field holds it: ``12.50``."""
    return f"{fen // 100}.{fen % 100:02}"


def card(
    page: TicketPage,
    book: RuleBook,
    actor: Actor,
    offered: tuple[Option, ...],
    found: Promises,
    *,
    now: datetime,
    works: bool,
    typed: TypedOffer | None,
    crossed: Crossed,
) -> dict[str, Any] | None:
    """See ``tickets/_compensation.html``. None for who neither offers money nor reads of it."""
    offers = works and actor.role in PROPOSERS and page.ticket.type in book.types
    if not offers and not found.here and not (works or actor.may(Permission.MONEY_READ)):
        return None
    typed = typed or TypedOffer()
    left = promisable_fen(offered, remaining_fen(book, page.ticket.type, page.money, actor.role)) if offers else 0
    return {
        "offers": offers,
        "remaining_fen": None if page.money.paid_fen is None and left == 0 else left,
        "options": [_option(option, typed) for option in offered] if offers else [],
        "typed": typed,
        "key": typed.key or str(uuid4()),
        "crossed": crossed,
        "here": [_promise(one, actor, book, works) for one in found.here],
        "card": history(found.earlier, book, now),
    }


def answer(page: TicketPage, book: RuleBook, actor: Actor, option: Option | None, amount: str) -> dict[str, Any]:
    """What the rules say of an amount that is being typed, worded."""
    if option is None or not amount.strip():
        return {"problem": "", "left": "", "rung": "", "alone": False}
    try:
        fen = parse_yuan(amount)
        check_amount(option, fen)
        kind = page.ticket.type
        rung = approval_of(book, kind, option, fen, page.money, actor.role)
    except Problem as problem:
        return {"problem": problem_text(problem), "left": "", "rung": "", "alone": False}
    then = after(page.money, option, fen)
    left = promisable_fen(options(book, kind, then, actor.role), remaining_fen(book, kind, then, actor.role))
    return {
        "problem": "",
        "left": _("提出后还可补 %(amount)s", amount=money(left)),
        "rung": rung_label(rung.value),
        "alone": rung.strength == 0,
    }


def _option(option: Option, typed: TypedOffer) -> dict[str, Any]:
    code = option.policy_code
    known = "" if option.amount_fen is None else plain_yuan(option.amount_fen)
    ticked = typed.evidence.get(code, frozenset())
    why = (option.basis, option.bound, option.blocked)
    return {
        "code": code,
        "name": label(option.name),
        "kind": option.kind,
        "kind_name": money_kind_label(option.kind),
        "amount_fen": option.amount_fen,
        "amount": typed.amounts.get(code, known) if typed.policy == code else known,
        "chosen": typed.policy == code,
        "floor_fen": option.floor_fen,
        "cap_fen": option.cap_fen,
        "blocked": option.blocked is not None,
        "basis": _("，").join(basis_text(basis) for basis in why if basis is not None),
        "is_remedy": option.is_remedy,
        "approval": option.approval.value,
        "rung": rung_label(option.approval.value),
        "evidence": [{"code": one, "name": evidence_label(one), "ticked": one in ticked} for one in option.evidence],
    }


def _promise(one: Promise, actor: Actor, book: RuleBook, works: bool) -> dict[str, Any]:
    policy = next((label(policy.name) for policy in book.policies if policy.code == one.policy), one.policy)
    own = one.proposer_id == actor.id
    by_hand = one.kind not in PAYOUTS
    alone = one.state == "approved" and one.alone
    settled = one.state in ("approved", "paid") and not one.takes_back
    return {
        "id": one.id,
        "version": one.version,
        "name": policy,
        "kind": money_kind_label(one.kind),
        "amount_fen": -one.amount_fen if one.takes_back else one.amount_fen,
        "state": one.state,
        "counts": one.state in ("proposed", "approved", "paid") and not one.takes_back,
        "takes_back": one.takes_back,
        "rung": rung_label(one.asked) if one.state == "proposed" else "",
        "ask_until": one.ask_until,
        "proposer": one.proposer,
        "at": one.proposed_at,
        "decider": None if one.alone or one.state == "withdrawn" else one.decider,
        "own_limit": one.alone and not one.is_remedy,
        "why_not": one.why_not,
        "batch": one.batch,
        "may_withdraw": own and not one.takes_back and one.batch is None and (one.state == "proposed" or alone),
        "may_fulfil": one.state == "approved" and by_hand and works and not one.takes_back,
        "may_reverse": settled and actor.may(Permission.MONEY_APPROVE),
        "may_decide": one.state == "proposed" and not own and actor.may(Permission.MONEY_APPROVE),
    }
