"""Shops: a new one, and one of them."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Problem, Stale
from helpdesk.queries import channels as queries
from helpdesk.queries.channels import ShopRow
from helpdesk.services import shops as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.channels import channels
from helpdesk.web.channels.forms import FIELDS, ShopForm
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _


@channels.route("/shops/new", methods=["GET", "POST"])
@needs(Permission.CHANNELS_MANAGE)
def new_shop() -> BaseResponse:
    form = ShopForm()
    del form.version
    if not form.is_submitted():
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    try:
        with unit_of_work():
            services.create_shop(form.code.data, form.settings(), actor=current_actor(), now=moment())
    except Problem as problem:
        return _page(form, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已新建店铺 %(name)s。", name=form.name.data), "done")
    return redirect(url_for("channels.index"))


@channels.route("/shops/<id:shop_id>", methods=["GET", "POST"])
@needs(Permission.CHANNELS_MANAGE)
def shop(shop_id: int) -> BaseResponse:
    row = queries.shop(shop_id, current_actor())
    form = ShopForm(
        data={
            "name": row.name,
            "timezone": row.timezone,
            "active": row.active,
            "self_service": row.self_service,
            "version": row.version,
        }
    )
    del form.code
    if not form.is_submitted():
        return _page(form, row)
    if not form.validate():
        return _page(form, row, status=422)
    try:
        with unit_of_work():
            services.update_shop(shop_id, form.version.data, form.settings(), actor=current_actor(), now=moment())
    except Stale as problem:
        fresh = queries.shop(shop_id, current_actor())
        changed = _changes(form, fresh)
        form.version.data, form.version.raw_data = fresh.version, None
        return _page(form, fresh, status=409, error=problem_text(problem), stale=changed)
    except Problem as problem:
        return _page(form, row, status=problem.status, error=show_problem(form, problem, FIELDS))
    flash(_("已保存 %(name)s。", name=form.name.data), "done")
    return redirect(url_for("channels.index"))


def _changes(form: ShopForm, row: ShopRow) -> list[Difference]:
    wanted = form.settings()
    return differences(
        (_("名称"), row.name, wanted.name),
        (_("时区"), row.timezone, wanted.timezone),
        (_("启用"), row.active, wanted.active),
        (_("自助服务页"), row.self_service, wanted.self_service),
    )


def _page(
    form: ShopForm,
    row: ShopRow | None = None,
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    page = render_template("channels/shop.html", form=form, shop=row, error=error, stale=stale or [])
    return make_response(page, status)
