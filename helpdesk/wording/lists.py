"""Lists of tickets in words: their columns, their orders, the views that everybody has, and what stands in a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from helpdesk.adapters.sheets import Money
from helpdesk.domain.ticket_filter import ME, NOBODY, Tab
from helpdesk.domain.views import Column, ListView, Sort
from helpdesk.queries.ticket_cells import TicketCells
from helpdesk.queries.ticket_list import TicketRow
from helpdesk.wording.catalog import gettext
from helpdesk.wording.clock_words import ClockWords
from helpdesk.wording.labels import N_, label, outcome_label, status_label

Cell: TypeAlias = str | int | datetime | Money | None
"""``datetime`` is an instant (UTC)."""

COLUMNS: Mapping[Column, str] = {
    Column.SUBJECT: N_("主题"),
    Column.NUMBER: N_("编号"),
    Column.CLASS: N_("类别"),
    Column.TYPE: N_("类型"),
    Column.STATUS: N_("状态"),
    Column.PRIORITY: N_("优先级"),
    Column.QUEUE: N_("队列"),
    Column.OWNER: N_("负责人"),
    Column.ASSIGNEE: N_("处理人"),
    Column.CHANNEL: N_("渠道"),
    Column.SHOP: N_("店铺"),
    Column.ORDER: N_("订单号"),
    Column.PAID: N_("实付"),
    Column.CUSTOMER: N_("客户"),
    Column.PHONE: N_("手机"),
    Column.CREATED: N_("创建时间"),
    Column.LAST_MESSAGE: N_("客户最近消息"),
    Column.CLOCK: N_("时限"),
    Column.DEADLINE: N_("到期时间"),
    Column.URGENCY: N_("紧急度"),
    Column.NUDGES: N_("催单次数"),
    Column.COMPENSATION: N_("已许补偿"),
    Column.TAGS: N_("标签"),
    Column.OUTCOME: N_("处理结果"),
    Column.RESOLVED: N_("解决时间"),
    Column.FILES: N_("附件"),
}
SORTS: Mapping[Sort, str] = {
    Sort.DUE: N_("最先到期的在前"),
    Sort.CREATED_LAST: N_("最新创建的在前"),
    Sort.CREATED: N_("最早创建的在前"),
    Sort.MESSAGE_LAST: N_("客户刚来消息的在前"),
    Sort.MESSAGE: N_("客户最久没消息的在前"),
    Sort.PRIORITY: N_("优先级高的在前"),
}
VIEWS: Mapping[str, str] = {
    "mine": N_("我的待办"),
    "today": N_("今天到期"),
    "waiting": N_("等客户超过 3 天"),
    "approval": N_("待审批"),
    "urgent": N_("高优先级"),
    "unsure": N_("未确认类型"),
}


MARKS: Mapping[str, str] = {
    "overdue": N_("已超时"),
    "soon": N_("一小时内到期"),
    "today": N_("今天到期"),
    "stuck": N_("等待过久"),
    "unconfirmed": N_("未确认类型"),
    "vip": N_("VIP 客户"),
}
"""What a filter asks by yes or no."""

TABS: Mapping[Tab, str] = {
    Tab.MINE: N_("待我处理"),
    Tab.UNASSIGNED: N_("未分派"),
    Tab.PENDING_CUSTOMER: N_("待客户"),
    Tab.ASSISTS: N_("协助"),
}
OWNERS: Mapping[str, str] = {ME: N_("我"), NOBODY: N_("未分派")}


def list_text(shown: ListView, names: Mapping[str, Mapping[str, str]]) -> str:
    """Which tickets a list shows and in which order, in a line. ``names``: of codes, by the field they stand in."""
    chosen = shown.chosen
    told = [gettext(TABS[shown.tab])] if shown.tab in TABS else []
    if chosen.status:
        told.append(status_label(chosen.status))
    told += [chosen.klass.value] if chosen.klass else []
    told += [chosen.priority.value] if chosen.priority else []
    for field in ("type", "queue", "channel", "shop"):
        code = getattr(chosen, field)
        told += [names.get(field, {}).get(code, code)] if code else []
    if chosen.owner:
        who = gettext(OWNERS[chosen.owner]) if chosen.owner in OWNERS else names.get("owner", {}).get(chosen.owner, "–")
        told.append(gettext("负责人：%(who)s", who=who))
    told += [gettext(text) for name, text in MARKS.items() if getattr(chosen, name)]
    if chosen.tag:
        told.append(gettext("标签：%(tag)s", tag=chosen.tag))
    if chosen.waiting:
        told.append(gettext("等待超过 %(days)s 天", days=chosen.waiting))
    if chosen.q:
        told.append(gettext("搜索“%(words)s”", words=chosen.q))
    which = gettext("、").join(told) or gettext("全部待办")
    return gettext("%(which)s；%(order)s", which=which, order=sort_label(shown.order))


def column_label(column: Column) -> str:
    return gettext(COLUMNS[column])


def sort_label(sort: Sort) -> str:
    return gettext(SORTS[sort])


def view_label(code: str) -> str:
    """Of a view that everybody has."""
    return gettext(VIEWS[code])


class CellWords:
    """What stands in the cells of a list, in the language of the request that made it."""

    def __init__(self, now: datetime, type_names: Mapping[str, str]) -> None:
        self._clocks, self._types = ClockWords(now), type_names
        self._unsure, self._between = gettext("，待确认"), gettext("、")

    def cells(self, columns: Sequence[Column], row: TicketRow, more: TicketCells) -> list[Cell]:
        return [self.cell(column, row, more) for column in columns]

    def cell(self, column: Column, row: TicketRow, more: TicketCells) -> Cell:
        """The cell as a plain value: the screen draws it, a file writes it."""
        match column:
            case Column.CLASS:
                return row.klass
            case Column.TYPE:
                return self._types.get(row.type, row.type) + (self._unsure if row.unconfirmed else "")
            case Column.STATUS:
                return status_label(row.status)
            case Column.CLOCK:
                timed = row.clock is not None and row.clock.state != "none"
                return self._clocks.text(row.clock) if timed else self._clocks.untimed
            case Column.CHANNEL:
                return label(row.channel)
            case Column.PAID:
                return None if row.paid_fen is None else Money(row.paid_fen)
            case _:
                return self._beside(column, row, more)

    def _beside(self, column: Column, row: TicketRow, more: TicketCells) -> Cell:
        match column:
            case Column.QUEUE:
                return label(more.queue)
            case Column.COMPENSATION:
                return Money(more.compensation_fen) if more.compensation_fen else None
            case Column.FILES:
                return more.files or None
            case Column.TAGS:
                return self._between.join(more.tags)
            case Column.OUTCOME:
                return outcome_label(more.outcome) if more.outcome else None
            case _:
                found: Cell = getattr(more if column in _MORE else row, _FIELDS.get(column, column.value))
                return found


_MORE = frozenset({Column.OWNER, Column.SHOP, Column.PHONE, Column.LAST_MESSAGE, Column.DEADLINE, Column.RESOLVED})
_FIELDS = {Column.ASSIGNEE: "hands", Column.ORDER: "order_number", Column.CREATED: "created_at"}
