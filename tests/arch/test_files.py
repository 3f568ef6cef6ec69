"""What must not stand in a file of this project."""

from __future__ import annotations

import ast
import re

from tests.arch.source import ROOT, place, program_files, project_files, tree

MOST_LINES = 450
MOST_LINES_OF_ONE = 60
READ_BY_PEOPLE = {".py", ".html", ".css", ".js"}
OF_ONE_MACHINE = re.compile(r"(?<![\w.~])/(?:root|home|Users|work|farm|tmp)/[\w.]")
GENERATED = re.compile(r"\.min\.(js|css)$|/(vendor|node_modules)/|\.(mo|pyc|sqlite3?)$|\.egg-info/")


def test_no_file_is_too_long_to_be_about_one_thing() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in project_files()
        if path.suffix in READ_BY_PEOPLE
        and "versions" not in path.parts
        and (lines := path.read_text(encoding="utf-8").count("\n")) > MOST_LINES
    }
    assert long == {}


def test_a_function_fits_on_a_screen() -> None:
    long = {
        f"{place(path, node)} {node.name}": lines
        for path in program_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef) and (lines := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_OF_ONE
    }
    assert long == {}


def test_no_file_names_a_folder_of_one_machine() -> None:
    hits = []
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        hits += [f"{path.relative_to(ROOT)}: {found.group()}" for found in OF_ONE_MACHINE.finditer(text)]
    assert hits == []


def test_locks_name_no_host() -> None:
    locks = sorted(ROOT.glob("*.lock"))
    assert [lock.name for lock in locks] == ["requirements-dev.lock", "requirements.lock"]
    for lock in locks:
        assert "://" not in lock.read_text(encoding="ascii"), lock.name


def test_nothing_generated_or_copied_is_kept() -> None:
    assert [str(p) for path in project_files() if GENERATED.search(str(p := path.relative_to(ROOT)))] == []
