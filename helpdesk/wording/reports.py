"""The report in words: its headline, the names of its figures, and how each is defined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from helpdesk.domain.report_headline import Finding
from helpdesk.domain.reports import Dimension, Period
from helpdesk.wording.catalog import gettext, locale_code
from helpdesk.wording.labels import N_, party_label, yuan

CUTS: Mapping[str, str] = {
    Dimension.TYPE: N_("类型"),
    Dimension.CLASS: N_("大类"),
    Dimension.CHANNEL: N_("渠道"),
    Dimension.QUEUE: N_("队列"),
    Dimension.AGENT: N_("负责人"),
    Dimension.SKU: N_("SKU"),
    Dimension.WAREHOUSE: N_("仓库"),
    Dimension.COURIER: N_("快递"),
}
TIMES: Mapping[str, str] = {"wall": N_("自然时间"), "work": N_("工作时间")}
FIGURES: Mapping[str, str] = {
    "opened": N_("新建的工单"),
    "resolved": N_("解决的工单"),
    "reopened": N_("重开过的工单"),
    "late_first": N_("首次响应超时"),
    "late_solution": N_("解决超时"),
    "late_queue": N_("队列时限超时"),
    "late_platform": N_("平台时限超时"),
    "late_again": N_("重开后的时限超时"),
    "money": N_("有补偿的工单"),
}
SHARED: Mapping[str, str] = {
    "time": N_("用了时间：%(what)s"),
    "party": N_("责任方：%(what)s"),
    "hour": N_("新建于%(what)s"),
    "bin": N_("处理时长在%(what)s"),
}
DEFINITIONS: Mapping[str, tuple[str, str]] = {
    "opened": (
        N_("数量"),
        N_(
            "这段时间内新建的工单，按店铺所在时区的日期；并入别的工单的不算。类型、队列等取工单现在的值，关账后不再变。"
        ),
    ),
    "share": (N_("占比"), N_("该项的新建数占全部新建数的比例。")),
    "change": (N_("变化"), N_("与对比期的新建数相比，增减的比例；对比期没有工单时不计算。")),
    "resolved": (N_("解决"), N_("这段时间内首次解决的工单，不论何时新建。")),
    "mean": (N_("平均时长"), N_("从新建到首次解决的时间，除以首次解决的工单数。")),
    "wall": (N_("自然时间"), N_("包括夜里和节假日。")),
    "work": (N_("工作时间"), N_("只算该类型所属队列的工作日历开放的时间。")),
    "percentiles": (N_("P50 和 P90"), N_("一半的工单、九成的工单在这个时间之内解决。")),
    "time": (
        N_("时间在谁手里"),
        N_("把每张工单从新建到首次解决的自然时间，分给当时处理它的队列、客户、审批和非工作时间。"),
    ),
    "sla": (
        N_("时限达成"),
        N_("这段时间内首次解决的工单里，各时钟按时的比例。首响和解决看第一轮；队列看每次停留；平台看平台规定的时限。"),
    ),
    "reopen": (N_("重开"), N_("这段时间内首次解决的工单里，后来又重新处理过的比例。")),
    "money": (N_("补偿"), N_("这段时间内提出、没有被驳回、撤回或冲回的补偿，与台账的承诺合计一致。")),
    "parties": (N_("责任方"), N_("首次解决的工单按登记的责任占比分摊，几方分担的按比例；没有登记的单独列出。")),
    "sku": (N_("按 SKU 和仓库"), N_("一张工单有几个 SKU，就在每个 SKU 下各算一张；合计只算一次。")),
}
SENTENCES: Mapping[str, str] = {
    "few": N_("这段时间只有 %(opened)s 张新建、%(resolved)s 张解决，太少，不下结论。"),
    "top": N_("%(what)s占了 %(share)s 的处理工时"),
    "top.more": N_("%(what)s占了 %(share)s 的处理工时，是%(against)s的 %(factor)s 倍"),
    "top.less": N_("%(what)s占了 %(share)s 的处理工时，但已降到%(against)s的 %(part)s"),
    "top.same": N_("%(what)s占了 %(share)s 的处理工时，与%(against)s相近"),
    "volume": N_("新建 %(opened)s 张，解决 %(resolved)s 张。"),
    "volume.same": N_("新建 %(opened)s 张，与%(against)s的 %(before)s 张相差不大。"),
    "volume.more": N_("新建 %(opened)s 张，比%(against)s多 %(change)s。"),
    "volume.less": N_("新建 %(opened)s 张，比%(against)s少 %(change)s。"),
    "speed.slower": N_("平均处理时长从 %(before)s升到 %(mean)s。"),
    "speed.faster": N_("平均处理时长从 %(before)s降到 %(mean)s。"),
    "kept.more.first": N_("首响达成率升到 %(rate)s，提高 %(points)s 个百分点。"),
    "kept.less.first": N_("首响达成率降到 %(rate)s，下降 %(points)s 个百分点。"),
    "kept.more.solution": N_("解决时限达成率升到 %(rate)s，提高 %(points)s 个百分点。"),
    "kept.less.solution": N_("解决时限达成率降到 %(rate)s，下降 %(points)s 个百分点。"),
    "growth": N_("%(what)s增长最快：%(opened)s 张，是%(against)s的 %(factor)s 倍。"),
    "money": N_("补偿 %(amount)s，其中%(what)s占 %(share)s。"),
    "money.more": N_("补偿 %(amount)s，比%(against)s多 %(change)s。"),
    "money.less": N_("补偿 %(amount)s，比%(against)s少 %(change)s。"),
    "money.more.what": N_("补偿 %(amount)s，比%(against)s多 %(change)s，其中%(what)s占 %(share)s。"),
    "money.less.what": N_("补偿 %(amount)s，比%(against)s少 %(change)s，其中%(what)s占 %(share)s。"),
}
ORIGIN = N_("；其中%(part)s来自%(origin)s")
FRACTIONS: tuple[tuple[float, str], ...] = (
    (1 / 2, N_("一半")),
    (2 / 3, N_("三分之二")),
    (3 / 4, N_("四分之三")),
)
NEAR = 0.025
UNKNOWN: Mapping[str, str] = {
    Dimension.AGENT: N_("没有负责人"),
    Dimension.SKU: N_("没有订单的"),
    Dimension.WAREHOUSE: N_("未知仓库"),
    Dimension.COURIER: N_("未知快递"),
}
"""Where a ticket has no value of the cut."""

OTHERS: Mapping[str, str] = {"customer": N_("等客户"), "approval": N_("等审批"), "closed": N_("非工作时间")}
UNSAID = N_("没有登记")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = (N_("周一"), N_("周二"), N_("周三"), N_("周四"), N_("周五"), N_("周六"), N_("周日"))


def cut_label(cut: str) -> str:
    return gettext(CUTS[cut])


def time_label(time: str) -> str:
    return gettext(TIMES[time])


def definition(name: str) -> tuple[str, str]:
    """Its term and what it means."""
    term, meaning = DEFINITIONS[name]
    return gettext(term), gettext(meaning)


def definitions() -> list[tuple[str, str]]:
    """(term, meaning) of all that a report shows, in the order of its columns."""
    return [definition(name) for name in DEFINITIONS]


def weekday_label(day: int) -> str:
    """Of the day of the week, Monday 0."""
    return gettext(WEEKDAYS[day])


def share_party_label(code: str) -> str:
    """A party, or that nobody was named."""
    return gettext(UNSAID) if code == "unsaid" else party_label(code)


def other_label(who: str) -> str:
    """Whose time it was, where it was no queue's."""
    return gettext(OTHERS[who]) if who in OTHERS else who


