"""The ticket page's main column as the templates take it: head, clocks, story, panels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from helpdesk.domain.access import (
    Actor,
    Permission,
    may_answer,
    may_assign,
    may_hand_over,
    may_note,
    may_reply,
    may_transfer,
    may_withdraw,
    may_work,
)
from helpdesk.domain.decisions import Candidate, Decision, Span, second_problem
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import (
    ACTIVE,
    PARTY_REQUIRED,
    TAKE_BACK_SECONDS,
    WORKED_ON,
    Outcome,
    Party,
    Status,
    legal_moves,
)
from helpdesk.queries.channels import Way, ways
from helpdesk.queries.directory import Directory, staff
from helpdesk.queries.ticket_page import DecisionView, TicketPage
from helpdesk.queries.ticket_related import Related
from helpdesk.queries.ticket_timeline import Entry
from helpdesk.web.filters import address
from helpdesk.web.tickets import story
from helpdesk.wording import label, party_label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.explanations import step_text
from helpdesk.wording.notices import failure_text
from helpdesk.wording.story import line_text

DONE_BY_CUSTOMERS = ("ticket.nudged", "ticket.reopened", "ticket.continued", "ticket.confirmed")
"""Whoever wrote these down didn't do them."""

ON_THE_WAY = ("queued", "failed")
"""States of a reply whose delivery is worth a look."""

OF_PEOPLE = ("ticket.owner", "ticket.assignee", "assist.assigned")
"""What changed from one person to another."""

ABOUT_ANOTHER = (
    *("ticket.merged", "ticket.merged_in", "ticket.parted"),
    *("ticket.split", "ticket.split_off", "ticket.rejoined", "ticket.gone_back"),
    *("ticket.continued", "ticket.linked", "ticket.unlinked"),
)
"""They name another ticket, by ``number``."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event whose ids have been replaced by names."""

    code: str
    params: Mapping[str, Any]


def rights(page: TicketPage, actor: Actor) -> dict[str, bool]:
    """What this person may do here now. Ended tickets are neither worked on nor answered, only noted upon.

    Of a merged one even that is done where its matter goes on; ``copy`` what still waits to be carried over.
    """
    standing, active = page.standing, page.ticket.status in ACTIVE
    works, goes_on = may_work(actor, standing), page.ticket.status is not Status.MERGED
    return {
        "work": works and active,
        "mark": works and goes_on,
        "note": may_note(actor, standing) and goes_on,
        "reply": may_reply(actor, standing) and active,
        "record": may_reply(actor, standing) and goes_on,
        "copy": may_reply(actor, standing),
        "assign": may_assign(actor, standing) and active,
        "transfer": may_transfer(actor, standing) and active,
        "owner": may_hand_over(actor, standing) and active,
        "answer": any(may_answer(actor, one.queue_id) for one in page.assists),
        "withdraw": any(may_withdraw(actor, standing, asked_by=one.asked_by_id) for one in page.assists),
        "claim": works and active and page.ticket.assignee_id is None and page.ticket.queue_id in actor.queues,
        "merge": works and active and bool(merge_targets(page, actor)),
        "split": works and active and sum(entry.direction == "in" for entry in page.timeline.entries) > 1,
        "link": works and goes_on,
        "second": works and active and actor.may(Permission.TICKETS_CREATE),
        "reveal": works and actor.may(Permission.CUSTOMERS_REVEAL),
    }


def merge_targets(page: TicketPage, actor: Actor) -> list[Related]:
    """The tickets that this one could be merged into, those of its own order first."""
    open_to_him = [one for one in page.related if one.status in ACTIVE and may_work(actor, one.standing)]
    return sorted(open_to_him, key=lambda one: not one.same_order)


