"""``flask import``: what a person at the terminal sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from helpdesk.models import Order, Ticket
from helpdesk.queries.imports import resumable_imports
from helpdesk.services import imports
from helpdesk.services.imports import LEASE_SECONDS
from helpdesk.storage import session, unit_of_work
from tests.conftest import Frozen
from tests.factories import World

TICKETS = "编号,内容,店铺,渠道\na,发错货了,,\nb,少发一件,second,京东\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    path.write_text(TICKETS, encoding="utf-8")
    return path


def run(app: Flask, kind: str, *arguments: object) -> Result:
    with unit_of_work():
        pass  # ends this test's reading transaction
    return app.test_cli_runner().invoke(args=["import", kind, *map(str, arguments)])


def count(model: type) -> int:
    with unit_of_work():
        return session().execute(select(func.count()).select_from(model)).scalar_one()


def test_it_says_what_it_assumes_what_it_committed_and_what_came_of_it(app: Flask, world: World, file: Path) -> None:
    result = run(app, "tickets", file)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "tickets.csv: shop=main channel=tmall",
        "committed 2",
        "run 1: done 2 of 2 created=2",
    ]


def test_the_same_file_again_creates_nothing(app: Flask, world: World, file: Path) -> None:
    run(app, "tickets", file)
    again = run(app, "tickets", file)
    assert (again.exit_code, count(Ticket)) == (0, 2)
    assert "committed" not in again.output
    assert "run 1: done 2 of 2 created=2" in again.output


def test_worked_through_anew_its_rows_are_recognised(app: Flask, world: World, file: Path) -> None:
    run(app, "tickets", file)
    assert "repeated=2" in run(app, "tickets", file, "--again").output
    assert count(Ticket) == 2


def test_bad_rows_are_said_written_and_end_in_an_exit_code_of_their_own(
    app: Flask, world: World, file: Path, tmp_path: Path
) -> None:
    file.write_text(TICKETS + "c,,,\nd,破损,nowhere,\n", encoding="utf-8")
    result = run(app, "tickets", file, "--bad-rows", tmp_path / "bad.csv")
    assert result.exit_code == 2
    assert "bad=2 created=2" in result.output
    assert "row 4:" in result.output
    bad = (tmp_path / "bad.csv").read_text(encoding="utf-8-sig").splitlines()
    assert bad[0] == "编号,内容,店铺,渠道,_row,_problem"
    assert [line.split(",")[0] for line in bad[1:]] == ["c", "d"]
    assert run(app, "tickets", file).exit_code == 2


def test_options_name_the_place_and_the_columns(app: Flask, world: World, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("谁,说了什么\n王小明,发错货了\n", encoding="gb18030")
    result = run(app, "tickets", file, "--shop", "second", "--channel", "jd", "--map", "说了什么=text")
    assert result.exit_code == 0, result.output
    with unit_of_work():
        ticket = session().execute(select(Ticket)).scalar_one()
    assert (ticket.shop_id, ticket.channel_id) == (world.shop2.id, world.channels.jd.id)


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        ("标题\n你好\n", []),
        ("内容\n你好\n", ["--map", "nothing=text"]),
        ("内容\n你好\n", ["--map", "内容=colour"]),
        ("内容\n你好\n", ["--map", "内容"]),
        ("", []),
    ],
)
def test_a_bad_file_or_option_is_refused_in_words_and_stores_nothing(
    app: Flask, world: World, file: Path, content: str, arguments: list[str]
) -> None:
    file.write_text(content, encoding="utf-8")
    result = run(app, "tickets", file, *arguments)
    assert result.exit_code in {1, 2}
    assert "Error: " in result.output
    assert "Traceback" not in result.output
    assert (count(Ticket), resumable_imports(world.users.agent.created_at)) == (0, [])


def test_a_database_that_was_never_prepared_says_so(app: Flask, file: Path) -> None:
    result = run(app, "tickets", file)
    assert result.exit_code == 1
    assert "Error: " in result.output


def test_it_waits_for_a_process_that_was_killed_and_then_goes_on(
    app: Flask, world: World, file: Path, frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = imports.create_run

    def taken_by_another(*args: object, **more: object) -> int:
        run_id = real(*args, **more)  # type: ignore[arg-type]
        imports.claim(run_id, "killed", frozen.now)
        return run_id

    monkeypatch.setattr(imports, "create_run", taken_by_another)
    monkeypatch.setattr("time.sleep", lambda _seconds: frozen.shift(seconds=LEASE_SECONDS / 2))
    result = run(app, "tickets", file)
    assert result.exit_code == 0, result.output
    assert result.output.count("waiting") == 1
    assert count(Ticket) == 2


def test_orders_are_created_then_updated_then_repeated(app: Flask, world: World, tmp_path: Path) -> None:
    file = tmp_path / "orders.jsonl"
    outputs = []
    for status in ("paid", "shipped"):
        file.write_text(f'{{"number": "E-1", "paid": 39.9, "status": "{status}"}}\n', encoding="utf-8")
        outputs.append(run(app, "orders", file).output)
    outputs.append(run(app, "orders", file, "--again").output)
    assert [output.splitlines()[-1].split()[-1] for output in outputs] == ["created=1", "updated=1", "repeated=1"]
    assert count(Order) == 1
