"""A list as a file: the same tickets, columns, order and words as on the screen, all pages of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeAlias

from flask import Response, request
from flask_babel import get_timezone

from helpdesk.adapters.sheets import Cell as SheetCell
from helpdesk.adapters.sheets import csv_text, write_xlsx
from helpdesk.adapters.tabular import write_csv
from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid
from helpdesk.domain.ticket_filter import Tab
from helpdesk.queries import ticket_list
from helpdesk.queries.keyset import Cursor
from helpdesk.queries.ticket_cells import ticket_cells
from helpdesk.services.events import record
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.downloads import CSV, XLSX, download
from helpdesk.web.tickets import tickets
from helpdesk.web.tickets.lists import type_names
from helpdesk.web.tickets.where import List, asked_list
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.lists import Cell, CellWords, column_label

MOST_ROWS = 20_000
AT_ONCE = 500
"""Tickets that are read in one go."""

Line: TypeAlias = list[Cell]


@tickets.post("/tickets/export")
@needs(Permission.TICKETS_READ)
def export() -> Response:
    """The list of the address, as the form says. It is no page: who took away which list is kept."""
    here, kind = asked_list(), request.form.get("format", "")
    if here.tab is Tab.ASSISTS:
        raise Invalid("list.assists_not_exported")
    heads = [column_label(column) for column in here.shown.shown]
    lines = [[_on_the_wall(cell) for cell in line] for line in every_line(here)]
    match kind:
        case "csv":
            content = write_csv(heads, ([csv_text(cell) for cell in line] for line in lines))
            return _handed_out(here, content, CSV, kind, len(lines))
        case "xlsx":
            return _handed_out(here, write_xlsx(_("工单"), heads, lines, ()), XLSX, kind, len(lines))
        case _:
            raise Invalid("input.bad_value", field="format")


def every_line(here: List) -> Iterator[Line]:
    """The cells of every ticket of the list, as the screen words them. ``Invalid`` above ``MOST_ROWS``."""
    actor, now = current_actor(), moment()
    columns, words = here.shown.shown, CellWords(now, type_names())
    after: Cursor | None = None
    told = 0
    while True:
        page = ticket_list.page(here.chosen, here.tab, actor, now, order=here.shown.order, after=after, size=AT_ONCE)
        more = ticket_cells([row.id for row in page.rows], columns)
        told += len(page.rows)
        if told > MOST_ROWS:
            raise Invalid("list.too_many_rows", most=MOST_ROWS)
        for row in page.rows:
            yield words.cells(columns, row, more[row.id])
        after = page.older
        if after is None:
            return


def _handed_out(here: List, content: bytes, kind: str, suffix: str, rows: int) -> Response:
    """Who took away what is kept: the filter, not the tickets."""
    actor, now = current_actor(), moment()
    with unit_of_work():
        record("list.exported", actor=actor, now=now, filter=here.shown.to_args(), format=suffix, rows=rows)
    day = now.astimezone(get_timezone()).strftime("%Y%m%d-%H%M")
    return download(content, kind, f"tickets-{day}.{suffix}")


def _on_the_wall(cell: Cell) -> SheetCell:
    """Excel knows no zones: the time on the shop's wall."""
    return cell.astimezone(get_timezone()).replace(tzinfo=None) if isinstance(cell, datetime) else cell
