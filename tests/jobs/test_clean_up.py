"""What has served its time goes; what is in use stays."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.adapters import file_store
from helpdesk.domain.attachments import Examined
from helpdesk.jobs.clean_up import clean_up
from helpdesk.models import Attachment, Envelope, LoginAttempt, Outbox, User, UserSession
from helpdesk.storage import session, unit_of_work
from tests import factories, tickets
from tests.factories import World


def test_ended_sessions_and_old_tries_to_log_in_are_removed_once(world: World, now: datetime) -> None:
    with unit_of_work():
        factories.open_session(world.users.agent, now)
        factories.open_session(world.users.agent2, now + timedelta(hours=12))
        factories.add(
            LoginAttempt(key="a", at=now - timedelta(hours=20)), LoginAttempt(key="a", at=now + timedelta(hours=1))
        )
    later = now + timedelta(hours=12, seconds=1)
    assert clean_up(later) == 2
    assert clean_up(later) == 0
    left = session().execute(select(UserSession.user_id)).scalars().all()
    assert left == [world.users.agent2.id]
    assert session().execute(select(func.count()).select_from(LoginAttempt)).scalar_one() == 1


def sending(user: User, at: datetime, name: str, state: str = "done", carried: str = "done") -> None:
    """An envelope that ended so, and the piece of news in it."""
    times = {"next_try_at": at, "created_at": at, "done_at": at}
    envelope = Envelope(key=f"e:{name}", user_id=user.id, state=state, **times)
    factories.add(envelope)
    factories.add(
        Outbox(
            key=name,
            kind="news",
            user_id=user.id,
            envelope_id=envelope.id,
            payload={},
            state=carried,
            not_before=at,
            **times,
        )
    )


def left() -> tuple[set[str], set[str]]:
    return set(session().scalars(select(Outbox.key))), set(session().scalars(select(Envelope.key)))


def test_what_was_sent_is_kept_for_ninety_days_and_what_is_dead_until_it_is_given_up(
    world: World, now: datetime
) -> None:
    old = now - timedelta(days=90, seconds=1)
    with unit_of_work():
        sending(world.users.agent, old, "old")
        sending(world.users.agent, old, "withdrawn", "withdrawn", "withdrawn")
        sending(world.users.agent, now - timedelta(days=90), "young")
        sending(world.users.agent, old, "dead", "dead", "dead")
        sending(world.users.agent, old, "carries", "done", "dead")
        sending(world.users.agent, old, "waiting", "waiting", "claimed")
    assert clean_up(now) == 4
    stays = {"young", "dead", "carries", "waiting"}
    assert left() == (stays, {f"e:{name}" for name in stays})
    assert clean_up(now) == 0
    with unit_of_work() as work:
        for row in (*work.scalars(select(Outbox)), *work.scalars(select(Envelope))):
            if row.state == "dead":
                row.state, row.done_at = "withdrawn", now
    assert clean_up(now + timedelta(days=89)) == 2  # the young one
    assert clean_up(now + timedelta(days=91)) == 4


def test_sendings_are_removed_in_batches_and_a_run_ends(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpdesk.services.clean_up.BATCH", 2)
    monkeypatch.setattr("helpdesk.jobs.clean_up.MOST_BATCHES", 2)
    with unit_of_work():
        for number in range(7):
            sending(world.users.agent, now - timedelta(days=91), f"n{number}")
    assert [clean_up(now) for _ in range(4)] == [6, 7, 1, 0]
    assert left() == (set(), set())


def test_bytes_that_no_file_has_any_more_are_removed(app: Flask, world: World, now: datetime) -> None:
    data = app.config["UNSNAG"].data
    kept, loose, fresh = (
        file_store.put(data, Examined(f"{n}.txt", "text/plain", b"words of test %d" % n)).hash for n in range(3)
    )
    for name, days in ((kept, 2), (loose, 2), (fresh, 0)):
        at = (now - timedelta(days=days)).timestamp()
        os.utime(data / "files" / name[:2] / name, (at, at))
    with unit_of_work():
        row = tickets.ticket(world, now)
        facts = {"name": "0.txt", "media_type": "text/plain", "size_bytes": 1, "created_at": now, "attached_at": now}
        factories.add(Attachment(ticket_id=row.id, hash=kept, **facts))
    clean_up(now)
    left = [name for name in (kept, loose, fresh) if file_store.read(data, name) is not None]
    assert left == [kept, fresh]
    for name in left:
        file_store.delete(data, name, now + timedelta(days=1))
