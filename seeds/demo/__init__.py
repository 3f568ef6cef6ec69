"""A demo to look around in: three months of two shops, told by ``plan`` and replayed by ``load``."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from helpdesk.domain.access import Role
from helpdesk.models import Ticket, User
from helpdesk.services import passwords
from helpdesk.storage import session
from seeds.demo import material
from seeds.demo.improvements import plant as write_improvements
from seeds.demo.loader import load, play
from seeds.demo.people import PASSWORD, PEOPLE
from seeds.demo.plan import plan
from seeds.demo.sendings import send as send_reports

__all__ = [
    "Account",
    "accounts",
    "load",
    "nobody_works_here",
    "plan",
    "play",
    "send_reports",
    "shops",
    "taken_logins",
    "tickets_exist",
    "write_improvements",
]


@dataclass(frozen=True, slots=True)
class Account:
    role: str
    login: str
    password: str
    name: str


def shops() -> dict[str, str]:
    """Codes and names of the demo's shops."""
    return {shop.code: shop.name for shop in material.shops()}


def tickets_exist() -> bool:
    return session().scalar(select(Ticket.id).limit(1)) is not None


def nobody_works_here() -> bool:
    """No tickets and no people: an installation that has only been set up."""
    person = session().scalar(select(User.id).where(User.role != Role.SYSTEM.value).limit(1))
    return person is None and not tickets_exist()


def taken_logins() -> list[str]:
    """Logins of the demo's people that somebody has already."""
    return sorted(session().scalars(select(User.login).where(User.login.in_([person.login for person in PEOPLE]))))


def accounts() -> list[Account]:
    """The demo's people who can still log in with its password; they were given one hash, which is checked once."""
    users = session().execute(
        select(User.login, User.name, User.role, User.password_hash).where(
            User.login.in_([person.login for person in PEOPLE]), User.active, User.password_hash.is_not(None)
        )
    )
    known = {row.login: row for row in users}
    right = {stored for stored in {row.password_hash for row in known.values()} if passwords.matches(stored, PASSWORD)}
    return [
        Account(row.role, row.login, PASSWORD, row.name)
        for person in PEOPLE
        if (row := known.get(person.login)) is not None and row.password_hash in right
    ]
