"""The web process of the one command: waitress, until somebody asks it to stop.

Larger installations start ``app:app`` under gunicorn instead (see README). No job ever runs here.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from waitress.server import create_server

from helpdesk import create_app

THREADS = 8
ROOM_FOR_A_POLITE_ANSWER = 1024 * 1024
"""Bytes over the limit at which the program itself still answers 413; beyond it the server cuts the body off."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m helpdesk.serving", description="Serve the pages.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5000)
    options = parser.parse_args(arguments)
    app = create_app()
    signal.signal(signal.SIGTERM, _stop)
    try:
        server = create_server(
            app,
            host=options.host,
            port=options.port,
            threads=THREADS,
            ident=None,
            max_request_body_size=app.config["MAX_CONTENT_LENGTH"] + ROOM_FOR_A_POLITE_ANSWER,
        )
    except OSError as error:
        print(f"{options.host}:{options.port} can't be used: {error}", file=sys.stderr)
        return 1
    server.run()  # returns after SIGTERM or Ctrl-C, with requests under way answered
    return 0


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
