"""Send news: pack what waits for an address, claim, talk to the outside without a transaction, record the result."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

import structlog
from flask import current_app

from helpdesk.adapters.posts import Deliver, Post, Ways
from helpdesk.adapters.senders import SendFailed
from helpdesk.config import Settings
from helpdesk.domain.targets import LIMITS
from helpdesk.jobs import report_letters
from helpdesk.jobs.report_letters import Book, report_book
from helpdesk.jobs.ways import ways_of
from helpdesk.queries.notifications import named, names_of
from helpdesk.services import envelopes
from helpdesk.services.envelopes import Letter
from helpdesk.storage import unit_of_work
from helpdesk.wording.notices import News, Worded, message

log = structlog.get_logger(__name__)

MOST_PER_RUN = 500
AT_A_TIME = 8
"""Side by side, so that one that hangs doesn't hold up the others."""


def deliver_news(
    clock: Callable[[], datetime],
    holder: str,
    *,
    ways: Ways | None = None,
    book: Book | None = None,
    dice: random.Random | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Send what is due; returns how many tries were made. ``ways``: how each kind of target is reached; ``book``
    makes the file of a report.

    A way on which nobody takes anything (a mail server that is down) rests for this run: the others go on.
    """
    if not envelopes.anything_due(clock()):
        return 0
    settings: Settings = current_app.config["UNSNAG"]
    ways = ways_of(settings) if ways is None else ways
    zone = ZoneInfo(settings.timezone)
    book = book or partial(report_book, today=clock().astimezone(zone).date())
    dice = dice or random.Random()  # noqa: S311  spreads retries, guards nothing
    with unit_of_work():
        envelopes.pack(clock(), zone)
        envelopes.end_tests(ways, now=clock())
    open_ways = dict(ways)
    tries = 0
    while tries < MOST_PER_RUN and not stopping():
        with unit_of_work():
            letters = envelopes.claim(open_ways, holder, now=clock())
            posts = [(letter, _post(letter, settings.base_url, clock())) for letter in letters]
        if not letters:
            break
        for letter, failure in _send_all(_with_files(posts, book), ways):
            _record(letter, failure, holder, dice.random(), clock())
            if failure is not None and failure.unreachable:
                open_ways.pop(letter.kind, None)
        tries += len(letters)
    return tries


def _post(letter: Letter, base_url: str, now: datetime) -> Post:
    """The letter in its reader's words."""
    report = report_letters.is_report(letter)
    worded = report_letters.worded(letter, base_url) if report else _worded(letter, base_url)
    return Post(
        id=f"{letter.key}.{letter.created_at:%Y%m%d%H%M%S}",
        at=letter.created_at,
        now=now,
        to=letter.to,
        url=letter.secret.get("url", ""),
        sign=letter.secret.get("sign", ""),
        title=worded.title,
        text=worded.text,
        markdown=report and letter.kind != "mail",
    )


def _worded(letter: Letter, base_url: str) -> Worded:
    names = names_of([item.params for item in letter.items])
    news = [
        News(
            item.code,
            named(item.params, names),
            item.ticket_number,
            f"{base_url}/tickets/{item.ticket_number}" if base_url and item.ticket_number else "",
        )
        for item in letter.items
    ]
    return message(news, letter.total, most_bytes=LIMITS[letter.kind].bytes, locale=letter.locale or "zh_CN")


def _with_files(posts: Iterable[tuple[Letter, Post]], book: Book) -> Iterator[tuple[Letter, Post | SendFailed]]:
    """Reports get their files, made outside any transaction; several mails of one sending get the same."""
    made = lru_cache(book)
    for letter, post in posts:
        if not report_letters.is_report(letter):
            yield letter, post
            continue
        try:
            yield letter, report_letters.with_file(letter, post, made)
        except Exception:
            log.exception("no file for the report", envelope_id=letter.id)
            yield letter, SendFailed("report.no_file")


def _send_all(
    posts: Iterable[tuple[Letter, Post | SendFailed]], ways: Ways
) -> Iterable[tuple[Letter, SendFailed | None]]:
    """Each letter with what went wrong, as soon as it is known."""
    with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="news") as pool:
        sending = {}
        for letter, post in posts:
            if isinstance(post, SendFailed):
                yield letter, post
            else:
                sending[pool.submit(_send, ways[letter.kind], post)] = letter
        for sent in as_completed(sending):
            yield sending[sent], sent.result()


def _send(deliver: Deliver, post: Post) -> SendFailed | None:
    try:
        deliver(post)
    except SendFailed as refused:
        return refused
    except Exception:
        log.exception("sending failed", post=post.id)
        return SendFailed("sender.error")
    return None


def _record(letter: Letter, failure: SendFailed | None, holder: str, jitter: float, now: datetime) -> None:
    with unit_of_work():
        if failure is None:
            known = envelopes.mark_done(letter, holder, now=now)
        else:
            known = envelopes.mark_failed(
                letter,
                holder,
                error=failure.code,
                final=failure.final,
                retry_after=failure.retry_after,
                jitter=jitter,
                now=now,
            )
    if not known:
        log.warning("claim ran out while sending", envelope_id=letter.id)
