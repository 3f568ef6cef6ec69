"""``flask import``: tickets and orders from CSV, Excel and JSONL."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from helpdesk import timesource
from helpdesk.adapters.import_files import bad_rows_file, count_units, read_units
from helpdesk.adapters.tabular import MAX_BYTES
from helpdesk.domain.imports import ORDERS, TICKETS
from helpdesk.domain.problems import Problem, TooLarge
from helpdesk.jobs.holders import died_here, new_holder
from helpdesk.jobs.import_file import work_off
from helpdesk.queries.actors import system_actor
from helpdesk.queries.imports import ImportRun, bad_rows, first_shop_and_channel, import_run
from helpdesk.services import imports
from helpdesk.services.imports import Progress
from helpdesk.storage import unit_of_work
from helpdesk.wording import problem_text
from helpdesk.wording.problems import text_of

BAD_ROWS = 2
"""Exit code when the file was worked off but rows of it could not be taken; 1 is a file or option that is bad."""

SHOWN_BAD_ROWS = 20
LOOK_AGAIN_SECONDS = 1.0

group = AppGroup("import", help="Bring in tickets and orders from CSV, Excel and JSONL files (see docs/importing.md).")


class ImportFailed(click.ClickException):
    """A refusal, in words."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem_text(problem))


def options_of_an_import(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        click.option("--shop", metavar="CODE", help="Shop of rows that name none (default: the first)."),
        click.option("--channel", metavar="CODE", help="Channel of rows that name none (default: the first)."),
        click.option(
            "--map",
            "mapping",
            metavar="COLUMN=FIELD",
            multiple=True,
            help="Read this column as that field, whatever its name; may be repeated.",
        ),
        click.option(
            "--bad-rows",
            type=click.Path(dir_okay=False, writable=True, path_type=Path),
            help="Write the rows that could not be taken to this file, with the reasons.",
        ),
        click.option(
            "--again", is_flag=True, help="Work a finished file through anew; rows taken before are not doubled."
        ),
    ):
        command = option(command)
    return command


@group.command("tickets")
@options_of_an_import
@click.option(
    "--created-at",
    type=click.Choice(["column", "now"]),
    default="column",
    show_default=True,
    help="When the customers wrote: as the column created_at says (now, where it is empty), or now for all.",
)
def import_tickets(created_at: str, **given: Any) -> None:
    """Open a ticket for each row of FILE.

    The same file with the same options goes on where it stopped; finished, it creates nothing.
    """
    run_import(TICKETS, {"created_at": created_at}, **given)


@group.command("orders")
@options_of_an_import
def import_orders(**given: Any) -> None:
    """Store the orders of FILE, or bring them up to date: one line per article, or JSONL with lists."""
    run_import(ORDERS, {}, **given)


def run_import(
    kind: str,
    options: dict[str, Any],
    *,
    file: Path,
    shop: str | None,
    channel: str | None,
    mapping: tuple[str, ...],
    bad_rows: Path | None,
    again: bool,
) -> None:
    """Store the file, work it off (or wait for whoever does), and say what came of it."""
    try:
        first_shop, first_channel = first_shop_and_channel()
        options |= {"shop": shop or first_shop, "channel": channel or first_channel, "map": _mapping(mapping)}
        content = _read(file)
        click.echo(f"{file.name}: shop={options['shop']} channel={options['channel']}")
        total = count_units(kind, file.name, content, options)
        with unit_of_work():
            run_id = imports.create_run(
                kind,
                name=file.name,
                content=content,
                options=options,
                total=total,
                actor=system_actor("import"),
                now=timesource.now(),
                again=again,
            )
        _work_or_wait(run_id)
        _report(import_run(run_id), file.name, content, bad_rows)
    except Problem as problem:
        raise ImportFailed(problem) from problem


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not (equals and column.strip() and field.strip()):
            raise click.BadParameter(f"{pair}: COLUMN=FIELD", param_hint="--map")
        found[column.strip()] = field.strip()
    return found


def _read(file: Path) -> bytes:
    if file.stat().st_size > MAX_BYTES:
        raise TooLarge("import.file_too_large", most_mb=MAX_BYTES // 2**20)
    return file.read_bytes()


def _work_or_wait(run_id: int) -> None:
    """Work the run off. While another process has it, wait: it ends, or its lease does."""
    holder = new_holder()
    waiting = False
    while True:
        run = import_run(run_id)
        if run.state in {"done", "cancelled", "failed"}:
            return
        if run.done and not waiting:
            click.echo(f"run {run.id}: {run.done} of {run.total} are stored already")
        dead = run.holder if died_here(run.holder) else None
        if work_off(run_id, holder=holder, instead_of=dead, clock=timesource.now, committed=_say_committed):
            return
        if not waiting:
            click.echo(f"run {run_id}: another process works on it, or did until it was killed; waiting")
            waiting = True
        time.sleep(LOOK_AGAIN_SECONDS)


def _say_committed(progress: Progress) -> None:
    click.echo(f"committed {progress.done}")


def _report(run: ImportRun, name: str, content: bytes, target: Path | None) -> None:
    counts = " ".join(f"{what}={count}" for what, count in sorted(run.figures.items()))
    click.echo(f"run {run.id}: {run.state} {run.done} of {run.total} {counts}".rstrip())
    refused = bad_rows(run.id)
    reasons = {bad.row: text_of(bad.code, bad.params) for bad in refused}
    for row, reason in list(reasons.items())[:SHOWN_BAD_ROWS]:
        click.echo(f"  row {row}: {reason}", err=True)
    if len(reasons) > SHOWN_BAD_ROWS:
        click.echo(f"  … {len(reasons) - SHOWN_BAD_ROWS} more", err=True)
    if target is not None and reasons:
        units = read_units(run.kind, name, content, run.options)
        target.write_bytes(bad_rows_file(name, content, units, reasons))
        click.echo(f"bad rows: {target}")
    if run.state != "done":
        raise click.exceptions.Exit(1)
    if reasons:
        raise click.exceptions.Exit(BAD_ROWS)
