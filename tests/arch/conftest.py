"""An application on an empty database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests.databases import application


@pytest.fixture(scope="session")
def bare_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The wired application; its database has no tables."""
    return app_in(tmp_path_factory.mktemp("bare"))


def app_in(folder: Path) -> Flask:
    return application(folder, f"sqlite:///{folder / 'arch.sqlite3'}")
