"""Improvements and suggestions as plain values for the templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import url_for

from helpdesk.domain.improvements import MOVES, WEEK, State, Suggestion, Verdict
from helpdesk.domain.reports import Period
from helpdesk.queries.improvements import Item, Measured, channels
from helpdesk.web.access import rules
from helpdesk.web.improvements.chart import before_after
from helpdesk.wording import label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.catalog import locale_code
from helpdesk.wording.improvements import (
    effect_text,
    figure,
    improvement_state_label,
    measure_label,
    moved,
    narrowing_label,
    rate_text,
    scaled,
    step_label,
    suggestion_text,
    verdict_label,
)

TONES = {Verdict.BETTER: "met", Verdict.REACHED: "met", Verdict.WORSE: "over", Verdict.TOO_EARLY: "warn"}
MARKS = {
    Verdict.BETTER: "trending-down",
    Verdict.REACHED: "circle-check",
    Verdict.WORSE: "trending-up",
    Verdict.TOO_EARLY: "clock",
}
SUGGESTED_DAYS = 90


def suggested_period(today: date) -> Period:
    """The days up to yesterday in which is looked for what stands out."""
    return Period(today - timedelta(days=SUGGESTED_DAYS), today - timedelta(days=1))


def type_name(code: str) -> str:
    kind = rules().types.get(code)
    return label(kind.name) if kind else code


def channel_names() -> dict[str, str]:
    """By id, as text."""
    return {id: zh if locale_code() != "en" else en for id, (zh, en) in channels().items()}


def where(cut: str, value: str, names: Mapping[str, str]) -> str:
    """``仓库 华东仓``; empty for a whole type."""
    return f"{narrowing_label(cut)} {names.get(value, value) if cut == 'channel' else value}" if cut else ""


def card(measured: Measured, names: Mapping[str, str]) -> dict[str, Any]:
    item, verdict = measured.item, measured.effect.verdict
    kind = rules().types.get(item.type)
    return {
        "id": item.id,
        "title": item.title,
        "type": type_name(item.type),
        "klass": kind.klass.value if kind else "",
        "where": where(item.cut, item.value, names),
        "owner": item.owner,
        "started_on": item.started_on,
        "expected": _(
            "%(measure)s预期减少 %(percent)s%%", measure=measure_label(item.measure), percent=item.expected_percent
        ),
        "verdict": verdict_label(verdict),
        "begun": item.state in (State.RUNNING, State.DONE) or verdict is not Verdict.NOT_STARTED,
        "tone": TONES.get(verdict, ""),
        "mark": MARKS.get(verdict, "minus"),
        "effect": effect_text(measured.effect),
        "state": improvement_state_label(item.state),
        "url": url_for("improvements.item", item_id=item.id),
    }


def page(measured: Measured, names: Mapping[str, str]) -> dict[str, Any]:
    item, effect = measured.item, measured.effect
    found = card(measured, names) | {
        "bottleneck": item.bottleneck,
        "direction": item.direction,
        "version": item.version,
        "ended_on": item.ended_on,
        "steps": [(to.value, step_label(item.state, to)) for to in MOVES[item.state]],
        "drawn": _drawn(measured) if effect.before or effect.after else None,
        "by_volume": effect.by_volume,
        "change": moved(effect.change),
        "raw_change": moved(effect.raw_change),
        "rates": [],
    }
    if effect.rate_before is not None and effect.rate_after is not None:
        found["rates"] = [
            (_("开始前 %(weeks)s 周", weeks=len(effect.before)), _rate(item, effect.rate_before, effect.by_volume)),
            (_("开始后 %(weeks)s 周", weeks=len(effect.after)), _rate(item, effect.rate_after, effect.by_volume)),
        ]
    return found


def suggested(one: Suggestion, names: Mapping[str, str]) -> dict[str, Any]:
    tally = one.tally
    return {
        "type": tally.type,
        "cut": tally.cut,
        "value": tally.value,
        "where": where(tally.cut, tally.value, names),
        "text": suggestion_text(one, type_name(tally.type)),
    }


def _rate(item: Item, rate: float, by_volume: bool) -> str:
    return rate_text(item.measure, rate, by_volume=by_volume)


def _drawn(measured: Measured) -> dict[str, Any]:
    item, effect = measured.item, measured.effect
    weeks = [*effect.before, *effect.after]

    def shown(rate: float) -> float:
        return scaled(item.measure, rate, by_volume=effect.by_volume)

    values = [shown(week.sums.amount / (max(1, week.sums.others) if effect.by_volume else WEEK)) for week in weeks]
    means = interval = None
    if effect.rate_before is not None and effect.rate_after is not None:
        means = shown(effect.rate_before), shown(effect.rate_after)
        if effect.low is not None and effect.high is not None:
            interval = means[0] * (1 + effect.low), means[0] * (1 + effect.high)
    split = len(effect.before)
    chart = before_after(values[:split], values[split:], means, interval)
    days = [f"{week.first:%m-%d}" for week in weeks]
    return {
        "chart": chart,
        "bars": [
            {"bar": bar, "day": day, "title": f"{day} {figure(bar.value)}"}
            for bar, day in zip(chart.bars, days, strict=True)
        ],
        "rows": [
            {
                "day": f"{week.first:%Y-%m-%d}",
                "side": _("之后") if at >= split else _("之前"),
                "amount": figure(scaled(item.measure, week.sums.amount, by_volume=False)),
                "others": week.sums.others,
                "rate": figure(value),
            }
            for at, (week, value) in enumerate(zip(weeks, values, strict=True))
        ],
    }
