"""Send what waits in the outbox: claim, talk to the channel outside any transaction, record the result."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from helpdesk.adapters.senders import SENDERS, Delivery, Send, SendFailed
from helpdesk.services import outbox
from helpdesk.services.outbox import Claimed
from helpdesk.storage import unit_of_work

log = structlog.get_logger(__name__)

MOST_PER_RUN = 500


def deliver_outbox(
    clock: Callable[[], datetime],
    holder: str,
    *,
    senders: Mapping[str, Send] = SENDERS,
    dice: random.Random | None = None,
) -> int:
    """Deliver what is due; returns how many tries were made, with or without success.

    Takes the time anew at each step: channels may take theirs.
    """
    dice = dice or random.Random()  # noqa: S311  spreads retries, guards nothing
    tries = 0
    while tries < MOST_PER_RUN:
        with unit_of_work():
            rows = outbox.claim(senders, holder, now=clock())
        for row in rows:
            _deliver(row, senders[row.sender], holder, dice.random(), clock)
        tries += len(rows)
        if not rows:
            break
    return tries


def _deliver(row: Claimed, send: Send, holder: str, jitter: float, clock: Callable[[], datetime]) -> None:
    failure: SendFailed | None = None
    try:
        send(Delivery(id=row.key, channel=row.channel, buyer_id=row.buyer_id, text=row.text))
    except SendFailed as refused:
        failure = refused
    except Exception:
        # A sender's own mistake must not hold up what other tickets wait for; it counts as a failed try.
        log.exception("sender failed", sender=row.sender, outbox_id=row.id)
        failure = SendFailed("sender.error")
    now = clock()
    with unit_of_work():
        if failure is None:
            known = outbox.mark_done(row, holder, now=now)
        else:
            known = outbox.mark_failed(row, holder, error=failure.code, final=failure.final, jitter=jitter, now=now)
    if not known:
        log.warning("claim ran out while sending", outbox_id=row.id)
