"""What the program says in codes is worded where it is shown."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from helpdesk.domain import import_columns
from helpdesk.domain.access import Permission, Role
from helpdesk.domain.tickets import Outcome, Party, Status
from helpdesk.wording import events, labels, problems
from tests.arch.source import HELPDESK, dotted, place, program_files, tree

RAISED = {"Problem", "Invalid", "NotAllowed", "NotFound", "Stale", "Conflict", "TooMany", "TooLarge", "NotLoggedIn"}


def codes(names: set[str]) -> Iterator[tuple[str, str]]:
    """(code, place) of calls of these names with a code as first argument."""
    for path in program_files():
        if not path.is_relative_to(HELPDESK):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in names and node.args:
                for constant in ast.walk(node.args[0]):
                    if isinstance(constant, ast.Constant) and isinstance(constant.value, str) and "." in constant.value:
                        yield constant.value, place(path, node)


def test_every_problem_that_is_raised_has_its_words() -> None:
    found = list(codes(RAISED))
    assert len(found) > 50
    assert sorted({f"{where} {code}" for code, where in found if code not in problems.PROBLEMS}) == []


def test_every_event_that_is_recorded_has_its_words() -> None:
    found = [(code, where) for code, where in codes({"record", "_record"}) if not code.endswith(".")]
    assert len(found) > 10
    assert sorted({f"{where} {code}" for code, where in found if code not in events.EVENTS}) == []


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        (Status, labels.STATUSES),
        (Outcome, labels.OUTCOMES),
        (Party, labels.PARTIES),
        (Role, labels.ROLES),
        (Permission, labels.PERMISSIONS),
        ({"unknown", *import_columns.ORDER_STATUSES.values()}, labels.ORDER_STATUSES),
    ],
    ids=["statuses", "outcomes", "parties", "roles", "permissions", "order statuses"],
)
def test_every_code_has_a_name(codes: Iterable[str], names: dict[str, str]) -> None:
    assert {str(code) for code in codes} == {str(code) for code in names}


def test_words_are_not_kept_for_what_nothing_raises() -> None:
    written = "\n".join(
        path.read_text(encoding="utf-8") for path in program_files() if path.parent != Path(problems.__file__).parent
    )
    assert [code for code in problems.PROBLEMS if f'"{code}"' not in written] == []
