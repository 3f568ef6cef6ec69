"""A report as files: the figures of the page as a CSV, and as a workbook with charts and definitions.

Both are made from the same answer as the page (``queries.reports``), with the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from helpdesk.adapters.sheets import Money
from helpdesk.adapters.tabular import Figure, write_csv
from helpdesk.adapters.workbooks import Cell, Chart, Hours, Share, Sheet, write_workbook
from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.problems import NotFound
from helpdesk.domain.report_headline import headline
from helpdesk.domain.reports import CLOCKS, HISTOGRAM_ERROR, Dimension, Line, Period, Question, change, ratio
from helpdesk.domain.rulebook import RuleBook
from helpdesk.models.rulebooks import published_rulebook, rulebook_of
from helpdesk.queries import reports
from helpdesk.queries.reports import Report, ReportRow
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.labels import class_label, label
from helpdesk.wording.report_names import Names, by_who, names
from helpdesk.wording.reports import (
    against_label,
    cut_label,
    definitions,
    headline_text,
    month_label,
    period_label,
    share_party_label,
    time_label,
)

PER_CENT = 100
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Answer:
    """All that a report's files are made of.

    ``months``: the trend by class, oldest first. ``today``: the day on the shop's wall; a period that lasts is not
    compared. ``queues``: names of those that the reader sees alone, None if he sees everything.
    """

    found: Report
    months: Sequence[tuple[date, Mapping[str, Line]]]
    names: Names
    time: str
    today: date
    queues: Sequence[str] | None = None

    @property
    def running(self) -> bool:
        return self.found.question.period.last >= self.today


def answer(question: Question, actor: Actor, *, time: str, today: date) -> Answer:
    """The report and its trend in the actor's sight, with the names that it has for him."""
    found = reports.report(question, actor)
    called = names(actor, rules_of(found))
    own = actor.scope(Permission.REPORTS_READ) is not Scope.ALL
    queues = [called.of(Dimension.QUEUE, str(queue)) for queue in sorted(actor.queues)] if own else None
    return Answer(found, reports.trend(question, actor), called, time, today, queues)


def rules_of(found: Report) -> RuleBook:
    """A closed month is worded by the rules it was closed under."""
    if found.rule_version is not None:
        try:
            return rulebook_of(found.rule_version)
        except NotFound:
            pass
    return published_rulebook()


@dataclass(frozen=True, slots=True)
class Column:
    header: str
    cell: Callable[[ReportRow], Cell]


def csv_file(answer: Answer) -> bytes:
    """The table of the page: every value, and the whole below."""
    table = _table(answer)
    return csv_of(table.headers, [*table.rows, *([table.total] if table.total else [])])


