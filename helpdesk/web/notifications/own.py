"""One's own settings: which news is heard where, and when mail may come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from flask import Response, current_app, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Problem, Stale
from helpdesk.queries import notifications as queries
from helpdesk.queries.notifications import Choice, Delivery
from helpdesk.services import notifications as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.web.notifications import notifications
from helpdesk.web.notifications.forms import OWN_FIELDS, OwnForm, digest_text, quiet_fields, quiet_text
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.notices import kind_label


@notifications.route("/account/notifications", methods=["GET", "POST"])
@needs(Permission.ACCOUNT_OWN)
def own() -> BaseResponse:
    delivery, chosen = queries.delivery(current_actor()), queries.choices(current_actor())
    form = OwnForm(
        data={
            "email": delivery.email or "",
            "digest": delivery.digest_seconds,
            "bell": [choice.kind for choice in chosen if choice.bell],
            "mail": [choice.kind for choice in chosen if choice.mail],
            **quiet_fields(delivery.quiet),
        }
    )
    form.offer([choice.kind for choice in chosen], digest_seconds=delivery.digest_seconds)
    if not form.is_submitted():
        return _page(form, delivery, chosen)
    if not (form.validate() & form.quiet_is_whole()):
        return _page(form, delivery, chosen, status=422)
    try:
        _save(form)
    except Stale as problem:
        delivery, fresh = queries.delivery(current_actor()), queries.choices(current_actor())
        stale = _changes(form, delivery, fresh)
        return _page(form, delivery, fresh, status=409, error=problem_text(problem), stale=stale)
    except Problem as problem:
        return _page(form, delivery, chosen, status=problem.status, error=show_problem(form, problem, OWN_FIELDS))
    flash(_("已保存。"), "done")
    return redirect(url_for("notifications.own"))


def _save(form: OwnForm) -> None:
    """All of the form, or nothing of it; choices that another window changed meanwhile are not lost unseen."""
    actor, now = current_actor(), moment()
    bell, mail = set(form.bell.data or ()), set(form.mail.data or ())
    with unit_of_work():
        services.set_delivery(
            form.version.data,
            email=form.email.data,
            quiet=form.quiet(),
            digest_seconds=form.digest.data,
            actor=actor,
            now=now,
        )
        present = queries.choices(actor)
        if form.seen.data != _seen(present):
            raise Stale("account.stale")
        wanted = {choice.kind: (choice.kind in bell, choice.outside and choice.kind in mail) for choice in present}
        if wanted != {choice.kind: (choice.bell, choice.mail) for choice in present}:
            services.set_choices(wanted, actor=actor, now=now)


def _seen(chosen: Sequence[Choice]) -> str:
    """What the ticks of a form were made on."""
    ticks = [(choice.kind, choice.bell, choice.mail) for choice in chosen]
    return hashlib.sha256(repr(ticks).encode()).hexdigest()[:32]


def _changes(form: OwnForm, delivery: Delivery, chosen: Sequence[Choice]) -> list[Difference]:
    """What stands there by now beside what was typed."""
    kinds = [choice.kind for choice in chosen]
    return differences(
        (_("邮箱"), delivery.email or "", form.email.data),
        (_("免打扰"), quiet_text(delivery.quiet), quiet_text(form.quiet())),
        (_("合并发送"), digest_text(delivery.digest_seconds), digest_text(form.digest.data)),
        (_("铃铛"), _names(c.kind for c in chosen if c.bell), _names(k for k in kinds if k in (form.bell.data or ()))),
        (_("邮件"), _names(c.kind for c in chosen if c.mail), _names(k for k in kinds if k in (form.mail.data or ()))),
    )


def _names(codes: Iterable[str]) -> str:
    return _("、").join(kind_label(code) for code in codes)


def _page(
    form: OwnForm,
    delivery: Delivery,
    chosen: Sequence[Choice],
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    fresh = stale is not None or not form.is_submitted()
    page = render_template(
        "notifications/own.html",
        form=form,
        kinds=[
            {
                "code": choice.kind,
                "name": kind_label(choice.kind),
                "bell": choice.kind in (form.bell.data or ()),
                "mail": choice.kind in (form.mail.data or ()),
                "outside": choice.outside,
            }
            for choice in chosen
        ],
        version=delivery.version if fresh else form.version.data,
        seen=_seen(chosen) if fresh else form.seen.data,
        no_mail=not current_app.config["UNSNAG"].smtp_host,
        error=error,
        stale=stale or [],
    )
    return make_response(page, status)
