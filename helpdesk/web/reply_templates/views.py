"""The library, the form with its preview, versions."""

from __future__ import annotations

from itertools import zip_longest

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission, Scope, may_write_template
from helpdesk.domain.problems import Invalid, NotAllowed, Problem, Stale
from helpdesk.domain.replies import MAX_BODY, PLACEHOLDERS, Filled, fill, search
from helpdesk.queries import template_library as queries
from helpdesk.queries.template_library import Shelved
from helpdesk.queries.ticket_page import ticket_page
from helpdesk.services import templates as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.forms import GREATEST_ID, Difference, differences, show_problem
from helpdesk.web.locale import day_start
from helpdesk.web.reply_templates import reply_templates
from helpdesk.web.reply_templates.changes import changed_by
from helpdesk.web.reply_templates.forms import FIELDS, TemplateForm, filled
from helpdesk.web.reply_values import offers, placeholder_values
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _

LONGEST_NUMBER = 40
LONGEST_TEXT = 2 * MAX_BODY  # more than can be saved, so that one sees what is too long


@reply_templates.get("/templates")
@needs(Permission.TEMPLATES_READ)
def index() -> str:
    actor, book = current_actor(), rules()
    asked = {name: request.args.get(name, "")[:50] for name in ("q", "type", "scope", "state")}
    rows = {row.template.id: row for row in queries.library(actor)}
    found = search([row.template for row in rows.values()], asked["q"], limit=queries.MOST_SHOWN)
    shown = [row for one in found if _fits(row := rows[one.id], asked)]
    return render_template(
        "reply_templates/index.html",
        label=label,
        rows=shown,
        asked=asked,
        total=len(rows),
        narrowed=any(asked.values()),
        type_names={code: label(kind.name) for code, kind in book.types.items()},
        can_write=actor.may(Permission.TEMPLATES_WRITE),
    )


def _fits(row: Shelved, asked: dict[str, str]) -> bool:
    state = asked["state"]
    return (
        row.active is (state != "retired")
        and (state != "unused" or not row.figures.uses)
        and asked["scope"] in ("", row.template.scope)
        and asked["type"] in ("", row.template.type or "any")
    )


@reply_templates.route("/templates/new", methods=["GET", "POST"])
@needs(Permission.TEMPLATES_WRITE)
def new() -> BaseResponse:
    form = _form()
    if not form.is_submitted() or "preview" in request.form:
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    try:
        with unit_of_work():
            services.create(form.content(), key=form.press(), actor=current_actor(), now=moment())
    except Problem as problem:
        return _page(form, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("话术已保存，回复时就能用。"), "done")
    return redirect(url_for("reply_templates.index"))


