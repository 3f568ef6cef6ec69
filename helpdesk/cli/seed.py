"""``flask seed`` and ``flask prepare``: what an installation starts with, and a demo to look around in.

Progress goes to the error output: what a program may want to read stands alone on the other.
"""

from __future__ import annotations

import logging
import time

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from flask_migrate import upgrade

from helpdesk import timesource
from helpdesk.adapters import file_store
from helpdesk.adapters.files import examine
from helpdesk.jobs.close_months import close_months
from helpdesk.jobs.follow_reports import follow_reports
from helpdesk.storage import unit_of_work
from seeds import base, demo
from seeds.demo import photos

NO_ACCOUNTS = ["No demo accounts. Make your own: .venv/bin/flask user create --help"]


@click.group("seed", cls=AppGroup, invoke_without_command=True)
@click.pass_context
@with_appcontext
def group(context: click.Context) -> None:
    """Plant rule book, calendars, queues, channels and templates where they are missing."""
    if context.invoked_subcommand is None:
        plant_base()


@group.command("demo")
def seed_demo() -> None:
    """Plant the demo into a database without tickets: two shops, their people and about 600 tickets."""
    if demo.tickets_exist():
        raise click.ClickException("There are tickets in this database already; the demo wants one without.")
    if taken := demo.taken_logins():
        raise click.ClickException(f"The demo's people need logins that are taken: {', '.join(taken)}.")
    plant_base(demo.shops())
    plant_demo()


@group.command("accounts")
def show_accounts() -> None:
    """Print the demo's accounts, a line each: role, login, password, name."""
    for line in account_lines():
        click.echo(line)


@click.command("prepare")
@click.option("--no-demo", is_flag=True, help="No demo in an empty database.")
@with_appcontext
def prepare(no_demo: bool) -> None:
    """Bring the database up to date, plant what is missing, and the demo where nobody works yet."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    upgrade()
    if not no_demo and demo.nobody_works_here():
        plant_base(demo.shops())
        plant_demo()
    else:
        plant_base()
    for line in account_lines() or NO_ACCOUNTS:
        click.echo(line)


def plant_base(shops: dict[str, str] | None = None) -> None:
    with unit_of_work():
        planted = base.plant(timesource.now(), shops or base.SHOPS)
    if planted.added:
        click.echo("planted: " + ", ".join(f"{count} {kind}" for kind, count in planted.added.items()), err=True)
    if planted.kept_rules:
        click.echo("The shipped rule book differs from the stored one, which was kept as it is.", err=True)


def plant_demo() -> None:
    began = time.monotonic()
    now = timesource.now()
    tickets = demo.load(now, say=lambda line: click.echo(f"  {line}", err=True))
    hang_photos()
    follow_reports()
    close_months(lambda: now)
    demo.send_reports(now)
    demo.write_improvements(now)
    click.echo(f"demo: {tickets} tickets in {time.monotonic() - began:.1f} s", err=True)


def hang_photos() -> None:
    """They lie beside the database, in the data folder."""
    data = current_app.config["UNSNAG"].data
    with unit_of_work():
        photos.hang(lambda content, name: file_store.put(data, examine(content, name)))


def account_lines() -> list[str]:
    """The demo's people who can still log in with the demo's password, in columns."""
    return [f"{a.role:<10} {a.login:<10} {a.password}   {a.name}" for a in demo.accounts()]
