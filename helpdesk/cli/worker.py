"""``flask worker``: the process that runs the jobs."""

from __future__ import annotations

import logging
import signal
import sys

import click
import structlog
from flask import current_app
from flask.cli import with_appcontext
from structlog.tracebacks import ExceptionDictTransformer

from helpdesk import timesource
from helpdesk.jobs.runner import JobWorker

WITHOUT_VALUES = ExceptionDictTransformer(show_locals=False)
"""Tracebacks without the variables' values: customers' words and robots' tokens are among them."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Run the jobs until SIGTERM or Ctrl-C. Two of these at once are harmless."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the jobs' threads need the app itself
    write_logs(app.config["UNSNAG"].log_level)
    # Blocked before any thread starts and then waited for: a handler would run at any point of this thread,
    # also while it holds the very lock that the handler needs.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    JobWorker(app, timesource.now).run(wait=lambda: signal.sigwait(STOP_SIGNALS))


def write_logs(level: str) -> None:
    """To the error output: in colour for a person at a terminal, else a JSON object per line."""
    at_terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if at_terminal else [structlog.processors.ExceptionRenderer(WITHOUT_VALUES)]),
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if at_terminal
            else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # APScheduler says through logging when a job is skipped because its last run goes on; that is as planned.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
