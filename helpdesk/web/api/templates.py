"""Reply templates: those that everybody may use, and filled for a ticket."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPMethod
from typing import Annotated

from pydantic import Field

from helpdesk.domain.access import Permission
from helpdesk.domain.masking import mask_name
from helpdesk.domain.problems import NotAllowed, NotFound
from helpdesk.domain.replies import Template
from helpdesk.domain.tokens import TokenScope
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import suggestions as queries
from helpdesk.queries.ticket_page import ticket_page
from helpdesk.web.api.operations import Answer, Call, operation
from helpdesk.web.api.shapes import Asked, Told
from helpdesk.web.locale import day_start
from helpdesk.web.reply_values import placeholder_values
from helpdesk.wording import label

TAG = "templates"
ONE = "/templates/<code>"


class TemplateOut(Told):
    """``body`` with its placeholders, in both languages; ``type`` null suits any ticket."""

    code: str
    version: int
    title: str
    type: str | None
    body_zh: str
    body_en: str
    marks_solution: bool
    set_status: str | None


class Templates(Told):
    items: list[TemplateOut]


class RenderedQuery(Asked):
    ticket: Annotated[str, Field(pattern=r"^[A-Z0-9-]{1,20}$")]


class Rendered(Told):
    """``missing``: placeholders that nothing is known for; with them in it, a reply is refused."""

    code: str
    version: int
    ticket: str
    text: str
    missing: list[str]


@operation(
    HTTPMethod.GET,
    "/templates",
    TAG,
    "List templates",
    permission=Permission.TEMPLATES_READ,
    scope=TokenScope.TEMPLATES_READ,
    answers={200: Templates},
)
def list_templates(call: Call) -> Answer:
    """In the order of their codes; those of single queues and people are not among them."""
    return Answer(Templates(items=[_template(one) for one in queries.templates(call.actor)]))


@operation(
    HTTPMethod.GET,
    ONE,
    TAG,
    "A template",
    permission=Permission.TEMPLATES_READ,
    scope=TokenScope.TEMPLATES_READ,
    answers={200: TemplateOut},
    problems=(404,),
)
def get_template(call: Call, code: str) -> Answer:
    """As it is now."""
    return Answer(_template(_find(code, call)))


@operation(
    HTTPMethod.GET,
    f"{ONE}/rendered",
    TAG,
    "A template filled for a ticket",
    permission=Permission.TEMPLATES_READ,
    scope=TokenScope.TEMPLATES_READ,
    query=RenderedQuery,
    answers={200: Rendered},
    problems=(404,),
)
def render_template(call: Call, code: str) -> Answer:
    """In the language of the customer. Needs `tickets:read`, too; his name is masked without `customers:read`."""
    if TokenScope.TICKETS_READ not in call.holder.scopes:
        raise NotAllowed("api.scope_missing", scope=TokenScope.TICKETS_READ.value)
    template = _find(code, call)
    page = ticket_page(call.query.ticket, call.actor, call.now, day_start(call.now), published_rulebook())
    if page.customer and not call.actor.may(Permission.CUSTOMERS_REVEAL):
        page = replace(page, customer=replace(page.customer, name=mask_name(page.customer.name)))
    values = placeholder_values(page, (), call.holder.name, call.now)
    filled = queries.suggestions(page, call.actor, values).filled(template)
    return Answer(
        Rendered(
            code=template.code,
            version=template.version,
            ticket=page.ticket.number,
            text=filled.text,
            missing=list(filled.missing),
        )
    )


def _find(code: str, call: Call) -> Template:
    found = next((one for one in queries.templates(call.actor) if one.code == code), None)
    if found is None:
        raise NotFound("template.not_found")
    return found


def _template(one: Template) -> TemplateOut:
    return TemplateOut(
        code=one.code,
        version=one.version,
        title=label(one.title),
        type=one.type,
        body_zh=one.body.zh,
        body_en=one.body.en,
        marks_solution=one.marks_solution,
        set_status=one.set_status,
    )