@reply_templates.route("/templates/<id:template_id>", methods=["GET", "POST"])
@needs(Permission.TEMPLATES_READ)
def template(template_id: int) -> BaseResponse:
    actor = current_actor()
    row = queries.one(template_id, actor)
    form = _form(row)
    if request.method == "POST" and not row.editable:
        raise NotAllowed("template.not_yours")
    if not form.is_submitted() or "preview" in request.form:
        return _page(form, row)
    if not form.validate():
        return _page(form, row, status=422)
    try:
        with unit_of_work():
            services.edit(template_id, form.version.data, form.content(), actor=actor, now=moment())
    except Stale as problem:
        fresh = queries.one(template_id, actor)
        return _page(form, fresh, status=409, error=problem_text(problem), stale=_changes(form, fresh))
    except Problem as problem:
        return _page(form, row, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已保存 %(name)s。", name=label(row.template.title)), "done")
    return redirect(url_for("reply_templates.index"))


@reply_templates.get("/templates/<id:template_id>/versions")
@needs(Permission.TEMPLATES_READ)
def versions(template_id: int) -> str:
    row, said, book = queries.one(template_id, current_actor()), queries.versions(template_id), rules()
    names = {code: name for _id, code, name in queries.queues()}
    return render_template(
        "reply_templates/versions.html",
        label=label,
        row=row,
        versions=[(one, changed_by(one, before, book, names)) for one, before in zip_longest(said, said[1:])],
    )


@reply_templates.post("/templates/<id:template_id>/retire")
@needs(Permission.TEMPLATES_READ)
def retire(template_id: int) -> BaseResponse:
    with unit_of_work():
        services.retire(template_id, _number("version"), actor=current_actor(), now=moment())
    flash(_("已停用，回复时不再出现。"), "done")
    return redirect(url_for("reply_templates.versions", template_id=template_id))


@reply_templates.post("/templates/<id:template_id>/restore")
@needs(Permission.TEMPLATES_READ)
def restore(template_id: int) -> BaseResponse:
    with unit_of_work():
        services.restore(template_id, _number("version"), actor=current_actor(), now=moment())
    flash(_("已重新启用。"), "done")
    return redirect(url_for("reply_templates.versions", template_id=template_id))


@reply_templates.post("/templates/<id:template_id>/revert")
@needs(Permission.TEMPLATES_READ)
def revert(template_id: int) -> BaseResponse:
    with unit_of_work():
        services.revert(template_id, _number("version"), _number("to"), actor=current_actor(), now=moment())
    flash(_("已改回那一版的内容。"), "done")
    return redirect(url_for("reply_templates.versions", template_id=template_id))


@reply_templates.post("/templates/preview")
@needs(Permission.TEMPLATES_READ)
def preview() -> str:
    """The part of the form's page that shows what the customer would read."""
    return render_template("reply_templates/_preview.html", **_preview())


def _number(name: str) -> int:
    text = request.form.get(name, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else -1
    return number if number <= GREATEST_ID else -1


def _form(row: Shelved | None = None) -> TemplateForm:
    form = TemplateForm(data=filled(row) if row else {"scope": "personal"})
    actor = current_actor()
    words = {"personal": _("只有我"), "all": _("所有人")}
    scopes = [(code, words[code]) for code in ("personal", "all") if may_write_template(actor, code, None, actor.id)]
    queues = queries.queues()
    reach = actor.scope(Permission.TEMPLATES_MANAGE)
    teams = [(id, name) for id, _code, name in queues if reach is Scope.ALL or (reach and id in actor.queues)]
    scopes += [(f"team:{id}", _("团队：%(queue)s", queue=label(name))) for id, name in teams]
    if row and not row.editable:
        scopes = [(str(filled(row)["scope"]), label(row.queue) if row.queue else words.get(row.template.scope, ""))]
    form.offer(scopes, [(code, label(name)) for _id, code, name in queues], rules())
    if row is None:
        del form.version
    else:
        del form.key
    return form


def _page(
    form: TemplateForm,
    row: Shelved | None = None,
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    shown = _preview(form)
    page = render_template(
        "reply_templates/edit.html",
        label=label,
        form=form,
        row=row,
        error=error,
        stale=stale or [],
        placeholders=PLACEHOLDERS,
        **shown,
    )
    return make_response(page, status)


def _changes(form: TemplateForm, row: Shelved) -> list[Difference]:
    one = row.template
    return differences(
        (_("中文标题"), one.title.zh, form.title_zh.data),
        (_("中文内容"), one.body.zh, (form.body_zh.data or "").replace("\r\n", "\n").strip()),
        (_("英文标题"), one.title.en, form.title_en.data),
        (_("英文内容"), one.body.en, (form.body_en.data or "").replace("\r\n", "\n").strip()),
    )


def _preview(form: TemplateForm | None = None) -> dict[str, object]:
    """Both texts with this ticket's values; every gap is shown as a gap where no ticket is named."""
    typed = request.form
    number = typed.get("ticket", "").strip()[:LONGEST_NUMBER]
    values: dict[str, str | None] = {}
    problem = ""
    if number:
        try:
            values = _values(number)
        except Problem as refused:
            problem = problem_text(refused)
    zh = typed.get("body_zh", "") if form is None else form.body_zh.data or ""
    en = typed.get("body_en", "") if form is None else form.body_en.data or ""
    texts = [
        (lang, pieces(found), _gaps(lang, found, bool(values)))
        for lang, text in (("zh-CN", zh), ("en", en))
        if text.strip() and (found := fill(text[:LONGEST_TEXT], values))
    ]
    return {"texts": texts, "ticket_problem": problem, "ticket_number": number}


def _gaps(lang: str, found: Filled, tried: bool) -> list[str]:
    """What would keep the text from being saved, or from being sent on the ticket it is tried on."""
    said = []
    if found.unknown:
        code = "template.unknown_in_body_en" if lang == "en" else "template.unknown_in_body_zh"
        said.append(problem_text(Invalid(code, names=list(found.unknown))))
    if tried and found.missing:
        said.append(problem_text(Invalid("message.unresolved_placeholders", names=list(found.missing))))
    return said


def _values(number: str) -> dict[str, str | None]:
    actor, now = current_actor(), moment()
    page = ticket_page(number, actor, now, day_start(now), rules())
    offered = offers(page, rules(), actor)
    return placeholder_values(page, offered, current_user.name, now)


def pieces(text: Filled) -> list[tuple[str, str]]:
    """The text cut into (state, piece): plain, filled, missing or unknown."""
    found, read = [], 0
    for span in text.spans:
        found += [("plain", text.text[read : span.start]), (span.state, text.text[span.start : span.end])]
        read = span.end
    return [(state, piece) for state, piece in [*found, ("plain", text.text[read:])] if piece]
