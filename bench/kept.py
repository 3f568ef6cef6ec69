"""Databases that are filled once and measured on several times: filling the large one takes minutes."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask

from bench import seed
from helpdesk import create_app
from helpdesk.storage import db

DATABASE = "unsnag.sqlite3"
GOOD_FOR_SECONDS = 3 * 3600
"""Deadlines pass meanwhile: in an hour, of every thousand tickets another four are late."""


def planted(folder: Path, size: int, store: Path | None) -> Flask:
    """A database of this size in the folder: a copy of the one in ``store``, which is filled if none there will do."""
    if store is None:
        return seed.plant(folder, size)
    kept = store / f"{size}.sqlite3"
    if not _will_do(kept, folder):
        _close(seed.plant(folder, size))
        shutil.copyfile(folder / DATABASE, kept)
    else:
        shutil.copyfile(kept, folder / DATABASE)
        print(f"  {kept.name}: filled {_age(kept) / 60:.0f} minutes ago", flush=True)
    return create_app(seed.settings(folder))


def _will_do(kept: Path, folder: Path) -> bool:
    """It is new enough, and its tables and indexes are what the migrations make today."""
    if not kept.exists() or _age(kept) > GOOD_FOR_SECONDS:
        return False
    with TemporaryDirectory(dir=folder) as empty:
        _close(seed.empty(Path(empty)))
        return _schema(Path(empty) / DATABASE) == _schema(kept)


def _age(kept: Path) -> float:
    return time.time() - kept.stat().st_mtime


def _schema(database: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        made = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 2")
        return [*made, *connection.execute("SELECT version_num FROM alembic_version")]


def _close(app: Flask) -> None:
    """Its last connection writes what is in the log beside the database into it."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
