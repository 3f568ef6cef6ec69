"""The ticket page: everything for one answer on one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from flask import Response, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.compensation import Option
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import ACTIVE
from helpdesk.queries.merging import undoable_merge
from helpdesk.queries.promises import promises
from helpdesk.queries.suggestions import Suggested, template_version
from helpdesk.queries.suggestions import suggestions as suggested_for
from helpdesk.queries.tags import tag_names
from helpdesk.queries.ticket_page import TicketPage, ticket_page
from helpdesk.queries.ticket_shares import ticket_shares
from helpdesk.queries.ticket_timeline import FIRST, MOST, Entry, changes_since
from helpdesk.services.customers import Revealed
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.file_cards import staged as staged_files
from helpdesk.web.file_cards import with_files
from helpdesk.web.hearing import read_about
from helpdesk.web.locale import day_start
from helpdesk.web.tickets import (
    checklist_card,
    crossed,
    found,
    life,
    link_card,
    offer_card,
    presenting,
    share_card,
    side_column,
    staged,
    tickets,
)
from helpdesk.web.tickets.offer_card import TypedOffer
from helpdesk.web.tickets.pulse import pulse_url
from helpdesk.web.tickets.share_card import TypedShares
from helpdesk.web.tickets.staged import Desk, Kept
from helpdesk.web.tickets.where import came_from
from helpdesk.wording import label

PANELS = {
    "assign": "assign",
    "owner": "owner",
    "answer": "answer",
    "withdraw": "withdraw",
    "transfer": "transfer",
    **dict.fromkeys(("assist", "type", "priority", "status", "resolve"), "work"),
    "tag": "mark",
    "merge": "merge",
    "link": "link",
    "reveal": "reveal",
    "templates": "reply",
}
"""The panels of the page with the right that each takes."""

FREE_TEXT = ("reason", "question", "answer", "note")
"""Fields of the panels that somebody may have written a lot into."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A try that was turned down: in which panel, why (in words), what was typed, on which version of the ticket."""

    panel: str
    why: str
    typed: MultiDict[str, str] = field(default_factory=MultiDict)
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the composer.

    ``unresolved`` placeholders block sending. ``overtaken``: the ticket moved on from ``version``, or the customer
    wrote after ``last_message_id``, or a colleague after ``last_reply_id``; the page shows what is new and asks before
    it is crossed. ``kept`` is what was left of the staged actions (None: all of them); ``key`` makes an offer sent
    twice the same offer.
    """

    mode: str = "reply"
    text: str = ""
    status: str = ""
    solution: bool = False
    next: bool = True
    template_id: str = ""
    template_title: str = ""
    template_version: int = 0
    rank: str = ""
    kept: Kept | None = None
    key: str = field(default_factory=lambda: str(uuid4()))
    occurred_at: str = ""
    error: str = ""
    unresolved: tuple[str, ...] = ()
    version: int = 0
    last_message_id: int = 0
    last_reply_id: int = 0
    overtaken: bool = False
    restored: bool = False  # from the draft that was kept


@tickets.get("/tickets/<number>")
@needs(Permission.TICKETS_READ)
def show(number: str) -> Response:
    read_about(number)
    return show_page(number)


def show_page(
    number: str,
    *,
    refused: Refused | None = None,
    typed: Typed | None = None,
    revealed: Revealed | None = None,
    offer: TypedOffer | None = None,
    shares: TypedShares | None = None,
    status: int = 200,
) -> Response:
    """The page as it is now, with what was refused or typed put back into it."""
    actor, now, book = current_actor(), moment(), rules()
    page = ticket_page(number, actor, now, day_start(now), rules(), shown=_shown())
    may = presenting.rights(page, actor)
    offered = side_column.offers(page, book, actor)
    desk, said = Desk(page, book, actor, offered), None
    if may["reply"]:
        values = side_column.placeholder_values(page, offered, current_user.name, now)
        said = suggested_for(page, actor, values, staged.amounts(offered))
    panel = _panel(page, book, refused, may)
    known = ticket_shares(page.ticket.id)
    proposed = share_card.proposal(page, known, book, now)
    panel["panel_values"].setdefault("shares", share_card.prefilled(known, proposed))
    money = _compensation(page, book, actor, offered, offer, works=may["work"])
    context = {
        "ticket": presenting.ticket(page, book),
        "may": may,
        "clocks": presenting.clocks(page),
        "life": life.lifeline(page, book, now),
        "wait": life.wait(page, now),
        "timeline": with_files(presenting.timeline(page, book, may, actor, now), page.files),
        **staged_files(page.files),
        "earlier_url": _earlier(page),
        "decision": presenting.decision(page.decision, page, book) if page.decision else None,
        **(presenting.panels(page, book) if panel["panel"] else {}),
        "assists": presenting.assists(page, actor),
        **panel,
        "known_tags": tag_names() if panel["panel"] == "tag" else [],
        **_composer(desk, typed, said),
        "suggestions": side_column.suggestions(said, desk) if said else [],
        "templates_all": side_column.all_templates(said, page, book) if said and panel["panel"] else [],
        "compensation": money,
        "found": found.card(page, may, offers=bool(money and money["options"])),
        "blame": share_card.card(page, known, proposed, book, actor, shares or TypedShares(), now),
        "order": side_column.order(page),
        "customer": side_column.customer(page, revealed),
        "others": side_column.others(page.related, book),
        "others_open": sum(one.status in ACTIVE for one in page.related),
        "checklist": checklist_card.card(page, works=may["work"]),
        "links": link_card.card(page, actor, works=may["link"]),
        "merge_targets": side_column.others(presenting.merge_targets(page, actor), book) if may["merge"] else [],
        "unmerge": undoable_merge(number, actor, now) if page.ticket.merged_into else None,
        "pulse_url": pulse_url(page.ticket),
        "back_url": url_for("tickets.index", **came_from().args()),
    }
    return make_response(render_template("tickets/show.html", **context), status)


def _compensation(
    page: TicketPage,
    book: RuleBook,
    actor: Actor,
    offered: tuple[Option, ...],
    typed: TypedOffer | None,
    *,
    works: bool,
) -> dict[str, Any] | None:
    """What was promised and may be offered, with a refused try; nothing for who has to do with neither."""
    if not works and not actor.may(Permission.MONEY_READ) and typed is None:
        return None
    found = promises(page.ticket.id)
    between = _crossed(page, book, typed.version if typed else None)
    return offer_card.card(page, book, actor, offered, found, now=moment(), works=works, typed=typed, crossed=between)


def _shown() -> int:
    """How much of the story is asked for."""
    asked = request.args.get("shown", "")
    return min(int(asked), MOST) if asked.isascii() and asked.isdigit() and len(asked) < 6 else FIRST


def _earlier(page: TicketPage) -> str | None:
    if not page.timeline.earlier or _shown() >= MOST:
        return None
    return url_for("tickets.show", number=page.ticket.number, shown=_shown() + 2 * FIRST, _anchor="timeline")


def _panel(page: TicketPage, book: RuleBook, refused: Refused | None, may: Mapping[str, bool]) -> dict[str, Any]:
    """Which panel is open: the one that was turned down, else the one in the address.

    None, if what it does can't be done here any more; what was written into it is given back all the same.
    """
    asked = request.args.get("panel", "") if refused is None else refused.panel
    panel = asked if asked in PANELS and may[PANELS[asked]] else ""
    if refused is None:
        nothing = {"panel_error": "", "panel_values": {}, "panel_crossed": crossed.NOTHING, "panel_texts": []}
        return {"panel": panel, **nothing}
    values: dict[str, Any] = refused.typed.to_dict()
    shares = zip(refused.typed.getlist("party"), refused.typed.getlist("percent"), strict=False)
    values["shares"] = [{"party": party, "percent": percent} for party, percent in shares]
    return {
        "panel": panel,
        "panel_error": refused.why,
        "panel_texts": [text for name in FREE_TEXT if not panel and (text := refused.typed.get(name, ""))],
        "panel_values": values,
        "panel_crossed": _crossed(page, book, refused.version, panel or refused.panel, refused.typed),
    }


def _crossed(
    page: TicketPage, book: RuleBook, version: int | None, panel: str = "", typed: Mapping[str, str] | None = None
) -> crossed.Crossed:
    """What changed the ticket after the version that a form was made on, beside what was typed into the panel."""
    if version is None or version >= page.ticket.version:
        return crossed.NOTHING
    return crossed.crossed(changes_since(page.ticket.id, max(version, 0)), page.names, book, panel, typed)


def _composer(desk: Desk, typed: Typed | None, said: Suggested | None) -> dict[str, Any]:
    page, book, stale = desk.page, desk.book, None
    if typed is None:
        typed = _begun(page, desk.actor) or _inserted(said)
    elif typed.overtaken:
        stale = {
            "crossed": _crossed(page, book, typed.version, "compose", {"status": typed.status}),
            "messages": [
                {"author": _who_said(entry, page), "at": entry.at, "text": entry.text}
                for entry in page.timeline.entries
                if _is_unseen(entry, typed, desk.actor)
            ],
        }
    return {
        "composer": typed,
        "suggested_first": said.best[0][1].template if said and said.best else None,
        "staged": _staged(desk, typed, said),
        "stale": stale,
        "last_message_id": page.ticket.last_message_id,
        "last_reply_id": page.ticket.last_reply_id,
        "statuses_after": presenting.statuses(page),
    }


def _is_unseen(entry: Entry, typed: Typed, actor: Actor) -> bool:
    """Said by the customer, or by a colleague to him, after what the composer was opened on."""
    if entry.direction == "in":
        return entry.id > typed.last_message_id
    by_another = entry.direction == "out" and entry.author_id != actor.id and entry.state != "taken_back"
    return by_another and entry.id > typed.last_reply_id


def _who_said(entry: Entry, page: TicketPage) -> str:
    if entry.direction == "in":
        return page.customer.name if page.customer else ""
    return (page.names.name(entry.author_id) if entry.author_id else None) or ""


def _staged(desk: Desk, typed: Typed, said: Suggested | None) -> list[dict[str, Any]]:
    """What the template in the composer stages, ticked as it was sent."""
    if said is None or not typed.template_id:
        return []
    wanted = typed.template_id, typed.template_version
    here = next((one for one in said.templates if (one.code, one.version) == wanted), None)
    template = here or template_version(*wanted, desk.actor)
    return staged.rows(template, desk, typed.kept) if template else []


def _begun(page: TicketPage, actor: Actor) -> Typed | None:
    """What the person began to write here, unless he asks for a template now."""
    if "template" in request.args or not actor.may(Permission.TICKETS_WORK):
        return None
    found = page.ticket.draft
    return Typed(mode=found.mode, text=found.text, restored=True) if found else None


def _inserted(said: Suggested | None) -> Typed:
    """An empty composer, or one with the template of the address: inserting works without script, too."""
    code = request.args.get("template", "")
    filled = next((one for one in said.everything() if one.template.code == code), None) if said and code else None
    if filled is None:
        return Typed()
    return Typed(
        text=filled.text,
        status=filled.template.set_status or "",
        solution=filled.template.marks_solution,
        template_id=filled.template.code,
        template_title=label(filled.template.title),
        template_version=filled.template.version,
        rank=request.args.get("rank", "")[:1],
        unresolved=filled.missing,
    )
