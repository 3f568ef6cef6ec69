"""Unsnag 异常工单台: a helpdesk for the orders that went wrong."""

from __future__ import annotations

from flask import Flask

# First: it sets what libraries read from the environment when they are imported.
from helpdesk import config

from helpdesk import cli, models, web  # isort: skip
from helpdesk.storage import db, migrate, prepare_engine
from helpdesk.web.templating import Localised


def create_app(settings: config.Settings | None = None) -> Flask:
    """Wire the application. Decides nothing, starts no thread."""
    settings = settings or config.from_environment()
    app = Flask(
        __name__,
        template_folder=str(config.ROOT / "templates"),
        static_folder=str(config.ROOT / "static"),
    )
    app.jinja_environment = Localised
    app.config.from_mapping(settings.flask_config())
    db.init_app(app)
    migrate.init_app(app, db, directory=str(config.ROOT / "helpdesk" / "migrations"), render_as_batch=True)
    with app.app_context():
        prepare_engine(db.engine)
    web.init_app(app)
    cli.init_app(app)
    return app


__all__ = ["create_app", "models"]
