"""``flask search``: build the search index anew, and prove that it is right."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from helpdesk.services import search_index
from helpdesk.storage import read_one_moment, unit_of_work

SHOWN = 20
"""Differences that are told one by one."""

group = AppGroup("search", help="Build the search index anew, and prove that it is right (see docs/search.md).")


@group.command("rebuild")
def rebuild() -> None:
    """Read all texts again, in short transactions while everybody works. Stopped, the job worker goes on with it."""
    with unit_of_work():
        search_index.start_anew()
        total = search_index.left()
    done = 0
    with click.progressbar(length=total, label="texts") as bar:
        while gone_through := build():
            bar.update(gone_through)
            done += gone_through
    click.echo(f"read {done}")


def build() -> int:
    with unit_of_work():
        return search_index.build_some()


@group.command("check")
def check() -> None:
    """Compare the index with all texts. Exit code 1 if anything differs."""
    read_one_moment()
    if waiting := search_index.left():
        click.echo(f"{waiting} texts are still to be read: the job worker does so, or `flask search rebuild`", err=True)
        raise click.exceptions.Exit(1)
    wrong = search_index.differences()
    for one in wrong[:SHOWN]:
        click.echo(f"  {one.kind.name.lower()} {one.first} to {one.last}: the index DIFFERS from the texts", err=True)
    if len(wrong) > SHOWN:
        click.echo(f"  … {len(wrong) - SHOWN} more", err=True)
    if wrong:
        raise click.exceptions.Exit(1)
    click.echo("the index equals the texts")
