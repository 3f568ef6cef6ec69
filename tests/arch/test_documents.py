"""What the documents point at exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpdesk.config import Settings
from tests.arch.source import ROOT, project_files

LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
SETTING = re.compile(r"^\| `UNSNAG_([A-Z_]+)` ", re.MULTILINE)
DOCUMENTS = [path for path in project_files() if path.suffix == ".md"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_project_lead_somewhere(path: Path) -> None:
    targets = LINK.findall(path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_the_readme_lists_every_setting() -> None:
    listed = set(SETTING.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert listed <= {field.upper() for field in Settings.__dataclass_fields__}
    assert {"DATA", "DATABASE_URL", "SECRET_KEY", "TRUSTED_HOSTS", "TIMEZONE", "LOCALE"} <= listed


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
