"""Files that come with a form: examined and laid into the store before anything is written about them."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app, request
from werkzeug.datastructures import FileStorage

from helpdesk.adapters import file_store
from helpdesk.adapters.files import examine
from helpdesk.domain.attachments import MAX_BYTES, MAX_FILES, Stored, is_image
from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.web.forms import GREATEST_ID


def taken(field: str, most: int = MAX_FILES, *, pictures: bool = False) -> list[Stored]:
    """The files that were sent under this name, in the store. One that may not be kept refuses them all.

    ``pictures``: nothing else is taken.
    """
    sent = sent_as(field)
    if len(sent) > most:
        raise Conflict("attachment.too_many", limit=most)
    try:
        examined = [examine(upload.stream.read(MAX_BYTES + 1), upload.filename or "") for upload in sent]
    finally:
        for upload in sent:
            upload.close()
    for file in examined:
        if pictures and not is_image(file.media_type):
            raise Invalid("attachment.no_picture", name=file.name)
    return [file_store.put(current_app.config["UNSNAG"].data, file) for file in examined]


def sent_as(field: str) -> list[FileStorage]:
    """What came under this name, not looked at yet."""
    return [upload for upload in request.files.getlist(field) if upload.filename]


def chosen(values: Sequence[str]) -> list[int]:
    """Ids of staged files as a form sends them."""
    if len(values) > MAX_FILES:
        raise Conflict("attachment.too_many", limit=MAX_FILES)
    if any(not (one.isascii() and one.isdigit() and 0 < int(one[:12]) <= GREATEST_ID) for one in values):
        raise Invalid("input.bad_value", field="file_id")
    return [int(one) for one in values]
