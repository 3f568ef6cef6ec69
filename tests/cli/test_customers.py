from __future__ import annotations

from datetime import datetime

from click.testing import Result
from flask import Flask

from helpdesk.services.erasing import GONE
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import look, opened, owner_of, resolved


def run(app: Flask, *arguments: str) -> Result:
    result = app.test_cli_runner().invoke(args=["customer", *arguments])
    session().rollback()
    return result


def test_a_customer_is_forgotten_by_the_number_of_a_ticket(app: Flask, world: World, now: datetime) -> None:
    number = opened(world, now, customer_name="周", text="周说不对")
    resolved(number, actor=owner_of(world, number), now=now)
    result = run(app, "erase", number, "--yes")
    assert result.exit_code == 0, result.output
    assert "tickets 1, texts" in result.output
    assert look(number).subject == GONE


def test_what_cannot_be_forgotten_yet_is_said(app: Flask, world: World, now: datetime) -> None:
    number = opened(world, now, customer_name="周")
    result = run(app, "erase", number, "--yes")
    assert result.exit_code == 1
    assert number in result.output
    assert "Traceback" not in result.output
    assert run(app, "erase", "EX-1", "--yes").exit_code == 1


def test_nothing_is_forgotten_without_being_asked_twice(app: Flask, world: World, now: datetime) -> None:
    number = opened(world, now, customer_name="周")
    assert run(app, "erase", number).exit_code == 1
    assert look(number).subject != GONE
