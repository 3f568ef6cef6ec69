"""Every form as its page gives it: with one field spoiled, and in the hands of somebody whom it was not given to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import MethodNotAllowed

from helpdesk.domain.access import Role
from helpdesk.models import User
from helpdesk.services import absences, assists
from helpdesk.storage import Base, session, unit_of_work
from tests import factories, tickets
from tests.conftest import Client, Frozen, Login
from tests.factories import World
from tests.web.pages import Fields, forms

SPOILED = {"not there": None, "nul": "a\0b", "beyond 64 bits": str(2**63)}
PANELS = (
    *("assign", "owner", "answer", "withdraw", "transfer", "assist", "type", "priority", "status", "resolve", "merge"),
    *("reveal", "templates"),
)
OPEN_TO_ALL = (
    "accounts.",
    "notifications.",
    "tickets.choose_many",
    "tickets.create",
    "tickets.export",
    "tickets.keep_draft",
    "skills.",
    "views.new",
)
"""One's own account, bell, views, drafts, lists taken away and tickets chosen; new tickets; skills have no queue."""


@pytest.fixture
def busy(world: World, frozen: Frozen) -> World:
    """Something of everything: tickets in hands and waiting, a question to another queue, an absence."""
    now, users, day = frozen.now, world.users, timedelta(days=1)
    with unit_of_work():
        number = tickets.ticket(world, now, owner=users.agent, hands=users.agent, due_in=-tickets.HOUR).number
        tickets.ticket(world, now, status="new")
        tickets.ticket(world, now, status="pending_customer", owner=users.agent2, paused=True)
        tickets.ticket(world, now, status="resolved", owner=users.agent)
        other = factories.queue("returns", "退货", world.calendars.office, position=9)
        factories.user("stranger", now, role=Role.SUPERVISOR, queues=[other])
    with unit_of_work():
        assists.ask_for_help(
            number, "warehouse", party=None, question="在架吗", version=1, actor=world.actors.agent, now=now
        )
        absences.add_absence(
            users.agent.id,
            now + day,
            now + 2 * day,
            kind="leave",
            stand_in_id=users.agent2.id,
            actor=world.actors.supervisor,
            now=now,
        )
    return world


def given(app: Flask, client: Client) -> Iterator[tuple[str, str, Fields]]:
    """(endpoint, address, fields) of all forms on all pages that this person sees, each kind of form once."""
    seen = set()
    for page in pages(app):
        answer = client.get(page)
        readable = answer.status_code == 200 and str(answer.mimetype).startswith("text/")  # not a file to take away
        for form in forms(answer.text) if readable else ():
            for action, fields in form.ways():
                endpoint = endpoint_of(app, action or page)
                kind = endpoint, tuple(sorted({name for name, _ in fields}))
                if endpoint and kind not in seen:
                    seen.add(kind)
                    yield endpoint, action or page, fields


def pages(app: Flask) -> Iterator[str]:
    """Addresses of all that can be looked at, with the first rows of each table and the panels of a ticket."""
    address = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        for place in range(1, 7) if rule.arguments else (1,):
            known = {"number": f"EX-250101-{place:04}", "year": 2026}
            yield address.build(rule.endpoint, {name: known.get(name, place) for name in rule.arguments})
    yield from (f"/tickets/EX-250101-0001?panel={panel}" for panel in PANELS)


def endpoint_of(app: Flask, address: str) -> str:
    """Empty for a form that a script aims before it is sent."""
    try:
        return str(app.url_map.bind("localhost").match(urlsplit(address).path, "POST")[0])
    except MethodNotAllowed:
        return ""


def data(fields: Fields) -> dict[str, list[str]]:
    sent: dict[str, list[str]] = {}
    for name, value in fields:
        if name != "csrf_token":
            sent.setdefault(name, []).append(value)
    return sent


def stored() -> dict[str, list[object]]:
    """All rows of all tables, but not who was there last."""
    session().rollback()
    tables = [table for table in Base.metadata.sorted_tables if table.name != "user_session"]
    return {table.name: [tuple(row) for row in session().execute(select(table))] for table in tables}


def test_one_spoiled_field_breaks_no_form(
    app: Flask, client: Client, busy: World, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(client, busy.users.supervisor)
    found = [one for one in given(app, client) if not one[0].startswith("accounts.")]
    monkeypatch.setattr(Session, "commit", Session.rollback)  # each form meets what its page showed
    broken = []
    for _endpoint, address, fields in found:
        whole = data(fields)
        for field in whole:
            for what, value in SPOILED.items():
                others = {one: values for one, values in whole.items() if one != field}
                answer = client.submit(address, others if value is None else {**others, field: [value]})
                if answer.status_code >= 500:
                    broken.append((address, field, what))
    assert broken == []


@pytest.mark.parametrize("name", ["stranger", "outsider", "finance", "auditor"])
def test_forms_of_another_queue_change_nothing_in_the_hands_of_others(
    app: Flask, client: Client, busy: World, login: Login, name: str
) -> None:
    found = {}
    for reader in ("ops", "supervisor", "warehouse"):
        login(client, getattr(busy.users, reader))
        for endpoint, address, fields in given(app, client):
            if not endpoint.startswith(OPEN_TO_ALL):
                found[endpoint, address] = data(fields)
    person = session().scalars(select(User).where(User.login == name)).one()
    login(client, person)
    before, changed = stored(), []
    for (_endpoint, address), sent in found.items():
        client.submit(address, sent)
        after = stored()
        changed += [(address, table) for table in after if after[table] != before[table]]
        before = after
    assert changed == []
    assert len(found) > 30
