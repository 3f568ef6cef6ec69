"""What to say on a ticket: templates ranked and filled for it. One statement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from sqlalchemy import Text, and_, bindparam, cast, or_, select

from helpdesk.domain.access import Actor
from helpdesk.domain.macros import parse
from helpdesk.domain.replies import Suggestion, Template, customers_locale, fill, rank
from helpdesk.domain.rulebook import Label
from helpdesk.domain.text import normalise
from helpdesk.models import ReplyTemplate, ReplyTemplateVersion
from helpdesk.models.scope import usable_template
from helpdesk.queries.keyset import Statement
from helpdesk.queries.ticket_page import TicketPage
from helpdesk.storage import constants, plain_rows, session

MOST_TEMPLATES = 500
STATEMENTS_KEPT = 256
NO_AMOUNTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with its words for this ticket, in the customer's language. ``missing`` placeholders stay in it."""

    template: Template
    text: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggested:
    """The best three with their reasons, and all that the actor may use."""

    best: tuple[tuple[Suggestion, Filled], ...]
    templates: tuple[Template, ...]
    locale: str
    values: Mapping[str, str | None]
    amounts: Mapping[str, str]

    def everything(self) -> tuple[Filled, ...]:
        """All of them, filled like the best."""
        return tuple(self.filled(template) for template in self.templates)

    def filled(self, template: Template) -> Filled:
        """This one, which need not be among them: an earlier version of it, say."""
        return _filled(template, self.locale, self.values, self.amounts)


def suggestions(
    page: TicketPage, actor: Actor, values: Mapping[str, str | None], amounts: Mapping[str, str] = NO_AMOUNTS
) -> Suggested:
    """Rank the actor's templates for the ticket and fill them with ``values`` (see ``domain.replies.PLACEHOLDERS``).

    ``amounts`` are the amounts of what may be offered, by policy: a template that proposes one of them speaks of it.
    """
    found = templates(actor)
    asked = what_was_asked(page)
    locale = customers_locale(asked)
    best = rank(
        found,
        type_code=page.ticket.type,
        text=normalise(asked).text,
        words=[span.word for span in page.decision.spans] if page.decision else (),
        status=page.ticket.status,
        has_order=page.order is not None,
    )
    filled = tuple((one, _filled(one.template, locale, values, amounts)) for one in best)
    return Suggested(filled, found, locale, values, amounts)


def templates(actor: Actor) -> tuple[Template, ...]:
    """The templates the actor may use: everybody's, his queues', his own. In the order of their codes."""
    rows = plain_rows(_templates(actor.queues), {"actor": actor.id})
    return tuple(_template(*row) for row in rows.all())


def words_for(
    page: TicketPage, template: Template, values: Mapping[str, str | None], amounts: Mapping[str, str]
) -> str:
    """The template filled for the ticket, as ``suggestions`` fills it."""
    return _filled(template, customers_locale(what_was_asked(page)), values, amounts).text


def template_version(code: str, version: int, actor: Actor) -> Template | None:
    """A version of a template that the actor may use, be it edited or retired since."""
    row = (
        session()
        .execute(
            select(*_COLUMNS)
            .join(ReplyTemplateVersion, ReplyTemplateVersion.template_id == ReplyTemplate.id)
            .where(ReplyTemplate.code == code, ReplyTemplateVersion.version == version, usable_template(actor))
        )
        .one_or_none()
    )
    return _template(*row) if row else None


_COLUMNS = (
    *(ReplyTemplate.id, ReplyTemplate.code, ReplyTemplateVersion.version, ReplyTemplate.type, ReplyTemplate.scope),
    *(ReplyTemplate.shortcut, ReplyTemplateVersion.title_zh, ReplyTemplateVersion.title_en),
    *(ReplyTemplateVersion.body_zh, ReplyTemplateVersion.body_en, ReplyTemplateVersion.marks_solution),
    *(ReplyTemplateVersion.set_status, ReplyTemplateVersion.words, cast(ReplyTemplateVersion.actions, Text)),
)


@lru_cache(maxsize=STATEMENTS_KEPT)
def _templates(queues: frozenset[int]) -> Statement:
    """Built once for the people of these queues: that takes longer than asking."""
    return (
        select(*_COLUMNS)
        .join(
            ReplyTemplateVersion,
            and_(
                ReplyTemplateVersion.template_id == ReplyTemplate.id,
                ReplyTemplateVersion.version == ReplyTemplate.version,
            ),
        )
        .where(
            ReplyTemplate.active,
            or_(
                ReplyTemplate.scope == "all",
                and_(ReplyTemplate.scope == "team", ReplyTemplate.queue_id.in_(constants(sorted(queues)))),
                and_(ReplyTemplate.scope == "personal", ReplyTemplate.owner_id == bindparam("actor")),
            ),
        )
        .order_by(ReplyTemplate.code)
        .limit(MOST_TEMPLATES)
    )


def what_was_asked(page: TicketPage) -> str:
    """The customer's words that decided the type; the subject where there are none."""
    return (page.decision.text if page.decision else "") or page.ticket.subject


@lru_cache(maxsize=2_000)
def _template(
    id: int,
    code: str,
    version: int,
    type: str | None,
    scope: str,
    shortcut: str,
    title_zh: str,
    title_en: str,
    body_zh: str,
    body_en: str,
    marks_solution: bool,
    set_status: str | None,
    words: str,
    actions: str,
) -> Template:
    """The value of a row of ``_COLUMNS``, kept as long as the row stays as it is: JSON is not read again either."""
    return Template(
        id=id,
        code=code,
        version=version,
        type=type,
        scope=scope,
        shortcut=shortcut,
        title=Label(title_zh, title_en),
        body=Label(body_zh, body_en),
        marks_solution=marks_solution,
        set_status=set_status,
        words=tuple(words.splitlines()),
        actions=parse(json.loads(actions)),
    )


def _filled(template: Template, locale: str, values: Mapping[str, str | None], amounts: Mapping[str, str]) -> Filled:
    """The amount in its words is the amount that it proposes."""
    policy = next((action.value for action in template.actions if action.kind == "propose"), None)
    if policy is not None:
        values = {**values, "amount": amounts.get(policy)}
    filled = fill(template.body.in_locale(locale), values)
    return Filled(template, filled.text, (*filled.missing, *filled.unknown))
