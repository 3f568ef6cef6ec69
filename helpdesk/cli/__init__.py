"""Commands of `flask`, a file per group."""

from __future__ import annotations

from flask import Flask

from helpdesk.cli import customers, imports, report, search, seed, users, worker


def init_app(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(worker.worker)
    app.cli.add_command(customers.group)
    app.cli.add_command(imports.group)
    app.cli.add_command(report.group)
    app.cli.add_command(search.group)
    app.cli.add_command(seed.group)
    app.cli.add_command(seed.prepare)
    app.cli.add_command(users.group)