def ticket(page: TicketPage, book: RuleBook) -> dict[str, Any]:
    row, names = page.ticket, page.names
    owner = names.name(row.owner_id)
    queue = names.queues[row.queue_id]
    return {
        "number": row.number,
        "klass": row.klass,
        "type_code": row.type,
        "type_name": type_name(row.type, book),
        "subject": row.subject,
        "status": row.status.value,
        "pending_on": _awaited(row.pending_on, names),
        "priority": row.priority,
        "urgency": row.urgency,
        "nudges": row.nudges,
        "unconfirmed": row.unconfirmed,
        "version": row.version,
        "queue_name": label(queue.name),
        "queue_code": queue.code,
        "owner": {"id": row.owner_id, "name": owner, "initial": owner[:1]} if owner else None,
        "hands": names.name(row.assignee_id),
        "owner_has_it": row.owner_id is not None and row.owner_id == row.assignee_id,
        "channel": label(row.channel),
        "shop": row.shop,
        "created_at": row.created_at,
        "cycle": row.cycle,
        "outcome": row.outcome,
        "resolved_at": row.resolved_at,
        "tags": [{"name": tag.name, "colour": tag.colour, "url": tagged(tag.name)} for tag in row.tags],
        "vip": page.customer is not None and page.customer.vip is not None,
        "responsibility": page.responsibility,
        "linked": {"number": row.follows, "url": url_for("tickets.show", number=row.follows)} if row.follows else None,
        "merged_into": row.merged_into,
    }


def tagged(tag: str) -> str:
    """Where the tickets with this tag are listed."""
    return address("tickets.index", tag=tag)


def type_name(code: str, book: RuleBook) -> str:
    """The name in the rules in force; a type they have dropped shows its code."""
    return label(book.types[code].name) if code in book.types else code


def _awaited(code: str | None, names: Directory) -> str:
    """Whom a ticket waits for: a queue or a party."""
    if code is None:
        return ""
    queue = next((queue for queue in names.queues.values() if queue.code == code), None)
    return label(queue.name) if queue else party_label(code)


def clocks(page: TicketPage) -> list[dict[str, Any]]:
    shown = []
    for clock in page.clocks:
        queue = page.names.queues.get(clock.queue_id or 0)
        shown.append(
            {
                **{name: getattr(clock, name) for name in clock.__slots__},
                "queue_name": label(queue.name) if queue else "",
                "rule_name": label(clock.rule) if clock.rule else "",
                "steps": [step_text(step) for step in clock.steps],
            }
        )
    return shown


def decision(found: DecisionView, page: TicketPage, book: RuleBook) -> dict[str, Any]:
    shown = _decision(
        found.type, found.tier, found.score, found.rule_version, found.text, found.spans, found.runners_up, book
    )
    second = second_problem(page.ticket.type, found.runners_up)
    return {
        **shown,
        "queue_name": _awaited(shown["queue_code"] or None, page.names),
        "second": {"code": second.type, "name": type_name(second.type, book)}
        if second and second.type in book.types
        else None,
    }


def previewed(found: Decision, text: str, book: RuleBook) -> dict[str, Any]:
    """The same of a decision that has not been stored."""
    return _decision(found.type, found.tier, found.score, book.version, text, found.spans, found.runners_up, book)


def _decision(
    type_code: str,
    tier: str,
    score: float,
    version: int,
    text: str,
    spans: Iterable[Span],
    runners_up: Iterable[Candidate],
    book: RuleBook,
) -> dict[str, Any]:
    kind = book.types.get(type_code)
    words = {(text[span.start : span.end], span.how, span.type): None for span in spans}
    return {
        "type_code": type_code,
        "type_name": type_name(type_code, book),
        "klass": kind.klass.value if kind else "",
        "queue_code": kind.queue if kind else "",
        "tier": tier,
        "score": score * 100,
        "version": version,
        "words": [{"text": said, "how": how, "type_name": type_name(code, book)} for said, how, code in words],
        "runners_up": [
            {
                "code": one.type,
                "name": type_name(one.type, book),
                "klass": book.types[one.type].klass.value,
                "score": one.score * 100,
            }
            for one in runners_up
            if one.type in book.types
        ],
    }


