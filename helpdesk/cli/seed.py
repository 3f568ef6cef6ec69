"""``flask seed`` and ``flask prepare``: what an installation starts with, and a demo to look around in.

Progress goes to the error output: what a program may want to read stands alone on the other.
"""

from __future__ import annotations

import logging

import click
from flask.cli import AppGroup, with_appcontext
from flask_migrate import upgrade

from helpdesk import timesource
from helpdesk.storage import unit_of_work
from seeds import base


@click.group("seed", cls=AppGroup, invoke_without_command=True)
@click.pass_context
@with_appcontext
def group(context: click.Context) -> None:
    """Plant rule book, calendars, queues, channels and templates where they are missing."""
    if context.invoked_subcommand is None:
        plant_base()


@click.command("prepare")
@click.option("--no-demo", is_flag=True, help="No demo in an empty database.", expose_value=False)
@with_appcontext
def prepare() -> None:
    """Bring the database up to date and plant what is missing."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    upgrade()
    plant_base()
    click.echo(NO_ACCOUNTS)


NO_ACCOUNTS = "No demo accounts. Make your own: .venv/bin/flask user create --help"


def plant_base() -> None:
    with unit_of_work():
        planted = base.plant(timesource.now())
    if planted.added:
        click.echo("planted: " + ", ".join(f"{count} {kind}" for kind, count in planted.added.items()), err=True)
    if planted.kept_rules:
        click.echo("The shipped rule book differs from the stored one, which was kept as it is.", err=True)
