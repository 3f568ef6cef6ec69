"""Templates compile, extend a layout, and hold nothing that the content security policy would block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, meta, nodes

from tests.arch.source import STATIC, TEMPLATES

PAGES_OF_A_LAYOUT = sorted(
    path
    for path in TEMPLATES.rglob("*.html")
    if not path.name.startswith("_") and path.relative_to(TEMPLATES).parts[0] not in {"layouts", "components", "mail"}
)
ALL = sorted(path for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".txt"})
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
BLOCKED = {
    "a style attribute": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc=)", re.IGNORECASE),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "something from another host": re.compile(
        r"""<(?:script|link|img|iframe)\b[^>]*(?:src|href)\s*=\s*["'](?:https?:)?//"""
    ),
}


def name_of(path: Path) -> str:
    return str(path.relative_to(TEMPLATES))


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_a_template_compiles_and_all_it_includes_exists(path: Path, bare_app: Flask) -> None:
    bare_app.jinja_env.get_template(name_of(path))
    for other in meta.find_referenced_templates(parsed(bare_app.jinja_env, path)):
        assert other is None or (TEMPLATES / other).is_file(), other


@pytest.mark.parametrize("path", PAGES_OF_A_LAYOUT, ids=name_of)
def test_a_page_extends_a_layout(path: Path, bare_app: Flask) -> None:
    bases = [
        node.template.value
        for node in parsed(bare_app.jinja_env, path).find_all(nodes.Extends)
        if isinstance(node.template, nodes.Const)
    ]
    assert len(bases) == 1
    assert str(bases[0]).startswith("layouts/")


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_nothing_in_it_is_blocked_by_the_content_security_policy(path: Path) -> None:
    markup = COMMENT.sub("", path.read_text(encoding="utf-8"))
    assert [what for what, pattern in BLOCKED.items() if pattern.search(markup)] == []


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_nothing_is_let_through_unescaped(path: Path, bare_app: Flask) -> None:
    filters = {node.name for node in parsed(bare_app.jinja_env, path).find_all(nodes.Filter)}
    assert "safe" not in filters


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_its_links_lead_to_pages_and_files_that_exist(path: Path, bare_app: Flask) -> None:
    calls = list(first_arguments(parsed(bare_app.jinja_env, path)))
    pages = {argument for function, argument in calls if function == "url_for"}
    files = {argument for function, argument in calls if function == "static_url"}
    assert pages - set(bare_app.view_functions) == set()
    assert {name for name in files if not (STATIC / name).is_file()} == set()


def parsed(environment: Environment, path: Path) -> nodes.Template:
    return environment.parse(path.read_text(encoding="utf-8"))


def first_arguments(template: nodes.Template) -> Iterator[tuple[str, str]]:
    """Calls of plain functions with a text as the first argument."""
    for call in template.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.args and isinstance(call.args[0], nodes.Const):
            yield call.node.name, str(call.args[0].value)
