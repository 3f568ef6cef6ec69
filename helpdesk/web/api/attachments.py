"""Files of a ticket, as they were sent with messages and notes."""

from __future__ import annotations

from datetime import datetime
from http import HTTPMethod
from typing import Literal
from urllib.parse import quote

from flask import current_app

from helpdesk.adapters import file_store
from helpdesk.domain.access import Permission
from helpdesk.domain.problems import NotFound
from helpdesk.domain.tokens import TokenScope
from helpdesk.queries import attachments as queries
from helpdesk.web.api.operations import Answer, Call, Content, operation
from helpdesk.web.api.shapes import Told

TAG = "files"


class FileOut(Told):
    """``label``: what a picture shows, empty where nobody said. It came with a message or with a note."""

    id: int
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    label: Literal["", "outer_box", "waybill", "goods", "weighing"]
    message_id: int | None
    note_id: int | None
    created_at: datetime


class Files(Told):
    """Oldest first."""

    items: list[FileOut]


@operation(
    HTTPMethod.GET,
    "/tickets/<number>/files",
    TAG,
    "List files",
    permission=Permission.TICKETS_READ,
    scope=TokenScope.TICKETS_READ,
    answers={200: Files},
    problems=(404,),
)
def list_files(call: Call, number: str) -> Answer:
    """What was sent with messages and notes, oldest first, at most a thousand. Pictures tell no place and no camera."""
    rows = queries.sent_files(number, call.actor)
    names = [name for name in FileOut.model_fields if name != "sha256"]
    items = [FileOut(sha256=row.hash, **{name: getattr(row, name) for name in names}) for row in rows]
    return Answer(Files(items=items))


@operation(
    HTTPMethod.GET,
    "/files/<id:file_id>",
    TAG,
    "Download a file",
    permission=Permission.TICKETS_READ,
    scope=TokenScope.TICKETS_READ,
    answers={200: Content},
    problems=(404,),
)
def get_file(call: Call, file_id: int) -> Answer:
    """Its bytes, under its name."""
    file = queries.one_file(file_id, call.actor)
    content = file_store.read(current_app.config["UNSNAG"].data, file.hash)
    if content is None:
        raise NotFound("attachment.not_found")
    named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"}
    return Answer(Content(), headers=named, content=content)
