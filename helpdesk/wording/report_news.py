"""A report in a few lines: what a mail and a robot's message say of it. The figures are in the file and on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import force_locale, gettext

from helpdesk.domain.notices import fitted
from helpdesk.domain.reports import change
from helpdesk.domain.rulebook import Label
from helpdesk.wording.labels import N_, label, yuan
from helpdesk.wording.notices import Worded

HOUR = 3600
LEAST = {"opened": 20, "resolved": 20, "money_fen": 10_000}
"""A change from less than that is none: days are small, and three tickets after one are not three times as many."""

STATES: Mapping[str, str] = {
    "queued": N_("排队中"),
    "sent": N_("已发送"),
    "failed": N_("没有送到"),
    "withdrawn": N_("已取消"),
    "gone": N_("已过保存期"),
    "bell": N_("只在铃铛里"),
    "empty": N_("没有内容，没有发"),
}
"""What became of a sending, and of each of its mails and messages."""


def delivery_label(state: str) -> str:
    """A state of ``STATES`` in words."""
    return gettext(STATES[state])


def report_message(
    code: str,
    params: Mapping[str, Any],
    types: Mapping[str, Label],
    *,
    url: str,
    file: str,
    markdown: bool,
    most_bytes: int,
    locale: str,
) -> Worded:
    """The message of a report: ``url`` of its page and name of the ``file`` that comes along, if there are any."""
    with force_locale(locale):
        title = title_of(code, params)
        lines = [f"- {line}" for line in digest_lines(params, types)]
        if url:
            lines.append(gettext("[打开报表](%(url)s)", url=url) if markdown else gettext("打开报表：%(url)s", url=url))
        if file:
            lines.append(gettext("附件：%(file)s", file=file))
        room = most_bytes - len(title.encode()) - len("### \n")
        return Worded(title, fitted(lines, room, lambda count: gettext("另有 %(count)s 行", count=count)))


def title_of(code: str, params: Mapping[str, Any]) -> str:
    """Headline of the message, name of the file."""
    if code == "report.month":
        return gettext("Unsnag 月报 %(month)s", month=params.get("month", ""))
    return gettext("Unsnag 日报 %(day)s", day=params.get("day", ""))


def digest_lines(told: Mapping[str, Any], types: Mapping[str, Label]) -> list[str]:
    """The figures of ``domain.report_digest.figures``, line by line; what has no figure has no line."""
    lines = [
        gettext(
            "新增 %(opened)s 张%(opened_change)s，解决 %(resolved)s 张%(resolved_change)s",
            opened=told["opened"],
            opened_change=_changed(told, "opened"),
            resolved=told["resolved"],
            resolved_change=_changed(told, "resolved"),
        )
    ]
    if told["mean_seconds"] is not None:
        mean, before = hours(told["mean_seconds"]), told["mean_seconds_before"]
        if before is None:
            lines.append(gettext("平均处理 %(mean)s 小时", mean=mean))
        else:
            lines.append(gettext("平均处理 %(mean)s 小时，上期 %(before)s 小时", mean=mean, before=hours(before)))
    rates: list[tuple[str, Callable[[str], str]]] = [
        ("first_permille", lambda rate: gettext("首次响应按时 %(rate)s", rate=rate)),
        ("solution_permille", lambda rate: gettext("解决按时 %(rate)s", rate=rate)),
        ("reopen_permille", lambda rate: gettext("重开 %(rate)s", rate=rate)),
    ]
    known = [words(percent(told[name])) for name, words in rates if told[name] is not None]
    if known:
        lines.append(gettext("，").join(known))
    if told["money_fen"]:
        changed = _changed(told, "money_fen")
        lines.append(gettext("补偿 %(money)s%(changed)s", money=yuan(told["money_fen"]), changed=changed))
    return [*lines, *(_top(row, types) for row in told["top"])]


def hours(seconds: int) -> str:
    """A mean as reports print it: one decimal."""
    return f"{seconds / HOUR:.1f}"


def percent(permille: int) -> str:
    """A rate as reports print it."""
    return f"{permille / 10:.1f}%"


def _top(row: Mapping[str, Any], types: Mapping[str, Label]) -> str:
    name = label(types[row["type"]]) if row["type"] in types else row["type"]
    return gettext(
        "%(type)s：占用时 %(share)s，平均 %(mean)s 小时，%(count)s 张",
        type=name,
        share=percent(row["share_permille"] or 0),
        mean=hours(row["mean_seconds"] or 0),
        count=row["resolved"],
    )


def _changed(told: Mapping[str, Any], name: str) -> str:
    before = told[f"{name}_before"]
    found = change(told[name], before)
    if found is None or before < LEAST[name] or not round(found * 100):
        return ""
    return gettext("（比上期 %(change)s）", change=f"{round(found * 100):+d}%")
