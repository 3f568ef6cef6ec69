"""What has served its time goes; what is in use stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from helpdesk.jobs.clean_up import clean_up
from helpdesk.models import LoginAttempt, UserSession
from helpdesk.storage import session, unit_of_work
from tests import factories
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
