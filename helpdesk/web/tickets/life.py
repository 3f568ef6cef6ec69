"""The ticket page's life-line: whose time it was as a bar, a legend and a table, and who was late; the present wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from helpdesk.domain.clocks import Kind
from helpdesk.domain.lifeline import (
    APPROVAL,
    BEFORE,
    CLOSED,
    CUSTOMER,
    RESOLVED,
    Attribution,
    QueueUse,
    Segment,
    seconds_by_who,
)
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import Status
from helpdesk.queries.pauses import REMINDER, NextStep, OpenPause
from helpdesk.queries.ticket_clocks import ClockView
from helpdesk.queries.ticket_life import blame, end_of_life, life, queue_uses
from helpdesk.queries.ticket_page import TicketPage
from helpdesk.wording import clock_label, duration, label, party_label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.labels import pause_action_label

WIDTH = 1000
"""Of the bar in its own units."""

HAIR = 3
"""Anything narrower is drawn with what comes after it; legend and table have it all the same."""

MOST_ROWS = 100
MINUTE = 60

NOT_QUEUES = (CUSTOMER, APPROVAL, CLOSED, RESOLVED)


def lifeline(page: TicketPage, book: RuleBook, now: datetime) -> dict[str, Any] | None:
    """The line up to now, or to the resolve; None where there is nothing to tell yet."""
    head = page.ticket
    end = end_of_life(head.status, head.resolved_at, page.records, now)
    segments = life(head.created_at, end, page.records)
    if not segments:
        return None
    kinds, names = _kinds(book), _names(page)
    spent = [(who, seconds) for who, seconds in seconds_by_who(segments).items() if who != RESOLVED]
    spent.sort(key=lambda one: (one[0] in NOT_QUEUES, -one[1]))
    return {
        "start": segments[0].start,
        "end": None if end == now else end,
        "bar": [
            {"kind": kinds.get(segment.who, "other"), "x": x, "width": width, "title": _told(segment, names)}
            for x, width, segment in _bar(segments)
        ],
        "legend": [
            {"kind": kinds.get(who, "other"), "name": names.get(who, who), "seconds": seconds} for who, seconds in spent
        ],
        "summary": _("，").join(f"{names.get(who, who)} {duration(seconds)}" for who, seconds in spent),
        "rows": [_row(segment, kinds, names) for segment in segments[-MOST_ROWS:]],
        "left_out": max(0, len(segments) - MOST_ROWS),
        "late": [late for clock in page.clocks if (late := _late(clock, page, segments, book, now)) is not None],
    }


def wait(page: TicketPage, now: datetime) -> dict[str, Any] | None:
    """Whom the ticket waits for, how long already, and what the rules do next; None while it waits for nobody."""
    pause = page.records.pause
    if pause is None:
        return None
    return {
        "whom": _awaited(pause, page),
        "since": pause.since,
        "seconds": int((now - pause.since).total_seconds()),
        "steps": [{"at": step.due_at, "text": _step(step)} for step in pause.steps],
    }


def _awaited(pause: OpenPause, page: TicketPage) -> str:
    if pause.status is Status.PENDING_CUSTOMER:
        return _("等客户")
    if pause.status is Status.PENDING_APPROVAL:
        return _("等审批")
    return _("等%(whom)s", whom=_whom(pause.pending_on, page)) if pause.pending_on else _("等内部答复")


def _whom(code: str, page: TicketPage) -> str:
    return _queue_names(page).get(code) or party_label(code)


def _step(step: NextStep) -> str:
    return _("第 %(n)s 次提醒客户", n=step.place) if step.action == REMINDER else pause_action_label(step.action)


def _kinds(book: RuleBook) -> dict[str, str]:
    """How each is coloured: queues by the class whose tickets they work on."""
    queues = {kind.queue: kind.klass.value.lower() for kind in book.types.values()}
    return queues | {who: who for who in NOT_QUEUES}


def _queue_names(page: TicketPage) -> dict[str, str]:
    return {queue.code: label(queue.name) for queue in page.names.queues.values()}


def _names(page: TicketPage) -> dict[str, str]:
    others = {
        CUSTOMER: _("等客户"),
        APPROVAL: _("等审批"),
        CLOSED: _("非工作时间"),
        RESOLVED: _("已解决"),
        BEFORE: _("建单之前"),
    }
    return _queue_names(page) | others


def _bar(segments: Sequence[Segment]) -> Iterable[tuple[float, float, Segment]]:
    """Where each drawn segment stands, and how wide it is."""
    start, whole = segments[0].start, segments[-1].end - segments[0].start
    edges = [round((segment.end - start) / whole * WIDTH, 1) for segment in segments]
    drawn: list[tuple[float, float, Segment]] = []
    cursor = 0.0
    for edge, segment in zip(edges, segments, strict=True):
        if edge - cursor >= HAIR or segment is segments[-1]:
            drawn.append((cursor, round(edge - cursor, 1), segment))
            cursor = edge
    return [one for one in drawn if one[1] > 0]


def _told(segment: Segment, names: dict[str, str]) -> str:
    return f"{names.get(segment.who, segment.who)} {duration(segment.length.total_seconds())}"


def _row(segment: Segment, kinds: dict[str, str], names: dict[str, str]) -> dict[str, Any]:
    return {
        "start": segment.start,
        "end": segment.end,
        "kind": kinds.get(segment.who, "other"),
        "name": names.get(segment.who, segment.who),
        "seconds": segment.length.total_seconds(),
    }


def _late(
    clock: ClockView, page: TicketPage, segments: Sequence[Segment], book: RuleBook, now: datetime
) -> dict[str, Any] | None:
    """A broken promise to the customer in words: by how much, and whose time it was."""
    if clock.queue_id is not None:
        return None
    uses = queue_uses(page.records, clock.cycle, now)
    answering = book.answering_queue if clock.kind == Kind.FIRST_RESPONSE else None
    found = blame(clock.counting, clock.calendar, segments, uses, now, answering=answering)
    if found.blame is None:
        return None
    names = _names(page)
    overrun = [use for use in uses if use.queue == found.blame and use.over_seconds] if answering is None else []
    parts = [
        f"{names.get(share.who, share.who)} {duration(share.over_seconds)}"
        for share in found.shares
        if share.over_seconds >= MINUTE
    ]
    return {
        "promise": _promise(clock.kind, found.over_seconds),
        "why": _overran(names.get(found.blame, found.blame), overrun) if overrun else _most(found, names),
        "shares": _("超出的时间按用时分摊：%(parts)s", parts=_("，").join(parts)) if len(parts) > 1 else "",
    }


def _promise(kind: str, over_seconds: int) -> str:
    """By how much it was broken; told apart from the clock beside it, which also counts the night since."""
    told = {"clock": clock_label(kind), "time": duration(over_seconds)}
    return _("%(clock)s超时 %(time)s", **told) if kind == Kind.PLATFORM else _("%(clock)s超出 %(time)s工时", **told)


def _most(found: Attribution, names: dict[str, str]) -> str:
    """Who used most of it, or all."""
    first = found.shares[0]
    if first.who == BEFORE:
        return _("建单之前已经过了 %(time)s", time=duration(first.seconds))
    used = {"who": names.get(first.who, first.who), "used": duration(first.seconds)}
    return _("%(who)s用了 %(used)s", **used) if len(found.shares) == 1 else _("其中%(who)s用了 %(used)s", **used)


def _overran(who: str, uses: Sequence[QueueUse]) -> str:
    """What it used in the stays in which it overran its own target."""
    used, target = sum(use.used_seconds for use in uses), sum(use.target_seconds for use in uses)
    return _("%(who)s用了 %(used)s（目标 %(target)s）", who=who, used=duration(used), target=duration(target))
