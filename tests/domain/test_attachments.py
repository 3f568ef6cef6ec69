from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.attachments import EXTENSIONS, MAX_NAME, is_image, safe_name, size_shown


@pytest.mark.parametrize(
    ("given_name", "media_type", "kept"),
    [
        ("外箱 1.JPG", "image/jpeg", "外箱 1.jpg"),
        ("../../etc/passwd.png", "image/png", "passwd.png"),
        ("C:\\Windows\\evil.png", "image/png", "evil.png"),
        ("photo\u202egnp.exe", "image/png", "photognp.png"),
        ("photo.png\x00.exe", "image/png", "photo.png.png"),
        (".htaccess", "text/plain", "htaccess.txt"),
        ("con.png", "image/png", "file-con.png"),
        ("a\r\nSet-Cookie: x.png", "image/png", "aSet-Cookie x.png"),
        ("", "image/jpeg", "file.jpg"),
        ("...", "application/pdf", "file.pdf"),
        ("x" * 5_000 + ".png", "image/png", "x" * MAX_NAME + ".png"),
        ("没有扩展名", "text/csv", "没有扩展名.csv"),
    ],
)
def test_a_name_keeps_its_words_and_loses_its_tricks(given_name: str, media_type: str, kept: str) -> None:
    assert safe_name(given_name, media_type) == kept


@given(st.text(max_size=300), st.sampled_from(sorted(EXTENSIONS)))
def test_no_name_leads_anywhere(name: str, media_type: str) -> None:
    kept = safe_name(name, media_type)
    stem = kept.removesuffix(f".{EXTENSIONS[media_type]}")
    assert kept != stem
    assert stem
    assert len(kept) <= MAX_NAME + 10
    assert not set(kept) & set('/\\<>:"|?*\0\r\n')
    assert ".." not in kept
    assert all(unicodedata.category(letter)[0] != "C" for letter in kept)


def test_sizes_as_people_read_them() -> None:
    assert [size_shown(1), size_shown(200_000), size_shown(3 * 1024 * 1024)] == ["1 KB", "195 KB", "3.0 MB"]


def test_only_pictures_are_shown() -> None:
    assert [is_image(kind) for kind in EXTENSIONS] == [True] * 3 + [False] * (len(EXTENSIONS) - 3)
