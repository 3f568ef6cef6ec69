"""The web process of the one command: waitress, until somebody asks it to stop.

Larger installations start ``app:app`` under gunicorn instead (see README). No job ever runs here.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click
from flask import Flask
from flask.cli import ScriptInfo
from waitress.server import create_server

from helpdesk import create_app
from helpdesk.config import SettingsError

THREADS = 8
MOST_CONNECTIONS = 2000
"""A browser keeps up to six open, and pages that refresh themselves never let go of one: 100 is twenty people."""

M_ARENA_MAX = -8
"""Of malloc.h."""

ROOM_FOR_A_POLITE_ANSWER = 1024 * 1024
"""Bytes over the limit at which the program itself still answers 413; beyond it the server cuts the body off."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m helpdesk.serving", description="Serve the pages.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--prepare", action="store_true", help="run `flask prepare` first, in this process")
    parser.add_argument("--no-demo", action="store_true", help="passed on to it")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    try:
        app = create_app()
        if options.prepare:
            _prepare(app, demo=not options.no_demo)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    try:
        server = create_server(
            app,
            host=options.host,
            port=options.port,
            threads=THREADS,
            ident=None,
            connection_limit=MOST_CONNECTIONS,
            asyncore_use_poll=True,  # select() ends at 1024 open files
            max_request_body_size=app.config["MAX_CONTENT_LENGTH"] + ROOM_FOR_A_POLITE_ANSWER,
        )
    except OSError as error:
        print(f"{options.host}:{options.port} can't be used: {error}", file=sys.stderr)
        return 1
    settle()
    server.run()  # returns after SIGTERM or Ctrl-C, with requests under way answered
    return 0


def settle() -> None:
    """Loading is over. What is there stays: the garbage collector need not look through it, nor look that often.

    A page makes some ten thousand objects and drops nearly all of them by itself. The threads share two stores of
    memory: with one for each of them, as the C library would have it, a process keeps a sixth more than it uses.
    """
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:  # glibc's alone
        mallopt(M_ARENA_MAX, 2)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _prepare(app: Flask, *, demo: bool) -> None:
    """Bring the database up to date and seed an empty one; prints the demo's accounts."""
    command = ["prepare"] if demo else ["prepare", "--no-demo"]
    app.cli.main(command, prog_name="flask", standalone_mode=False, obj=ScriptInfo(create_app=lambda: app))


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
