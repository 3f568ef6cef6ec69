"""Files that go with what is said: which we take, how much, and under which name we keep them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

OUTER_BOX, WAYBILL, GOODS, WEIGHING = "outer_box", "waybill", "goods", "weighing"
LABELS = (OUTER_BOX, WAYBILL, GOODS, WEIGHING)
"""What a picture proves."""

MAX_FILES = 10
"""Of one message or note."""

MAX_BYTES = 20 * 1024 * 1024
MAX_REQUEST_BYTES = 64 * 1024 * 1024
"""Of several files that are sent at once."""

MAX_PHOTOS = 5
"""That a customer sends with one message."""

MAX_PHOTOS_BYTES = 40 * 1024 * 1024
"""Of them together."""

MAX_PIXELS = 40_000_000
MAX_NAME = 100

EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "text/plain": "txt",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "video/mp4": "mp4",
}
"""All that is ever kept, with the end of its name."""

_FORBIDDEN = re.compile(r'[<>:"|?*\'`$;&%#]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Examined:
    """A file as it will be kept: an image drawn anew, anything else as it came."""

    name: str
    media_type: str
    content: bytes
    thumbnail: bytes | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that lies in the store, under the hash of its content."""

    name: str
    media_type: str
    size_bytes: int
    hash: str
    width: int | None = None
    height: int | None = None


def is_image(media_type: str) -> bool:
    """Only these are ever shown; anything else is handed out as a download."""
    return media_type.startswith("image/")


def safe_name(name: str, media_type: str) -> str:
    """The name without folders, control and direction characters or what a system reads its own way.

    Its end is that of what the content is, whatever it said before.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(letter for letter in last if unicodedata.category(letter)[0] not in "CZ" or letter == " ")
    stem = re.sub(r"\s+", " ", _FORBIDDEN.sub("", visible)).strip(" .")
    stem = stem.rsplit(".", 1)[0] if "." in stem else stem
    stem = stem.replace("..", ".").strip(" .")[:MAX_NAME].strip(" .") or "file"
    if _RESERVED.fullmatch(stem.split(".", 1)[0]):
        stem = f"file-{stem}"
    return f"{stem}.{EXTENSIONS[media_type]}"


def size_shown(size_bytes: int) -> str:
    """As people read it."""
    if size_bytes >= 1024 * 1024:
        return f"{size_bytes / 1024 / 1024:.1f} MB"
    return f"{max(1, round(size_bytes / 1024))} KB"
