"""Go on with imports that nobody works on: not begun, or given up by a process that died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from helpdesk.jobs.import_file import work_off
from helpdesk.queries.imports import resumable_imports

log = structlog.get_logger(__name__)


def resume_imports(clock: Callable[[], datetime], holder: str, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Work off one run after the other; returns how many. One that fails doesn't keep the others waiting."""
    worked = 0
    for run_id in resumable_imports(clock()):
        if stopping():
            break
        try:
            worked += work_off(run_id, holder=holder, clock=clock, stopping=stopping)
        except Exception:
            log.exception("import failed", run=run_id)
    return worked
