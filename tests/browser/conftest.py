"""A real Chromium, the system's own. Without one these tests are skipped, visibly; in CI they fail.

The tests of a process share one installation with the demo, so each test takes a ticket of its own. What looks at
every page runs in one process, what people do in another: see ``SHARING`` in ``tests/conftest.py``.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.site import PASSWORDS, Site, plant, running_site
from tests.browser.windows import FLAGS, Windows

NAMES = ("chromium", "chromium-browser", "google-chrome")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    named = os.environ.get("UNSNAG_CHROMIUM", "")
    found = next((path for name in (named, *NAMES) if name and (path := shutil.which(name))), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("CI must have a Chromium")
    if found is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium fonts-noto-cjk)")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The program with its demo, served as in an installation. The demo is planted once for all processes."""
    data = tmp_path_factory.mktemp("site")
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "demo" / PASSWORDS).exists():
            (shared / "demo").mkdir(exist_ok=True)
            plant(shared / "demo")
    shutil.copytree(shared / "demo", data, dirs_exist_ok=True)
    with closing(sqlite3.connect(data / "unsnag.sqlite3")) as database, database:
        # A ticket that a test opens stays where it is: nobody is handed it meanwhile.
        database.execute("UPDATE queue SET assignment = 'manual'")
    with running_site(data) as running:
        yield running


@pytest.fixture(scope="session")
def all_windows(browser: Browser, site: Site) -> Windows:
    return Windows(browser, site)


@pytest.fixture
def windows(all_windows: Windows) -> Iterator[Windows]:
    """Opens windows; fails the test on an error in a script, a blocked piece of a page, a failed request behind it."""
    all_windows.complaints.clear()
    yield all_windows
    all_windows.close()
    assert all_windows.complaints == []
