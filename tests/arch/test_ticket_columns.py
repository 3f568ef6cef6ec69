"""Status, type, queue, owner, priority and outcome of a ticket change in one place only.

Reports, search and undo stand on the events that the one function records. The check reads the code: an assignment
to such a column of something named like a ticket, ``setattr`` on it, and an UPDATE that names the column.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.models import Ticket
from tests.arch.source import HELPDESK, dotted, place, program_files, tree

HOME = HELPDESK / "services" / "tickets.py"
GUARDED = {"status", "type", "queue_id", "owner_id", "priority", "outcome", "version", "merged_into_id"}


def test_the_guarded_columns_exist() -> None:
    assert set(Ticket.__table__.columns.keys()) >= GUARDED


def test_nothing_else_writes_what_the_one_function_writes() -> None:
    assert [hit for path in program_files() if path != HOME for hit in writes(path, tree(path))] == []


@pytest.mark.parametrize(
    "code",
    [
        "ticket.status = 'open'",
        "row.ticket.owner_id = 3",
        "ticket.priority, other = 'P1', 2",
        "ticket.version += 1",
        "ticket.merged_into_id = target.id",
        "setattr(ticket, 'queue_id', 3)",
        "setattr(ticket, name, 3)",
        "session.execute(update(Ticket).where(Ticket.id == 1).values(status='open'))",
        "session.execute(sa.update(Ticket).values({Ticket.outcome: None}))",
        "session.execute(update(Ticket).values({'outcome': None}))",
        "session.execute(text('UPDATE ticket SET urgency = 1'))",
    ],
)
def test_a_write_elsewhere_is_found(code: str) -> None:
    assert list(writes(HELPDESK / "jobs" / "example.py", ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "ticket.urgency = 2",
        "order.status = 'shipped'",
        "if ticket.status == 'open': pass",
        "session.execute(update(Ticket).values(urgency=2))",
        "session.execute(update(Order).values(status='shipped'))",
    ],
)
def test_other_writes_are_left_alone(code: str) -> None:
    assert not list(writes(HELPDESK / "jobs" / "example.py", ast.parse(code)))


def writes(path: Path, module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            if node.attr in GUARDED and _names_a_ticket(node.value):
                yield f"{place(path, node)} {dotted(node)}"
        elif isinstance(node, ast.Call):
            if _sets_attribute(node) or _updates(node):
                yield place(path, node)
        elif isinstance(node, ast.Constant) and "update ticket " in " ".join(str(node.value).lower().split()):
            yield place(path, node)


def _names_a_ticket(node: ast.expr) -> bool:
    return dotted(node).rpartition(".")[2].lower() in {"ticket", "source_ticket", "target_ticket", "locked_ticket"}


def _sets_attribute(call: ast.Call) -> bool:
    if dotted(call.func) != "setattr" or not _names_a_ticket(call.args[0]):
        return False
    name = call.args[1]
    return not isinstance(name, ast.Constant) or name.value in GUARDED


def _updates(call: ast.Call) -> bool:
    """``update(Ticket)…values(…)`` with a guarded column among the values, or values that can't be read here."""
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "values" and _is_update(call.func.value)):
        return False
    names = [keyword.arg for keyword in call.keywords]
    for argument in call.args:
        if not isinstance(argument, ast.Dict):
            return True
        names += [_column(key) for key in argument.keys]
    return any(name is None or name in GUARDED for name in names)


def _is_update(node: ast.expr) -> bool:
    return any(
        isinstance(part, ast.Call)
        and dotted(part.func).rpartition(".")[2] == "update"
        and part.args
        and dotted(part.args[0]).rpartition(".")[2] == "Ticket"
        for part in ast.walk(node)
    )


def _column(key: ast.expr | None) -> str | None:
    if isinstance(key, ast.Constant):
        return str(key.value)
    return dotted(key).rpartition(".")[2] if key is not None and dotted(key) else None
