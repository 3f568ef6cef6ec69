"""Files as templates take them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import url_for

from helpdesk.domain.attachments import is_image, size_shown
from helpdesk.queries.attachments import File, Files
from helpdesk.wording.attachments import file_label, file_labels


def cards(files: Iterable[File]) -> list[dict[str, Any]]:
    """See templates/components/files.html."""
    return [
        {
            "id": file.id,
            "name": file.name,
            "size": size_shown(file.size_bytes),
            "image": is_image(file.media_type),
            "label": file.label,
            "label_name": file_label(file.label),
            "url": url_for("attachments.show", file_id=file.id, name=file.name),
            "thumb": url_for("attachments.thumb", file_id=file.id),
        }
        for file in files
    ]


def with_files(entries: list[dict[str, Any]], files: Files) -> list[dict[str, Any]]:
    """The entries of a story, each with its ``files`` where it has some."""
    for entry in entries if files.told else ():
        told = files.told.get(("note" if entry["kind"] == "note" else "message", entry.get("id", 0)))
        if told and entry["kind"] in ("note", "in", "out"):
            entry["files"] = cards(told)
    return entries


def staged(files: Files) -> dict[str, Any]:
    """What templates/attachments/_staged.html takes."""
    return {"staged_files": cards(files.staged), "file_labels": file_labels()}
