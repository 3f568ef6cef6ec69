"""Excel files for people: figures as figures, text as text, whatever it begins with."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import xlsxwriter

from helpdesk.adapters.tabular import Figure

WRITTEN = datetime(2000, 1, 1)  # noqa: DTZ001  of the file's own properties: the same rows give the same bytes


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in fen, shown in yuan with two decimals."""

    fen: int


Cell = str | int | datetime | Money | Decimal | None
"""``datetime`` without a zone: Excel knows none, so it is the time on the shop's wall.

A ``Decimal`` is shown with the decimals it has.
"""


def csv_text(cell: Cell) -> str:
    """The cell in a CSV: amounts as plain figures in yuan, exact to the fen."""
    match cell:
        case Money(fen):
            yuan, rest = divmod(abs(fen), 100)
            return Figure(f"{'-' if fen < 0 else ''}{yuan}.{rest:02}")
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M}"
        case int() | Decimal():
            return Figure(cell)
        case _:
            return cell or ""


MOST_DECIMALS = 4


def decimals(figure: Decimal) -> int:
    """How many decimals it is shown with."""
    exponent = figure.as_tuple().exponent
    return min(max(-exponent, 0), MOST_DECIMALS) if isinstance(exponent, int) else 0


def write_xlsx(
    title: str, headers: Sequence[str], rows: Iterable[Sequence[Cell]], totals: Sequence[Sequence[Cell]]
) -> bytes:
    """One sheet: a frozen head, the rows with a filter over them, and the totals below, apart from them."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": WRITTEN})
        sheet = book.add_worksheet(title[:31])
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": False})
        formats = {
            "money": book.add_format({"num_format": "#,##0.00"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            **{f"decimals{n}": book.add_format({"num_format": f"{0:.{n}f}"}) for n in range(MOST_DECIMALS + 1)},
            "text": book.add_format({"num_format": "@"}),
        }
        widths = [len(header.encode("gb18030", "replace")) + 2 for header in headers]
        for column, header in enumerate(headers):
            sheet.write_string(0, column, header, head)
        last = 0
        for last, row in enumerate(rows, 1):
            _write(sheet, last, row, formats, widths)
        sheet.autofilter(0, 0, last, len(headers) - 1)
        for below, row in enumerate(totals, last + 2):
            _write(sheet, below, row, formats, widths)
        sheet.freeze_panes(1, 0)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(width, 40))
    return out.getvalue()


def _write(
    sheet: xlsxwriter.worksheet.Worksheet,
    number: int,
    row: Sequence[Cell],
    formats: dict[str, xlsxwriter.format.Format],
    widths: list[int],
) -> None:
    for column, cell in enumerate(row):
        width = 12
        if isinstance(cell, Money):
            sheet.write_number(number, column, cell.fen / 100, formats["money"])
        elif isinstance(cell, datetime):
            sheet.write_datetime(number, column, cell, formats["moment"])
            width = 17
        elif isinstance(cell, Decimal):
            sheet.write_number(number, column, float(cell), formats[f"decimals{decimals(cell)}"])
        elif isinstance(cell, int):
            sheet.write_number(number, column, cell)
        elif cell:
            sheet.write_string(number, column, cell, formats["text"])
            width = len(cell.encode("gb18030", "replace")) + 2
        widths[column] = max(widths[column], width)
