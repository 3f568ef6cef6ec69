"""The list as a table of chosen columns: heads that sort, and cells drawn from the same values as a file's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from flask import url_for
from markupsafe import Markup

from helpdesk.adapters.sheets import Money
from helpdesk.domain.ticket_filter import Tab
from helpdesk.domain.views import SORTS_OF, Column, Sort
from helpdesk.queries.clock_faces import ClockFace
from helpdesk.queries.ticket_cells import ticket_cells
from helpdesk.queries.ticket_list import TicketRow
from helpdesk.web.clock_signs import sla
from helpdesk.web.filters import money, when
from helpdesk.web.tickets.rows import Row, Rows
from helpdesk.web.tickets.where import List
from helpdesk.wording.lists import Cell, CellWords, column_label, sort_label

FIGURES = frozenset({Column.PAID, Column.COMPENSATION, Column.NUDGES, Column.URGENCY, Column.FILES})
"""Columns that are read from the right."""

DESCENDING = frozenset({Sort.CREATED_LAST, Sort.MESSAGE_LAST})


@dataclass(frozen=True, slots=True)
class Head:
    """``url`` sorts by it, another time the other way round; None where it can't. ``sorted``: as aria-sort says it."""

    code: str
    name: str
    figure: bool
    sorted: str
    url: str | None
    title: str


class Drawn(NamedTuple):
    code: str
    figure: bool
    text: Markup | str


class Line(NamedTuple):
    row: Row
    cells: list[Drawn]
    values: list[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    heads: list[Head]
    lines: list[Line]
    timed: bool  # it shows what is left of the clock

    def seen(self) -> tuple[object, ...]:
        """What a reader sees of it, without what counts down by itself."""
        clock = next((place for place, head in enumerate(self.heads) if head.code == Column.CLOCK), len(self.heads))
        return tuple((*line.values[:clock], *line.values[clock + 1 :]) for line in self.lines)


def is_asked(here: List) -> bool:
    """Questions of other queues stand in the usual rows, whatever columns were chosen."""
    return bool(here.shown.columns) and here.tab is not Tab.ASSISTS


def table(here: List, found: Sequence[TicketRow], rows: Rows, words: CellWords) -> Table:
    """The page's rows under their heads."""
    columns = here.shown.columns
    more = ticket_cells([row.id for row in found], columns)
    lines = []
    for one in found:
        row = rows.worded(one)
        values = words.cells(columns, one, more[one.id])
        cells = [
            Drawn(column.value, column in FIGURES, _drawn(column, value, row, one.clock))
            for column, value in zip(columns, values, strict=True)
        ]
        lines.append(Line(row, cells, values))
    return Table([_head(column, here) for column in columns], lines, Column.CLOCK in columns)


def _drawn(column: Column, value: Cell, row: Row, clock: ClockFace | None) -> Markup | str:
    if column is Column.CLASS:
        return row.badge
    if column is Column.CLOCK:
        return sla(clock)
    match value:
        case Money(fen):
            return money(fen)
        case datetime():
            return when(value)
        case None | 0:
            return ""
        case _:
            return str(value)


def _head(column: Column, here: List) -> Head:
    order = here.shown.order
    sorts = [sort for sort in SORTS_OF.get(column, ()) if sort in here.shown.sorts]
    is_sorted = order in sorts and (order is not Sort.DUE or here.chosen.only_active)
    following = _following(sorts, order)
    return Head(
        code=column.value,
        name=column_label(column),
        figure=column in FIGURES,
        sorted=("descending" if order in DESCENDING else "ascending") if is_sorted else "",
        url=url_for("tickets.index", **here.with_(sort=following).args()) if following else None,
        title=sort_label(following) if following else "",
    )


def _following(sorts: Sequence[Sort], order: Sort) -> Sort | None:
    """What a press on the head sorts by: each of its orders in turn, then as usual again."""
    if order not in sorts:
        return sorts[0] if sorts else None
    turns = [*sorts, Sort.DUE]
    following = turns[turns.index(order) + 1]
    return following if following is not order else None
