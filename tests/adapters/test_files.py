"""Files by their content: harmful ones refused or made harmless, those of every day kept."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from helpdesk.adapters.files import MAX_EDGE, examine
from helpdesk.domain.attachments import EXTENSIONS, MAX_NAME
from helpdesk.domain.problems import Problem
from helpdesk.wording.attachments import ATTACHMENTS
from tests.adapters.hostile_files import DOCX, FILES, REFUSED, SCRIPT, XLSX, archive, picture, rotated


@pytest.mark.parametrize("what", FILES)
def test_harmful_files_are_refused_or_made_harmless(what: str) -> None:
    name, make, end = FILES[what]
    if end == REFUSED:
        with pytest.raises(Problem) as refusal:
            examine(make(), name)
        assert refusal.value.code in ATTACHMENTS
        return
    kept = examine(make(), name)
    assert kept.name.endswith(f".{EXTENSIONS[kept.media_type]}")
    assert len(kept.name) <= MAX_NAME + 5
    assert not set(kept.name) & set("/\\<>:\r\n\u202e")
    for content in (kept.content, kept.thumbnail or b""):
        assert SCRIPT not in content
        assert b"SecretCamera" not in content
        with Image.open(BytesIO(content)) as image:
            image.load()
            assert not image.getexif()
            assert not {"xmp", "icc_profile", "comment", "exif"} & set(image.info)
            assert getattr(image, "n_frames", 1) == 1


def test_at_least_forty_of_them() -> None:
    assert len(FILES) >= 40


def test_a_picture_taken_sideways_stands_upright() -> None:
    kept = examine(rotated(), "侧面.jpg")
    assert (kept.name, kept.media_type, kept.width, kept.height) == ("侧面.jpg", "image/jpeg", 40, 60)


def test_a_large_picture_is_kept_smaller_and_shown_smaller_still() -> None:
    kept = examine(picture("JPEG", (6_000, 3_000)), "a.jpg")
    assert (kept.width, kept.height) == (MAX_EDGE, MAX_EDGE // 2)
    assert kept.thumbnail is not None
    assert max(Image.open(BytesIO(kept.thumbnail)).size) == 320


def test_what_is_seen_through_stays_so() -> None:
    kept = examine(picture("PNG", mode="RGBA"), "a.png")
    assert Image.open(BytesIO(kept.content)).mode == "RGBA"
    assert kept.thumbnail is not None
    assert Image.open(BytesIO(kept.thumbnail)).getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (b"%PDF-1.4\n1 0 obj\nendobj\ntrailer\n%%EOF\n", "发票.pdf", "application/pdf"),
        ("单号,重量\n1,2\n".encode("gb18030"), "称重.csv", "text/csv"),
        ("说明 <3 公斤".encode(), "说明.txt", "text/plain"),
        (archive({"[Content_Types].xml": DOCX, "word/document.xml": b"x"}), "单.docx", "wordprocessingml"),
        (archive({"[Content_Types].xml": XLSX, "xl/workbook.xml": b"x"}), "表.xlsx", "spreadsheetml"),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 40, "开箱.mp4", "video/mp4"),
    ],
)
def test_documents_are_kept_as_they_are(content: bytes, name: str, media_type: str) -> None:
    kept = examine(content, name)
    assert (kept.content, kept.name, kept.thumbnail) == (content, name, None)
    assert media_type in kept.media_type
