"""Appeals: what waits for a decision, what may still be disputed, and what came of the last ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.problems import Invalid, NotFound, Problem
from helpdesk.domain.responsibility import Judge, check_judge
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import Party
from helpdesk.queries import appeals as queries
from helpdesk.queries.appeals import Case
from helpdesk.services import appeals as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.share_fields import number_field, rows_of, sent_shares, text_field, typed_shares
from helpdesk.web.shares import shares
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _

MAX_NUMBER = 20
REFUSED: Mapping[str, Any] = {"place": "", "why": "", "reason": "", "shares": [], "uphold": False}


@shares.get("/shares/appeals")
@needs(Permission.TICKETS_READ)
def appeals() -> Response:
    return _page()


@shares.post("/shares/appeals")
@needs(Permission.SHARES_APPEAL)
def file_appeal() -> BaseResponse:
    number, party = request.form.get("number", "")[:MAX_NUMBER], request.form.get("party", "")[:20]

    def deed() -> None:
        if party not in list(Party):
            raise Invalid("input.bad_value", field="party")
        reason = text_field("reason", services.MAX_REASON)
        services.appeal(number, Party(party), reason, revision=number_field("revision"), **_now())

    return _carry_out(f"{number}-{party}", deed, _("申诉已提出，裁定后会通知你。"))


@shares.post("/shares/appeals/<id:appeal_id>/uphold")
@needs(Permission.SHARES_DECIDE)
def uphold(appeal_id: int) -> BaseResponse:
    def deed() -> None:
        reason = text_field("reason", services.MAX_REASON)
        services.uphold(appeal_id, sent_shares(), reason, version=number_field("version"), **_now())

    return _carry_out(f"a{appeal_id}", deed, _("申诉成立，责任归属已改。"), uphold=True)


@shares.post("/shares/appeals/<id:appeal_id>/reject")
@needs(Permission.SHARES_DECIDE)
def reject(appeal_id: int) -> BaseResponse:
    def deed() -> None:
        reason = text_field("reason", services.MAX_REASON)
        services.reject(appeal_id, reason, version=number_field("version"), **_now())

    return _carry_out(f"a{appeal_id}", deed, _("申诉已驳回，责任归属不变。"))


@shares.post("/shares/appeals/<id:appeal_id>/withdraw")
@needs(Permission.SHARES_APPEAL)
def withdraw(appeal_id: int) -> BaseResponse:
    def deed() -> None:
        services.withdraw(appeal_id, version=number_field("version"), **_now())

    return _carry_out(f"a{appeal_id}", deed, _("申诉已撤回。"))


def _now() -> dict[str, Any]:
    return {"actor": current_actor(), "now": moment()}


def _carry_out(place: str, deed: Callable[[], None], words: str, *, uphold: bool = False) -> BaseResponse:
    """One deed in one transaction; refused, everything that was typed comes back in its place."""
    try:
        with unit_of_work():
            deed()
    except NotFound:
        raise
    except Problem as problem:
        refused = {
            "place": place,
            "why": problem_text(problem),
            "reason": text_field("reason", services.MAX_REASON),
            "shares": typed_shares(),
            "uphold": uphold,
        }
        return _page(refused=refused, status=problem.status)
    flash(words, "done")
    return redirect(url_for("shares.appeals"))


def _page(*, refused: Mapping[str, Any] = REFUSED, status: int = 200) -> Response:
    actor, now, book = current_actor(), moment(), rules()
    desk = queries.appeal_desk(actor, book, now)
    to_decide = [_appeal(one, actor, book) for one in desk.to_decide]
    filed = [_appeal(one, actor, book) for one in desk.filed]
    disputable = [_share(one, book, now) for one in desk.disputable]
    places = {one["place"] for one in (*to_decide, *filed, *disputable)}
    page = render_template(
        "shares/appeals.html",
        to_decide=to_decide,
        filed=filed,
        disputable=disputable,
        decided=[_appeal(one, actor, book) for one in desk.decided],
        more=desk.more,
        appeals=actor.may(Permission.SHARES_APPEAL),
        decides=actor.may(Permission.SHARES_DECIDE),
        refused=refused,
        refused_there=refused["place"] in places,
        parties=[party.value for party in Party],
        most_reason=services.MAX_REASON,
    )
    return make_response(page, status)


def _case(one: Case, book: RuleBook) -> dict[str, Any]:
    known = book.responsibility.evidence
    return {
        "ticket": one.ticket,
        "url": url_for("tickets.show", number=one.ticket) if one.openable else "",
        "subject": one.subject if one.openable else "",
        "type": label(book.types[one.type].name) if one.type in book.types else one.type,
        "klass": one.klass,
        "party": one.party.value,
        "percent": one.percent,
        "shares": [{"party": party.value, "percent": percent} for party, percent in one.shares],
        "evidence": [
            {"name": label(known[code]) if code in known else code, "seen": seen}
            for code, seen in sorted(one.evidence.items())
        ],
    }


def _share(one: Case, book: RuleBook, now: datetime) -> dict[str, Any]:
    """A share that may still be disputed."""
    left = int((one.until - now).total_seconds()) if one.until else 0
    place = f"{one.ticket}-{one.party.value}"
    return {**_case(one, book), "place": place, "revision": one.revision, "until": one.until, "seconds_left": left}


def _appeal(one: Case, actor: Actor, book: RuleBook) -> dict[str, Any]:
    judge = Judge(
        reaches=actor.may(Permission.SHARES_DECIDE),
        appealed=one.by_id == actor.id,
        said_the_shares=one.said_by_id == actor.id,
        in_queue=one.queue_id in actor.queues,
        alone=one.alone,
    )
    upholds, rejects = _refusal(judge, uphold=True), _refusal(judge, uphold=False)
    return {
        **_case(one, book),
        "place": f"a{one.id}",
        "id": one.id,
        "version": one.version,
        "state": one.state,
        "by": one.by,
        "mine": one.by_id == actor.id,
        "at": one.at,
        "why": one.why,
        "decider": one.decider,
        "decided_at": one.decided_at,
        "answer": one.answer,
        "may_uphold": not upholds,
        "may_reject": not rejects,
        "barred": upholds or rejects,
        "rows": rows_of({party: percent for party, percent in one.shares if party is not one.party}),
    }


def _refusal(judge: Judge, *, uphold: bool) -> str:
    """Why this person may not decide so, in words; empty if he may."""
    try:
        check_judge(judge, uphold=uphold)
    except Problem as problem:
        return problem_text(problem)
    return ""
