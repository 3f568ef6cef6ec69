"""Deeds on many tickets in words: what is done, what became of it, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk.wording.catalog import gettext
from helpdesk.wording.labels import N_, status_label
from helpdesk.wording.problems import text_of

KINDS: Mapping[str, str] = {
    "type": N_("更正类型"),
    "transfer": N_("转队列"),
    "assign": N_("指派经手人"),
    "owner": N_("换负责人"),
    "priority": N_("改优先级"),
    "status": N_("改状态"),
    "resolve": N_("解决"),
    "tag": N_("加标签"),
    "untag": N_("去标签"),
    "note": N_("写备注"),
}
RUN_STATES: Mapping[str, str] = {
    "draft": N_("还没有开始"),
    "waiting": N_("进行中"),
    "done": N_("已完成"),
    "cancelled": N_("已停下"),
    "undoing": N_("撤销中"),
    "undone": N_("已撤销"),
}
ROW_STATES: Mapping[str, str] = {
    "waiting": N_("等着做"),
    "unchanged": N_("本来就是这样"),
    "refused": N_("没有做"),
    "done": N_("已改"),
    "skipped": N_("停下时还没轮到"),
    "undone": N_("已撤销"),
    "kept": N_("没有撤销"),
}
REASONS: Mapping[str, str] = {
    "ticket.stale": N_("预演之后被别人改过，没有覆盖"),
    "ticket.not_found": N_("看不到了"),
    "ticket.not_yours": N_("不在你的队列里，也不由你负责"),
    "ticket.not_active": N_("已经是“%(status)s”，不能再这样改"),
    "ticket.may_not_assign": N_("你不能分派"),
    "ticket.may_not_transfer": N_("你不能转交"),
    "ticket.may_not_note": N_("你不能写备注"),
    "operation.moved_on": N_("之后又有别的改动，保持现状"),
}
"""Of many tickets at once: without the number that stands beside it."""


def kind_label(code: str) -> str:
    return gettext(KINDS.get(code, code))


def run_state_label(code: str) -> str:
    return gettext(RUN_STATES[code])


def row_state_label(code: str) -> str:
    return gettext(ROW_STATES[code])


def reason_text(code: str | None, params: Mapping[str, Any]) -> str:
    """Why a row was not done, the same words for all rows with the same reason; empty for one without."""
    if code is None:
        return ""
    if code in REASONS:
        known = {"status": status_label(str(params.get("status", "")))} if "status" in params else {}
        return gettext(REASONS[code], **known) if known else gettext(REASONS[code])
    return text_of(code, params)
