"""Tables in files: CSV (UTF-8, UTF-16 or GB18030), Excel and JSONL, as rows of text.

A file that can't be read as a whole is refused with a ``Problem``; a row that can't be read carries
its problem, so that the others go on. Numbers keep their digits: nothing passes through a float
except what Excel itself stored as one.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import PurePath
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from helpdesk.domain.problems import Invalid, Problem, TooLarge

MAX_BYTES = 32 * 1024 * 1024
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL = 20_000
MAX_LIST = 500

CSV_SUFFIXES = (".csv", ".txt", ".tsv")
EXCEL_SUFFIXES = (".xlsx", ".xlsm", ".xls")
JSONL_SUFFIXES = (".jsonl", ".ndjson")

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Cell = str | list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``number`` is where a person finds it: the line of the sheet, the header being 1."""

    number: int
    cells: dict[str, Cell]
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """``headers`` is None where each row names its own columns (JSONL)."""

    headers: tuple[str, ...] | None
    rows: Iterator[Row]


def read_table(name: str, content: bytes) -> Table:
    """The table in a file; its format follows from the name. ``Problem`` if it can't be read at all."""
    if len(content) > MAX_BYTES:
        raise TooLarge("import.file_too_large", most_mb=MAX_BYTES // 2**20)
    if not content.strip():
        raise Invalid("import.empty_file")
    suffix = PurePath(name).suffix.lower()
    if suffix in EXCEL_SUFFIXES:
        return _headed(_excel_lines(content, suffix))
    if suffix in JSONL_SUFFIXES:
        return Table(None, _limited(_json_rows(decode(content))))
    if suffix in CSV_SUFFIXES:
        return _headed(_csv_lines(decode(content)))
    raise Invalid("import.unknown_format", suffix=suffix or name)


def _limited(rows: Iterator[Row]) -> Iterator[Row]:
    for count, row in enumerate(rows, 1):
        if count > MAX_ROWS:
            raise TooLarge("import.too_many_rows", most=MAX_ROWS)
        yield row


# Text


def decode(content: bytes) -> str:
    """UTF-8 or UTF-16 by its mark, else UTF-8 if it is valid, else GB18030, which Chinese Excel writes."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise Invalid("import.not_text")


def _csv_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        for number, line in enumerate(reader, 1):
            yield number, [_unguarded(cell) for cell in line]
    except csv.Error as error:
        raise Invalid("import.bad_csv", line=reader.line_num) from error


def _delimiter(text: str) -> str:
    header = text.lstrip().split("\n", 1)[0]
    return max((",", "\t", ";"), key=header.count)


def _headed(lines: Iterator[tuple[int, list[str]]]) -> Table:
    """The first line that isn't blank names the columns of the others."""
    headers: list[str] = []
    for _, line in lines:
        headers = [cell.strip() for cell in line]
        if any(headers):
            break
    if not any(headers):
        raise Invalid("import.empty_file")
    if len(headers) > MAX_COLUMNS:
        raise TooLarge("import.too_many_columns", most=MAX_COLUMNS)
    doubled = sorted({header for header in headers if header and headers.count(header) > 1})
    if doubled:
        raise Invalid("import.header_twice", columns=", ".join(doubled))
    return Table(tuple(headers), _limited(_rows(headers, lines)))


def _rows(headers: Sequence[str], lines: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
    for number, line in lines:
        if not any(cell.strip() for cell in line):
            continue
        cells: dict[str, Cell] = {header: cell for header, cell in zip(headers, line, strict=False) if header}
        problem: Problem | None = None
        if any(cell.strip() for cell in line[len(headers) :]):
            problem = Invalid("import.too_many_cells", cells=len(line), columns=len(headers))
        elif any(len(cell) > MAX_CELL for cell in line):
            problem = Invalid("import.cell_too_long", longest=MAX_CELL)
        yield Row(number, cells, problem)


# Excel


def _excel_lines(content: bytes, suffix: str) -> Iterator[tuple[int, list[str]]]:
    """The first visible sheet. Checked here and not when the first row is asked for: it is one file."""
    if suffix != ".xls":
        _check_workbook(content)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = [sheet.name for sheet in workbook.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
        if not names:
            raise Invalid("import.no_sheet")
        sheet = workbook.get_sheet_by_name(names[0])
        lines = sheet.to_python(skip_empty_area=False, nrows=MAX_ROWS + 2)
    except (CalamineError, OSError, ValueError) as error:
        raise Invalid("import.bad_excel") from error
    return ((number, [_excel_text(cell) for cell in line]) for number, line in enumerate(lines, 1))


_REFERENCE = re.compile(rb'<c [^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')


def _check_workbook(content: bytes) -> None:
    """A cell far out makes the reader lay out the whole area before it, so look before it reads."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise TooLarge("import.file_too_large", most_mb=MAX_UNPACKED_BYTES // 2**20)
            for item in archive.infolist():
                if item.filename.startswith("xl/worksheets/") and item.filename.endswith(".xml"):
                    with archive.open(item) as sheet:
                        _check_extent(sheet.read())
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Invalid("import.bad_excel") from error


def _check_extent(sheet: bytes) -> None:
    for match in _REFERENCE.finditer(sheet):
        if int(match[2]) > MAX_ROWS + 1:
            raise TooLarge("import.too_many_rows", most=MAX_ROWS)
        if _column_number(match[1]) > MAX_COLUMNS:
            raise TooLarge("import.too_many_columns", most=MAX_COLUMNS)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _excel_text(cell: object) -> str:
    """A cell as text. A whole number keeps no ``.0``; one beyond 15 digits stays visibly inexact."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell!r}"
        case datetime() | time():
            return cell.isoformat(" ", "seconds") if isinstance(cell, datetime) else cell.isoformat("seconds")
        case date():
            return cell.isoformat()
        case _:
            return str(cell).replace("\0", "")


# JSONL


def _json_rows(text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield Row(number, _json_cells(line))
        except Problem as problem:
            yield Row(number, {"line": line[:MAX_CELL]}, problem)


def _json_cells(line: str) -> dict[str, Cell]:
    try:
        value = json.loads(line, parse_int=str, parse_float=str, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Invalid("import.bad_json") from None
    if not isinstance(value, dict):
        raise Invalid("import.bad_json")
    if len(value) > MAX_COLUMNS:
        raise TooLarge("import.too_many_columns", most=MAX_COLUMNS)
    return {key: _json_cell(key, cell) for key, cell in value.items()}


def _json_cell(key: str, cell: Any) -> Cell:
    if isinstance(cell, list) and len(cell) <= MAX_LIST and all(isinstance(item, dict) for item in cell):
        return [{name: _json_text(key, inner) for name, inner in item.items()} for item in cell]
    return _json_text(key, cell)


def _json_text(key: str, cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if not isinstance(cell, str):
        raise Invalid("import.not_a_cell", column=key)
    if len(cell) > MAX_CELL:
        raise Invalid("import.cell_too_long", longest=MAX_CELL)
    if "\0" in cell:
        raise Invalid("import.not_text")
    return cell


def _no_number(_text: str) -> None:
    raise ValueError("JSON knows no such number")


# Writing


class Figure(str):
    """A number of our own: its minus sign begins no formula."""


def write_csv(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV that Excel opens as it is meant: with a mark, and with text that no one calculates."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_guarded(header) for header in headers])
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return codecs.BOM_UTF8 + out.getvalue().encode()


def _guarded(cell: str) -> str:
    return cell if isinstance(cell, Figure) or not _looks_like_formula(cell) else f"'{cell}"


def _unguarded(cell: str) -> str:
    """What was written by ``write_csv`` reads back as it was."""
    return cell[1:] if cell.startswith("'") and _looks_like_formula(cell) else cell


def _looks_like_formula(cell: str) -> bool:
    return cell.lstrip("'").startswith(FORMULA_STARTS)
