"""The charts of the report with their words and their ways to the tickets, as plain values for the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from helpdesk.domain.reports import Dimension, Line, month_of
from helpdesk.queries.reports import Report
from helpdesk.web.reports.asking import Asked
from helpdesk.web.reports.charts import columns, heat, histogram, pareto, stacked
from helpdesk.web.reports.presenting import Paths
from helpdesk.wording import class_label, duration
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.catalog import locale_code
from helpdesk.wording.report_names import Names, by_who
from helpdesk.wording.reports import MONTHS, hours, month_label, percent, weekday_label

STACK = "BCA"
"""From below: the greatest class first, so that the months are compared on the same floor."""


def trend(asked: Asked, months: Sequence[tuple[date, Mapping[str, Line]]]) -> dict[str, Any]:
    """Twelve months of what was opened, by class. A column's name leads to the month, its parts to their tickets."""
    chart = columns(
        [(month.isoformat(), {klass: line.sums.opened for klass, line in lines.items()}) for month, lines in months],
        STACK,
    )
    names = {klass: class_label(klass) for klass in "ABC"}
    drawn = []
    for (month, lines), column in zip(months, chart.columns, strict=True):
        of_month = asked.of(month_of(month))
        paths = {klass: Paths.to(of_month.within(Dimension.CLASS, klass)).of("opened") for klass in lines}
        counts = {klass: lines[klass].sums.opened if klass in lines else 0 for klass in "ABC"}
        drawn.append(
            {
                "column": column,
                "name": month_label(month),
                "short": MONTHS[month.month - 1] if locale_code() == "en" else _("%(n)s月", n=month.month),
                "url": of_month.url(),
                "current": asked.period.first <= month <= asked.period.last,
                "total": f"{column.total:,}",
                "parts": [
                    (part, paths[part.key], f"{month_label(month)} {names[part.key]} {part.value:,}")
                    for part in column.parts
                ],
                "cells": [(f"{counts[klass]:,}", paths.get(klass)) for klass in "ABC"],
            }
        )
    return {"chart": chart, "columns": drawn, "names": names, "any": any(column.total for column in chart.columns)}


def week(counts: Sequence[Sequence[int]], paths: Paths) -> dict[str, Any]:
    """When tickets come in, by weekday and hour."""
    chart = heat(counts)
    days = [weekday_label(day) for day in range(7)]
    busiest = chart.busiest
    return {
        "chart": chart,
        "days": days,
        "cells": [
            (cell, paths.of(f"hour:{cell.hour}"), f"{days[cell.hour // 24]} {cell.hour % 24}:00 {cell.count:,}")
            for cell in chart.cells
            if cell.count
        ],
        "empty": [cell for cell in chart.cells if not cell.count],
        "rows": [
            (day, [(count, paths.of(f"hour:{number * 24 + hour}") if count else "") for hour, count in enumerate(row)])
            for number, (day, row) in enumerate(zip(days, counts, strict=True))
        ],
        "said": _(
            "最忙的是%(day)s %(hour)s 点，%(n)s 张。",
            day=days[busiest.hour // 24],
            hour=busiest.hour % 24,
            n=f"{busiest.count:,}",
        )
        if chart.greatest
        else "",
    }


def causes(asked: Asked, found: Report, names: Names, paths: Paths) -> dict[str, Any]:
    """Which values of the cut took the hours."""
    cut, field = asked.question.by, f"{asked.time}_seconds"
    chart = pareto([(row.value, getattr(row.line.sums, field)) for row in found.rows])
    return {
        "chart": chart,
        "ranks": [
            {
                "rank": rank,
                "name": names.of(cut, rank.key),
                "klass": names.klass(cut, rank.key),
                "hours": hours(rank.value),
                "share": percent(rank.share),
                "reached": percent(rank.reached),
                "url": paths.of("resolved", rank.key),
            }
            for rank in chart.ranks
        ],
        "said": _("前 %(n)s 项占了 %(share)s 的工时。", n=chart.vital, share=percent(_reached(chart)))
        if 0 < chart.vital < len(chart.ranks)
        else "",
    }


def _reached(chart: Any) -> float:
    reached: float = chart.ranks[chart.vital - 1].reached
    return reached


def lengths(asked: Asked, bins: Sequence[tuple[int, int]], found: Report, paths: Paths) -> dict[str, Any]:
    """How long the tickets took."""
    spread = found.whole.line.spread
    chart = histogram(bins, [(f"P{percent}", spread.of(asked.time, percent)) for percent in (50, 90)])
    bars = []
    for bar in chart.bars:
        span = _("%(low)s 到 %(high)s", low=duration(bar.low), high=duration(bar.high))
        figure = f"bin:{asked.time}:{bar.first}" + (f"-{bar.last}" if bar.last > bar.first else "")
        bars.append({"bar": bar, "span": span, "count": f"{bar.count:,}", "url": paths.of(figure)})
    return {
        "chart": chart,
        "bars": bars,
        "times": [(mark, duration(mark.seconds)) for mark in chart.times],
        "marks": [(mark, hours(mark.seconds)) for mark in chart.marks],
        "total": f"{chart.total:,}",
    }


def shares(found: Report, names: Names, paths: Paths) -> dict[str, Any]:
    """Whose time the tickets' was, beside the period compared with."""
    now, before = found.whole.line.time, found.whole.before.time
    total, total_before = sum(now.values()), sum(before.values())

    def bar(time: Mapping[str, int]) -> list[Any]:
        return [(piece, names.kind(piece.key), names.who(piece.key)) for piece in stacked(by_who(time))]

    return {
        "bar": bar(now),
        "bar_before": bar(before),
        "rows": [
            {
                "kind": names.kind(who),
                "name": names.who(who),
                "hours": hours(seconds),
                "share": percent(seconds / total),
                "share_before": percent(before.get(who, 0) / total_before) if total_before else "–",
                "url": paths.of(f"time:{who}"),
            }
            for who, seconds in by_who(now)
        ],
    }
