"""The report's files: its table as CSV, the workbook with charts, and the lists of tickets behind its figures."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response

from helpdesk.adapters.sheets import Money
from helpdesk.adapters.workbooks import Cell, Hours, Share
from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid
from helpdesk.domain.reports import Dimension
from helpdesk.queries.report_tickets import MOST_EXPORTED, FactRow, every_ticket
from helpdesk.queries.report_tickets import tickets as tickets_behind
from helpdesk.web.access import current_actor, needs, rules
from helpdesk.web.downloads import CSV, XLSX, download
from helpdesk.web.locale import shop_zone
from helpdesk.web.reports import reports
from helpdesk.web.reports.asking import asked
from helpdesk.web.reports.tickets import behind
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.labels import status_label
from helpdesk.wording.report_files import Answer, answer, csv_file, csv_of, file_stem, workbook
from helpdesk.wording.report_names import Names, names


@reports.get("/reports/export.csv")
@needs(Permission.REPORTS_READ)
def export_csv() -> Response:
    told = _answer()
    return download(csv_file(told), CSV, f"{file_stem(told.found.question)}.csv")


@reports.get("/reports/export.xlsx")
@needs(Permission.REPORTS_READ)
def export_xlsx() -> Response:
    told = _answer()
    return download(workbook(told), XLSX, f"{file_stem(told.found.question)}.xlsx")


@reports.get("/reports/tickets.csv")
@needs(Permission.REPORTS_READ)
def export_tickets() -> Response:
    """The whole list behind a figure, and what it adds up to."""
    question, actor = asked().question, current_actor()
    figure, value = behind()
    page = tickets_behind(question, figure, value, actor)
    if page.count > MOST_EXPORTED:
        raise Invalid("report.too_many_rows", rows=page.count, most=MOST_EXPORTED)
    called, kind = names(actor, rules()), figure.partition(":")[0]
    rows = [_line(row, kind, called) for row in every_ticket(question, figure, value, actor)]
    total: list[Cell] = [_("合计"), *[None] * (len(_headers()) - 2), _amount(kind, page.total)]
    return download(csv_of(_headers(), [*rows, total]), CSV, f"{file_stem(question)}-tickets.csv")


def _answer() -> Answer:
    wanted = asked()
    return answer(wanted.question, current_actor(), time=wanted.time, today=wanted.today)


def _headers() -> list[str]:
    return [
        *(
            _("编号"),
            _("主题"),
            _("状态"),
            _("大类"),
            _("类型"),
            _("渠道"),
            _("队列"),
            _("负责人"),
            _("仓库"),
            _("快递"),
        ),
        *(_("时间"), _("自然时间（小时）"), _("工作时间（小时）"), _("计入")),
    ]


def _line(row: FactRow, kind: str, called: Names) -> Sequence[Cell]:
    """``at`` is on the shop's wall: a spreadsheet knows no zones."""
    resolved = kind not in ("opened", "hour", "money")
    return [
        *(row.number, row.subject, status_label(row.status), row.klass, called.of(Dimension.TYPE, row.type)),
        called.of(Dimension.CHANNEL, str(row.channel_id)),
        called.of(Dimension.QUEUE, str(row.queue_id)),
        called.of(Dimension.AGENT, str(row.agent_id)) if row.agent_id else "",
        *(row.warehouse, row.courier),
        f"{row.at.astimezone(shop_zone()):%Y-%m-%d %H:%M}",
        Hours(row.wall_seconds) if resolved else None,
        Hours(row.work_seconds) if resolved else None,
        _amount(kind, row.amount),
    ]


def _amount(kind: str, amount: int) -> Cell:
    """What is added to the figure: hours, yuan, per cent of the fault, tickets or results."""
    match kind:
        case "time":
            return Hours(amount)
        case "money":
            return Money(amount)
        case "party":
            return Share(amount / 100)
        case _:
            return amount
