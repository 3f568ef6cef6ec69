"""The bytes of kept files, in the data folder under the hash of their content, with small pictures beside them."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from helpdesk.domain.attachments import Examined, Stored

HASH = re.compile(r"[0-9a-f]{64}")
FOLDER = "files"
THUMBNAIL = ".thumb"


def put(data: Path, file: Examined) -> Stored:
    """Keep it: whole or not at all. The same content lies there once, and is new again."""
    name = hashlib.sha256(file.content).hexdigest()
    path = _path(data, name)
    if file.thumbnail is not None:
        _write(path.with_name(name + THUMBNAIL), file.thumbnail)
    _write(path, file.content)
    return Stored(file.name, file.media_type, len(file.content), name, file.width, file.height)


def read(data: Path, name: str, *, thumbnail: bool = False) -> bytes | None:
    """None where it isn't there any more."""
    path = _path(data, name)
    try:
        return (path.with_name(name + THUMBNAIL) if thumbnail else path).read_bytes()
    except FileNotFoundError:
        return None


def old_files(data: Path, before: datetime) -> Iterator[str]:
    """Hashes of what was last put there before this moment."""
    for path in sorted((data / FOLDER).glob("??/*")):
        if HASH.fullmatch(path.name) and _is_older(path, before):
            yield path.name


def delete(data: Path, name: str, before: datetime) -> bool:
    """Unless somebody put it there again meanwhile."""
    path = _path(data, name)
    if not _is_older(path, before):
        return False
    path.unlink(missing_ok=True)
    path.with_name(name + THUMBNAIL).unlink(missing_ok=True)
    return True


def _path(data: Path, name: str) -> Path:
    if not HASH.fullmatch(name):
        raise ValueError("no hash of a file")
    return data / FOLDER / name[:2] / name


def _is_older(path: Path, before: datetime) -> bool:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) < before
    except FileNotFoundError:
        return False


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        os.utime(path)
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
