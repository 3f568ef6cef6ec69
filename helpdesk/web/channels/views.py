"""Channels: the list with the shops, one of them, its secret, and a test of its sender."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Problem, Stale
from helpdesk.queries import channels as queries
from helpdesk.queries.channels import ChannelRow, ShopRow, Tested
from helpdesk.services import channel_tests
from helpdesk.services import channels as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.channels import channels
from helpdesk.web.channels.forms import FIELDS, ChannelForm, TestForm
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.notices import failure_text


@channels.get("")
@needs(Permission.CHANNELS_MANAGE)
def index() -> str:
    actor, now = current_actor(), moment()
    return render_template(
        "channels/index.html",
        shops=[_shop_line(row) for row in queries.shops(actor)],
        channels=[_line(row) for row in queries.channels(actor, now=now)],
    )


@channels.route("/new", methods=["GET", "POST"])
@needs(Permission.CHANNELS_MANAGE)
def new_channel() -> BaseResponse:
    form = ChannelForm()
    del form.version
    if not form.is_submitted():
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    try:
        with unit_of_work():
            kept = services.create_channel(form.code.data, form.settings(), actor=current_actor(), now=moment())
    except Problem as problem:
        return _page(form, status=problem.status, error=show_problem(form, problem, FIELDS))
    if kept.sign:
        return channel_page(kept.id, sign=kept.sign)
    flash(_("已新建渠道。"), "done")
    return redirect(url_for("channels.channel", channel_id=kept.id))


@channels.route("/<id:channel_id>", methods=["GET", "POST"])
@needs(Permission.CHANNELS_MANAGE)
def channel(channel_id: int) -> BaseResponse:
    row = queries.channel(channel_id, current_actor(), now=moment())
    form = _form(row)
    if not form.is_submitted():
        return channel_page(channel_id)
    if not form.validate():
        return _page(form, row, status=422)
    try:
        with unit_of_work():
            kept = services.update_channel(
                channel_id, form.version.data, form.settings(), actor=current_actor(), now=moment()
            )
    except Stale as problem:
        fresh = queries.channel(channel_id, current_actor(), now=moment())
        changed = _changes(form, fresh)
        form.version.data, form.version.raw_data = fresh.version, None
        return _page(form, fresh, status=409, error=problem_text(problem), stale=changed)
    except Problem as problem:
        return _page(form, row, status=problem.status, error=show_problem(form, problem, FIELDS))
    if kept.sign:
        return channel_page(channel_id, sign=kept.sign)
    flash(_("已保存。"), "done")
    return redirect(url_for("channels.channel", channel_id=channel_id))


@channels.post("/<id:channel_id>/rotate")
@needs(Permission.CHANNELS_MANAGE)
def rotate(channel_id: int) -> BaseResponse:
    with unit_of_work():
        kept = services.rotate_sign(channel_id, ChannelForm().version.data, actor=current_actor(), now=moment())
    return channel_page(channel_id, sign=kept.sign)


@channels.post("/<id:channel_id>/test")
@needs(Permission.CHANNELS_MANAGE)
def test(channel_id: int) -> BaseResponse:
    form = TestForm()
    if not form.validate():
        flash(_("请填写测试发给谁。"), "problem")
        return redirect(url_for("channels.channel", channel_id=channel_id))
    with unit_of_work():
        channel_tests.ask(channel_id, form.buyer_id.data, actor=current_actor(), now=moment())
    flash(_("测试消息已交出，几秒后刷新看结果。"), "done")
    return redirect(url_for("channels.channel", channel_id=channel_id, _anchor="test"))


def channel_page(channel_id: int, *, sign: str = "") -> Response:
    """The channel as it is stored. ``sign``: its new secret, shown this once."""
    row = queries.channel(channel_id, current_actor(), now=moment())
    return _page(_form(row, sent=False), row, sign=sign)


def _form(row: ChannelRow, *, sent: bool = True) -> ChannelForm:
    values = {
        "name": row.name.zh,
        "name_en": row.name.en,
        "sender": row.sender,
        "url": row.url,
        "mailbox": row.mailbox,
        "active": row.active,
        "version": row.version,
    }
    form = ChannelForm(data=values) if sent else ChannelForm(formdata=None, data=values)
    del form.code
    return form


def _page(
    form: ChannelForm,
    row: ChannelRow | None = None,
    *,
    status: int = 200,
    error: str = "",
    sign: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    page = render_template(
        "channels/channel.html",
        form=form,
        channel=_line(row) if row else None,
        sign=sign,
        test=_tested(queries.last_test(row.id)) if row else None,
        error=error,
        stale=stale or [],
    )
    return make_response(page, status)


def _changes(form: ChannelForm, row: ChannelRow) -> list[Difference]:
    wanted = form.settings()
    return differences(
        (_("中文名"), row.name.zh, wanted.name_zh),
        (_("英文名"), row.name.en, wanted.name_en),
        (_("怎么发出"), row.sender, wanted.sender),
        (_("地址"), row.url, wanted.url),
        (_("回信邮箱"), row.mailbox, wanted.mailbox),
        (_("启用"), row.active, wanted.active),
    )


def _line(row: ChannelRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "code": row.code,
        "name": label(row.name),
        "sender": row.sender,
        "active": row.active,
        "waiting": row.waiting,
        "dead": row.dead,
        "last_sent_at": row.last_sent_at,
        "resting_until": row.held_until if row.held_until and row.held_until > moment() else None,
        "version": row.version,
        "url": url_for("channels.channel", channel_id=row.id),
    }


def _shop_line(row: ShopRow) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "timezone": row.timezone,
        "active": row.active,
        "help_url": url_for("help.index", shop=row.code) if row.self_service and row.active else "",
        "url": url_for("channels.shop", shop_id=row.id),
    }


def _tested(found: Tested | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"state": found.state, "at": found.at, "error": failure_text(found.error) if found.error else ""}
