"""Work off an import: read the stored file, store its rows batch by batch, report after each commit.

The command line and the job worker both come through here.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError

from helpdesk.adapters import tabular
from helpdesk.adapters.tabular import Row, Table
from helpdesk.domain.import_columns import (
    LISTS,
    ORDER_COLUMNS,
    TICKET_COLUMNS,
    match_columns,
    require_columns,
)
from helpdesk.domain.problems import Conflict, Problem
from helpdesk.queries.actors import system_actor
from helpdesk.queries.imports import import_content, import_run
from helpdesk.services import imports
from helpdesk.services.import_rows import Cells
from helpdesk.services.imports import BATCH_ROWS, ORDERS, TICKETS, Progress, Unit
from helpdesk.storage import unit_of_work

log = structlog.get_logger(__name__)

COLUMNS = {TICKETS: TICKET_COLUMNS, ORDERS: ORDER_COLUMNS}
REQUIRED = {TICKETS: ("text",), ORDERS: ("number",)}


def work_off(
    run_id: int,
    *,
    holder: str,
    clock: Callable[[], datetime],
    instead_of: str | None = None,
    committed: Callable[[Progress], None] = lambda _progress: None,
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Take the run and work it off to its end; False when somebody else has it.

    ``instead_of`` is a holder known to be dead; ``committed`` is called after each commit. A run that is
    interrupted (``stopping``, a lost database) goes on later where it stands; a mistake of the program
    ends it as failed.
    """
    with unit_of_work():
        run = imports.claim(run_id, holder, clock(), instead_of=instead_of)
    if run is None:
        return False
    try:
        _work(run, holder, clock, committed, stopping)
    except OperationalError:
        raise  # the database was away: the lease runs out and somebody goes on
    except Conflict:
        log.warning("import taken over by another process", run=run_id)
        return False
    except Exception as error:
        with unit_of_work():
            imports.fail(_latest(run), holder, type(error).__name__, clock())
        raise
    return True


def _work(
    run: Progress,
    holder: str,
    clock: Callable[[], datetime],
    committed: Callable[[Progress], None],
    stopping: Callable[[], bool],
) -> None:
    actor = system_actor("import")
    stored = import_run(run.run_id)
    units = read_units(run.kind, stored.file_name, import_content(stored.file_hash), run.options)
    for batch in _batches(itertools.islice(units, run.done, None)):
        if stopping():
            with unit_of_work():
                imports.give_back(run, holder)
            return
        with unit_of_work():
            run = imports.work_batch(run, batch, holder=holder, actor=actor, now=clock())
        if run.state == "cancelled":
            return
        committed(run)
    with unit_of_work():
        imports.finish(run, holder, clock())


def _latest(run: Progress) -> Progress:
    """The run as it is stored: the loop's own value may be a batch behind or ahead of the mistake."""
    stored = import_run(run.run_id)
    return Progress(run.run_id, run.kind, run.options, stored.state, stored.done, stored.figures)


def _batches(units: Iterator[Unit]) -> Iterator[Sequence[Unit]]:
    while batch := list(itertools.islice(units, BATCH_ROWS)):
        yield batch


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
