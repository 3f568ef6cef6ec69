"""Whatever is sent to whatever address: an answer in words, never a failure of the program."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_wtf import FlaskForm

from helpdesk.domain.access import Permission
from helpdesk.models import Ticket
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.conftest import Client, Frozen, Login
from tests.factories import World

VALUES = {
    "nul": "a\0b",
    "huge number": "9" * 30,
    "beyond 64 bits": str(2**63),
    "negative": "-1",
    "other digits": "١٢٣",
    "superscript": "²",
    "long": "长" * 600,
    "emoji": "🧶👩‍👩‍👧",
    "right to left": "\u202eabc\u2066",
    "markup": "<script>alert(1)</script>'\"{{7*7}}%s%(x)s",
    "wildcards": "%_\\*'--;",
    "blank": " \t\r\n",
    "half a pair": "\ud800",
    "time": "2026-13-45T99:99",
    "far future": "9999-12-31T23:59",
    "first day": "0001-01-01T00:00",
    "path": "../../etc/passwd",
}
IN_ADDRESSES = (
    "q",
    "tab",
    "queue",
    "type",
    "class",
    "status",
    "owner",
    "after",
    "before",
    "panel",
    "template",
    "overdue",
)


def fields() -> set[str]:
    """Names of all fields of all forms, and those that stand in templates only."""
    forms, found = list(FlaskForm.__subclasses__()), {"number", "numbers", "next", "mode", "party", "percent"}
    while forms:
        form = forms.pop()
        forms.extend(form.__subclasses__())
        found |= {name for name in vars(form) if not name.startswith("_")}
    return found | {"version", "last_message_id"}


@pytest.mark.parametrize("turn", range(len(VALUES)), ids=VALUES)
def test_no_value_breaks_any_page(
    app: Flask, client: Client, world: World, frozen: Frozen, login: Login, turn: int
) -> None:
    """Each page gets every third value, in all of its fields; pages that stand beside each other get other ones."""
    value = list(VALUES.values())[turn]
    with unit_of_work():
        number = tickets.ticket(world, frozen.now).number
    sent = value.encode("utf-8", "surrogatepass")
    broken = []
    for place, rule in enumerate(app.url_map.iter_rules()):
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        if not isinstance(permission, Permission) or (place + turn) % 3:
            continue
        login(client, world.users.agent if world.actors.agent.may(permission) else world.users.admin)
        arguments = {name: number if name == "number" else 1 for name in rule.arguments}
        path = app.url_map.bind("localhost").build(rule.endpoint, arguments)
        if "GET" in (rule.methods or ()):
            answer = client.get(path, query_string=dict.fromkeys(IN_ADDRESSES, value if value.isprintable() else sent))
        else:
            answer = client.submit(path, dict.fromkeys(sorted(fields()), sent))
        if answer.status_code >= 500:
            broken.append((path, answer.status_code))
    assert broken == []
    assert session().get_one(Ticket, 1).number == number


@pytest.mark.parametrize("name", ["EX-1", "ex-261123-0001", "%00", "%ff", "a" * 3000, "..", "1 OR 1=1", "🧶", "０１"])
def test_a_number_that_is_none_is_no_ticket(client: Client, world: World, login: Login, name: str) -> None:
    login(client, world.users.admin)
    assert client.get(f"/tickets/{name}").status_code in (302, 404, 308, 422)
