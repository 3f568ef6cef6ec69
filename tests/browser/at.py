"""Run one of our programs at another moment: ``python -m tests.browser.at SECONDS MODULE ARGUMENT...``.

Time goes on from there, for the program and for the server that writes the ``Date`` of its answers. What a page
shows depends on the hour (queues close, shifts end), and tests have to mean the same on a Sunday night.
"""

from __future__ import annotations

import runpy
import sys
import time
from datetime import timedelta

from helpdesk import timesource


def shift(seconds: float) -> None:
    """Let this process live so many seconds later (negative: earlier)."""
    real_now, real_time = timesource.now, time.time
    timesource.now = lambda: real_now() + timedelta(seconds=seconds)
    time.time = lambda: real_time() + seconds


if __name__ == "__main__":
    _, _seconds, _module, *_arguments = sys.argv
    shift(float(_seconds))
    sys.argv = [_module, *_arguments]
    runpy.run_module(_module, run_name="__main__", alter_sys=True)
