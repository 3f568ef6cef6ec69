"""A report on its way out: its words, and the file that goes with a mail, made when it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from flask_babel import force_locale

from helpdesk.adapters.posts import File, Post
from helpdesk.domain.notices import kind_of
from helpdesk.domain.reports import Period, Question
from helpdesk.domain.targets import LIMITS
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import report_sendings
from helpdesk.queries.actors import system_actor
from helpdesk.services.envelopes import Letter
from helpdesk.wording.notices import Worded
from helpdesk.wording.report_files import answer, file_stem, workbook
from helpdesk.wording.report_news import report_message

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Book = Callable[[int, str], File]
"""The file of a sending (id) in a language."""


def is_report(letter: Letter) -> bool:
    """Whether the letter carries a report, which always goes alone."""
    return len(letter.items) == 1 and kind_of(letter.items[0].code).alone


def worded(letter: Letter, base_url: str) -> Worded:
    """What the letter says, in its reader's language."""
    item = letter.items[0]
    types = {code: kind.name for code, kind in published_rulebook().types.items()}
    return report_message(
        item.code,
        item.params,
        types,
        url=f"{base_url}{_path(_period(item.params))}" if base_url else "",
        file=f"{file_stem(Question(_period(item.params)))}.xlsx" if letter.kind == "mail" else "",
        markdown=letter.kind != "mail",
        most_bytes=LIMITS[letter.kind].bytes,
        locale=letter.locale or "zh_CN",
    )


def with_file(letter: Letter, post: Post, book: Book) -> Post:
    """The post with its file, where it goes by mail. Reads the figures anew: what was sent is what the page shows."""
    if letter.kind != "mail":
        return post
    return replace(post, files=(book(int(letter.items[0].params["sending"]), letter.locale or "zh_CN"),))


def report_book(sending_id: int, locale: str, *, today: date) -> File:
    """The workbook of a sending's report, as its circle sees it. ``today`` is the day on the shop's wall."""
    stored = report_sendings.stored(sending_id, system_actor("job"))
    with force_locale(locale):
        content = workbook(answer(stored.question, stored.reader, time="wall", today=today))
    return File(f"{file_stem(stored.question)}.xlsx", XLSX, content)


def _period(params: Mapping[str, Any]) -> Period:
    return Period(date.fromisoformat(params["first"]), date.fromisoformat(params["last"]))


def _path(period: Period) -> str:
    """Of the report's page."""
    if period.month:
        return f"/reports?month={period.month:%Y-%m}"
    return f"/reports?from={period.first}&to={period.last}"
