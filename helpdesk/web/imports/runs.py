"""What was imported, how far it has come, and the rows that could not be taken."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.adapters.import_files import bad_rows_file, read_units
from helpdesk.domain.access import Permission
from helpdesk.domain.imports import TICKETS
from helpdesk.domain.problems import Conflict
from helpdesk.queries import imports as queries
from helpdesk.queries.keyset import parse_cursor
from helpdesk.services import imports as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, needs
from helpdesk.web.downloads import CSV, download
from helpdesk.web.imports import imports
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.problems import text_of

SHOWN_BAD_ROWS = 100
JSONL = "application/x-ndjson"
FIGURES = ("created", "appended", "filled", "updated", "repeated", "bad")


@imports.get("/imports")
@needs(Permission.TICKETS_IMPORT)
def index() -> str:
    runs, following = queries.import_runs(current_actor(), parse_cursor(request.args.get("after", "")))
    shown = [
        {
            "id": run.id,
            "kind": kind_name(run.kind),
            "file": run.file_name,
            "by": run.by,
            "created_at": run.created_at,
            "state": run.state,
            "state_name": state_name(run.state),
            "done": run.done,
            "total": run.total or 0,
            "figures": _figures(run.figures),
        }
        for run in runs
    ]
    return render_template("imports/index.html", runs=shown, following=str(following) if following else "")


@imports.get("/imports/<id:run_id>")
@needs(Permission.TICKETS_IMPORT, keeps_session=False)
def run(run_id: int) -> str:
    found = queries.import_run(run_id)
    return render_template(
        "imports/run.html",
        run=found,
        kind=kind_name(found.kind),
        state_name=state_name(found.state),
        going=found.state in ("waiting", "running"),
        figures=_figures(found.figures),
        bad=[(row.row, text_of(row.code, row.params)) for row in queries.bad_rows(run_id, SHOWN_BAD_ROWS)],
        more_bad=max(0, found.bad - SHOWN_BAD_ROWS),
        stopped_by=found.figures.get("error", ""),
    )


@imports.post("/imports/<id:run_id>/cancel")
@needs(Permission.TICKETS_IMPORT)
def cancel(run_id: int) -> BaseResponse:
    """It stops after the rows that it is at; what was stored stays."""
    queries.import_run(run_id)
    with unit_of_work():
        if not services.request_cancel(run_id, actor=current_actor()):
            raise Conflict("import.over")
    flash(_("正在停下：已经存好的留着，其余的不再导入。"), "done")
    return redirect(url_for("imports.run", run_id=run_id))


@imports.post("/imports/<id:run_id>/again")
@needs(Permission.TICKETS_IMPORT)
def again(run_id: int) -> BaseResponse:
    """Go on where a cancelled or failed one stood; a finished one is worked through anew, and nothing is doubled."""
    queries.import_run(run_id)
    with unit_of_work():
        services.run_again(run_id, actor=current_actor())
    flash(_("重新排上了，已经导入过的行会认出来，不会重复。"), "done")
    return redirect(url_for("imports.run", run_id=run_id))


@imports.get("/imports/<id:run_id>/bad-rows")
@needs(Permission.TICKETS_IMPORT)
def bad_rows(run_id: int) -> Response:
    """The rows that were refused, as they stood in the file, each with why; corrected, it can be imported as it is."""
    found = queries.import_run(run_id)
    stored = queries.stored_file(found.file_hash, current_actor())
    reasons = {row.row: text_of(row.code, row.params) for row in queries.bad_rows(run_id)}
    units = read_units(found.kind, stored.name, stored.content, found.options)
    content = bad_rows_file(stored.name, stored.content, units, reasons)
    lines = stored.name.lower().endswith((".jsonl", ".ndjson"))
    return download(content, JSONL if lines else CSV, f"bad-rows-{run_id}.{'jsonl' if lines else 'csv'}")


def kind_name(kind: str) -> str:
    return _("工单") if kind == TICKETS else _("订单")


def state_name(state: str) -> str:
    return {
        "waiting": _("排队中"),
        "running": _("导入中"),
        "done": _("已完成"),
        "failed": _("中断了"),
        "cancelled": _("已取消"),
    }[state]


def _figures(figures: Any) -> list[tuple[str, str, int]]:
    """(code, name, rows) of what came of the rows, where there were any."""
    names = {
        "created": _("新建"),
        "appended": _("催单，并入已有工单"),
        "filled": _("补全了只知道单号的"),
        "updated": _("更新"),
        "repeated": _("以前导入过，没有变化"),
        "bad": _("没能导入"),
    }
    return [(code, names[code], int(figures[code])) for code in FIGURES if figures.get(code)]
