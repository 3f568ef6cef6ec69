"""The jobs of the job worker, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from helpdesk.jobs.approval_tick import approval_tick
from helpdesk.jobs.clean_up import clean_up
from helpdesk.jobs.close_months import close_months
from helpdesk.jobs.close_resolved import close_resolved
from helpdesk.jobs.count_words import count_words
from helpdesk.jobs.deliver_news import deliver_news
from helpdesk.jobs.deliver_outbox import deliver_outbox
from helpdesk.jobs.follow_calendars import follow_calendars
from helpdesk.jobs.follow_reports import follow_reports
from helpdesk.jobs.hand_out import hand_out
from helpdesk.jobs.index_texts import index_texts
from helpdesk.jobs.measure_pace import measure_pace
from helpdesk.jobs.pause_tick import pause_tick
from helpdesk.jobs.recalculate_months import recalculate_months
from helpdesk.jobs.resume_imports import resume_imports
from helpdesk.jobs.send_reports import send_reports
from helpdesk.jobs.sla_tick import sla_tick
from helpdesk.jobs.spread_notices import spread_notices
from helpdesk.jobs.train_learner import train_learner
from helpdesk.jobs.warn_unconfirmed import warn_unconfirmed
from helpdesk.jobs.work_bulk import work_bulk


@dataclass(frozen=True, slots=True)
class Worker:
    """What a job may need of the process that runs it."""

    holder: str
    clock: Callable[[], datetime]
    stopping: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Job:
    """``run`` returns how much it did; it may come late, twice, or after days."""

    name: str
    every_seconds: int
    run: Callable[[Worker], int]


JOBS: tuple[Job, ...] = (
    Job("sla_tick", 10, lambda worker: sla_tick(worker.clock())),
    Job("pause_tick", 30, lambda worker: pause_tick(worker.clock())),
    Job("approval_tick", 60, lambda worker: approval_tick(worker.clock())),
    Job("hand_out", 10, lambda worker: hand_out(worker.clock())),
    Job("spread_notices", 5, lambda worker: spread_notices(worker.clock, stopping=worker.stopping)),
    Job("deliver_news", 5, lambda worker: deliver_news(worker.clock, worker.holder, stopping=worker.stopping)),
    Job("deliver_outbox", 5, lambda worker: deliver_outbox(worker.clock, worker.holder)),
    Job("resume_imports", 5, lambda worker: resume_imports(worker.clock, worker.holder, stopping=worker.stopping)),
    Job("work_bulk", 2, lambda worker: work_bulk(worker.clock, stopping=worker.stopping)),
    Job("follow_calendars", 15, lambda worker: follow_calendars(worker.clock, stopping=worker.stopping)),
    Job("follow_reports", 5, lambda worker: follow_reports(stopping=worker.stopping)),
    Job("recalculate_months", 5, lambda worker: recalculate_months(worker.clock, stopping=worker.stopping)),
    Job("index_texts", 10, lambda worker: index_texts(stopping=worker.stopping)),
    Job("measure_pace", 5 * 60, lambda worker: measure_pace(worker.clock())),
    Job("train_learner", 10 * 60, lambda worker: train_learner(worker.clock())),
    Job("count_words", 30 * 60, lambda worker: count_words(worker.clock(), stopping=worker.stopping)),
    Job("close_resolved", 15 * 60, lambda worker: close_resolved(worker.clock())),
    Job("close_months", 15 * 60, lambda worker: close_months(worker.clock, stopping=worker.stopping)),
    Job("warn_unconfirmed", 60 * 60, lambda worker: warn_unconfirmed(worker.clock())),
    Job("send_reports", 60, lambda worker: send_reports(worker.clock, stopping=worker.stopping)),
    Job("clean_up", 60 * 60, lambda worker: clean_up(worker.clock())),
)
