"""Finding an order, opening a ticket, following it: for customers, by number and phone or by a signed link."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Actor
from helpdesk.domain.attachments import MAX_PHOTOS, MAX_PHOTOS_BYTES, Stored
from helpdesk.domain.problems import NotFound, Problem
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import self_service as queries
from helpdesk.queries.actors import system_actor
from helpdesk.queries.self_service import Conversation, Desk, OrderShown
from helpdesk.services import self_service as services
from helpdesk.storage import unit_of_work
from helpdesk.web import customer_links as links
from helpdesk.web.access import lets_files_in, moment, public
from helpdesk.web.forms import show_problem
from helpdesk.web.help import help_page
from helpdesk.web.help.forms import FIELDS, OrderForm, WordsForm
from helpdesk.web.taking_files import sent_as, taken
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.self_service import step_label, step_text


def _holds(kind: links.Kind) -> Callable[[], bool]:
    """Whether this request came by such a link."""
    return lambda: links.is_held(kind, (request.view_args or {}).get("token", ""))


@help_page.errorhandler(NotFound)
def ended(problem: NotFound) -> BaseResponse:
    """A link that leads nowhere any more; its holder is a customer, whom our pages are no help."""
    return make_response(render_template("help/ended.html", text=problem_text(problem)), problem.status)


@help_page.route("/<shop>", methods=["GET", "POST"])
@public
def index(shop: str) -> BaseResponse:
    found, form = queries.desk(shop), OrderForm()
    if not form.is_submitted():
        return _finder(found, form)
    if not form.validate():
        return _finder(found, form, status=422)
    address, now = request.remote_addr or "", moment()
    try:
        with unit_of_work():
            services.admit(shop, form.order_number.data, address=address, now=now)
        with unit_of_work():
            order_id = services.find_order(shop, form.order_number.data, form.phone.data, address=address)
    except Problem as problem:
        return _finder(found, form, problem=problem)
    return redirect(url_for("help.order", token=links.token("order", order_id)))


@help_page.route("/order/<token>", methods=["GET", "POST"])
@public
@lets_files_in(MAX_PHOTOS_BYTES, _holds("order"))
def order(token: str) -> BaseResponse:
    order_id = links.read("order", token)
    shown, form = queries.order(order_id, now=moment()), WordsForm()
    if not form.is_submitted():
        return _order_page(shown, token, form)
    if not form.validate():
        return _order_page(shown, token, form, status=422)
    try:
        photos = _photos("order", order_id)
        with unit_of_work():
            opened = services.open_ticket(
                order_id, form.text.data, form.external_id.data, photos=photos, actor=_customer(), now=moment()
            )
    except Problem as problem:
        return _order_page(shown, token, form, problem=problem)
    if opened.outcome == "appended":
        flash(_("这件事已经在处理，你说的已补充进去。"), "done")
    else:
        flash(_("已收到。这一页就是进度，可以收藏或保存链接。"), "done")
    return redirect(_address(opened.ticket_id))


@help_page.get("/ticket/<token>")
@public
def ticket(token: str) -> BaseResponse:
    return _ticket_page(queries.conversation(links.read("ticket", token), now=moment()), token, WordsForm())


@help_page.post("/ticket/<token>/answer")
@public
@lets_files_in(MAX_PHOTOS_BYTES, _holds("ticket"))
def answer(token: str) -> BaseResponse:
    ticket_id = links.read("ticket", token)
    form = WordsForm()
    if not form.validate():
        return _ticket_page(queries.conversation(ticket_id, now=moment()), token, form, status=422)
    try:
        photos = _photos("ticket", ticket_id)
        with unit_of_work():
            number = services.answer(
                ticket_id, form.text.data, form.external_id.data, photos=photos, actor=_customer(), now=moment()
            )
    except NotFound:
        raise
    except Problem as problem:
        return _ticket_page(queries.conversation(ticket_id, now=moment()), token, form, problem=problem)
    flash(_("已发给客服。"), "done")
    return redirect(_address(queries.ticket_id_of(number)))


@help_page.post("/ticket/<token>/confirm")
@public
def confirm(token: str) -> BaseResponse:
    with unit_of_work():
        services.confirm(links.read("ticket", token), actor=_customer(), now=moment())
    flash(_("谢谢，已记下问题解决了。"), "done")
    return redirect(url_for("help.ticket", token=token))


def _photos(kind: links.Kind, row_id: int) -> list[Stored]:
    """What he photographed. It is counted before it is looked at."""
    if not sent_as("photo"):
        return []
    with unit_of_work():
        services.admit_photos(kind, row_id, now=moment())
    return taken("photo", MAX_PHOTOS, pictures=True)


def _customer() -> Actor:
    return system_actor(services.SOURCE)


def _address(ticket_id: int) -> str:
    return url_for("help.ticket", token=links.token("ticket", ticket_id))


def _type_name(code: str) -> str:
    """In the rules in force. One that they have dropped says nothing to a customer."""
    types = published_rulebook().types
    return label(types[code].name) if code in types else _("其他咨询")


def _finder(desk: Desk, form: OrderForm, *, status: int = 200, problem: Problem | None = None) -> Response:
    return _page("help/index.html", form, status, problem, desk=desk)


def _order_page(
    shown: OrderShown, token: str, form: WordsForm, *, status: int = 200, problem: Problem | None = None
) -> Response:
    matters = [(matter, _type_name(matter.type), _address(matter.id)) for matter in shown.matters]
    return _page("help/order.html", form, status, problem, desk=shown.desk, order=shown, matters=matters, token=token)


def _ticket_page(
    shown: Conversation, token: str, form: WordsForm, *, status: int = 200, problem: Problem | None = None
) -> Response:
    return _page(
        "help/ticket.html",
        form,
        status,
        problem,
        desk=shown.desk,
        ticket=shown,
        type_name=_type_name(shown.type),
        token=token,
        lives_on_url=_address(shown.lives_on_id) if shown.lives_on_id else "",
    )


def _page(
    template: str, form: OrderForm | WordsForm, status: int, problem: Problem | None, **shown: object
) -> Response:
    """With the words of what was refused beside the field it is about, or above the form."""
    error = show_problem(form, problem, FIELDS) if problem else ""
    page = make_response(
        render_template(template, form=form, error=error, step_label=step_label, step_text=step_text, **shown),
        problem.status if problem else status,
    )
    if problem and "retry_after" in problem.params:
        page.headers["Retry-After"] = str(problem.params["retry_after"])
    return page