def unknown_label(cut: str) -> str:
    return gettext(UNKNOWN.get(cut, N_("未知")))


def figure_label(figure: str, what: str = "") -> str:
    """The tickets behind a figure; ``what`` names whose time, which party, hour or length."""
    if figure in FIGURES:
        return gettext(FIGURES[figure])
    kind = figure.partition(":")[0]
    return gettext(SHARED[kind], what=what) if kind in SHARED else figure


def month_label(month: date) -> str:
    """``2026年10月``, ``Oct 2026``."""
    return f"{MONTHS[month.month - 1]} {month.year}" if locale_code() == "en" else f"{month.year}年{month.month}月"


def period_label(period: Period) -> str:
    """A whole month by its name, else both days."""
    if period.month:
        return month_label(period.month)
    if period.first == period.last:
        return period.first.isoformat()
    return gettext("%(first)s 至 %(last)s", first=period.first.isoformat(), last=period.last.isoformat())


def against_label(period: Period, against: Period) -> str:
    """What it is compared with, as it is said within a sentence."""
    if against == period.before():
        return gettext("上月") if period.month else gettext("前 %(n)s 天", n=period.days)
    if period.month and against.month == period.month.replace(year=period.first.year - 1):
        return gettext("去年同月")
    return period_label(against)


def hours(seconds: float | None) -> str:
    """Handling time as it is read and compared: ``6.2``; of ten hours and more without the tenth."""
    if seconds is None:
        return "–"
    value = seconds / 3600
    return f"{value:.2f}" if value < 0.95 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def percent(share: float | None) -> str:
    """``31%``, and ``4.2%`` below ten."""
    if share is None:
        return "–"
    value = share * 100
    return f"{value:.1f}%" if 0 < value < 9.95 or 99.05 < value < 99.95 else f"{value:.0f}%"


