"""Merging several tickets into one: what could be merged, what that would mean, and doing it."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.merging import MOST_AT_ONCE
from helpdesk.domain.problems import NotAllowed, NotFound, Problem
from helpdesk.queries.directory import directory
from helpdesk.queries.merging import Mergeable, merge_offer
from helpdesk.services import merging
from helpdesk.services.assignment import MAX_REASON
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.forms import sent_version, version_of
from helpdesk.web.tickets import tickets
from helpdesk.web.tickets.presenting import type_name
from helpdesk.web.tickets.where import tell
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _

MOST_TYPED = 30
"""A number and a version, as the form carries them."""


@tickets.get("/tickets/<number>/merge-in")
@needs(Permission.TICKETS_WORK)
def choose_to_merge(number: str) -> str:
    """The tickets that could be merged into this one; ``one`` in the address are chosen, and what would happen."""
    return _page(number, {code[:MOST_TYPED] for code in request.args.getlist("one")})


@tickets.post("/tickets/<number>/merge-in")
@needs(Permission.TICKETS_WORK)
def merge_in(number: str) -> BaseResponse | tuple[str, int]:
    """As the look before showed them: who was overtaken sees how they stand now, with what he wrote."""
    reason = request.form.get("reason", "").strip()[: MAX_REASON + 1]
    sent = [one[:MOST_TYPED].partition(":") for one in request.form.getlist("one")[: MOST_AT_ONCE + 1]]
    sources = {code: version_of(version) for code, _colon, version in sent}
    try:
        with unit_of_work():
            version = sent_version()
            operation = merging.merge(
                sources, number, reason=reason, version=version, actor=current_actor(), now=moment()
            )
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return _page(number, set(sources), problem_text(problem), reason), problem.status
    done = _("%(n)s 张工单已并入这张。", n=len(sources))
    tell({"text": done, "undo": operation}, "done")
    return redirect(url_for("tickets.show", number=number))


def _page(number: str, chosen: set[str], error: str = "", reason: str = "") -> str:
    offer = merge_offer(number, current_actor())
    picked = [one for one in offer.others if one.number in chosen]
    known = [one.burns_at for one in (offer.here, *picked) if one.burns_at is not None]
    earliest = next((one for one in picked if known and one.burns_at == min(known)), None)
    names = directory()
    book = rules()

    def row(one: Mergeable) -> dict[str, Any]:
        return {
            "number": one.number,
            "version": one.version,
            "subject": one.subject,
            "klass": one.klass,
            "type": type_name(one.type, book),
            "status": one.status,
            "owner": names.name(one.owner_id),
            "burns_at": one.burns_at,
            "messages": one.messages,
            "notes": one.notes,
            "same_order": one.same_order,
            "duplicate": one.duplicate,
            "waiting": sorted(one.waiting),
            "chosen": one.number in chosen,
        }

    stays_instead = {
        one.number: url_for(
            "tickets.choose_to_merge",
            number=one.number,
            one=[offer.here.number, *(other.number for other in picked if other is not one)],
        )
        for one in picked
    }
    sooner = earliest is not None and earliest.burns_at != offer.here.burns_at
    return render_template(
        "tickets/merge.html",
        staying=row(offer.here),
        others=[row(one) for one in offer.others],
        picked=[row(one) for one in picked],
        blocked=any(one.waiting for one in picked) or len(picked) > MOST_AT_ONCE,
        sooner=earliest.number if earliest is not None and sooner else None,
        stays_instead=stays_instead,
        error=error,
        reason=reason,
        most=MAX_REASON,
    )
