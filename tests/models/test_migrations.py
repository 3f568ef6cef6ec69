"""The migrated database, on either kind, is the one that the models describe; see also tests/arch."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from sqlalchemy import CheckConstraint, inspect

from helpdesk.storage import Base, db


def test_tables_and_columns_are_those_of_the_models(app: Flask) -> None:
    with db.engine.connect() as connection:
        opts = {"compare_type": True, "include_name": _without_search}
        changes = compare_metadata(MigrationContext.configure(connection, opts=opts), Base.metadata)
    assert [change for change in changes if not str(change[0]).endswith("_index")] == []


def test_checks_and_indexes_are_those_of_the_models(app: Flask) -> None:
    inspector = inspect(db.engine)
    for table in Base.metadata.sorted_tables:
        checks = {str(rule.name) for rule in table.constraints if isinstance(rule, CheckConstraint)}
        assert {str(rule["name"]) for rule in inspector.get_check_constraints(table.name)} == checks
        indexes = {str(index.name) for index in table.indexes}
        assert {str(index["name"]) for index in inspector.get_indexes(table.name)} >= indexes


def _without_search(name: str | None, kind: str, _parents: object) -> bool:
    """The search index differs between databases and is made by hand; see models/search.py."""
    return kind != "table" or not (name or "").startswith("search_fts")