def timeline(
    page: TicketPage, book: RuleBook, may: Mapping[str, bool], actor: Actor, now: datetime
) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    on_the_way = ON_THE_WAY if page.ticket.sends else ("failed",)
    fare = ways([entry.id for entry in page.timeline.entries if entry.state in on_the_way])
    for one in story.told(page.timeline.entries):
        if isinstance(one, story.Line):
            shown.append(_line(one, page.names, book))
        elif isinstance(one, story.Reminders):
            lines = [_line(story.Line((event,)), page.names, book) for event in one.events]
            shown.append({"kind": "reminders", "at": one.events[-1].at, "lines": lines})
        else:
            shown.append(_entry(one, page, book, may, actor, now, fare.get(one.id)))
    return shown


def _run(event: Entry) -> str:
    """The deed on many tickets that this event was a part of, by its number."""
    kind, _colon, run = (event.source or "").partition(":")
    return run if kind == "bulk" else ""


def _line(line: story.Line, names: Directory, book: RuleBook) -> dict[str, Any]:
    """``author`` did it; ``by`` wrote it down: the system, or a person who heard it from the customer."""
    first = line.events[0]
    by = who_did(first, names) or ""
    person = None if first.author_id is None else names.people.get(first.author_id)
    author = by if person and not person.system and first.code not in DONE_BY_CUSTOMERS else ""
    others = (event.params.get("number") for event in line.events if event.code in ABOUT_ANOTHER)
    return {
        "kind": "event",
        "at": first.at,
        "author": author,
        "by": "" if author else by,
        "run": _run(first),
        "text": line_text((happened(event, names, book) for event in line.events), after_name=bool(author)),
        "icon": "alarm" if story.is_breach(first) else story.ICONS.get(first.code or "", "bolt"),
        "breach": story.is_breach(first),
        "about": next(others, None),
    }


def _entry(
    entry: Entry,
    page: TicketPage,
    book: RuleBook,
    may: Mapping[str, bool],
    actor: Actor,
    now: datetime,
    way: Way | None,
) -> dict[str, Any]:
    author = who_did(entry, page.names)
    shown: dict[str, Any] = {"id": entry.id, "at": entry.at, "text": entry.text}
    if entry.kind == "note":
        return {**shown, "kind": "note", "author": author or _("系统"), "initial": (author or _("系统"))[:1]}
    if entry.direction == "in":
        name = (page.customer.name if page.customer else "") or _("客户")
        lit = page.decision if page.decision and page.decision.message_id == entry.id else None
        segments = list(lit_segments(entry.text or "", lit.spans, book)) if lit else None
        channel = label(page.ticket.channel)
        return {**shown, "kind": "in", "author": name, "initial": name[:1], "channel": channel, "segments": segments}
    until = entry.created_at + timedelta(seconds=TAKE_BACK_SECONDS)
    queued = entry.state == "queued"
    return {
        **shown,
        "kind": "out",
        "author": author or _("自动回复"),
        "initial": (author or _("自动回复"))[:1],
        "state": entry.state,
        "marks_solution": entry.is_solution,
        "can_take_back": queued and entry.author_id == actor.id and may["reply"] and now < until,
        "take_back_until": until,
        "error": failure_text(way.error) if way is not None and way.error else "",
        "next_try_at": way.next_try_at if way is not None and way.tries and queued else None,
        "can_try_again": may["copy"] and page.ticket.sends and way is not None and way.state == "dead",
        "can_mark_copied": may["copy"] and ((queued and not page.ticket.sends) or entry.state == "failed"),
    }


def lit_segments(text: str, spans: Iterable[Span], book: RuleBook) -> Iterator[dict[str, Any]]:
    """The text in pieces, those lit that the decision stands on; of overlapping ones the first, longest."""
    read = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if span.start < read or span.end > len(text):
            continue
        if read < span.start:
            yield {"text": text[read : span.start], "lit": False}
        why = _("“%(word)s”指向%(type)s", word=span.word, type=type_name(span.type, book))
        yield {"text": text[span.start : span.end], "lit": True, "why": why}
        read = span.end
    if read < len(text):
        yield {"text": text[read:], "lit": False}


