"""From the file to the run: it is stored, its columns are shown with what they hold, and settled by a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.adapters.import_files import Column, columns_of, count_units
from helpdesk.adapters.tabular import MAX_BYTES, MAX_ROWS
from helpdesk.domain.access import Permission
from helpdesk.domain.import_columns import match_columns
from helpdesk.domain.imports import COLUMNS, REQUIRED, TICKETS
from helpdesk.domain.problems import Invalid, NotFound, Problem
from helpdesk.queries import imports as queries
from helpdesk.services import imports as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import show_problem
from helpdesk.web.imports import imports
from helpdesk.web.imports.forms import KINDS, OptionsForm, UploadForm
from helpdesk.web.imports.runs import kind_name
from helpdesk.wording import problem_text
from helpdesk.wording.labels import field_label

FORM_BYTES = 64 * 1024
"""What a form takes beside its file."""

HASH = re.compile(r"[0-9a-f]{64}")
LEFT_OUT = "-"


@imports.route("/imports/new", methods=["GET", "POST"])
@needs(Permission.TICKETS_IMPORT, most_bytes=MAX_BYTES + FORM_BYTES)
def new() -> BaseResponse:
    """Upload. The file is only kept: nothing of it is stored as a ticket or an order before its columns are settled."""
    form = UploadForm()
    form.offer()
    if not form.is_submitted():
        return _upload_page(form)
    if not form.validate():
        return _upload_page(form, 422)
    kind = str(form.kind.data)
    try:
        stored = _kept(form.file.data)
    except Problem as problem:
        return _upload_page(form, problem.status, show_problem(form, problem, {}))
    return redirect(url_for("imports.settle", kind=kind, file=stored))


def _kept(upload: FileStorage) -> str:
    """Store the file, once it is known to be a table; returns its hash."""
    name = upload.filename or ""
    content = upload.stream.read(MAX_BYTES + 1)
    upload.close()
    if not columns_of(name, content):
        raise Invalid("import.empty_file")
    with unit_of_work():
        return services.store_file(name, content, actor=current_actor(), now=moment())


@imports.route("/imports/new/<kind>/<file>", methods=["GET", "POST"])
@needs(Permission.TICKETS_IMPORT)
def settle(kind: str, file: str) -> BaseResponse:
    """What each column is. Of columns like these, what they were taken for the last time."""
    if kind not in KINDS or not HASH.fullmatch(file):
        raise NotFound("import.no_such_file")
    stored = queries.stored_file(file, current_actor())
    columns = columns_of(stored.name, stored.content)
    form = OptionsForm()
    form.offer(current_actor())

    def page(taken: Mapping[str, str], *, remembered: bool = False, status: int = 200, error: str = "") -> Response:
        return _settle_page(kind, stored.name, form, columns, taken, remembered=remembered, status=status, error=error)

    if not form.is_submitted():
        remembered = queries.remembered_columns(KINDS[kind], [column.header for column in columns])
        return page(remembered or _by_names(KINDS[kind], columns), remembered=bool(remembered))
    chosen = _chosen(columns)
    if not form.validate():
        return page(chosen, status=422)
    options: dict[str, Any] = {"shop": form.shop.data, "channel": form.channel.data, "map": chosen}
    if KINDS[kind] == TICKETS:
        options["created_at"] = form.created_at.data
    try:
        total = count_units(KINDS[kind], stored.name, stored.content, options)
        with unit_of_work():
            run = services.create_run(
                KINDS[kind],
                name=stored.name,
                content=stored.content,
                options=options,
                total=total,
                actor=current_actor(),
                now=moment(),
            )
    except Problem as problem:
        return page(chosen, status=problem.status, error=problem_text(problem))
    return redirect(url_for("imports.run", run_id=run))


def _by_names(kind: str, columns: tuple[Column, ...]) -> dict[str, str]:
    """What the columns' names say, header -> field; nothing where two of them say the same."""
    try:
        return match_columns([column.header for column in columns], COLUMNS[kind], {})
    except Problem:
        return {}


def _chosen(columns: tuple[Column, ...]) -> dict[str, str]:
    """What the person took each column for, by its place in the file; left out where he said nothing."""
    sent = [request.form.get(f"column-{place}", LEFT_OUT) for place in range(len(columns))]
    return {column.header: "" if field == LEFT_OUT else field for column, field in zip(columns, sent, strict=True)}


def _upload_page(form: UploadForm, status: int = 200, error: str = "") -> Response:
    page = render_template(
        "imports/new.html",
        form=form,
        error=error,
        most_mb=MAX_BYTES // 2**20,
        most_rows=MAX_ROWS,
        fields={name: [field_label(field) for field in COLUMNS[kind]] for name, kind in KINDS.items()},
    )
    return make_response(page, status)


def _settle_page(
    kind: str,
    name: str,
    form: OptionsForm,
    columns: tuple[Column, ...],
    taken: Mapping[str, str],
    *,
    remembered: bool,
    status: int,
    error: str,
) -> Response:
    page = render_template(
        "imports/settle.html",
        form=form,
        kind=kind,
        kind_name=kind_name(KINDS[kind]),
        name=name,
        columns=columns,
        taken=taken,
        fields=[(field, field_label(field), field in REQUIRED[KINDS[kind]]) for field in COLUMNS[KINDS[kind]]],
        required=[field_label(field) for field in REQUIRED[KINDS[kind]]],
        left_out=LEFT_OUT,
        remembered=remembered,
        error=error,
    )
    return make_response(page, status)
