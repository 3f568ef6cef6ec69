"""Files that a page hands out."""

from __future__ import annotations

from flask import Response, make_response

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(content: bytes, kind: str, name: str) -> Response:
    """The file under this name (letters of ASCII). Nobody keeps a copy on the way: it shows what one person may see."""
    response = make_response(content)
    response.headers["Content-Type"] = kind
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
