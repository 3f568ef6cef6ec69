"""A report as plain values for its template: figures worded, changes told, every number with the way to its tickets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from helpdesk.domain.reports import CLOCKS, Dimension, Line, Sums, change, ratio
from helpdesk.queries.reports import Report, ReportRow
from helpdesk.web.reports.asking import NONE, Asked
from helpdesk.web.reports.charts import stacked
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.labels import yuan
from helpdesk.wording.report_names import Names, by_who
from helpdesk.wording.reports import against_label, hours, percent, rate, share_party_label

MET, ALMOST = 0.95, 0.85
"""From where on a share in time is shown as good, and as nearly so."""

NEXT_CUT: Mapping[Dimension, Dimension] = {
    Dimension.TYPE: Dimension.WAREHOUSE,
    Dimension.CLASS: Dimension.TYPE,
    Dimension.CHANNEL: Dimension.TYPE,
    Dimension.QUEUE: Dimension.TYPE,
    Dimension.AGENT: Dimension.TYPE,
    Dimension.SKU: Dimension.TYPE,
    Dimension.WAREHOUSE: Dimension.TYPE,
    Dimension.COURIER: Dimension.TYPE,
}
"""What is asked next about one value of a cut."""

MOST_PARTIES = 2


@dataclass(frozen=True, slots=True)
class Paths:
    """Ways from the figures to their tickets, put together without asking the router for each. ``base`` is markup."""

    base: str

    @classmethod
    def to(cls, asked: Asked) -> Paths:
        return cls(asked.url("reports.tickets").replace("&", "&amp;"))

    def of(self, figure: str, value: str | None = None) -> Markup:
        """The tickets behind a figure of one value of the cut, of all with None."""
        return Markup(self.start(value) + _quoted(figure))  # noqa: S704  quoted

    def start(self, value: str | None) -> str:
        """The same without the figure, which goes to its end."""
        of_value = "" if value is None else f"&amp;value={_quoted(value or NONE)}"
        return f"{self.base}{of_value}&amp;figure="


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    """A page asks for the same few hundred again and again."""
    return quote(text, safe=":")


def key_figures(asked: Asked, found: Report, paths: Paths) -> list[dict[str, Any]]:
    """The figures at the head of the page, each beside that of the period compared with."""
    whole, time = found.whole, asked.time
    now, before = whole.line.sums, whole.before.sums
    spread = whole.line.spread
    against = against_label(asked.period, asked.against)
    counted = _running(asked)
    mean, was = now.mean(time), before.mean(time)
    return [
        _figure(
            "opened", _("新建的工单"), f"{now.opened:,}", _moved(now.opened, before.opened, against, counted), paths
        ),
        _figure(
            "resolved",
            _("解决的工单"),
            f"{now.resolved:,}",
            _moved(now.resolved, before.resolved, against, counted),
            paths,
        ),
        {
            **_figure("resolved", _("平均处理时长"), _length(mean), _mean_moved(mean, was, against), paths),
            "more": _("P50 %(p50)s，P90 %(p90)s", p50=hours(spread.of(time, 50)), p90=hours(spread.of(time, 90))),
        },
        {
            **_figure("late_solution", _("解决时限达成"), rate(now.kept("solution")), "", paths),
            "level": level(now.kept("solution")),
            "note": _points(now.kept("solution"), before.kept("solution"), against),
            "more": _("首响 %(rate)s", rate=rate(now.kept("first"))),
        },
        _figure(
            "reopened", _("重开"), rate(now.reopen_rate), _points(now.reopen_rate, before.reopen_rate, against), paths
        ),
        {
            **_figure("money", _("补偿"), _short_money(now.money_fen), "", paths),
            "note": _money_moved(now.money_fen, before.money_fen, against, counted),
            "more": _("%(n)s 笔补偿", n=f"{now.money_n:,}"),
        },
    ]


def _figure(figure: str, name: str, value: str, note: str, paths: Paths) -> dict[str, Any]:
    return {"name": name, "value": value, "note": note, "more": "", "level": "", "url": paths.of(figure)}


def _length(seconds: float | None) -> str:
    return "–" if seconds is None else _("%(n)s 小时", n=hours(seconds))


def _running(asked: Asked) -> bool:
    """What a period that lasts adds up to says nothing yet beside a whole one."""
    return asked.period.last >= asked.today


def _moved(now: int, before: int, against: str, running: bool) -> str:
    part = change(now, before)
    if running or part is None:
        return _("%(against)s %(n)s", against=against, n=f"{before:,}")
    return _("%(change)s，%(against)s %(n)s", change=arrow(part), against=against, n=f"{before:,}")


def _mean_moved(now: int | None, before: int | None, against: str) -> str:
    part = change(now, before)
    if part is None:
        return _("%(against)s没有", against=against) if before is None else ""
    return _("%(change)s，%(against)s %(n)s", change=arrow(part), against=against, n=hours(before))


def _money_moved(now: int, before: int, against: str, running: bool) -> str:
    part = change(now, before)
    if running or part is None:
        return _("%(against)s %(n)s", against=against, n=_short_money(before))
    return _("%(change)s，%(against)s %(n)s", change=arrow(part), against=against, n=_short_money(before))


def _points(now: float | None, before: float | None, against: str) -> str:
    if before is None:
        return _("%(against)s没有", against=against)
    if now is None:
        return _("%(against)s %(n)s", against=against, n=rate(before))
    points = round((now - before) * 100, 1)
    moved = _("%(points)s 个百分点", points=f"{points:+.1f}") if points else _("没有变化")
    return _("%(change)s，%(against)s %(n)s", change=moved, against=against, n=rate(before))


def arrow(part: float) -> str:
    """``↑ 12.3%``, ``↓ 4.0%``; from three times on, a figure that can be read."""
    if abs(part) < 0.0005:
        return "→ 0%"
    size = f"{abs(part) * 100:.1f}%" if abs(part) < 9.995 else f"{abs(part) * 100:,.0f}%"
    return f"{'↑' if part > 0 else '↓'} {size}"


def _short_money(fen: int) -> str:
    """Whole yuan from a thousand on: the table has every fen."""
    return yuan(fen) if abs(fen) < 100_000 else f"¥{round(fen / 100):,}"


def level(share: float | None) -> str:
    """How good a share in time is, as the colours of the SLA say it."""
    if share is None:
        return ""
    return "met" if share >= MET else "warn" if share >= ALMOST else "over"


class Rows:
    """The table's rows; what is the same for all of them is looked up once."""

    def __init__(self, asked: Asked, found: Report, names: Names, items: Mapping[str, Sequence[Any]]) -> None:
        self.asked, self.found, self.names, self.items = asked, found, names, items
        self.paths = Paths.to(asked)
        self.all_opened = found.whole.line.sums.opened
        self.running = _running(asked)
        self.clock_names = {
            "first": _("首响"),
            "solution": _("解决时限"),
            "queue": _("队列"),
            "platform": _("平台"),
        }
        self.late_words, self.hour_words = _("%(n)s 个按时，共 %(all)s 个"), _("%(who)s %(hours)s 小时，占 %(share)s")

    def total(self) -> dict[str, Any]:
        return {**self._row(self.found.whole, None), "name": _("合计")}

    def each(self, rows: Iterable[ReportRow]) -> list[dict[str, Any]]:
        return [{**self._row(row, row.value), **self._named(row.value)} for row in rows]

    def _named(self, value: str) -> dict[str, Any]:
        asked, names = self.asked, self.names
        cut = asked.question.by
        inner = asked.within(cut, value).by(NEXT_CUT[cut])
        found: dict[str, Any] = {"name": names.of(cut, value), "klass": names.klass(cut, value), "url": inner.url()}
        if cut is Dimension.TYPE and value in names.book.types:
            kind = names.book.types[value]
            found |= {
                "code": value,
                "bottleneck": label(kind.bottleneck),
                "direction": label(kind.improvement),
                "upstream": self.items.get(value, ()),
            }
        return found

    def _row(self, row: ReportRow, value: str | None) -> dict[str, Any]:
        line, before, time = row.line, row.before, self.asked.time
        sums = line.sums
        part = None if self.running else change(sums.opened, before.sums.opened)
        share = ratio(sums.opened, self.all_opened)
        mean = sums.mean(time)
        return {
            "path": Markup(self.paths.start(value)),  # noqa: S704  quoted
            "opened": f"{sums.opened:,}" if sums.opened else "",
            "share": percent(share),
            "width": round(100 * (share or 0), 1),
            "change": "" if part is None else arrow(part),
            "before": f"{before.sums.opened:,}",
            "resolved": f"{sums.resolved:,}" if sums.resolved else "",
            "mean": hours(mean),
            "mean_before": hours(before.sums.mean(time)),
            "p50": hours(line.spread.of(time, 50)),
            "p90": hours(line.spread.of(time, 90)),
            "time": self._time(line, value),
            "clocks": [self._clock(clock, sums) for clock in CLOCKS],
            "reopened": f"{sums.reopened:,}" if sums.reopened else "",
            "reopen_rate": rate(sums.reopen_rate),
            "money": yuan(sums.money_fen) if sums.money_n else "",
            "money_n": f"{sums.money_n:,}",
            "parties": self._parties(line, value),
        }

    def _clock(self, clock: str, sums: Sums) -> dict[str, Any]:
        in_time, results = getattr(sums, f"{clock}_ok"), getattr(sums, f"{clock}_n")
        return {
            "key": clock,
            "name": self.clock_names[clock],
            "rate": rate(sums.kept(clock)),
            "level": level(sums.kept(clock)),
            "late": results - in_time,
            "title": self.late_words % {"n": f"{in_time:,}", "all": f"{results:,}"},
        }

    def _time(self, line: Line, value: str | None) -> dict[str, Any]:
        """The bar of whose time it was, the same in words, and the greatest two of them."""
        ordered = by_who(line.time)
        total = sum(seconds for _who, seconds in ordered)
        told = [
            {
                "who": who,
                "kind": self.names.kind(who),
                "title": self.hour_words
                % {"who": self.names.who(who), "hours": hours(seconds), "share": percent(seconds / total)},
                "url": self.paths.of(f"time:{who}", value),
            }
            for who, seconds in ordered
        ]
        known = {one["who"]: one for one in told}
        return {
            "pieces": [(piece.x, piece.width, known[piece.key]) for piece in stacked(ordered)],
            "told": told,
            "text": _("；").join(one["title"] for one in told),
        }

    def _parties(self, line: Line, value: str | None) -> list[dict[str, Any]]:
        total = sum(line.parties.values())
        greatest = sorted(line.parties.items(), key=lambda one: (one[0] == "unsaid", -one[1], one[0]))
        return [
            {
                "name": share_party_label(party),
                "percent": percent(points / total),
                "url": self.paths.of(f"party:{party}", value),
            }
            for party, points in greatest[:MOST_PARTIES]
            if points
        ]
