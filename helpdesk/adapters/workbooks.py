"""Excel files of several sheets with charts that Excel draws itself: what a report hands out."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from helpdesk.adapters.sheets import WRITTEN, Money

MOST_CHARTED = 25
"""Rows that a chart shows; the table beside it has all."""

WIDEST = 60


@dataclass(frozen=True, slots=True)
class Hours:
    """A duration in seconds, shown in hours."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Share:
    """A part of one, shown in per cent."""

    part: float


Cell = str | int | float | Hours | Share | Money | None


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns of figures over the names in the first one.

    ``kind``: columns, stacked, bars, or pareto (columns, and the last column as a line of shares).
    """

    kind: str
    title: str
    columns: tuple[int, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with a head, its rows, a last row apart from them, and a chart beside it."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None = None
    chart: Chart | None = None
    wrapped: bool = False  # sentences: broken into lines


def write_workbook(sheets: Sequence[Sheet]) -> bytes:
    """The same sheets give the same bytes. Texts are texts, whatever they begin with."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": WRITTEN})
        styles = {name: book.add_format(how) for name, how in _STYLES.items()}
        for sheet in sheets:
            _write_sheet(book, sheet, styles)
    return out.getvalue()


_STYLES = {
    "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"},
    "text": {"num_format": "@", "valign": "top"},
    "wrapped": {"num_format": "@", "valign": "top", "text_wrap": True},
    "count": {"num_format": "#,##0", "valign": "top"},
    "number": {"num_format": "#,##0.00", "valign": "top"},
    "hours": {"num_format": "#,##0.00", "valign": "top"},
    "share": {"num_format": "0.0%", "valign": "top"},
    "money": {"num_format": "#,##0.00", "valign": "top"},
}


def _write_sheet(book: xlsxwriter.Workbook, sheet: Sheet, styles: dict[str, Any]) -> None:
    page = book.add_worksheet(sheet.title[:31])
    widths = [min(_width(header), 14) for header in sheet.headers]
    for column, header in enumerate(sheet.headers):
        page.write_string(0, column, header, styles["head"])
    last = len(sheet.rows)
    for number, row in enumerate(sheet.rows, 1):
        _write_row(page, number, row, styles, widths, wrapped=sheet.wrapped)
    if sheet.total is not None:
        _write_row(page, last + 1, sheet.total, styles, widths, wrapped=False)
    if sheet.rows and not sheet.wrapped:
        page.autofilter(0, 0, last, len(sheet.headers) - 1)
    page.freeze_panes(1, 1)
    for column, width in enumerate(widths):
        page.set_column(column, column, min(width, WIDEST))
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    if sheet.chart is not None and sheet.rows:
        page.insert_chart(1, len(sheet.headers) + 1, _chart(book, sheet, sheet.chart))


def _write_row(
    page: Any, number: int, row: Sequence[Cell], styles: dict[str, Any], widths: list[int], *, wrapped: bool
) -> None:
    for column, cell in enumerate(row):
        match cell:
            case None | "":
                continue
            case str():
                page.write_string(number, column, cell, styles["wrapped" if wrapped else "text"])
                widths[column] = max(widths[column], _width(cell))
            case Hours(seconds):
                page.write_number(number, column, seconds / 3600, styles["hours"])
            case Share(part):
                page.write_number(number, column, part, styles["share"])
            case Money(fen):
                page.write_number(number, column, fen / 100, styles["money"])
            case int():
                page.write_number(number, column, cell, styles["count"])
            case float():
                page.write_number(number, column, cell, styles["number"])


def _width(text: str) -> int:
    return max(len(line.encode("gb18030", "replace")) for line in text.splitlines() or [""]) + 2


def _chart(book: xlsxwriter.Workbook, sheet: Sheet, chart: Chart) -> Any:
    types = {"columns": {}, "stacked": {"subtype": "stacked"}, "bars": {}, "pareto": {}}
    drawn = book.add_chart({"type": "bar" if chart.kind == "bars" else "column", **types[chart.kind]})
    columns = list(chart.columns)
    shares = columns.pop() if chart.kind == "pareto" else None
    for column in columns:
        drawn.add_series({**_series(sheet, column), "gap": 60})
    if shares is not None:
        line = book.add_chart({"type": "line"})
        line.add_series({**_series(sheet, shares), "y2_axis": True, "marker": {"type": "circle", "size": 4}})
        line.set_y2_axis({"min": 0, "max": 1, "num_format": "0%", "major_gridlines": {"visible": False}})
        drawn.combine(line)
    drawn.set_title({"name": chart.title, "overlay": False})
    if chart.kind == "bars":  # the first row on top; its axes change places
        drawn.set_y_axis({"reverse": True})
        drawn.set_x_axis({"name": chart.unit})
    else:
        drawn.set_y_axis({"name": chart.unit})
    if len(columns) == 1 and shares is None:
        drawn.set_legend({"none": True})
    else:
        drawn.set_legend({"position": "bottom"})
    drawn.set_size({"width": 860, "height": 440})
    return drawn


def _series(sheet: Sheet, column: int) -> dict[str, Any]:
    last = min(len(sheet.rows), MOST_CHARTED)
    title = sheet.title[:31]
    return {
        "name": [title, 0, column],
        "categories": [title, 1, 0, last, 0],
        "values": [title, 1, column, last, column],
    }
