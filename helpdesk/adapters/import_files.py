"""Files of tickets and orders: what their columns mean, and their rows as what is stored or refused as a whole."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.adapters import tabular
from helpdesk.adapters.tabular import Row, Table
from helpdesk.domain.import_columns import LISTS, match_columns, require_columns
from helpdesk.domain.imports import COLUMNS, ORDERS, REQUIRED, Cells, Unit
from helpdesk.domain.problems import Problem

SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file, and what its first rows hold."""

    header: str
    samples: tuple[str, ...]


def columns_of(name: str, content: bytes) -> tuple[Column, ...]:
    """The file's columns. ``Problem`` where it can't be read."""
    table = tabular.read_table(name, content)
    first = list(itertools.islice((row for row in table.rows if row.problem is None), SAMPLES))
    headers = table.headers or dict.fromkeys(header for row in first for header in row.cells)
    return tuple(
        Column(header, tuple(_shown(row.cells.get(header, "")) for row in first)) for header in headers if header
    )


def _shown(cell: tabular.Cell) -> str:
    text = cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
    return text.strip()


def count_units(kind: str, name: str, content: bytes, options: Mapping[str, Any]) -> int:
    """How many rows (of orders: orders) the file holds. Reads it to its end, so a bad file is refused here."""
    return sum(1 for _ in read_units(kind, name, content, options))


def read_units(kind: str, name: str, content: bytes, options: Mapping[str, Any]) -> Iterator[Unit]:
    """The file as what is stored or refused as a whole. ``Problem`` where the file itself is bad."""
    table = tabular.read_table(name, content)
    rows = _mapped(table, kind, dict(options.get("map", {})))
    return _orders(rows) if kind == ORDERS else (Unit(row.number, (cells,), (row.number,), p) for row, cells, p in rows)


def _mapped(table: Table, kind: str, chosen: Mapping[str, str]) -> Iterator[tuple[Row, Cells, Problem | None]]:
    """Each row with its cells by field, and the problem that it came with."""
    if table.headers is not None:
        require_columns(match_columns(table.headers, COLUMNS[kind], chosen).values(), REQUIRED[kind])
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in table.rows:
        if row.problem is not None:
            yield row, {}, row.problem
            continue
        headers = table.headers or tuple(row.cells)
        try:
            if headers not in found:
                found[headers] = match_columns(headers, COLUMNS[kind], _present(chosen, headers))
            yield row, _by_field(row.cells, found[headers]), None
        except Problem as problem:
            yield row, {}, problem


def _present(chosen: Mapping[str, str], headers: Sequence[str]) -> dict[str, str]:
    return {header: field for header, field in chosen.items() if header in headers}


def _by_field(cells: Mapping[str, tabular.Cell], fields: Mapping[str, str]) -> Cells:
    return {fields[header]: _inner(fields[header], cell) for header, cell in cells.items() if header in fields}


def _inner(field: str, cell: tabular.Cell) -> tabular.Cell:
    """The rows inside a cell have columns of their own."""
    if isinstance(cell, str) or field not in LISTS:
        return cell
    mapped = []
    for item in cell:
        names = match_columns(item, LISTS[field], {})
        mapped.append({names[name]: value for name, value in item.items() if name in names})
    return mapped


def _orders(rows: Iterable[tuple[Row, Cells, Problem | None]]) -> Iterator[Unit]:
    """Rows with the same shop and number are one order, wherever in the file they stand."""
    groups: dict[object, list[tuple[Row, Cells, Problem | None]]] = {}
    for row, cells, problem in rows:
        number = cells.get("number")
        key = (cells.get("shop", ""), number.strip()) if isinstance(number, str) and number.strip() else row.number
        groups.setdefault(str(key), []).append((row, cells, problem))
    for group in groups.values():
        yield Unit(
            row=group[0][0].number,
            cells=tuple(cells for _, cells, _ in group),
            lines=tuple(row.number for row, _, _ in group),
            problem=next((problem for _, _, problem in group if problem is not None), None),
        )


def bad_rows_file(name: str, content: bytes, units: Iterable[Unit], reasons: Mapping[int, str]) -> bytes:
    """The rows that were refused, as they stood in the file, each with its row number and the reason.

    CSV for CSV and Excel, JSONL for JSONL: corrected, the file can be imported as it is.
    """
    why = {line: reasons[unit.row] for unit in units if unit.row in reasons for line in unit.lines}
    table = tabular.read_table(name, content)
    bad = (row for row in table.rows if row.number in why)
    if table.headers is None:
        return b"".join(
            json.dumps({**row.cells, "_row": row.number, "_problem": why[row.number]}, ensure_ascii=False).encode()
            + b"\n"
            for row in bad
        )
    headers = [header for header in table.headers if header]
    lines = ([*(str(row.cells.get(header, "")) for header in headers), str(row.number), why[row.number]] for row in bad)
    return tabular.write_csv([*headers, "_row", "_problem"], lines)
