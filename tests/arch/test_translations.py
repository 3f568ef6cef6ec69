from __future__ import annotations

import pytest
from babel.messages import Catalog

from tests.arch.translations import catalog, extracted, problems


def test_every_sentence_is_complete_in_english() -> None:
    sentences = extracted()
    assert len(sentences) > 0
    assert list(problems(sentences, catalog())) == []


def test_a_complete_catalog_has_no_problem() -> None:
    wanted = catalog_of({"还剩 %(n)s 件": None, ("%(num)d 张工单", "%(num)d 张工单"): None})
    translated = catalog_of(
        {"还剩 %(n)s 件": "%(n)s left", ("%(num)d 张工单", "%(num)d 张工单"): ("one ticket", "%(num)d tickets")}
    )
    assert list(problems(wanted, translated)) == []


@pytest.mark.parametrize(
    ("translation", "problem"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("%(n)s 件 left", "Chinese left in the English"),
        ("some left", "placeholders lost"),
        ("%(count)s left", "other placeholders"),
    ],
)
def test_a_defect_is_named(translation: str, problem: str) -> None:
    found = list(problems(catalog_of({"还剩 %(n)s 件": None}), catalog_of({"还剩 %(n)s 件": translation})))
    assert len(found) == 1
    assert problem in found[0]


def test_missing_unused_and_fuzzy_are_named() -> None:
    translated = catalog_of({"旧句子": "old"})
    translated.add("存疑", "doubtful", flags=["fuzzy"])
    found = list(problems(catalog_of({"新句子": None, "存疑": None}), translated))
    assert len(found) == 3
    assert {line.split(": ")[-2] for line in found} == {"missing", "no longer used", "fuzzy"}


def catalog_of(messages: dict[str | tuple[str, str], str | tuple[str, str] | None]) -> Catalog:
    made = Catalog(locale="en")
    for key, text in messages.items():
        made.add(key, text)
    return made