def rate(share: float | None) -> str:
    """``94.6%``: rates are compared by tenths of a per cent."""
    return "–" if share is None else f"{share * 100:.1f}%"


def headline_text(findings: Iterable[Finding], against: str, named: Callable[[str, str], str]) -> list[str]:
    """A sentence for each finding. ``against``: see ``against_label``; ``named(cut, value)`` names a value.

    The cut is empty for values of the report's own.
    """
    return [_sentence(finding, against, named) for finding in findings]


def _sentence(finding: Finding, against: str, named: Callable[[str, str], str]) -> str:
    figures, code = finding.figures, finding.code
    said = {
        "against": against,
        "what": named("", finding.value) if finding.value else "",
        "share": percent(figures.get("share")),
        "change": percent(figures.get("change")),
        "factor": _factor(figures.get("factor", 0)),
        "part": percent(figures.get("factor")),
        "rate": rate(figures.get("rate")),
        "points": f"{figures.get('points', 0) * 100:.1f}",
        "amount": yuan(int(figures.get("fen", 0))),
        "opened": f"{figures.get('opened', 0):,.0f}",
        "resolved": f"{figures.get('resolved', 0):,.0f}",
    }
    if code.startswith("speed."):
        said |= {name: gettext("%(n)s 小时", n=hours(figures[name])) for name in ("mean", "before")}
    elif "before" in figures:
        said["before"] = f"{figures['before']:,.0f}"
    if code in ("money.more", "money.less") and finding.value:
        code += ".what"
    sentence = gettext(SENTENCES[code]) % said
    if code.startswith("top"):
        sentence += _origin(finding, named) + gettext("。")
    return sentence


def _origin(finding: Finding, named: Callable[[str, str], str]) -> str:
    origin = finding.origin
    if origin is None:
        return ""
    return gettext(ORIGIN, part=fraction(origin.part), origin=named(origin.cut, origin.value))


def fraction(part: float) -> str:
    """``三分之二`` where it is near enough to such a one, else per cent."""
    for value, words in FRACTIONS:
        if abs(part - value) <= NEAR:
            return gettext(words)
    return percent(part)


def _factor(factor: float) -> str:
    return f"{factor:.1f}" if factor < 10 else f"{factor:.0f}"
