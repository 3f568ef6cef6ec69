"""What import-linter can't say: see pyproject.toml for the floors themselves."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.arch.source import HELPDESK, ROOT, dotted, imported, place, program_files, tree

PURE_LIBRARIES = {"rapidfuzz", "pypinyin", "opencc"}
CLOCKS_OF_THE_MACHINE = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "date.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "func.now",
    "func.current_timestamp",
}


def test_the_domain_imports_only_the_standard_library_itself_and_three_pure_libraries() -> None:
    strangers = [
        f"{place(path, node)} {name}"
        for path in program_files()
        if path.is_relative_to(HELPDESK / "domain")
        for name, node in imported(path)
        if not name.startswith("helpdesk.domain.")
        and (top := name.split(".")[0]) not in sys.stdlib_module_names
        and top not in PURE_LIBRARIES
    ]
    assert strangers == []


def test_only_timesource_asks_the_machine_for_the_time() -> None:
    asked = [
        f"{place(path, node)} {name}"
        for path in program_files()
        if path != HELPDESK / "timesource.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and (name := dotted(node.func)) in CLOCKS_OF_THE_MACHINE
    ]
    assert asked == []


def test_only_config_reads_the_environment() -> None:
    read = [
        place(path, node)
        for path in program_files()
        if path != HELPDESK / "config.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and dotted(node) in {"os.environ", "os.getenv", "os.environb"}
    ]
    assert read == []


def test_only_storage_commits_and_rolls_back() -> None:
    ended = [
        f"{place(path, node)} {node.func.attr}"
        for path in program_files()
        if path != HELPDESK / "storage.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback", "begin"}
    ]
    assert ended == []


def test_the_session_is_asked_of_storage_never_of_the_extension() -> None:
    taken = [
        place(path, node)
        for path in program_files()
        if path != HELPDESK / "storage.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and dotted(node).startswith("db.session")
    ]
    assert taken == []


def test_blueprints_do_not_import_each_other() -> None:
    web = HELPDESK / "web"
    nouns = {path.name for path in web.iterdir() if (path / "__init__.py").exists()}
    crossed = [
        f"{place(path, node)} {name}"
        for path in program_files()
        if path.is_relative_to(web) and (own := path.relative_to(web).parts[0]) in nouns
        for name, node in imported(path)
        if name.startswith("helpdesk.web.") and (other := name.split(".")[2]) in nouns and other != own
    ]
    assert crossed == []


@pytest.mark.parametrize("path", program_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for(path: Path) -> None:
    empty_package = path.name == "__init__.py" and not tree(path).body
    assert empty_package or ast.get_docstring(tree(path))
