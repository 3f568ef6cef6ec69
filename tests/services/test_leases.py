"""Leases: one holder at a time, and the next one after its end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from helpdesk.models import Lease
from helpdesk.models.jobs import JOB_WORKER
from helpdesk.queries.health import worker_alive
from helpdesk.services import leases
from helpdesk.storage import session, unit_of_work


def acquire(holder: str, now: datetime, seconds: int = 20) -> bool:
    with unit_of_work():
        return leases.acquire(JOB_WORKER, holder, seconds=seconds, now=now)


def test_the_first_takes_it_and_the_second_does_not(app: Flask, now: datetime) -> None:
    assert acquire("one", now)
    assert not acquire("two", now + timedelta(seconds=19))


def test_its_holder_renews_it_for_as_long_as_he_likes(app: Flask, now: datetime) -> None:
    for beat in range(10):
        assert acquire("one", now + timedelta(seconds=5 * beat))
    assert not acquire("two", now + timedelta(seconds=64))


def test_a_dead_holder_is_followed_when_the_lease_has_run_out(app: Flask, now: datetime) -> None:
    assert acquire("one", now)
    assert acquire("two", now + timedelta(seconds=20))
    assert not acquire("one", now + timedelta(seconds=21))


def test_a_released_lease_is_free_at_once(app: Flask, now: datetime) -> None:
    acquire("one", now)
    with unit_of_work():
        assert leases.release(JOB_WORKER, "one", now=now)
    assert acquire("two", now)


def test_nobody_releases_another_s_lease(app: Flask, now: datetime) -> None:
    acquire("one", now)
    with unit_of_work():
        assert not leases.release(JOB_WORKER, "two", now=now)
    assert not acquire("two", now)


def test_names_are_leased_apart(app: Flask, now: datetime) -> None:
    assert acquire("one", now)
    with unit_of_work():
        assert leases.acquire("another", "two", seconds=20, now=now)


def test_two_who_find_no_row_agree_on_one(app: Flask, now: datetime) -> None:
    """Both looked and found nothing; the key decides, and the loser is told so instead of failing."""
    with unit_of_work():
        assert leases.acquire(JOB_WORKER, "one", seconds=20, now=now)
        assert not leases.acquire(JOB_WORKER, "two", seconds=20, now=now)
        assert session().get_one(Lease, JOB_WORKER).holder == "one"


@pytest.mark.parametrize("seconds", [0, -1, 3601])
def test_a_lease_without_end_is_refused(app: Flask, now: datetime, seconds: int) -> None:
    with pytest.raises(ValueError, match="lease"):
        acquire("one", now, seconds)


def test_the_job_worker_is_alive_while_its_lease_lasts(app: Flask, now: datetime) -> None:
    assert not worker_alive(now)
    acquire("one", now)
    assert worker_alive(now + timedelta(seconds=19))
    assert not worker_alive(now + timedelta(seconds=20))
