"""The program as it is served, with the bare views beside its pages; each response says how many statements it took."""

from __future__ import annotations

from flask import Flask, Response, g
from sqlalchemy import event

from bench import bare
from bench.load import STATEMENTS
from helpdesk import create_app
from helpdesk.storage import db


def count_statements(app: Flask) -> None:
    """As the tests count them: without BEGIN and its like."""

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE")):
            g.statements = g.get("statements", 0) + 1

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)

    @app.after_request
    def say(response: Response) -> Response:
        response.headers[STATEMENTS] = str(g.get("statements", 0))
        return response


app = create_app()
app.register_blueprint(bare.blueprint(app.config["UNSNAG"].data))
count_statements(app)
