"""The rules about time at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template, url_for

from helpdesk.domain.access import Permission
from helpdesk.domain.escalation import PlatformRule, Stage
from helpdesk.domain.rulebook import Label, RuleBook
from helpdesk.domain.tickets import Status
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import escalation as queries
from helpdesk.queries.escalation import RuledQueue
from helpdesk.services import escalation as services
from helpdesk.web.access import current_actor, needs
from helpdesk.web.escalation import escalation
from helpdesk.web.escalation.pauses import SHORT, longest
from helpdesk.web.navigation import class_and_icon
from helpdesk.wording import duration, label, status_label
from helpdesk.wording.escalation import met_by_label, stage_deeds, stage_when, starts_label, step_label


@escalation.get("/escalation")
@needs(Permission.BOARD_READ)
def index() -> str:
    actor, book = current_actor(), published_rulebook()
    queues, channels = queries.ruled_queues(actor), queries.channel_names()
    by_default = [label(queue.name) for queue in queues if queue.code not in book.queue_stages]
    return render_template(
        "escalation/index.html",
        version=book.version,
        since=queries.in_force_since(),
        changes=queries.last_changes(),
        sets_house=services.sets_house(actor),
        house=_lines(book.stages),
        by_default=by_default,
        queues=[_queue(queue, book) for queue in queues],
        waits=[_wait(name, status, book) for name, status in SHORT.items()],
        platforms=[_platform(rule, book, channels) for rule in book.platform_rules],
    )


def _queue(queue: RuledQueue, book: RuleBook) -> dict[str, Any]:
    own = queue.code in book.queue_stages
    klass, symbol = class_and_icon(queue.code)
    return {
        "code": queue.code,
        "name": label(queue.name),
        "klass": klass,
        "icon": symbol,
        "own": own,
        "stages": _lines(book.queue_stages[queue.code]) if own else [],
        "can_edit": services.sets_queue(current_actor(), queue.id),
        "url": url_for("escalation.queue", queue_id=queue.id),
    }


def _lines(stages: tuple[Stage, ...]) -> list[Mapping[str, str]]:
    return [{"when": stage_when(stage), "deeds": stage_deeds(stage)} for stage in stages]


def _wait(name: str, status: Status, book: RuleBook) -> dict[str, Any]:
    steps = services.steps_of(book, status)
    return {
        "name": status_label(status),
        "code": name,
        "longest": longest(steps),
        "steps": [
            {
                "when": duration(step.after_seconds),
                "deed": step_label(step.action),
                "text": label(step.text) if step.text else "",
            }
            for step in steps
        ],
        "url": url_for("escalation.pauses", waiting=name),
    }


def _platform(rule: PlatformRule, book: RuleBook, names: Mapping[str, Label]) -> dict[str, Any]:
    return {
        "name": label(rule.name),
        "channels": [label(names[code]) if code in names else code for code in rule.channels],
        "types": [label(book.types[code].name) for code in rule.types],
        "starts": starts_label(rule.starts),
        "time": duration(rule.seconds),
        "met_by": met_by_label(rule.met_by),
        "url": url_for("escalation.platform_rule", code=rule.code),
    }
