"""One deed for many tickets: chosen in a list, looked at before, done, and taken back."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.adapters.sheets import csv_text
from helpdesk.adapters.tabular import write_csv
from helpdesk.domain.access import Permission
from helpdesk.domain.bulk import IN_ONE_GO, MAX_TAG, MAX_TEXT, MOST, NOBODY, STATUSES, Kind, offered, parse
from helpdesk.domain.problems import Invalid, Problem
from helpdesk.domain.ticket_filter import Tab
from helpdesk.domain.tickets import Outcome, Party, Priority
from helpdesk.queries import ticket_list
from helpdesk.queries.bulk_runs import BulkLine, BulkView, bulk_lines, bulk_run, bulk_runs
from helpdesk.queries.choices import ListChoices, list_choices
from helpdesk.services import bulk_runs as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.downloads import CSV, download
from helpdesk.web.forms import sent_version
from helpdesk.web.tickets import tickets
from helpdesk.web.tickets.where import asked_list
from helpdesk.wording import label, outcome_label, party_label, problem_text, status_label
from helpdesk.wording.bulk import kind_label, reason_text, row_state_label, run_state_label
from helpdesk.wording.catalog import gettext as _

UNDOABLE = ("done", "cancelled")
GOING = ("waiting", "undoing")
LINES_SHOWN = 200
NUMBERS_SHOWN = 30


@tickets.post("/tickets/bulk")
@needs(Permission.TICKETS_READ)
def choose_many() -> BaseResponse:
    """Keep the ticked tickets, or with ``all`` every ticket of the list as it is at this moment."""
    here, actor, now = asked_list(), current_actor(), moment()
    chosen: dict[str, str] = {}
    if request.form.get("all"):
        if here.tab is Tab.ASSISTS:
            raise Invalid("bulk.nothing_chosen")
        ids = ticket_list.every_id(here.chosen, here.tab, actor, now, most=MOST + 1)
        chosen = {name: str(value) for name, value in here.args().items()} or {"tab": Tab.ALL.value}
    else:
        numbers = [number[:20] for number in request.form.getlist("number")]
        if len(numbers) > MOST:
            raise Invalid("bulk.too_many", limit=MOST)
        ids = ticket_list.ids_of(numbers)
    if not ids:
        flash(_("没有勾选工单。"), "info")
        return redirect(url_for("tickets.index", **here.args()))
    with unit_of_work():
        run_id = services.choose(ids, chosen=chosen, actor=actor, now=now)
    return redirect(url_for("tickets.many", run_id=run_id))


@tickets.get("/tickets/bulk")
@needs(Permission.TICKETS_READ)
def many_runs() -> str:
    """What one did to many tickets lately."""
    names = _names(list_choices(current_actor()))
    runs = [
        {"run": run, "deed": _deed_text(run, names), "state": run_state_label(run.state), "figures": _figures(run)}
        for run in bulk_runs(current_actor())
    ]
    return render_template("tickets/bulk_runs.html", runs=runs)


@tickets.get("/tickets/bulk/<id:run_id>")
@needs(Permission.TICKETS_READ, keeps_session=False)
def many(run_id: int) -> str:
    return _page(run_id)


@tickets.post("/tickets/bulk/<id:run_id>/plan")
@needs(Permission.TICKETS_READ)
def plan_many(run_id: int) -> BaseResponse | tuple[str, int]:
    """Look what it would do; changes no ticket."""
    kind = request.form.get("kind", "")
    document = {
        "kind": kind,
        "value": request.form.get(f"{kind}_value", ""),
        "text": request.form.get(f"{kind}_text", "").replace("\r\n", "\n"),
        "pending_on": request.form.get("pending_on", "") if kind == Kind.STATUS else "",
        "party": request.form.get("party", "") if kind == Kind.RESOLVE else "",
    }
    try:
        with unit_of_work():
            services.plan(run_id, parse(document), version=sent_version(), actor=current_actor())
    except Problem as problem:
        if problem.status != Invalid.status:
            raise
        return _page(run_id, problem_text(problem), document), problem.status
    return redirect(url_for("tickets.many", run_id=run_id, _anchor="plan"))


@tickets.post("/tickets/bulk/<id:run_id>/start")
@needs(Permission.TICKETS_READ)
def start_many(run_id: int) -> BaseResponse:
    with unit_of_work():
        rows = services.start(run_id, version=sent_version(), actor=current_actor(), now=moment())
    _work_here(run_id, rows)
    return redirect(url_for("tickets.many", run_id=run_id))


@tickets.post("/tickets/bulk/<id:run_id>/cancel")
@needs(Permission.TICKETS_READ)
def cancel_many(run_id: int) -> BaseResponse:
    """What was done stays, the rest is left alone."""
    with unit_of_work():
        services.cancel(run_id, actor=current_actor(), now=moment())
    flash(_("已停下：做过的留着，其余的不再改。"), "done")
    return redirect(url_for("tickets.many", run_id=run_id))


@tickets.post("/tickets/bulk/<id:run_id>/undo")
@needs(Permission.TICKETS_READ)
def undo_many(run_id: int) -> BaseResponse:
    with unit_of_work():
        rows = services.undo(run_id, actor=current_actor(), now=moment())
    _work_here(run_id, rows)
    return redirect(url_for("tickets.many", run_id=run_id))


@tickets.get("/tickets/bulk/<id:run_id>/rows")
@needs(Permission.TICKETS_READ)
def many_rows(run_id: int) -> Response:
    """What became of each ticket, as a file."""
    bulk_run(run_id, current_actor())
    heads = [_("工单"), _("结果"), _("原因")]
    lines = ([csv_text(cell) for cell in _line(line)] for line in bulk_lines(run_id))
    return download(write_csv(heads, lines), CSV, f"bulk-{run_id}.csv")


def _work_here(run_id: int, rows: int) -> None:
    """So few that the person waits for them; what is left over by a mistake, the job worker does."""
    rows_left = rows if rows <= IN_ONE_GO else 0
    while rows_left:
        with unit_of_work():
            rows_left = services.work(run_id, actor=current_actor(), now=moment())


def _page(run_id: int, problem: str = "", typed: dict[str, str] | None = None) -> str:
    actor = current_actor()
    run = bulk_run(run_id, actor)
    choices = list_choices(actor)
    names = _names(choices)
    draft = run.state == "draft"
    over = run.started_at is None or moment() - run.started_at > services.UNDO_WITHIN
    lines = [] if draft or run.state in GOING else bulk_lines(run_id, limit=LINES_SHOWN)
    refused = bulk_lines(run_id, "refused", "kept") if run.deed else []
    return render_template(
        "tickets/bulk_run.html",
        run=run,
        deed=_deed_text(run, names),
        state=run_state_label(run.state),
        figures=_figures(run),
        going=run.state in GOING,
        in_background=run.count("waiting") > IN_ONE_GO,
        progress=_progress(run),
        undoable=run.state in UNDOABLE and bool(run.count("done")) and not over and run.deed.get("kind") != Kind.NOTE,
        reasons=_reasons(refused),
        lines=[_line(line) for line in lines],
        more_lines=max(0, run.total - LINES_SHOWN) if lines else 0,
        offers=_offers(names) if draft else [],
        typed=typed if typed is not None else run.deed,
        problem=problem,
        most_tag=MAX_TAG,
        most_text=MAX_TEXT,
        list_url=url_for("tickets.index", **dict[str, Any](run.chosen)),
    )


def _progress(run: BulkView) -> tuple[int, int]:
    """(done, of): rows worked off of those that were to be; of an undo, those taken back or kept."""
    if run.state == "undoing":
        back = run.count("undone", "kept")
        return back, back + run.count("done")
    return run.to_do - run.count("waiting"), max(run.to_do, 1)


def _figures(run: BulkView) -> list[tuple[str, str, int]]:
    """(code, name, tickets) of what became of them, where there are any. Of a draft: what would."""
    names = {"waiting": _("会改"), "unchanged": row_state_label("unchanged"), "refused": _("不能改")}
    states = ("done", "undone", "kept", "waiting", "unchanged", "refused", "skipped")
    draft = run.state == "draft"
    return [
        (state, names[state] if draft and state in names else row_state_label(state), count)
        for state in states
        if (count := run.count(state))
    ]


def _reasons(lines: list[BulkLine]) -> list[dict[str, Any]]:
    """The tickets that were or would be refused, by reason."""
    groups: dict[str, list[str]] = {}
    for line in lines:
        groups.setdefault(reason_text(line.code, line.params), []).append(line.number)
    return [
        {"why": why, "count": len(numbers), "numbers": numbers[:NUMBERS_SHOWN]}
        for why, numbers in sorted(groups.items(), key=lambda group: -len(group[1]))
    ]


def _line(line: BulkLine) -> list[str]:
    return [line.number, row_state_label(line.state), reason_text(line.code, line.params)]


def _names(choices: ListChoices) -> dict[str, dict[str, str]]:
    """What a deed's value is called, by kind."""
    people = {str(one.id): one.name for one in choices.people}
    return {
        Kind.TYPE: {kind.code: label(kind.name) for kind in rules().types.values() if not kind.system},
        Kind.TRANSFER: {queue.code: label(queue.name) for queue in choices.queues},
        Kind.ASSIGN: {NOBODY: _("不指派给谁"), **people},
        Kind.OWNER: people,
        Kind.PRIORITY: {one.value: one.value for one in Priority},
        Kind.STATUS: {one.value: status_label(one.value) for one in STATUSES},
        Kind.RESOLVE: {one.value: outcome_label(one.value) for one in Outcome},
        "pending_on": {
            **{queue.code: label(queue.name) for queue in choices.queues},
            **{one.value: party_label(one.value) for one in Party if one is not Party.UNDETERMINED},
        },
        "party": {one.value: party_label(one.value) for one in Party},
    }


def _offers(names: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """The deeds that can be chosen, with their values; beside them whom a wait is for, and who is responsible."""
    further = {Kind.STATUS: ("pending_on", names["pending_on"]), Kind.RESOLVE: ("party", names["party"])}
    found = []
    for kind in offered(current_actor()):
        name, options = further.get(kind, ("", {}))
        found.append(
            {
                "code": kind.value,
                "name": kind_label(kind.value),
                "options": list(names.get(kind, {}).items()),
                "further": name,
                "further_options": list(options.items()),
                "most": MAX_TEXT.get(kind.value, 0),
            }
        )
    return found


def _deed_text(run: BulkView, names: dict[str, dict[str, str]]) -> str:
    kind, value = run.deed.get("kind", ""), run.deed.get("value", "")
    if not kind:
        return ""
    if not value:
        return kind_label(kind)
    return _("%(deed)s：%(value)s", deed=kind_label(kind), value=names.get(kind, {}).get(value, value))
