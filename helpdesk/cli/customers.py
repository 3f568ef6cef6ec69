"""``flask customer``: what is done to a buyer's data at his own wish."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from helpdesk import timesource
from helpdesk.domain.problems import Problem
from helpdesk.queries.actors import system_actor
from helpdesk.services import erasing
from helpdesk.storage import unit_of_work
from helpdesk.wording import problem_text

group = AppGroup("customer", help="Forget a customer (see docs/erasing.md).")


@group.command("erase")
@click.argument("number")
@click.confirmation_option(prompt="What was said can't be brought back. Erase?")
def erase(number: str) -> None:
    """Forget the customer of the ticket NUMBER, with all tickets and orders of his. The facts stay."""
    try:
        with unit_of_work():
            erased = erasing.erase(number, actor=system_actor("cli"), now=timesource.now())
    except Problem as problem:
        raise click.ClickException(problem_text(problem)) from None
    click.echo(f"tickets {erased.tickets}, texts {erased.texts}, files {erased.files}, import files {erased.imports}")