def csv_of(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Hours and yuan as numbers, shares in per cent; four decimals tell a second."""
    return write_csv(headers, [[_text(cell) for cell in row] for row in rows])


def workbook(answer: Answer) -> bytes:
    """The table, the charts with their figures, and what everything means."""
    return write_workbook([_table(answer), _trend(answer), _causes(answer), _time(answer), _meaning(answer)])


def file_stem(question: Question) -> str:
    """``unsnag-report-2026-10``, ``unsnag-report-2026-10-01_2026-10-14``, and by what it is cut."""
    period = question.period
    days = f"{period.first:%Y-%m}" if period.month else f"{period.first}_{period.last}"
    return f"unsnag-report-{days}" + (f"-{question.by}" if question.by is not Dimension.TYPE else "")


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return cell
        case Hours(seconds):
            return _number(seconds / HOUR)
        case Share(part):
            return _number(part * PER_CENT)
        case Money(fen):
            return Figure(f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}")
        case int():
            return Figure(cell)
        case _:
            return _number(cell)


def _number(value: float) -> str:
    return Figure(f"{value:.4f}".rstrip("0").rstrip("."))


def _table(answer: Answer) -> Sheet:
    found, columns = answer.found, _columns(answer)
    rows = [[column.cell(row) for column in columns] for row in found.rows]
    if found.left_out:
        rows.append([_("另有 %(n)s 项，合计里有", n=found.left_out)])
    total: list[Cell] = [_("合计")]
    total += ["" if column.header in _worded(answer) else column.cell(found.whole) for column in columns[1:]]
    return Sheet(_("报表"), [column.header for column in columns], rows, total)


def _worded(answer: Answer) -> tuple[str, ...]:
    """Columns of words, which a sum has not."""
    return (_("大类"), _("主要卡点"), _("优化方向")) if answer.found.question.by is Dimension.TYPE else ()


def _columns(answer: Answer) -> list[Column]:
    return [
        *_first_columns(answer),
        *_length_columns(answer),
        *_time_columns(answer),
        *_clock_columns(),
        Column(_("重开（张）"), lambda row: row.line.sums.reopened),
        Column(_("重开率（％）"), lambda row: _share(row.line.sums.reopen_rate)),
        Column(_("补偿（笔）"), lambda row: row.line.sums.money_n),
        Column(_("补偿（元）"), lambda row: Money(row.line.sums.money_fen)),
        *_party_columns(answer),
        *_upstream_columns(answer),
    ]


def _first_columns(answer: Answer) -> list[Column]:
    called, cut = answer.names, answer.found.question.by
    everything = answer.found.whole.line.sums.opened
    against = against_label(answer.found.question.period, _against(answer))

    def moved(row: ReportRow) -> Cell:
        return None if answer.running else _share(change(row.line.sums.opened, row.before.sums.opened))

    found = [Column(cut_label(cut), lambda row: called.of(cut, row.value))]
    if cut is Dimension.TYPE:
        found.append(
            Column(_("大类"), lambda row: class_label(klass) if (klass := called.klass(cut, row.value)) else "")
        )
    return [
        *found,
        Column(_("数量（张）"), lambda row: row.line.sums.opened),
        Column(_("占比（％）"), lambda row: _share(ratio(row.line.sums.opened, everything))),
        Column(_("%(against)s（张）", against=against), lambda row: row.before.sums.opened),
        Column(_("变化（％）"), moved),
    ]


def _length_columns(answer: Answer) -> list[Column]:
    time = answer.time
    of = time_label(time)
    return [
        Column(_("解决（张）"), lambda row: row.line.sums.resolved),
        Column(_("平均时长（%(time)s，小时）", time=of), lambda row: _hours(row.line.sums.mean(time))),
        Column(_("P50（小时）"), lambda row: _hours(row.line.spread.of(time, 50))),
        Column(_("P90（小时）"), lambda row: _hours(row.line.spread.of(time, 90))),
    ]


def _time_columns(answer: Answer) -> list[Column]:
    def column(who: str) -> Column:
        header = _("时间：%(who)s（小时）", who=answer.names.who(who))
        return Column(header, lambda row: Hours(row.line.time.get(who, 0)))

    return [column(who) for who, _seconds in by_who(answer.found.whole.line.time)]


def _clock_columns() -> list[Column]:
    def columns(clock: str, name: str) -> list[Column]:
        return [
            Column(_("%(clock)s达成率（％）", clock=name), lambda row: _share(row.line.sums.kept(clock))),
            Column(_("%(clock)s超时（个）", clock=name), lambda row: late(row.line, clock)),
        ]

    named = {"first": _("首响"), "solution": _("解决时限"), "queue": _("队列"), "platform": _("平台")}
    return [column for clock in CLOCKS for column in columns(clock, named[clock])]


def late(line: Line, clock: str) -> int:
    """Results of a clock that were not in time."""
    results: int = getattr(line.sums, f"{clock}_n")
    in_time: int = getattr(line.sums, f"{clock}_ok")
    return results - in_time


def _party_columns(answer: Answer) -> list[Column]:
    def column(party: str) -> Column:
        header = _("责任：%(party)s（折合张数）", party=share_party_label(party))
        return Column(header, lambda row: row.line.parties.get(party, 0) / PER_CENT)

    parties = answer.found.whole.line.parties
    return [column(party) for party in sorted(parties, key=lambda party: (party == "unsaid", -parties[party], party))]


def _upstream_columns(answer: Answer) -> list[Column]:
    if answer.found.question.by is not Dimension.TYPE:
        return []
    types = answer.names.book.types
    return [
        Column(_("主要卡点"), lambda row: label(types[row.value].bottleneck) if row.value in types else ""),
        Column(_("优化方向"), lambda row: label(types[row.value].improvement) if row.value in types else ""),
    ]


def _trend(answer: Answer) -> Sheet:
    """What was opened, month by month."""
    klasses = ("A", "B", "C")
    rows: list[list[Cell]] = [
        [month_label(month), *(lines[klass].sums.opened if klass in lines else 0 for klass in klasses)]
        for month, lines in answer.months
    ]
    chart = Chart("stacked", _("各月新建工单"), (1, 2, 3), _("张"))
    return Sheet(_("趋势"), [_("月份"), *(class_label(klass) for klass in klasses)], rows, chart=chart)


def _causes(answer: Answer) -> Sheet:
    """Which values took the hours, and how far the first ones reach."""
    cut, field = answer.found.question.by, f"{answer.time}_seconds"
    seconds = {row.value: getattr(row.line.sums, field) for row in answer.found.rows}
    longest = sorted((value for value in seconds if seconds[value]), key=lambda value: (-seconds[value], value))
    everything, reached = getattr(answer.found.whole.line.sums, field), 0
    rows: list[list[Cell]] = []
    for value in longest:
        reached += seconds[value]
        rows.append([answer.names.of(cut, value), Hours(seconds[value]), Share(min(1.0, reached / everything))])
    headers = [cut_label(cut), _("处理工时（%(time)s，小时）", time=time_label(answer.time)), _("累计（％）")]
    chart = Chart("pareto", _("哪些占了工时"), (1, 2), _("小时"))
    return Sheet(_("工时排行"), headers, rows, chart=chart)


def _time(answer: Answer) -> Sheet:
    """Whose time it was."""
    now, before = answer.found.whole.line.time, answer.found.whole.before.time
    everything = sum(now.values())
    rows: list[list[Cell]] = [
        [answer.names.who(who), Hours(seconds), Hours(before.get(who, 0)), Share(seconds / everything)]
        for who, seconds in by_who(now)
    ]
    against = against_label(answer.found.question.period, _against(answer))
    headers = [_("时间在谁手里"), _("小时"), _("%(against)s（小时）", against=against), _("占比（％）")]
    return Sheet(_("时间归属"), headers, rows, chart=Chart("bars", _("时间在谁手里"), (1, 2), _("小时")))


def _meaning(answer: Answer) -> Sheet:
    """What was asked, what the figures are read from, and how each is defined."""
    found, question = answer.found, answer.found.question
    called = answer.names
    said = headline_text(
        headline(found.whole, found.rows, running=answer.running),
        against_label(question.period, _against(answer)),
        lambda cut, value: called.of(cut or question.by, value),
    )
    rows = [
        (_("这段时间"), period_label(question.period)),
        (_("对比"), period_label(_against(answer))),
        (_("拆分"), cut_label(question.by)),
        *((cut_label(cut), called.of(cut, value)) for cut, value in question.only),
        *([(_("范围"), _("、").join(answer.queues))] if answer.queues is not None else []),
        (_("状态"), _standing(found)),
        *((_("要点"), sentence) for sentence in said),
        *definitions(),
    ]
    if not found.whole.line.spread.exact:
        error = _("P50 和 P90 由时长分布估算，误差不超过 %(n)s%%。", n=f"{HISTOGRAM_ERROR * PER_CENT:.0f}")
        rows.append((_("误差"), error))
    return Sheet(_("说明"), [_("项目"), _("含义")], rows, wrapped=True)


def _standing(found: Report) -> str:
    if found.rule_version is not None:
        return _("已关账，按规则第 %(n)s 版。", n=found.rule_version)
    if found.due:
        return _("没有关账，还会变。另有 %(n)s 张刚变动，几秒内计入。", n=found.due)
    return _("没有关账，还会变。")


def _against(answer: Answer) -> Period:
    question = answer.found.question
    return question.against or question.period.before()


def _share(part: float | None) -> Share | None:
    return None if part is None else Share(part)


def _hours(seconds: float | None) -> Hours | None:
    return None if seconds is None else Hours(seconds)
