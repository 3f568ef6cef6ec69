"""Splitting a second matter off a ticket: which words can go, what that would mean, and doing it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask import render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.decisions import OTHER
from helpdesk.domain.links import Relation
from helpdesk.domain.problems import Invalid, NotAllowed, NotFound, Problem
from helpdesk.domain.splitting import MOST_AT_ONCE, RELATIONS
from helpdesk.domain.tickets import TicketClass
from helpdesk.queries.splitting import SplitOffer, Word, split_offer
from helpdesk.services import intake, splitting
from helpdesk.services.assignment import MAX_REASON
from helpdesk.services.splitting import Wanted
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.forms import sent_version
from helpdesk.web.tickets import tickets
from helpdesk.web.tickets.presenting import previewed, type_name
from helpdesk.web.tickets.where import tell
from helpdesk.wording import class_label, label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.labels import relation_label

MOST_TYPED = 60
"""Letters of a number, a code or an id, as the form carries them."""


@tickets.get("/tickets/<number>/split")
@needs(Permission.TICKETS_WORK)
def choose_to_split(number: str) -> str:
    """The customer's words that can go; ``one`` in the address are chosen, and what would happen."""
    return _page(number, _ids(request.args.getlist("one")), {})


@tickets.post("/tickets/<number>/split")
@needs(Permission.TICKETS_WORK)
def split(number: str) -> BaseResponse | tuple[str, int]:
    """As the look before showed it: who was overtaken sees how the ticket stands now, with what he wrote."""
    typed = {name: _typed(name) for name in ("type", "relation", "order_number", "reason")}
    chosen = _ids(request.form.getlist("one"))
    try:
        wanted = Wanted(typed["type"], _relation(typed["relation"]), typed["order_number"], typed["reason"])
        with unit_of_work():
            done = splitting.split(number, chosen, wanted, version=sent_version(), actor=current_actor(), now=moment())
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return _page(number, chosen, typed, problem_text(problem)), problem.status
    tell(
        {"text": _("%(n)s 条消息拆成了工单 %(number)s。", n=len(chosen), number=done.number), "undo": done.operation},
        "done",
    )
    return redirect(url_for("tickets.show", number=number))


def _page(number: str, chosen: Collection[int], typed: Mapping[str, str], error: str = "") -> str:
    offer = split_offer(number, current_actor())
    picked = [word for word in offer.words if word.id in chosen]
    return render_template(
        "tickets/split.html",
        offer=offer,
        type_name=type_name(offer.type, rules()),
        picked=picked,
        chosen={word.id for word in picked},
        too_many=len(picked) > MOST_AT_ONCE,
        most_at_once=MOST_AT_ONCE,
        plan=_plan(offer, picked, typed) if picked else None,
        error=error,
        most={"reason": MAX_REASON, "order_number": intake.MAX_NUMBER},
    )


def _plan(offer: SplitOffer, picked: list[Word], typed: Mapping[str, str]) -> dict[str, Any]:
    """The new ticket as it would be; its type is what the matcher reads in the words, until another is chosen."""
    text = "\n".join(word.text for word in picked)
    order_number = typed.get("order_number", offer.order_number or "")
    decided = intake.preview(text, order_number, offer.shop_id)
    read = previewed(decided, text, rules())
    return {
        "from_at": picked[0].at,
        "read": read if decided.type != OTHER else None,
        "type": typed.get("type") or (decided.type if decided.type != OTHER else ""),
        "types": _types(),
        "relation": typed.get("relation") or RELATIONS[0].value,
        "relations": [(relation.value, relation_label(relation)) for relation in RELATIONS],
        "order_number": order_number,
        "reason": typed.get("reason", ""),
    }


def _types() -> list[tuple[str, list[tuple[str, str]]]]:
    """All types by their class, in words."""
    kinds = rules().types.values()
    return [
        (class_label(klass), [(kind.code, label(kind.name)) for kind in kinds if kind.klass is klass])
        for klass in TicketClass
    ]


def _typed(name: str) -> str:
    """One letter beyond the longest that is allowed tells the service that it is too long."""
    return request.form.get(name, "").strip()[: (MAX_REASON if name == "reason" else MOST_TYPED) + 1]


def _relation(code: str) -> Relation:
    if code not in list(RELATIONS):
        raise Invalid("link.unknown_relation")
    return Relation(code)


def _ids(sent: Collection[str]) -> frozenset[int]:
    """What isn't a number was never offered; one too many is enough to be refused."""
    few = list(sent)[: MOST_AT_ONCE + 1]
    return frozenset(int(one) for one in few if one.isascii() and one.isdigit() and len(one) < 19)
