"""``flask user``: people, where nobody can log in to a page yet or any more."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from helpdesk import timesource
from helpdesk.config import LOCALES
from helpdesk.domain.access import PEOPLE, Role
from helpdesk.domain.problems import NotFound, Problem
from helpdesk.queries import accounts as queries
from helpdesk.queries.actors import system_actor
from helpdesk.queries.queues import queue_ids
from helpdesk.services import accounts
from helpdesk.storage import unit_of_work
from helpdesk.wording import problem_text

group = AppGroup("user", help="Create people, set passwords, deactivate.")
ROLES = [role.value for role in PEOPLE]


@group.command("create")
@click.argument("login")
@click.option("--name", help="As others see it; the login if left out.")
@click.option("--role", type=click.Choice(ROLES), default=Role.AGENT.value, show_default=True)
@click.option("--queue", "codes", multiple=True, metavar="CODE", help="A queue to work in; may be given several times.")
@click.option("--locale", type=click.Choice(LOCALES), default=LOCALES[0], show_default=True)
@click.password_option(help="Asked for if left out, which keeps it out of the shell's history.")
def create(login: str, name: str | None, role: str, codes: tuple[str, ...], locale: str, password: str) -> None:
    """Add a person who can log in as LOGIN."""
    try:
        hashed = accounts.new_password(password, login=login)
        with unit_of_work():
            accounts.create_user(
                login,
                name=name or login,
                role=Role(role),
                password_hash=hashed,
                locale=locale,
                member_of=queue_ids(codes),
                actor=system_actor("cli"),
                now=timesource.now(),
            )
    except Problem as problem:
        raise click.ClickException(problem_text(problem)) from None
    click.echo(f"created {login} ({role})")


@group.command("password")
@click.argument("login")
@click.password_option()
def password(login: str, password: str) -> None:
    """Give LOGIN a new password; ends every session of his."""
    try:
        hashed = accounts.new_password(password, login=login)
        with unit_of_work():
            accounts.set_password(_user_id(login), hashed, actor=system_actor("cli"), now=timesource.now())
    except Problem as problem:
        raise click.ClickException(problem_text(problem)) from None
    click.echo(f"password of {login} set")


@group.command("deactivate")
@click.argument("login")
def deactivate(login: str) -> None:
    """LOGIN doesn't work here any more: his sessions end, his tickets and words stay."""
    try:
        with unit_of_work():
            accounts.deactivate(_user_id(login), actor=system_actor("cli"), now=timesource.now())
    except Problem as problem:
        raise click.ClickException(problem_text(problem)) from None
    click.echo(f"{login} deactivated")


def _user_id(login: str) -> int:
    known = queries.credentials(login.lower())
    if known is None:
        raise NotFound("account.no_such_user")
    return known.user_id
