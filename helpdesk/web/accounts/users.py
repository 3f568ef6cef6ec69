"""The people who work here, as an admin keeps them."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission, Role
from helpdesk.domain.problems import Problem, Stale
from helpdesk.queries import accounts as queries
from helpdesk.queries import queues
from helpdesk.queries.accounts import UserRow
from helpdesk.queries.queues import Choice
from helpdesk.services import accounts as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.accounts import accounts
from helpdesk.web.accounts.forms import FIELDS, UserForm
from helpdesk.web.forms import Difference, differences, show_problem
from helpdesk.web.locale import NAMES
from helpdesk.wording import label, role_label
from helpdesk.wording.catalog import gettext as _


@accounts.get("/users")
@needs(Permission.USERS_READ)
def users() -> str:
    rows = queries.users(current_actor(), now=moment())
    shown = [
        {
            "id": row.id,
            "name": row.name,
            "initial": row.name[:1],
            "login": row.login,
            "role": row.role,
            "active": row.active,
            "queue_names": _names(row),
            "last_seen_at": row.seen_at,
            "url": url_for("accounts.user", user_id=row.id),
        }
        for row in rows
    ]
    return render_template("accounts/users.html", users=shown)


@accounts.route("/users/new", methods=["GET", "POST"])
@needs(Permission.USERS_MANAGE)
def new_user() -> BaseResponse:
    form = UserForm(role=Role.AGENT.value)
    form.offer(queues.names())
    if not form.is_submitted():
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    try:
        _create(form)
    except Problem as problem:
        return _page(form, status=problem.status, error=_show(form, problem))
    flash(_("已新建用户 %(name)s。", name=form.name.data), "done")
    return redirect(url_for("accounts.users"))


def _create(form: UserForm) -> None:
    hashed = services.new_password(form.password.data, login=form.login.data)
    with unit_of_work():
        services.create_user(
            form.login.data,
            name=form.name.data,
            role=Role(form.role.data),
            password_hash=hashed,
            locale=form.locale.data,
            capacity=form.capacity.data,
            member_of=form.queues.data,
            actor=current_actor(),
            now=moment(),
        )


@accounts.route("/users/<id:user_id>", methods=["GET", "POST"])
@needs(Permission.USERS_MANAGE)
def user(user_id: int) -> BaseResponse:
    row = queries.user(user_id, current_actor(), now=moment())
    form = UserForm(data=_values(row))
    form.offer(queues.names())
    form.edit()
    if not form.is_submitted():
        return _page(form, row)
    if not form.validate():
        return _page(form, row, status=422)
    try:
        _update(row, form)
    except Stale as problem:
        fresh = queries.user(user_id, current_actor(), now=moment())
        return _page(
            form, fresh, status=problem.status, error=_show(form, problem), stale=_changes(form, fresh, queues.names())
        )
    except Problem as problem:
        return _page(form, row, status=problem.status, error=_show(form, problem))
    flash(_("已保存 %(name)s。", name=form.name.data), "done")
    return redirect(url_for("accounts.users"))


def _update(row: UserRow, form: UserForm) -> None:
    """All of the form, or nothing of it. The hash is made first: it is slow."""
    hashed = services.new_password(form.password.data, login=row.login) if form.password.data else None
    actor, now = current_actor(), moment()
    with unit_of_work():
        services.update_user(
            row.id,
            form.version.data,
            name=form.name.data,
            role=Role(form.role.data),
            active=form.active.data,
            locale=form.locale.data,
            capacity=form.capacity.data,
            member_of=form.queues.data,
            actor=actor,
            now=now,
        )
        if hashed:
            services.set_password(row.id, hashed, actor=actor, now=now)


def _show(form: UserForm, problem: Problem) -> str:
    about = "password" if problem.code.startswith("password.") else FIELDS.get(problem.code, "")
    return show_problem(form, problem, {problem.code: about})


def _values(row: UserRow) -> dict[str, object]:
    return {
        "login": row.login,
        "name": row.name,
        "role": row.role.value,
        "locale": row.locale,
        "capacity": row.capacity,
        "queues": [queue.id for queue in row.queues],
        "active": row.active,
    }


def _changes(form: UserForm, row: UserRow, choices: list[Choice]) -> list[Difference]:
    return differences(
        (_("姓名"), row.name, form.name.data),
        (_("角色"), role_label(row.role), role_label(form.role.data)),
        (_("语言"), NAMES.get(row.locale, row.locale), NAMES[form.locale.data]),
        (_("在手上限"), row.capacity, form.capacity.data),
        (_("所在队列"), _names(row), _("、").join(label(queue) for queue in choices if queue.id in form.queues.data)),
        (_("账户在用"), _("是") if row.active else _("否"), _("是") if form.active.data else _("否")),
    )


def _names(row: UserRow) -> str:
    return _("、").join(label(queue) for queue in row.queues)


def _page(
    form: UserForm,
    row: UserRow | None = None,
    *,
    status: int = 200,
    error: str = "",
    stale: list[Difference] | None = None,
) -> Response:
    shown = row and {
        "id": row.id,
        "name": row.name,
        "login": row.login,
        "version": row.version,
        "open_count": row.open_tickets,
        "sessions": row.sessions,
    }
    return make_response(
        render_template("accounts/user_form.html", form=form, user=shown, error=error, stale=stale or []), status
    )
