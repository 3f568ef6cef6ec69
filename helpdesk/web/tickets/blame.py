"""Saying on the ticket page who is responsible, and ticking what proves it."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid, NotAllowed, NotFound, Problem
from helpdesk.services import responsibility
from helpdesk.services.appeals import MAX_REASON
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.share_fields import number_field, sent_shares, text_field, typed_shares
from helpdesk.web.tickets import tickets
from helpdesk.web.tickets.share_card import TypedShares
from helpdesk.web.tickets.show import show_page
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _

MARKS: dict[str, bool | None] = {"present": True, "absent": False, "": None}
MOST_EVIDENCE = 30


@tickets.post("/tickets/<number>/evidence")
@needs(Permission.TICKETS_WORK)
def mark_evidence(number: str) -> BaseResponse:
    def deed() -> None:
        marks, seen = _marks("mark-"), _marks("seen-")
        responsibility.mark_evidence(number, marks, seen=seen, actor=current_actor(), now=moment())

    return _carry_out(number, deed, _("证据已登记。"))


@tickets.post("/tickets/<number>/shares")
@needs(Permission.TICKETS_WORK)
def set_shares(number: str) -> BaseResponse:
    def deed() -> None:
        reason = text_field("reason", MAX_REASON)
        if len(reason) > MAX_REASON:
            raise Invalid("input.too_long", field="reason", limit=MAX_REASON)
        responsibility.set_shares(
            number,
            sent_shares(),
            revision=number_field("revision"),
            version=number_field("version"),
            reason=reason,
            actor=current_actor(),
            now=moment(),
        )

    return _carry_out(number, deed, _("责任归属已登记，被判责的队列 48 小时内可以申诉。"))


def _carry_out(number: str, deed: Callable[[], None], words: str) -> BaseResponse:
    """One deed in one transaction; refused, what was typed comes back."""
    try:
        with unit_of_work():
            deed()
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        typed = TypedShares(
            error=problem_text(problem),
            rows=typed_shares(),
            reason=text_field("reason", MAX_REASON),
            marks={name: request.form.get(f"mark-{name}", "")[:10] for name in _codes("mark-")},
        )
        return show_page(number, shares=typed, status=problem.status)
    flash(words, "done")
    return redirect(url_for("tickets.show", number=number, _anchor="responsibility"))


def _codes(prefix: str) -> list[str]:
    return [name.removeprefix(prefix)[:40] for name in request.form if name.startswith(prefix)][:MOST_EVIDENCE]


def _marks(prefix: str) -> dict[str, bool | None]:
    found: dict[str, bool | None] = {}
    for code in _codes(prefix):
        value = request.form.get(prefix + code, "")
        if value not in MARKS:
            raise Invalid("input.bad_value", field="evidence")
        found[code] = MARKS[value]
    return found
