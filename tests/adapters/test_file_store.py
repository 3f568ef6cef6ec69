from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from helpdesk.adapters import file_store
from helpdesk.domain.attachments import Examined

MOMENT = datetime(2026, 11, 23, tzinfo=UTC)
FILE = Examined("a.png", "image/png", b"picture", b"small", 3, 2)


def aged(data: Path, name: str, at: datetime) -> None:
    os.utime(data / "files" / name[:2] / name, (at.timestamp(), at.timestamp()))


def test_the_same_content_lies_there_once(tmp_path: Path) -> None:
    first, second = file_store.put(tmp_path, FILE), file_store.put(tmp_path, FILE)
    assert first == second
    assert (first.size_bytes, first.width, first.height) == (7, 3, 2)
    assert file_store.read(tmp_path, first.hash) == b"picture"
    assert file_store.read(tmp_path, first.hash, thumbnail=True) == b"small"
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


def test_what_is_old_can_be_deleted_and_what_came_again_not(tmp_path: Path) -> None:
    name = file_store.put(tmp_path, FILE).hash
    aged(tmp_path, name, MOMENT - timedelta(days=2))
    assert list(file_store.old_files(tmp_path, MOMENT)) == [name]
    file_store.put(tmp_path, FILE)
    assert not file_store.delete(tmp_path, name, MOMENT - timedelta(days=1))
    aged(tmp_path, name, MOMENT - timedelta(days=2))
    assert file_store.delete(tmp_path, name, MOMENT)
    assert not file_store.delete(tmp_path, name, MOMENT)
    assert file_store.read(tmp_path, name) is None
    assert file_store.read(tmp_path, name, thumbnail=True) is None


def test_only_hashes_name_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no hash"):
        file_store.read(tmp_path, "../../secret.key")


def test_nothing_half_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        file_store.put(tmp_path, FILE)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
