"""The program as it is served, with the bare views beside its pages; each response says how many statements it took."""

from __future__ import annotations

import time
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy import event

from bench import bare
from bench.load import CPU, STATEMENTS
from helpdesk import create_app
from helpdesk.storage import db


def count_statements(app: Flask) -> None:
    """As the tests count them: without BEGIN and its like."""

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
            g.statements = g.get("statements", 0) + 1

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)

    serve = app.wsgi_app

    def timed(environ: dict[str, Any], start_response: Any) -> Any:
        environ["bench.began"] = time.thread_time_ns()
        return serve(environ, start_response)

    app.wsgi_app = timed  # type: ignore[method-assign]

    @app.after_request
    def say(response: Response) -> Response:
        response.headers[CPU] = str((time.thread_time_ns() - request.environ["bench.began"]) // 1000)
        response.headers[STATEMENTS] = str(g.get("statements", 0))
        return response


app = create_app()
app.register_blueprint(bare.blueprint(app.config["UNSNAG"].data))
count_statements(app)
