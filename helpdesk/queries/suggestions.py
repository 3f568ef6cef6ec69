"""What to say on a ticket: templates ranked and filled for it. One statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from sqlalchemy import and_, bindparam, or_, select

from helpdesk.domain.access import Actor
from helpdesk.domain.replies import Suggestion, Template, customers_locale, fill, rank
from helpdesk.domain.rulebook import Label
from helpdesk.domain.text import normalise
from helpdesk.models import ReplyTemplate, ReplyTemplateVersion
from helpdesk.queries.keyset import Statement
from helpdesk.queries.ticket_page import TicketPage
from helpdesk.storage import plain_rows

MOST_TEMPLATES = 500


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

    def everything(self) -> tuple[Filled, ...]:
        """All of them, filled like the best."""
        return tuple(_filled(template, self.locale, self.values) for template in self.templates)


def suggestions(page: TicketPage, actor: Actor, values: Mapping[str, str | None]) -> Suggested:
    """Rank the actor's templates for the ticket and fill them with ``values`` (see ``domain.replies.PLACEHOLDERS``)."""
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
    filled = tuple((one, _filled(one.template, locale, values)) for one in best)
    return Suggested(filled, found, locale, values)


def templates(actor: Actor) -> tuple[Template, ...]:
    """The templates the actor may use: everybody's, his queues', his own. In the order of their codes."""
    rows = plain_rows(_templates(), {"queues": sorted(actor.queues), "actor": actor.id})
    return tuple(_template(*row) for row in rows)


_COLUMNS = (
    *(ReplyTemplate.id, ReplyTemplate.code, ReplyTemplate.version, ReplyTemplate.type, ReplyTemplate.scope),
    *(ReplyTemplate.shortcut, ReplyTemplateVersion.title_zh, ReplyTemplateVersion.title_en),
    *(ReplyTemplateVersion.body_zh, ReplyTemplateVersion.body_en, ReplyTemplateVersion.marks_solution),
    *(ReplyTemplateVersion.set_status, ReplyTemplateVersion.words),
)


@cache
def _templates() -> Statement:
    """Built once: that takes longer than asking."""
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
                and_(ReplyTemplate.scope == "team", ReplyTemplate.queue_id.in_(bindparam("queues", expanding=True))),
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
) -> Template:
    """The value of a row of ``_COLUMNS``, kept as long as the row stays as it is."""
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
    )


def _filled(template: Template, locale: str, values: Mapping[str, str | None]) -> Filled:
    filled = fill(template.body.in_locale(locale), values)
    return Filled(template, filled.text, (*filled.missing, *filled.unknown))
