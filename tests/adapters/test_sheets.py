"""Excel files: figures are figures with the decimals they have, texts are texts."""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from helpdesk.adapters.sheets import Money, write_xlsx

WHEN = datetime(2026, 11, 23, 10, 0)  # noqa: DTZ001
ROW: list[Any] = ["=1+1", 7, Decimal("1.50"), Decimal("0.7"), Decimal(3), Money(123_456), WHEN, None]
SHOWN = ["@", "General", "0.00", "0.0", "0", "#,##0.00", "yyyy-mm-dd hh:mm", "General"]


def test_each_cell_is_what_it_means() -> None:
    content = write_xlsx("清单", [str(n) for n in range(len(ROW))], [ROW], [])
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    cells = list(sheet.iter_rows())[1]
    assert [cell.value for cell in cells] == ["=1+1", 7, 1.5, 0.7, 3, 1234.56, ROW[6], None]
    assert [cell.number_format for cell in cells] == SHOWN
    assert [cell.data_type for cell in cells] == ["s", "n", "n", "n", "n", "n", "d", "n"]
    assert write_xlsx("清单", ["0"], [["a"]], []) == write_xlsx("清单", ["0"], [["a"]], [])
