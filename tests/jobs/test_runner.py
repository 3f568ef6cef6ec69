"""The job worker: two by mistake are harmless, one that dies is followed, one that is told to stop stops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from flask import Flask

from helpdesk.jobs.runner import LEASE_SECONDS, JobWorker
from helpdesk.jobs.schedule import JOBS, Job, Worker
from helpdesk.queries.health import worker_alive
from helpdesk.storage import db
from tests.conftest import Frozen
from tests.factories import World


class Counter:
    """A job that counts its runs."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.ran = threading.Event()

    def run(self, worker: Worker) -> int:
        self.runs.append(worker.holder)
        self.ran.set()
        return 1


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def worker(app: Flask, frozen: Frozen, counter: Counter) -> Callable[[str], JobWorker]:
    def make(holder: str) -> JobWorker:
        return JobWorker(app, lambda: frozen.now, holder=holder, jobs=[Job("count", 3600, counter.run)])

    return make


@contextmanager
def running(worker: JobWorker) -> Iterator[None]:
    """The worker in a thread of its own, stopped at the end."""
    told = threading.Event()
    thread = threading.Thread(target=worker.run, args=[told.wait])
    thread.start()
    try:
        yield
    finally:
        told.set()
        thread.join(timeout=10)
    assert not thread.is_alive()


def test_only_the_one_that_holds_the_lease_runs_jobs(
    worker: Callable[[str], JobWorker], counter: Counter, app: Flask
) -> None:
    one, two = worker("one"), worker("two")
    for each in (one, two, one, two):
        each.beat()
        each.tick(each.jobs[0])
    assert counter.runs == ["one", "one"]


def test_the_other_takes_over_when_the_first_died(
    worker: Callable[[str], JobWorker], counter: Counter, frozen: Frozen
) -> None:
    one, two = worker("one"), worker("two")
    one.beat()
    frozen.shift(seconds=LEASE_SECONDS)
    two.beat()
    two.tick(two.jobs[0])
    one.beat()
    one.tick(one.jobs[0])
    assert counter.runs == ["two"]


def test_without_the_database_nobody_leads_and_with_it_again_somebody_does(
    worker: Callable[[str], JobWorker], counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = worker("one")
    one.beat()
    with monkeypatch.context() as patch:
        patch.setattr("helpdesk.services.leases.acquire", lambda *_args, **_more: 1 / 0)
        one.beat()
        one.tick(one.jobs[0])
    assert (one.leading, counter.runs) == (False, [])
    one.beat()
    one.tick(one.jobs[0])
    assert counter.runs == ["one"]


def test_a_job_that_fails_comes_again_and_stops_nobody(app: Flask, frozen: Frozen, counter: Counter) -> None:
    failing = Job("fails", 60, lambda _worker: 1 // 0)
    one = JobWorker(app, lambda: frozen.now, holder="one", jobs=[failing, Job("count", 60, counter.run)])
    one.beat()
    for job in (*one.jobs, *one.jobs):
        one.tick(job)
    assert counter.runs == ["one", "one"]


def test_it_runs_its_jobs_at_once_shows_its_heartbeat_and_gives_the_lease_back(
    worker: Callable[[str], JobWorker], counter: Counter, now: datetime
) -> None:
    with running(worker("one")):
        assert counter.ran.wait(10)
        assert worker_alive(now)
    db.session.remove()
    assert not worker_alive(now)
    with running(worker("two")):
        deadline = time.monotonic() + 10
        while len(counter.runs) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert counter.runs == ["one", "two"]


def test_a_stopping_worker_tells_its_jobs(app: Flask, frozen: Frozen) -> None:
    started, seen = threading.Event(), []

    def long(worker: Worker) -> int:
        started.set()
        deadline = time.monotonic() + 10
        while not worker.stopping() and time.monotonic() < deadline:
            time.sleep(0.01)
        seen.append(worker.stopping())
        return 0

    with running(JobWorker(app, lambda: frozen.now, holder="one", jobs=[Job("long", 60, long)])):
        assert started.wait(10)
    assert seen == [True]


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_scheduled_job_runs_on_a_fresh_database_twice_and_after_downtime(
    job: Job, world: World, now: datetime
) -> None:
    time = Frozen(now)
    worker = Worker("one", lambda: time.now, lambda: False)
    for hours in (0, 0, 26):
        time.shift(hours=hours)
        assert job.run(worker) == 0


def test_jobs_have_names_of_their_own_and_a_rhythm() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert all(job.every_seconds > 0 for job in JOBS)
