"""Skills: the list, and one of them."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission, Scope
from helpdesk.domain.problems import Problem, Stale
from helpdesk.domain.rulebook import Label
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import skills as queries
from helpdesk.queries.escalation import channel_names
from helpdesk.queries.skills import Skilled, SkillRow
from helpdesk.services import skills as services
from helpdesk.services.queues import require_settings
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.web.skills import skills
from helpdesk.web.skills.forms import FIELDS, SkillForm
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _


@skills.get("/skills")
@needs(Permission.QUEUES_READ)
def index() -> str:
    actor = current_actor()
    types, channels = _types(), channel_names()
    shown = [
        {
            "code": row.code,
            "name": label(row),
            "types": [label(types.get(code, code)) for code in row.types],
            "channels": [label(channels.get(code, code)) for code in row.channels],
            "people": row.people,
            "active": row.active,
            "url": url_for("skills.skill", skill_id=row.id),
        }
        for row in queries.skills(actor)
    ]
    can_edit = actor.may(Permission.QUEUES_MANAGE)
    return render_template("skills/index.html", skills=shown, can_add=_sets_all(), can_edit=can_edit)


@skills.route("/skills/new", methods=["GET", "POST"])
@needs(Permission.QUEUES_MANAGE)
def new_skill() -> BaseResponse:
    require_settings(current_actor())
    form = SkillForm()
    form.offer(_types(), channel_names(), ())
    form.keep(new=True, settings=True)
    if not form.is_submitted():
        return _page(form)
    settings = form.settings() if form.validate() else None
    if settings is None:
        return _page(form, status=422)
    try:
        with unit_of_work():
            skill_id = services.create_skill(form.code.data, settings, actor=current_actor(), now=moment())
    except Problem as problem:
        return _page(form, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已新建技能，现在选谁有它。"), "done")
    return redirect(url_for("skills.skill", skill_id=skill_id))


@skills.route("/skills/<id:skill_id>", methods=["GET", "POST"])
@needs(Permission.QUEUES_MANAGE)
def skill(skill_id: int) -> BaseResponse:
    actor = current_actor()
    row, people = queries.skill(skill_id, actor), queries.people(skill_id, actor)
    form = _form(row, people)
    if not form.is_submitted():
        return _page(form, row, people)
    if not form.validate():
        return _page(form, row, people, status=422)
    wanted = {*form.people.data, *(one.id for one in people if one.has and not one.within)}
    try:
        with unit_of_work():
            services.save_skill(skill_id, form.version.data, form.settings(), wanted, actor=actor, now=moment())
    except Stale as problem:
        fresh, now_having = queries.skill(skill_id, actor), queries.people(skill_id, actor)
        error, stale = show_problem(form, problem, FIELDS), _changes(form, fresh, now_having)
        return _page(form, fresh, now_having, status=409, error=error, stale=stale)
    except Problem as problem:
        return _page(form, row, people, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已保存 %(name)s。", name=label(row)), "done")
    return redirect(url_for("skills.index"))


def _form(row: SkillRow, people: Iterable[Skilled]) -> SkillForm:
    form = SkillForm(
        data={
            "name_zh": row.name_zh,
            "name_en": row.name_en,
            "types": row.types,
            "channels": row.channels,
            "active": row.active,
            "people": [one.id for one in people if one.has],
        }
    )
    types, channels = _types(), channel_names()
    form.offer(
        {**types, **{code: Label(code, code) for code in row.types if code not in types}},
        {**channels, **{code: Label(code, code) for code in row.channels if code not in channels}},
        people,
    )
    form.keep(new=False, settings=_sets_all())
    return form


def _changes(form: SkillForm, row: SkillRow, people: Iterable[Skilled]) -> list[Difference]:
    """What stands there by now beside what was typed."""
    having = _("、").join(one.name for one in people if one.has and one.within)
    typed = _("、").join(one.name for one in people if one.id in form.people.data)
    settings = form.settings()
    if settings is None:
        return differences((_("谁有这项技能"), having, typed))
    return differences(
        (_("中文名"), row.name_zh, settings.name_zh),
        (_("英文名"), row.name_en, settings.name_en),
        (_("工单类型"), _listed(row.types, _types()), _listed(settings.types, _types())),
        (_("渠道"), _listed(row.channels, channel_names()), _listed(settings.channels, channel_names())),
        (_("在用"), _("是") if row.active else _("否"), _("是") if settings.active else _("否")),
        (_("谁有这项技能"), having, typed),
    )


def _listed(codes: Iterable[str], names: dict[str, Label]) -> str:
    return _("、").join(label(names.get(code, code)) for code in sorted(codes))


def _types() -> dict[str, Label]:
    return {code: kind.name for code, kind in published_rulebook().types.items()}


def _sets_all() -> bool:
    """The person says what skills there are, not only who of his people has them."""
    return current_actor().scope(Permission.QUEUES_MANAGE) is Scope.ALL


def _page(
    form: SkillForm,
    row: SkillRow | None = None,
    people: Iterable[Skilled] = (),
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    fresh = not form.is_submitted() or stale is not None
    page = render_template(
        "skills/skill_form.html",
        form=form,
        skill=row
        and {
            "code": row.code,
            "name": label(row),
            "version": row.version if fresh else form.version.data,
            "active": row.active,
        },
        others=[one.name for one in people if one.has and not one.within],
        error=error,
        stale=stale or [],
    )
    return make_response(page, status)
