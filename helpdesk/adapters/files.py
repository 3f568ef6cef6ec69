"""What a file is, by its content; images are drawn anew, so that nothing but the picture is left of them."""

from __future__ import annotations

import re
import threading
import warnings
from io import BytesIO

from PIL import Image, ImageOps

from helpdesk.adapters.office_files import office_type
from helpdesk.domain.attachments import MAX_BYTES, MAX_PIXELS, Examined, safe_name
from helpdesk.domain.problems import Invalid, TooLarge

MAX_EDGE = 4096
"""Of a picture as it is kept: print on a waybill can still be read."""

THUMBNAIL = (320, 320)

_IMAGES = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"GIF87a", "GIF"), (b"GIF89a", "GIF"))
_KEPT_AS = {"JPEG": ("JPEG", "image/jpeg"), "WEBP": ("WEBP", "image/webp")}  # anything else becomes a PNG
_VIDEO_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"qt  ")
_ACTIVE_PDF = (b"/javascript", b"/js", b"/launch", b"/embeddedfile", b"/richmedia", b"/xfa", b"/submitform", b"/gotoe")
_MARKUP = re.compile(
    r"<\s*(!doctype|html|head|body|script|svg|iframe|object|embed|img|link|meta|style|\?xml|\?php|%)"
    r"|\A#!|\A\{\\rtf|javascript:|vbscript:",
    re.IGNORECASE,
)
_TEXT_NAMES = {"txt": "text/plain", "log": "text/plain", "csv": "text/csv"}

_one_picture = threading.Lock()
"""One at a time: forty million pixels take their room, and the silence about what cameras write is everybody's."""


def examine(content: bytes, name: str) -> Examined:
    """The file as it will be kept. ``Invalid`` for what it may not be, ``TooLarge`` for what is too much of it."""
    if not content:
        raise Invalid("attachment.empty", name=_shown(name))
    if len(content) > MAX_BYTES:
        raise TooLarge("attachment.too_large", name=_shown(name), limit=MAX_BYTES // 1024 // 1024)
    image = _image_format(content)
    if image is not None:
        return _picture(content, name, image)
    kind = _document_type(content, name)
    if kind is None:
        raise Invalid("attachment.unknown_kind", name=_shown(name))
    return Examined(safe_name(name, kind), kind, content)


def _shown(name: str) -> str:
    """For the sentence that refuses it."""
    return "".join(letter for letter in name if letter.isprintable())[:80]


def _image_format(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for magic, kind in _IMAGES if content.startswith(magic)), None)


def _document_type(content: bytes, name: str) -> str | None:
    if content.startswith(b"%PDF-"):
        if _is_active_pdf(content):
            raise Invalid("attachment.active_content", name=_shown(name))
        return "application/pdf" if b"%%EOF" in content[-2048:] else None
    if content.startswith(b"PK\x03\x04"):
        return office_type(content, _shown(name))
    if content[4:8] == b"ftyp":
        return "video/mp4" if content[8:12] in _VIDEO_BRANDS else None
    return _text_type(content, name)


def _is_active_pdf(content: bytes) -> bool:
    """Names in a PDF may be written with their letters as numbers."""
    plain = re.sub(rb"#([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), content).lower()
    return any(re.search(re.escape(word) + rb"[^a-z]", plain) for word in _ACTIVE_PDF)


def _text_type(content: bytes, name: str) -> str | None:
    """Text has no sign of its own: its name says which, if it is text and no program or page."""
    kind = _TEXT_NAMES.get(name.rsplit(".", 1)[-1].strip().lower())
    if kind is None:
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        return None
    if any(ord(letter) < 32 and letter not in "\t\r\n\f" for letter in text) or _MARKUP.search(text):
        return None
    return kind


def _picture(content: bytes, name: str, kind: str) -> Examined:
    with _one_picture, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(BytesIO(content), formats=[kind]) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise _too_many_pixels(name)
                clean = _drawn_anew(opened)
            form, media_type = _KEPT_AS.get(kind, ("PNG", "image/png"))
            kept = _written(clean, form)
            thumbnail = _thumbnail(clean)
        except (Invalid, TooLarge):
            raise
        except Image.DecompressionBombError:
            raise _too_many_pixels(name) from None
        except Exception:  # what a broken picture makes the decoder stumble over is of many kinds
            raise Invalid("attachment.broken_image", name=_shown(name)) from None
    return Examined(safe_name(name, media_type), media_type, kept, thumbnail, clean.width, clean.height)


def _too_many_pixels(name: str) -> TooLarge:
    return TooLarge("attachment.too_many_pixels", name=_shown(name), limit=MAX_PIXELS // 1_000_000)


def _drawn_anew(opened: Image.Image) -> Image.Image:
    """The first frame the right way up, on a new canvas that knows nothing of the camera, its place or its owner."""
    opened.draft("RGB", (MAX_EDGE, MAX_EDGE))  # of a JPEG: decoded smaller where that is enough
    opened.load()
    image = _upright(opened)
    see_through = image.has_transparency_data
    image = image.convert("RGBA" if see_through else "RGB")
    image.thumbnail((MAX_EDGE, MAX_EDGE))
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    return clean


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken words of the camera are no reason to refuse the picture
        return image


def _written(image: Image.Image, form: str) -> bytes:
    out = BytesIO()
    options = {"JPEG": {"quality": 88}, "WEBP": {"quality": 88, "method": 2}}.get(form, {"compress_level": 6})
    image.save(out, form, **options)
    return out.getvalue()


def _thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail(THUMBNAIL)
    if small.mode == "RGBA":
        ground = Image.new("RGB", small.size, "white")
        ground.paste(small, mask=small.getchannel("A"))
        small = ground
    return _written(small, "JPEG")
