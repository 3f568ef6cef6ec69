"""What gunicorn does beside its command line: see "A larger installation" in the README."""

from __future__ import annotations

import gc

preload_app = True  # one copy of the program for all web processes, which share its memory
keepalive = 15  # seconds: pages refresh themselves as often


def when_ready(_server: object) -> None:
    """What is loaded stays: the garbage collector need not look through it, which took a tenth of a second."""
    gc.collect()
    gc.freeze()


def post_worker_init(_worker: object) -> None:
    """Of the worker's own making, too."""
    gc.collect()
    gc.freeze()
