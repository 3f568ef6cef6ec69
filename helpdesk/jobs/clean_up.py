"""Remove what has served its time: sessions, tries, what was told, sent and called long ago, views, drafts, files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import current_app

from helpdesk.adapters import file_store
from helpdesk.services import (
    attachments,
    bulk_runs,
    drafts,
    idempotency,
    notifications,
    onlookers,
    outbox,
    views,
    webhook_calls,
)
from helpdesk.services.clean_up import old_sendings, remove_ended, remove_loose_files, remove_sendings
from helpdesk.storage import unit_of_work

MOST_BATCHES = 20
"""Of sendings and of calls in one run, each in a transaction of its own; the next run goes on."""

CONTENTS = 500


def clean_up(now: datetime) -> int:
    """Returns how many rows were removed or withdrawn."""
    with unit_of_work():
        done = (
            remove_ended(now)
            + remove_loose_files(now)
            + views.remove_deleted(now)
            + drafts.remove_old(now)
            + onlookers.remove_gone(now)
            + attachments.remove_staged(now)
            + bulk_runs.remove_old(now)
        )
        done += outbox.expire_notices(now) + notifications.remove_old(now)
    for _ in range(MOST_BATCHES):
        rows, envelopes = old_sendings(now)
        if not rows and not envelopes:
            break
        with unit_of_work():
            done += remove_sendings(rows, envelopes)
    _remove_contents(now)
    done += _remove(webhook_calls.remove_old, webhook_calls.BATCH, now)
    return done + _remove(idempotency.remove_old, idempotency.BATCH, now)


def _remove_contents(now: datetime) -> None:
    """Bytes that no file of a ticket has any more. What came within a day may belong to one that is just written."""
    data, before = current_app.config["UNSNAG"].data, now - attachments.KEEP_STAGED
    old = list(file_store.old_files(data, before))
    for hashes in (old[start : start + CONTENTS] for start in range(0, len(old), CONTENTS)):
        for unused in sorted(set(hashes) - attachments.hashes_in_use(hashes)):
            file_store.delete(data, unused, before)


def _remove(remove_old: Callable[[datetime], int], batch: int, now: datetime) -> int:
    """Calls of webhooks and answers of the API, which may be many in a day."""
    done = 0
    for _ in range(MOST_BATCHES):
        with unit_of_work():
            removed = remove_old(now)
        done += removed
        if removed < batch:
            break
    return done
