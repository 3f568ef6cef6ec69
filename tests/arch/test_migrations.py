"""The database that migrations build is the one that the models describe."""

from __future__ import annotations

import re
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, inspect, text

from helpdesk.storage import Base, db
from tests.arch.conftest import app_in
from tests.arch.source import MIGRATIONS

SEARCH_INDEX = re.compile(r"_fts(_|$)")  # SQLite's full-text tables and their shadows are made by hand


def test_there_is_one_head_and_the_files_are_numbered_in_order() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert len(scripts.get_heads()) == 1
    oldest_first = [script.revision for script in scripts.walk_revisions()][::-1]
    assert oldest_first == [f"{number:04}" for number in range(1, len(oldest_first) + 1)]
    for script in scripts.walk_revisions():
        assert re.fullmatch(rf"{script.revision}_[a-z0-9_]+\.py", Path(script.path).name)


def test_upgrading_an_empty_database_gives_what_the_models_describe(tmp_path: Path) -> None:
    (tmp_path / "migrated").mkdir()
    (tmp_path / "modelled").mkdir()
    with app_in(tmp_path / "migrated").app_context():
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "include_name": _without_search}
            )
            differences = [change for change in compare_metadata(context, Base.metadata) if not _is_index(change)]
        migrated = constraints_and_indexes()
    with app_in(tmp_path / "modelled").app_context():
        db.create_all()
        modelled = constraints_and_indexes()
    assert differences == []
    assert migrated == modelled


def constraints_and_indexes() -> dict[str, str]:
    """Checks and indexes in SQLite's own words: Alembic compares neither checks nor expressions and conditions."""
    inspector = inspect(db.engine)
    found = {
        f"{table}.{check['name']}": check["sqltext"]
        for table in inspector.get_table_names()
        for check in inspector.get_check_constraints(table)
    }
    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
        found |= {name: " ".join(sql.split()) for name, sql in rows}
    db.engine.dispose()
    return {name: sql for name, sql in found.items() if not SEARCH_INDEX.search(name)}


def test_downgrading_leaves_nothing_behind(tmp_path: Path) -> None:
    with app_in(tmp_path).app_context():
        flask_migrate.upgrade()
        flask_migrate.downgrade(revision="base")
        left = set(inspect(db.engine).get_table_names())
        db.engine.dispose()
    assert left == {"alembic_version"}


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_constraints_have_names_so_that_a_migration_can_change_them(table: Table) -> None:
    assert [constraint for constraint in table.constraints if constraint.name is None] == []


def _without_search(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not SEARCH_INDEX.search(name or "")


def _is_index(change: object) -> bool:
    return isinstance(change, tuple) and str(change[0]).endswith("_index")
