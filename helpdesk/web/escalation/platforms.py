"""Deadlines that sales platforms set."""

from __future__ import annotations

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.escalation import PlatformRule
from helpdesk.domain.problems import Problem, Stale
from helpdesk.domain.rulebook import Label
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import escalation as queries
from helpdesk.services import escalation as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.escalation import escalation
from helpdesk.web.escalation.forms import PLATFORM_FIELDS, PlatformForm, platform_values
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.escalation import platform_text


@escalation.route("/escalation/platforms/new", methods=["GET", "POST"])
@needs(Permission.ESCALATION_MANAGE)
def new_platform_rule() -> BaseResponse:
    services.require_house(current_actor())
    return _edit(None)


@escalation.route("/escalation/platforms/<code>", methods=["GET", "POST"])
@needs(Permission.ESCALATION_MANAGE)
def platform_rule(code: str) -> BaseResponse:
    services.require_house(current_actor())
    return _edit(published_rulebook().platform_rule(code) or abort(404))


def _edit(rule: PlatformRule | None) -> BaseResponse:
    form = _form(rule)
    if not form.is_submitted():
        return _page(form, rule)
    removing = rule is not None and request.form.get("do") == "remove"
    if not form.validate() and not (removing and not form.csrf_token.errors):
        return _page(form, rule, status=422)
    wanted = None if removing else form.rule()
    code = rule.code if rule else None
    try:
        with unit_of_work():
            version = services.set_platform_rule(code, wanted, form.version.data, actor=current_actor(), now=moment())
    except Stale as problem:
        fresh = published_rulebook().platform_rule(code) if code else None
        stale = _changes(fresh, wanted) if fresh and wanted else []
        return _page(form, fresh, status=409, error=problem_text(problem), stale=stale)
    except Problem as problem:
        return _page(form, rule, status=problem.status, error=show_problem(form, problem, PLATFORM_FIELDS))
    flash(_("已保存为规则版本 %(version)s，只影响新工单。", version=version), "done")
    return redirect(url_for("escalation.index") + "#platforms")


def _form(rule: PlatformRule | None) -> PlatformForm:
    form = PlatformForm(data=platform_values(rule) if rule else {"starts": "ticket", "hours": 48, "met_by": "reply"})
    channels = queries.channel_names()
    given_up = {code: Label(code, code) for code in (rule.channels if rule else ()) if code not in channels}
    form.offer({**channels, **given_up}, ((one.code, one.name) for one in published_rulebook().types.values()))
    return form


def _changes(standing: PlatformRule, wanted: PlatformRule) -> list[Difference]:
    """What stands there by now beside what was typed."""
    return differences(
        (_("名称"), label(standing.name), label(wanted.name)),
        (_("时限"), platform_text(standing), platform_text(wanted)),
        (_("渠道"), _("、").join(standing.channels), _("、").join(wanted.channels)),
        (_("工单类型"), _("、").join(standing.types), _("、").join(wanted.types)),
    )


def _page(
    form: PlatformForm,
    rule: PlatformRule | None,
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    fresh = not form.is_submitted() or stale is not None
    page = render_template(
        "escalation/platform.html",
        form=form,
        rule=rule and {"name": label(rule.name), "text": platform_text(rule)},
        version=published_rulebook().version if fresh else form.version.data,
        error=error,
        stale=stale or [],
    )
    return make_response(page, status)
