"""Upstream improvements in words: states, what came of them, rates."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext

from helpdesk.domain.improvements import LEAST_AFTER, LEAST_TICKETS, Effect, Measure, State, Suggestion, Verdict
from helpdesk.wording.labels import N_
from helpdesk.wording.reports import percent

STATES: Mapping[State, str] = {
    State.IDEA: N_("想法"),
    State.PLANNED: N_("计划"),
    State.RUNNING: N_("进行中"),
    State.DONE: N_("完成"),
    State.DROPPED: N_("放弃"),
}
STEPS: Mapping[State, str] = {
    State.IDEA: N_("退回为想法"),
    State.PLANNED: N_("列入计划"),
    State.RUNNING: N_("开始"),
    State.DONE: N_("完成"),
    State.DROPPED: N_("放弃"),
}
BACK: Mapping[State, str] = {State.PLANNED: N_("退回计划"), State.RUNNING: N_("恢复进行")}
VERDICTS: Mapping[Verdict, str] = {
    Verdict.NOT_STARTED: N_("还没开始"),
    Verdict.TOO_EARLY: N_("还太早"),
    Verdict.TOO_FEW: N_("之前的工单太少"),
    Verdict.NO_CHANGE: N_("看不出变化"),
    Verdict.BETTER: N_("变好了"),
    Verdict.WORSE: N_("变差了"),
    Verdict.REACHED: N_("达到预期"),
}
MEASURES: Mapping[Measure, str] = {
    Measure.COUNT: N_("工单数"),
    Measure.HOURS: N_("处理小时"),
    Measure.MONEY: N_("补偿金额"),
}
CUTS: Mapping[str, str] = {
    "": N_("这类工单全部"),
    "sku": N_("SKU"),
    "batch": N_("批次"),
    "warehouse": N_("仓库"),
    "courier": N_("快递"),
    "channel": N_("渠道"),
}
_UNIT = {Measure.COUNT: 1, Measure.HOURS: 3600, Measure.MONEY: 100}
_PER_VOLUME: Mapping[Measure, str] = {
    Measure.COUNT: N_("每 100 张其他类型工单 %(rate)s 张"),
    Measure.HOURS: N_("每 100 张其他类型工单 %(rate)s 小时"),
    Measure.MONEY: N_("每 100 张其他类型工单 ¥%(rate)s"),
}
_PER_DAY: Mapping[Measure, str] = {
    Measure.COUNT: N_("每天 %(rate)s 张"),
    Measure.HOURS: N_("每天 %(rate)s 小时"),
    Measure.MONEY: N_("每天 ¥%(rate)s"),
}


def improvement_state_label(state: State) -> str:
    return gettext(STATES[state])


def step_label(state: State, to: State) -> str:
    """What the button says that leads from one state to another."""
    back = state in (State.DONE, State.DROPPED) or (state is State.RUNNING and to is State.PLANNED)
    return gettext(BACK[to] if back and to in BACK else STEPS[to])


def verdict_label(verdict: Verdict) -> str:
    return gettext(VERDICTS[verdict])


def measure_label(measure: Measure) -> str:
    return gettext(MEASURES[measure])


def narrowing_label(cut: str) -> str:
    return gettext(CUTS[cut])


def scaled(measure: Measure, rate: float, *, by_volume: bool) -> float:
    """In tickets, hours or yuan, per hundred others or per day."""
    return rate / _UNIT[measure] * (100 if by_volume else 1)


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 0.95 or not value else f"{value:.2f}"


def rate_text(measure: Measure, rate: float, *, by_volume: bool) -> str:
    words = (_PER_VOLUME if by_volume else _PER_DAY)[measure]
    return gettext(words, rate=figure(scaled(measure, rate, by_volume=by_volume)))


def moved(change: float | None) -> str:
    """``-48%``, ``+5.0%``, with a true minus."""
    if change is None:
        return "–"
    return f"{'−' if change < 0 else '+'}{percent(abs(change))}"


def effect_text(effect: Effect) -> str:
    """What came of it, as a sentence."""
    match effect.verdict:
        case Verdict.NOT_STARTED:
            return gettext("开始以后，报表自己按周前后对比。")
        case Verdict.TOO_EARLY:
            return gettext("满 %(weeks)s 个整周再看，现在 %(now)s 周。", weeks=LEAST_AFTER, now=len(effect.after))
        case Verdict.TOO_FEW:
            return gettext("开始前至少要有 4 个整周、%(tickets)s 张工单，才有得比。", tickets=LEAST_TICKETS)
        case _:
            pass
    interval = {"change": moved(effect.change), "low": moved(effect.low), "high": moved(effect.high)}
    match effect.verdict:
        case Verdict.NO_CHANGE:
            return gettext("%(change)s，但 95%% 区间是 %(low)s 到 %(high)s：可能只是波动。", **interval)
        case _:
            return gettext("%(change)s，95%% 区间 %(low)s 到 %(high)s。", **interval)


def suggestion_text(one: Suggestion, type_name: str) -> str:
    """Why it is suggested, with its figures."""
    return gettext(
        "%(type)s %(seen)s 张，占 %(share)s，其他工单里只占 %(elsewhere)s；降到一样能少约 %(spared)s 张。",
        type=type_name,
        seen=one.tally.seen,
        share=percent(one.share),
        elsewhere=percent(one.elsewhere),
        spared=one.spared,
    )
