"""An application on an empty database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from helpdesk import create_app
from helpdesk.config import Settings


@pytest.fixture(scope="session")
def bare_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The wired application; nothing is stored in its database."""
    return app_in(tmp_path_factory.mktemp("bare"))


def app_in(folder: Path) -> Flask:
    return create_app(
        Settings(
            data=folder,
            database_url=f"sqlite:///{folder / 'arch.sqlite3'}",
            secret_key="only for tests, never served",
            testing=True,
        )
    )
