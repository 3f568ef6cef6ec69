"""The shipped rule book: TOML files joined to the one JSON-able document that ``parse_rulebook`` reads."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "rulebook"


def document() -> dict[str, Any]:
    """The document of version 1: types, rules, policies, responsibility and the lexicon.

    Money is fen, durations are seconds. Files named ``words_*.toml`` are joined to one lexicon.
    """
    return {
        **_read(FOLDER / "rules.toml"),
        "types": _read(FOLDER / "types.toml")["types"],
        "responsibility": _read(FOLDER / "responsibility.toml"),
        "policies": _policies(FOLDER / "policies.toml"),
        "lexicon": _lexicon(sorted(FOLDER.glob("words_*.toml"))),
    }


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


def _policies(path: Path) -> list[dict[str, Any]]:
    """A book without compensation policies is a valid one: then nothing is offered."""
    return list(_read(path)["policies"]) if path.exists() else []


def _lexicon(paths: list[Path]) -> dict[str, Any]:
    """Join the files: lists of the same type and weight are appended in the order of the files."""
    words: dict[str, dict[str, list[str]]] = {}
    exceptions: list[dict[str, Any]] = []
    confusions: dict[str, str] = {}
    topics: list[str] = []
    for path in paths:
        data = _read(path)
        for type_code, by_weight in data.get("words", {}).items():
            for weight, phrases in by_weight.items():
                words.setdefault(type_code, {}).setdefault(weight, []).extend(phrases)
        exceptions.extend(data.get("exceptions", []))
        confusions.update(data.get("confusions", {}))
        topics.extend(data.get("topics", []))
    return {"words": words, "exceptions": exceptions, "confusions": confusions, "topics": topics}
