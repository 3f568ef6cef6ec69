"""What gunicorn does beside its command line: see "A larger installation" in the README."""

from __future__ import annotations

from helpdesk.serving import settle

preload_app = True  # one copy of the program for all web processes, which share its memory
keepalive = 15  # seconds: pages refresh themselves as often


def when_ready(_server: object) -> None:
    settle()


def post_worker_init(_worker: object) -> None:
    settle()
