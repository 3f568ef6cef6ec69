"""A process can be told from every other, and a dead one from a living."""

from __future__ import annotations

import subprocess
import sys

import pytest

from helpdesk.jobs.holders import died_here, new_holder


def test_every_holder_has_a_name_of_its_own_that_fits_its_column() -> None:
    names = {new_holder() for _ in range(100)}
    assert len(names) == 100
    assert max(map(len, names)) <= 60


def test_this_process_is_alive() -> None:
    assert not died_here(new_holder())


def test_a_process_that_ended_here_is_dead() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    machine = new_holder().partition(":")[0]
    assert died_here(f"{machine}:{ended.pid}:00000000")


@pytest.mark.parametrize("holder", [None, "", "one", "elsewhere:1:00", "elsewhere:999999:00", "::"])
def test_of_anybody_else_nothing_is_known(holder: str | None) -> None:
    assert not died_here(holder)
