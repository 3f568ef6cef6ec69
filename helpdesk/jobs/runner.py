"""The job worker: APScheduler as a metronome behind a lease.

The scheduler remembers nothing (memory store) and catches nothing up: jobs ask for the state of the
world, so a late run is as good as a punctual one. Whoever holds the lease runs the jobs; a second
worker started by mistake waits, and takes over when the first one's lease has run out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from flask import Flask

from helpdesk.jobs.holders import new_holder
from helpdesk.jobs.schedule import JOBS, Job, Worker
from helpdesk.models.jobs import JOB_WORKER
from helpdesk.services import leases
from helpdesk.storage import unit_of_work

log = structlog.get_logger(__name__)

LEASE_SECONDS = 20
BEAT_SECONDS = 5


class AtOnceThenEvery(BaseTrigger):
    """Fire at the start, then again and again; what was missed counts once."""

    def __init__(self, seconds: int) -> None:
        self.interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now if previous_fire_time is None else max(previous_fire_time + self.interval, now)


class JobWorker:
    """One job worker process: holds the lease while it can, ticks while it holds it."""

    def __init__(
        self, app: Flask, clock: Callable[[], datetime], *, holder: str = "", jobs: Sequence[Job] = JOBS
    ) -> None:
        self.app = app
        self.clock = clock
        self.holder = holder or new_holder()
        self.jobs = jobs
        self.leading = False
        self.stop = threading.Event()
        self.worker = Worker(self.holder, clock, self.stop.is_set)

    def run(self, wait: Callable[[], object]) -> None:
        """Work until ``wait`` returns, then let running jobs finish and give the lease back.

        The scheduler has a thread of its own, and this one only waits.
        """
        scheduler = BackgroundScheduler(timezone="UTC")
        options = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self.beat()
        scheduler.add_job(self.beat, AtOnceThenEvery(BEAT_SECONDS), id="beat", **options)
        for job in self.jobs:
            scheduler.add_job(self.tick, AtOnceThenEvery(job.every_seconds), [job], id=job.name, **options)
        scheduler.start()
        log.info("job worker started", holder=self.holder, leading=self.leading)
        wait()
        self.stop.set()
        scheduler.shutdown(wait=True)
        self.give_up()
        log.info("job worker stopped", holder=self.holder)

    def beat(self) -> None:
        """Take or renew the lease: the heartbeat. Without an answer from the database nobody leads."""
        had = self.leading
        try:
            with self.app.app_context(), unit_of_work():
                self.leading = leases.acquire(JOB_WORKER, self.holder, seconds=LEASE_SECONDS, now=self.clock())
        except Exception:
            self.leading = False
            log.exception("heartbeat failed")
        if self.leading != had:
            log.info("lease taken" if self.leading else "lease lost", holder=self.holder)

    def tick(self, job: Job) -> None:
        """Run a job if this process leads. A job that fails is logged and comes again at its next time."""
        if not self.leading or self.stop.is_set():
            return
        try:
            with self.app.app_context():
                did = job.run(self.worker)
        except Exception:
            log.exception("job failed", job=job.name)
            return
        if did:
            log.info("job done", job=job.name, did=did)

    def give_up(self) -> None:
        """Release the lease, so that another worker need not wait for its end."""
        self.leading = False
        with suppress(Exception), self.app.app_context(), unit_of_work():
            leases.release(JOB_WORKER, self.holder, now=self.clock())
