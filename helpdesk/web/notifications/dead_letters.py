"""What could not be delivered: looked at by somebody, sent again or given up."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, cast

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission, Scope
from helpdesk.domain.problems import Invalid
from helpdesk.queries import outbox as queries
from helpdesk.queries.keyset import Cursor, parse_cursor
from helpdesk.queries.outbox import PAGE, After, Dead
from helpdesk.services import dead_letters as services
from helpdesk.services.dead_letters import MOST_AT_ONCE, DeadLetter
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import GREATEST_ID
from helpdesk.web.notifications import notifications
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.notices import failure_text
from helpdesk.wording.targets import target_kind_label

KINDS = ("envelope", "reply")
"""A cursor tells them by their place here."""

LETTER = re.compile(r"(reply|envelope):([1-9][0-9]{0,9})", re.ASCII)


@notifications.get("/outbox")
@needs(Permission.OUTBOX_MANAGE)
def dead_letters() -> str:
    cursor = parse_cursor(request.args.get("after", ""))
    found = queries.dead(current_actor(), _after(cursor) if cursor else None, limit=PAGE + 1)
    shown = found[:PAGE]
    return render_template(
        "notifications/dead_letters.html",
        letters=[_row(letter) for letter in shown],
        count=queries.dead_count(current_actor()),
        own=current_actor().scope(Permission.OUTBOX_MANAGE) is Scope.OWN,
        newest_url=url_for("notifications.dead_letters") if cursor else None,
        older_url=url_for("notifications.dead_letters", after=str(_cursor(shown[-1]))) if len(found) > PAGE else None,
    )


@notifications.post("/outbox/resend")
@needs(Permission.OUTBOX_MANAGE)
def resend() -> BaseResponse:
    """Try the ticked ones anew; of each that was not, it is told that somebody else was faster."""
    done = _judge(services.resend)
    if done:
        flash(ngettext("%(num)d 条已重新排队发送。", "%(num)d 条已重新排队发送。", done), "done")
    return redirect(url_for("notifications.dead_letters"))


@notifications.post("/outbox/give-up")
@needs(Permission.OUTBOX_MANAGE)
def give_up() -> BaseResponse:
    """Lay the ticked ones aside for good, after asking."""
    chosen = _chosen()
    if chosen and "sure" not in request.form:
        return _ask(chosen)
    done = _judge(services.give_up)
    if done:
        flash(ngettext("已放弃 %(num)d 条，不再发送。", "已放弃 %(num)d 条，不再发送。", done), "done")
    return redirect(url_for("notifications.dead_letters"))


def _ask(chosen: Sequence[DeadLetter]) -> Response:
    page = render_template(
        "notifications/give_up.html",
        letters=[f"{letter.kind}:{letter.id}" for letter in chosen],
        replies=sum(letter.kind == "reply" for letter in chosen),
    )
    return make_response(page)


def _judge(deed: Callable[..., list[DeadLetter]]) -> int:
    """Do it with the chosen letters and tell of those it was not done with; returns how many it was."""
    chosen = _chosen()
    if not chosen:
        flash(_("没有勾选消息。"), "info")
        return 0
    with unit_of_work():
        done = deed(chosen, actor=current_actor(), now=moment())
    missed = [letter for letter in chosen if letter not in done]
    if missed:
        heading = ngettext("%(num)d 条没有处理：", "%(num)d 条没有处理：", len(missed))
        lines = [_("%(what)s 已经有人处理了，或不归你处理。", what=_name(letter)) for letter in missed]
        flash(cast(str, [heading, *lines]), "problem")
    return len(done)


def _chosen() -> list[DeadLetter]:
    """One row by its own button, or all that are ticked. ``Invalid`` for what names no letter."""
    sent = request.form.getlist("only") or request.form.getlist("letter")
    if len(sent) > MOST_AT_ONCE:
        raise Invalid("outbox.too_many", limit=MOST_AT_ONCE)
    matches = [LETTER.fullmatch(text) for text in sent]
    letters = [DeadLetter(match[1], int(match[2])) for match in matches if match and int(match[2]) <= GREATEST_ID]
    if len(letters) != len(sent):
        raise Invalid("input.bad_value", field="letter")
    return list(dict.fromkeys(letters))


def _name(letter: DeadLetter) -> str:
    return (_("给客户的回复 #%(id)s") if letter.kind == "reply" else _("通知 #%(id)s")) % {"id": letter.id}


def _row(letter: Dead) -> dict[str, Any]:
    reply = letter.kind == "reply"
    return {
        "key": f"{letter.kind}:{letter.id}",
        "name": _name(DeadLetter(letter.kind, letter.id)),
        "reply": reply,
        "text": letter.text or "",
        "pieces": letter.pieces,
        "to": _("客户，%(channel)s", channel=label(letter.to)) if reply else label(letter.to),
        "way": "" if reply else target_kind_label(letter.way),
        "number": letter.ticket_number,
        "why": failure_text(letter.error),
        "attempts": letter.attempts,
        "at": letter.died_at,
    }


def _cursor(letter: Dead) -> Cursor:
    return Cursor(KINDS.index(letter.kind), letter.died_at, letter.id)


def _after(cursor: Cursor) -> After:
    if cursor.urgency >= len(KINDS) or cursor.id > GREATEST_ID:
        raise Invalid("paging.bad_cursor")
    return After(cursor.at, KINDS[cursor.urgency], cursor.id)
