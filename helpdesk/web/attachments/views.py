"""Take files in, say what they show, take them away again, hand them out."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, current_app, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.adapters import file_store
from helpdesk.domain.access import Permission
from helpdesk.domain.attachments import MAX_REQUEST_BYTES, is_image
from helpdesk.domain.problems import Invalid, NotFound
from helpdesk.queries import attachments as queries
from helpdesk.services import attachments as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, wants_data
from helpdesk.web.attachments import attachments
from helpdesk.web.file_cards import staged
from helpdesk.web.taking_files import taken
from helpdesk.wording.catalog import gettext as _

PRIVATE = "private, max-age=3600"
"""Only the reader's own browser may keep it, and not for long."""


@attachments.post("/attachments/to/<number>")
@needs(Permission.TICKETS_WORK, most_bytes=MAX_REQUEST_BYTES)
def upload(number: str) -> BaseResponse:
    """Stage files on a ticket; all that came, or none of them."""
    files = taken("file")
    if not files:
        raise Invalid("attachment.none_sent")
    label = request.form.get("label", "")
    with unit_of_work():
        added = [services.add(number, file, label=label, actor=current_actor(), now=moment()) for file in files]
    if not wants_data():
        flash(_("文件已添加，随下一条内容发出。"), "done")
        return _back(number)
    return _strip(added[0])


@attachments.post("/attachments/<id:file_id>/label")
@needs(Permission.TICKETS_WORK)
def relabel(file_id: int) -> BaseResponse:
    """What it proves, while it waits. Without a script that is said with what is sent."""
    with unit_of_work():
        if not services.relabel({file_id: request.form.get("label", "")}, actor=current_actor()):
            raise NotFound("attachment.not_found")
    return Response(status=204)


@attachments.post("/attachments/<id:file_id>/remove")
@needs(Permission.TICKETS_WORK)
def remove(file_id: int) -> BaseResponse:
    with unit_of_work():
        number = services.remove(file_id, actor=current_actor())
    return Response(status=204) if wants_data() else _back(number)


@attachments.get("/attachments/<id:file_id>/<name>")
@needs(Permission.TICKETS_READ)
def show(file_id: int, name: str) -> Response:
    """The file, under its own name only."""
    file = queries.one_file(file_id, current_actor())
    if name != file.name:
        raise NotFound("attachment.not_found")
    return _handed_out(file.hash, file.media_type, file.name, shown=is_image(file.media_type))


@attachments.get("/attachments/thumb/<id:file_id>")
@needs(Permission.TICKETS_READ)
def thumb(file_id: int) -> Response:
    """The small picture of an image."""
    file = queries.one_file(file_id, current_actor())
    return _handed_out(file.hash, "image/jpeg", f"{file_id}.jpg", shown=True, thumbnail=True)


def _strip(file_id: int) -> Response:
    """What this person has staged where this file is, for the script to show."""
    files = queries.staged_beside(file_id, current_actor())
    return make_response(render_template("attachments/_staged.html", **staged(files)))


def _back(number: str) -> BaseResponse:
    return redirect(url_for("tickets.show", number=number, _anchor="composer"))


def _handed_out(stored: str, media_type: str, name: str, *, shown: bool, thumbnail: bool = False) -> Response:
    """Pictures we drew ourselves are shown; anything else is downloaded, and could do nothing where it is opened."""
    content = file_store.read(current_app.config["UNSNAG"].data, stored, thumbnail=thumbnail)
    if content is None:
        raise NotFound("attachment.not_found")
    response = make_response(content)
    kind = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
    response.headers["Content-Type"] = kind
    how = "inline" if shown else "attachment"
    response.headers["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = PRIVATE
    return response
