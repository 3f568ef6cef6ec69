"""Send what waits in the outbox: claim, talk to the channel outside any transaction, record the result."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

import structlog
from flask import current_app

from helpdesk.adapters.senders import Delivery, Send, Senders, SendFailed
from helpdesk.jobs.ways import senders_of
from helpdesk.services import channel_tests, outbox
from helpdesk.services.channel_tests import Trial
from helpdesk.services.outbox import Claimed
from helpdesk.storage import unit_of_work

log = structlog.get_logger(__name__)

MOST_PER_RUN = 500
MOST_TESTS = 5
TEST_NAME, TEST_TICKET = "Unsnag", "TEST"
TEST_TEXT = "这是异常工单台的测试消息，不用回复。\nThis is a test of Unsnag. No answer is needed."
AT_ONCE = 3
"""Replies that are claimed together: all of them can take their longest before the claim runs out."""


def deliver_outbox(
    clock: Callable[[], datetime],
    holder: str,
    *,
    senders: Senders | None = None,
    dice: random.Random | None = None,
) -> int:
    """Deliver what is due; returns how many tries were made, with or without success.

    Takes the time anew at each step: channels may take theirs. One that asks for rest, or on which nobody takes
    anything, is left alone for this run: the others go on.
    """
    senders = senders_of(current_app.config["UNSNAG"]) if senders is None else senders
    dice = dice or random.Random()  # noqa: S311  spreads retries, guards nothing
    resting: set[int] = set()
    tries = _try_out(senders, holder, clock)
    while tries < MOST_PER_RUN:
        with unit_of_work():
            rows = outbox.claim(senders, holder, now=clock(), limit=AT_ONCE, resting=resting)
        for row in rows:
            if row.channel_id in resting:
                _put_back(row, holder, clock())
                continue
            tries += 1
            failure = _sent(_delivery(row, clock()), senders[row.sender])
            _record(row, failure, holder, dice.random(), clock())
            if failure is not None and (failure.unreachable or failure.retry_after is not None):
                resting.add(row.channel_id)
        if not rows:
            break
    return tries


def _try_out(senders: Senders, holder: str, clock: Callable[[], datetime]) -> int:
    """Send the tests that somebody waits for."""
    tries = 0
    while tries < MOST_TESTS:
        with unit_of_work():
            trial = channel_tests.claim(senders, holder, now=clock())
        if trial is None:
            break
        failure = _sent(_test(trial, clock()), senders[trial.sender])
        with unit_of_work():
            channel_tests.settle(trial, holder, error=failure.code if failure else None, now=clock())
        tries += 1
    return tries


def _test(trial: Trial, now: datetime) -> Delivery:
    return Delivery(
        id=trial.key,
        message_id=0,
        channel=trial.channel,
        shop=TEST_NAME,
        ticket=TEST_TICKET,
        order_number="",
        buyer_id=trial.buyer_id,
        text=TEST_TEXT,
        answers="",
        sent_at=trial.at,
        now=now,
        settings=trial.settings,
        secret=trial.secret,
    )


def _sent(delivery: Delivery, send: Send) -> SendFailed | None:
    """Outside any transaction. What went wrong, None when the channel took it."""
    try:
        send(delivery)
    except SendFailed as refused:
        return refused
    except Exception:
        # A sender's own mistake must not hold up what other tickets wait for; it counts as a failed try.
        log.exception("sender failed", delivery=delivery.id)
        return SendFailed("sender.error")
    return None


def _delivery(row: Claimed, now: datetime) -> Delivery:
    return Delivery(
        id=row.key,
        message_id=row.message_id,
        channel=row.channel,
        shop=row.shop,
        ticket=row.ticket,
        order_number=row.order_number,
        buyer_id=row.buyer_id,
        text=row.text,
        answers=row.answers,
        sent_at=row.sent_at,
        now=now,
        settings=row.settings,
        secret=row.secret,
    )


def _record(row: Claimed, failure: SendFailed | None, holder: str, jitter: float, now: datetime) -> None:
    with unit_of_work():
        if failure is None:
            known = outbox.mark_done(row, holder, now=now)
        else:
            known = outbox.mark_failed(
                row,
                holder,
                error=failure.code,
                final=failure.final,
                jitter=jitter,
                now=now,
                retry_after=failure.retry_after,
            )
    if not known:
        log.warning("claim ran out while sending", outbox_id=row.id)


def _put_back(row: Claimed, holder: str, now: datetime) -> None:
    with unit_of_work():
        outbox.put_back(row, holder, now=now)
