"""Is every sentence of pages and program complete in English? ``python -m tests.arch.translations`` lists what is not.

Chinese is the source: a message's id is the sentence itself. ``make translations`` brings the catalog up to date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from tests.arch.source import ROOT

ENGLISH = ROOT / "helpdesk" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]")
HAN = re.compile(r"[\u4e00-\u9fff]")


def main() -> int:
    found = list(problems(extracted(), catalog()))
    print("\n".join(found) or f"{len(catalog())} messages, all complete")
    return 1 if found else 0


def extracted() -> Catalog:
    """The sentences that stand in the program and the pages, by the mapping of babel.cfg."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog()
    for name, line, message, comments, context in extract_from_dir(
        str(ROOT), methods, options, keywords=KEYWORDS, directory_filter=_has_sentences
    ):
        found.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return found


def catalog() -> Catalog:
    if not ENGLISH.exists():
        return Catalog(locale="en")
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en", abort_invalid=True)


def problems(wanted: Catalog, translated: Catalog) -> Iterator[str]:
    """What keeps the English from being complete, a line for each message."""
    for message in wanted:
        if message.id:
            entry = translated.get(message.id, message.context)
            wrong = "missing" if entry is None else defect(entry)
            if wrong:
                yield f"{_origin(message)}: {wrong}: {message.id!r}"
    for message in translated:
        if message.id and wanted.get(message.id, message.context) is None:
            yield f"no longer used: {message.id!r}"
    for key in translated.obsolete:
        yield f"obsolete: {key!r}"


def defect(message: Message) -> str:
    """What is wrong with a translation; empty when it is in order."""
    texts = _all(message.string)
    if message.fuzzy:
        return "fuzzy"
    if not all(text.strip() for text in texts):
        return "empty"
    if any(HAN.search(text) for text in texts):
        return "Chinese left in the English"
    wanted = {name for text in _all(message.id) for name in PLACEHOLDER.findall(text)}
    if any(not set(PLACEHOLDER.findall(text)) <= wanted for text in texts):
        return "other placeholders"
    if set(PLACEHOLDER.findall(texts[-1])) != wanted:
        return "placeholders lost"
    return ""


def _all(texts: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts or ("",))


def _has_sentences(folder: str) -> bool:
    path = folder.replace(str(ROOT), "").strip("/")
    return path == "" or path.split("/")[0] in {"helpdesk", "templates"}


def _origin(message: Message) -> str:
    return ":".join(map(str, message.locations[0])) if message.locations else "?"


if __name__ == "__main__":
    sys.exit(main())
