"""What somebody did at one moment, as one line of the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from helpdesk.wording.catalog import gettext
from helpdesk.wording.events import EVENTS, Happened, words
from helpdesk.wording.labels import N_, small

PHRASES: Mapping[str, str] = {
    "ticket.assignee.taken": N_("接手"),
    "ticket.assignee.taken_over": N_("从%(from)s手上接过"),
    "ticket.assignee.left": N_("不再经手"),
    "ticket.assignee.given": N_("分派给%(to)s"),
    "ticket.assignee.handed": N_("自动分派给%(to)s（%(why)s）"),
    "ticket.assignee.moved": N_("自动改派：%(from)s → %(to)s（%(why)s）"),
    "ticket.assignee.freed": N_("自动收回，待人接手（%(why)s）"),
    "assist.assigned.taken": N_("接手%(queue)s的协助请求"),
    "assist.assigned.taken_over": N_("从%(from)s手上接过%(queue)s的协助请求"),
    "assist.assigned.left": N_("把%(queue)s的协助请求放回队列"),
    "assist.assigned.given": N_("把%(queue)s的协助请求交给%(to)s"),
    "assist.assigned.handed": N_("%(queue)s的协助请求自动交给%(to)s（%(why)s）"),
    "assist.assigned.moved": N_("%(queue)s的协助请求自动改派：%(from)s → %(to)s（%(why)s）"),
    "assist.assigned.freed": N_("%(queue)s的协助请求放回队列（%(why)s）"),
    "ticket.owner.taken": N_("成为负责人"),
    "ticket.owner.taken_over": N_("接替%(from)s成为负责人"),
    "ticket.owner.left": N_("不再负责"),
    "ticket.owner.given": N_("负责人定为%(to)s"),
    "sla.breach": N_("%(clock)s已超时"),
    "sla.before": N_("%(clock)s还剩 %(offset_seconds)s"),
    "sla.after": N_("%(clock)s已超时 %(offset_seconds)s"),
}
"""Events that a line words more closely: who stands before it needn't be named in it again."""


def line_text(events: Iterable[Happened], *, after_name: bool) -> str:
    """The events in one sentence, without its full stop; ``after_name``: the doer's name stands before it."""
    line = gettext("，").join(small(_phrase(event)) for event in events)
    return line if after_name else line[:1].upper() + line[1:]


def _phrase(event: Happened) -> str:
    return words(event, PHRASES if event.code in PHRASES else EVENTS)
