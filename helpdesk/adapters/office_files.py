"""Documents of office programs: ZIP archives, looked at without unpacking them."""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO

from helpdesk.domain.problems import Invalid

MAX_ENTRIES = 2_000
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 100
SMALL = 1024 * 1024
"""Up to here nobody asks how well it is packed: empty forms are packed very well."""

MAX_PART = 1024 * 1024

_MAIN_PARTS = {
    b"spreadsheetml.sheet.main+xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"wordprocessingml.document.main+xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_ACTIVE_PARTS = re.compile(r"vbaproject|vbadata|activex|oleobject|/embeddings/.*\.(bin|exe)", re.IGNORECASE)
_FETCHED = re.compile(
    rb"(attachedTemplate|oleObject|frame|subDocument)\b[^>]*TargetMode\s*=\s*[\"']External", re.IGNORECASE
)
_ENCRYPTED = 1


def office_type(content: bytes, name: str) -> str | None:
    """The media type; None for any other archive. ``Invalid`` for a bomb, and for what would run or fetch something."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _type(archive, len(content), name)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        return None


def _type(archive: zipfile.ZipFile, size: int, name: str) -> str | None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    bomb = len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or (unpacked > SMALL and unpacked > MAX_RATIO * size)
    if bomb:
        raise Invalid("attachment.bomb", name=name)
    if any(_is_trick(entry) for entry in entries):
        return None
    if any(_ACTIVE_PARTS.search(entry.filename) for entry in entries):
        raise Invalid("attachment.active_content", name=name)
    types = _part(archive, "[Content_Types].xml")
    if b"macroenabled" in types.lower():
        raise Invalid("attachment.active_content", name=name)
    relations = [entry.filename for entry in entries if entry.filename.lower().endswith(".rels")]
    if any(_FETCHED.search(_part(archive, one)) for one in relations):
        raise Invalid("attachment.active_content", name=name)
    return next((kind for part, kind in _MAIN_PARTS.items() if part in types), None)


def _is_trick(entry: zipfile.ZipInfo) -> bool:
    path = entry.filename.replace("\\", "/")
    return path.startswith("/") or ".." in path.split("/") or ":" in path or bool(entry.flag_bits & _ENCRYPTED)


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """Its first million bytes; nothing for one that isn't there."""
    try:
        with archive.open(name) as part:
            return part.read(MAX_PART)
    except KeyError:
        return b""