def happened(entry: Entry, names: Directory, book: RuleBook) -> Happened:
    """The event with names in place of ids and codes."""
    queues = {queue.code: label(queue.name) for queue in names.queues.values()}

    def shown(name: str, value: Any) -> Any:
        if entry.code == "ticket.queue" and name in {"from", "to"}:
            return label(names.queues[value].name) if value in names.queues else value
        if (entry.code in OF_PEOPLE and name in {"from", "to"}) or name == "owner":
            return names.name(value)
        if (entry.code == "ticket.type" and name in {"from", "to"}) or name == "type":
            return type_name(str(value), book)
        if name == "queue":
            return queues.get(value, value)
        if name == "clock" and (rule := book.platform_rule(entry.params.get("rule", ""))) is not None:
            return label(rule.name)
        if entry.code == "ticket.pending_on" and value is not None:
            return queues.get(value) or party_label(value)
        if name == "shares" and isinstance(value, dict):
            return _("，").join(f"{party_label(party)} {percent}%" for party, percent in value.items())
        return value

    return Happened(story.phrase_code(entry), {name: shown(name, value) for name, value in entry.params.items()})


def who_did(entry: Entry, names: Directory) -> str | None:
    """Who did it; jobs and imports in the reader's language."""
    person = None if entry.author_id is None else names.people.get(entry.author_id)
    return None if person is None else _("系统") if person.system else person.name


def change_lines(entries: Iterable[Entry], names: Directory, book: RuleBook) -> list[str]:
    """What changed meanwhile, a line for each moment: for a form that was overtaken. Only events change a ticket."""
    lines = []
    for line in story.told(entries):
        if isinstance(line, story.Line):
            shown = _line(line, names, book)
            text, author = shown["text"], shown["author"]
            lines.append(_("%(who)s：%(what)s", who=author, what=text) if author else text)
    return lines


def assists(page: TicketPage, actor: Actor) -> list[dict[str, Any]]:
    """Open questions to other queues, and what this person may do about each."""
    names = page.names
    return [
        {
            "id": one.id,
            "queue_name": label(names.queues[one.queue_id].name),
            "party": one.party,
            "question": one.question,
            "asked_by": names.name(one.asked_by_id) or "",
            "asked_at": one.asked_at,
            "hands": names.name(one.assignee_id) or "",
            "may_answer": may_answer(actor, one.queue_id),
            "may_claim": may_answer(actor, one.queue_id) and one.assignee_id is None,
            "may_withdraw": may_withdraw(actor, page.standing, asked_by=one.asked_by_id),
        }
        for one in page.assists
    ]


def statuses(page: TicketPage) -> list[str]:
    """The statuses that can be chosen from here; resolving has its own panel."""
    return [status.value for status in legal_moves(page.ticket.status) if status in WORKED_ON]


def panels(page: TicketPage, book: RuleBook) -> dict[str, Any]:
    """What the panels offer to choose from."""
    row, names = page.ticket, page.names
    people = staff(row.queue_id)
    queues = {queue.code: label(queue.name) for queue in names.queues.values()}
    here = label(names.queues[row.queue_id].name)
    return {
        "types": [
            {
                "code": kind.code,
                "name": label(kind.name),
                "klass": kind.klass.value,
                "queue_name": queues.get(kind.queue, kind.queue),
            }
            for kind in book.types.values()
            if not kind.system
        ],
        "queues": [{"code": queue.code, "name": label(queue.name)} for queue in names.queues.values() if queue.active],
        "people": [
            {
                "id": one.id,
                "name": one.name,
                "open_count": one.in_hand,
                "queue_names": here,
            }
            for one in people.members()
        ],
        "outcomes": [outcome.value for outcome in Outcome],
        "parties": [party.value for party in Party],
        "party_required": row.klass in PARTY_REQUIRED,
        "statuses": statuses(page),
        "answering": [{"id": one.id, "name": one.name} for one in people.answering() if one.id != row.owner_id],
    }
