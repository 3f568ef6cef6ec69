"""The shipped reply templates as plain values, one mapping per template, named like the stored columns."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "templates"


def reply_templates() -> list[dict[str, Any]]:
    """All templates in the order of the files; everybody may use them (scope ``all``).

    Keys: code, scope, type (None: any), shortcut, title_zh, title_en, body_zh, body_en,
    words (one per line), marks_solution, set_status (None: leaves it), actions (see ``domain.macros``).
    """
    return [_row(template) for path in sorted(FOLDER.glob("*.toml")) for template in _read(path)]


def _read(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        return list(tomllib.load(file)["templates"])


def _row(template: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": template["code"],
        "scope": "all",
        "type": template.get("type"),
        "shortcut": template["shortcut"],
        "title_zh": template["title"]["zh"],
        "title_en": template["title"]["en"],
        "body_zh": template["body"]["zh"].strip(),
        "body_en": template["body"]["en"].strip(),
        "words": "\n".join(template["words"]),
        "marks_solution": template.get("marks_solution", False),
        "set_status": template.get("set_status"),
        "actions": template.get("actions", []),
    }
