"""Labelled messages as an installation would meet them: tickets, corrections of an agent, a training."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.learner import Model
from helpdesk.jobs.train_learner import train_learner
from helpdesk.models import Channel, Membership, Queue, Shop, Ticket, User
from helpdesk.models.learned import live_model
from helpdesk.services import decisions, intake
from helpdesk.services.intake import TicketRequest
from helpdesk.storage import db, session, unit_of_work
from seeds import base
from tests.databases import application, migrate

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def learned_from(corrections: Path) -> Model | None:
    """The model that these corrections bring into force in a new installation; None if the rules stay alone."""
    messages = [json.loads(line) for line in corrections.read_text(encoding="utf-8").splitlines() if line.strip()]
    with TemporaryDirectory() as folder:
        app = application(Path(folder), f"sqlite:///{Path(folder) / 'corrections.sqlite3'}")
        migrate(app)
        with app.app_context():
            with unit_of_work():
                base.plant(NOW)
                agent = _agent()
            for message in messages:
                with unit_of_work():
                    _corrected(message, agent)
            train_learner(NOW)
            model = live_model()
            db.session.remove()
            db.engine.dispose()
    return model


def _agent() -> Actor:
    """Somebody who works in every queue."""
    user = User(login="corrector", name="Corrector", role=Role.AGENT.value, created_at=NOW)
    session().add(user)
    session().flush()
    queues = list(session().scalars(select(Queue.id)))
    session().add_all(Membership(user_id=user.id, queue_id=queue) for queue in queues)
    session().flush()
    return Actor(id=user.id, role=Role.AGENT, queues=frozenset(queues), writing_queues=frozenset(queues))


def _corrected(message: dict[str, str], agent: Actor) -> None:
    """The message comes in; the agent corrects its type, or confirms it. Types of monitors can't be given."""
    request = TicketRequest(
        text=message["text"],
        source="import:conformance",
        external_id=message["id"],
        shop_id=session().execute(select(Shop.id).limit(1)).scalar_one(),
        channel_id=session().execute(select(Channel.id).limit(1)).scalar_one(),
    )
    opened = intake.open_ticket(request, actor=agent, now=NOW)
    ticket = session().get_one(Ticket, opened.ticket_id)
    number, version = ticket.number, ticket.version
    if ticket.type == message["type"]:
        decisions.confirm_type(number, version=version, actor=agent, now=NOW)
    else:
        decisions.set_type(number, message["type"], version=version, actor=agent, now=NOW)
