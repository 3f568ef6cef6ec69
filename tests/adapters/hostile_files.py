"""Files that somebody sends who means harm, or whose camera and office program are broken. Made here, not collected."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

from PIL import Image, PngImagePlugin

from helpdesk.domain.attachments import MAX_BYTES

SCRIPT = b"<script>alert(document.domain)</script>"
REFUSED, HARMLESS = "refused", "harmless"
DOCX = b'<Types><Override ContentType="application/x-wordprocessingml.document.main+xml"/></Types>'
XLSX = b'<Types><Override ContentType="application/x-spreadsheetml.sheet.main+xml"/></Types>'


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, size, 120 if mode in ("L", "1") else None).save(out, kind, **options)
    return out.getvalue()


def exif(**values: Any) -> bytes:
    words = Image.Exif()
    words[0x010F] = "SecretCamera"
    words[0x0112] = values.get("orientation", 1)
    words.get_ifd(0x8825)[1] = "N"
    words.get_ifd(0x8825)[2] = (31.0, 14.0, 9.0)
    return words.tobytes()


def archive(parts: dict[str, bytes], *, encrypted: bool = False) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    if not encrypted:
        return out.getvalue()
    return out.getvalue().replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")


def document(**more: bytes) -> bytes:
    named = {name.replace("__", "/").replace("_dot_", "."): content for name, content in more.items()}
    return archive({"[Content_Types].xml": DOCX, "word/document.xml": b"<w/>", **named})


def png_of_size(width: int, height: int) -> bytes:
    """A picture that says it is that large, with hardly a byte in it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def png_with_text() -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", SCRIPT.decode())
    words.add_itxt("XML:com.adobe.xmp", SCRIPT.decode())
    return picture(pnginfo=words)


def png_with_bomb_in_text() -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "0" * 40_000_000, zip=True)
    return picture(pnginfo=words)


def many_frames() -> bytes:
    frames = [Image.new("P", (8, 8), place % 250) for place in range(300)]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


def rotated() -> bytes:
    return picture("JPEG", exif=exif(orientation=6))


def malformed_exif() -> bytes:
    whole = rotated()
    at = whole.index(b"Exif\0\0") + 6
    return whole[: at + 4] + b"\xff\xff\xff\x7f" + whole[at + 8 :]


def named(make: Callable[[], bytes], name: str, end: str) -> tuple[str, Callable[[], bytes], str]:
    return name, make, end


FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "an SVG with a script": named(lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT, "a.svg", REFUSED),
    "an SVG named PNG": named(lambda: b"<svg onload=alert(1)></svg>", "a.png", REFUSED),
    "a packed SVG": named(lambda: b"\x1f\x8b\x08" + zlib.compress(SCRIPT), "a.svgz", REFUSED),
    "a page named PNG": named(lambda: b"<!doctype html>" + SCRIPT, "a.png", REFUSED),
    "a page named text": named(lambda: b"hello\n<ScRiPt >alert(1)", "a.txt", REFUSED),
    "a page in UTF-16 named text": named(lambda: "<script>".encode("utf-16"), "a.txt", REFUSED),
    "XML named CSV": named(lambda: b"<?xml version='1.0'?><!DOCTYPE x>", "a.csv", REFUSED),
    "a program named JPEG": named(lambda: b"MZ\x90\0" + b"\0" * 99, "a.jpg", REFUSED),
    "a program named PDF": named(lambda: b"\x7fELF" + b"\0" * 99, "a.pdf", REFUSED),
    "PHP named JPEG": named(lambda: b"<?php system($_GET[0]); ?>", "a.jpg", REFUSED),
    "a shell script named text": named(lambda: b"#!/bin/sh\nrm -rf /", "a.txt", REFUSED),
    "a batch file": named(lambda: b"del /s /q C:\\", "a.bat", REFUSED),
    "RTF named text": named(lambda: b"{\\rtf1\\object}", "a.txt", REFUSED),
    "bytes named CSV": named(lambda: b"a,b\n\x01\x02", "a.csv", REFUSED),
    "nothing at all": named(lambda: b"", "a.png", REFUSED),
    "more than is taken": named(lambda: b"\xff\xd8\xff" + b"\0" * MAX_BYTES, "a.jpg", REFUSED),
    "the head of a PNG": named(lambda: picture()[:24], "a.png", REFUSED),
    "half a JPEG": named(lambda: picture("JPEG", (600, 400))[:900], "a.jpg", REFUSED),
    "half a WebP": named(lambda: picture("WEBP", (600, 400))[:40], "a.webp", REFUSED),
    "a hundred megapixels": named(lambda: png_of_size(10_000, 10_000), "a.png", REFUSED),
    "a picture as large as its head can say": named(lambda: png_of_size(2**31 - 1, 2**31 - 1), "a.png", REFUSED),
    "a GIF with a giant screen": named(lambda: b"GIF89a\xff\xff\xff\xff\0\0\0;", "a.gif", REFUSED),
    "a bomb in the words of a PNG": named(png_with_bomb_in_text, "a.png", REFUSED),
    "TIFF": named(lambda: picture("TIFF"), "a.tiff", REFUSED),
    "BMP named JPEG": named(lambda: picture("BMP"), "a.jpg", REFUSED),
    "HEIC": named(lambda: b"\0\0\0\x18ftypheic" + b"\0" * 99, "a.heic", REFUSED),
    "an archive named DOCX": named(lambda: archive({"a.txt": b"x"}), "a.docx", REFUSED),
    "a ZIP bomb named DOCX": named(lambda: document(word__big=b"\0" * 30_000_000), "a.docx", REFUSED),
    "an archive of thousands of files": named(
        lambda: archive({"[Content_Types].xml": DOCX, **{f"word/{n}": b"" for n in range(2_100)}}), "a.docx", REFUSED
    ),
    "a document with macros": named(lambda: document(word__vbaProject_dot_bin=b"x"), "a.docx", REFUSED),
    "a workbook that says it has macros": named(
        lambda: archive({"[Content_Types].xml": XLSX.replace(b"x-sheet", b"") + b"macroEnabled"}), "a.xlsx", REFUSED
    ),
    "a document that leads out of its folder": named(
        lambda: archive({"[Content_Types].xml": DOCX, "../../etc/cron.d/x": b"x"}), "a.docx", REFUSED
    ),
    "a document that fetches its template": named(
        lambda: archive(
            {
                "[Content_Types].xml": DOCX,
                "word/_rels/settings.xml.rels": b'<R Type="attachedTemplate" Target="http://x" TargetMode="External"/>',
            }
        ),
        "a.docx",
        REFUSED,
    ),
    "an encrypted document": named(
        lambda: archive({"[Content_Types].xml": DOCX, "word/document.xml": b"x"}, encrypted=True), "a.docx", REFUSED
    ),
    "a broken archive": named(lambda: document()[:-30], "a.docx", REFUSED),
    "a PDF with a script": named(lambda: b"%PDF-1.7\n/OpenAction << /S /JavaScript >>\n%%EOF", "a.pdf", REFUSED),
    "a PDF that hides its script": named(lambda: b"%PDF-1.7\n<< /S /J#61vaScript >>\n%%EOF", "a.pdf", REFUSED),
    "a PDF that starts a program": named(lambda: b"%PDF-1.7\n<< /S /Launch /F (x) >>\n%%EOF", "a.pdf", REFUSED),
    "a PDF behind a page": named(lambda: SCRIPT + b"%PDF-1.7\n%%EOF", "a.pdf", REFUSED),
    "half a PDF": named(lambda: b"%PDF-1.7\n1 0 obj", "a.pdf", REFUSED),
    "a JPEG that is a page behind": named(lambda: picture("JPEG") + SCRIPT, "a.html", HARMLESS),
    "a PNG that is an archive behind": named(lambda: picture() + archive({"x.html": SCRIPT}), "a.zip", HARMLESS),
    "a GIF that is a script behind": named(lambda: picture("GIF", mode="L") + SCRIPT, "a.js", HARMLESS),
    "a PNG with scripts in its words": named(png_with_text, "a.png", HARMLESS),
    "a JPEG with a script in its comment": named(lambda: picture("JPEG", comment=SCRIPT), "a.jpg", HARMLESS),
    "a JPEG that says where it was taken": named(lambda: picture("JPEG", exif=exif()), "a.jpg", HARMLESS),
    "a JPEG whose camera talks nonsense": named(malformed_exif, "a.jpg", HARMLESS),
    "a WebP that says where it was taken": named(lambda: picture("WEBP", exif=exif(), xmp=SCRIPT), "a.webp", HARMLESS),
    "a PNG with a profile that is none": named(lambda: picture(icc_profile=SCRIPT * 9), "a.png", HARMLESS),
    "hundreds of frames": named(many_frames, "a.gif", HARMLESS),
    "a picture that names a folder": named(picture, "../../../etc/passwd", HARMLESS),
    "a picture that names a drive": named(picture, "C:\\Windows\\System32\\evil.exe", HARMLESS),
    "a picture whose name reads backwards": named(picture, "photo\u202egnp.exe", HARMLESS),
    "a picture whose name is a header": named(picture, "a\r\nSet-Cookie: b=c\r\n.png", HARMLESS),
    "a picture whose name is a tag": named(picture, "<img src=x onerror=alert(1)>.png", HARMLESS),
    "a picture whose name has no end": named(picture, "長" * 9_000, HARMLESS),
}
"""By what they are: the name they come under, how they are made, what becomes of them."""
