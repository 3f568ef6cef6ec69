"""Work off an import: read the stored file, store its rows batch by batch, report after each commit.

The command line and the job worker both come through here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError

from helpdesk.adapters.import_files import read_units
from helpdesk.domain.imports import Unit
from helpdesk.domain.problems import Conflict
from helpdesk.queries.actors import system_actor
from helpdesk.queries.imports import import_content, import_run
from helpdesk.services import imports
from helpdesk.services.imports import BATCH_ROWS, Progress
from helpdesk.storage import unit_of_work

log = structlog.get_logger(__name__)


def work_off(
    run_id: int,
    *,
    holder: str,
    clock: Callable[[], datetime],
    instead_of: str | None = None,
    committed: Callable[[Progress], None] = lambda _progress: None,
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Take the run and work it off to its end; False when somebody else has it.

    ``instead_of`` is a holder known to be dead; ``committed`` is called after each commit. A run that is
    interrupted (``stopping``, a lost database) goes on later where it stands; a mistake of the program
    ends it as failed.
    """
    with unit_of_work():
        run = imports.claim(run_id, holder, clock(), instead_of=instead_of)
    if run is None:
        return False
    try:
        _work(run, holder, clock, committed, stopping)
    except OperationalError:
        raise  # the database was away: the lease runs out and somebody goes on
    except Conflict:
        log.warning("import taken over by another process", run=run_id)
        return False
    except Exception as error:
        with unit_of_work():
            imports.fail(_latest(run), holder, type(error).__name__, clock())
        raise
    return True


def _work(
    run: Progress,
    holder: str,
    clock: Callable[[], datetime],
    committed: Callable[[Progress], None],
    stopping: Callable[[], bool],
) -> None:
    actor = system_actor("import")
    stored = import_run(run.run_id)
    units = read_units(run.kind, stored.file_name, import_content(stored.file_hash), run.options)
    for batch in _batches(itertools.islice(units, run.done, None)):
        if stopping():
            with unit_of_work():
                imports.give_back(run, holder)
            return
        with unit_of_work():
            run = imports.work_batch(run, batch, holder=holder, actor=actor, now=clock())
        if run.state == "cancelled":
            return
        committed(run)
    with unit_of_work():
        imports.finish(run, holder, clock())


def _latest(run: Progress) -> Progress:
    """The run as it is stored: the loop's own value may be a batch behind or ahead of the mistake."""
    stored = import_run(run.run_id)
    return Progress(run.run_id, run.kind, run.options, stored.state, stored.done, stored.figures)


def _batches(units: Iterator[Unit]) -> Iterator[Sequence[Unit]]:
    while batch := list(itertools.islice(units, BATCH_ROWS)):
        yield batch
