"""In which language and whose time a page speaks."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, get_translations
from flask_login import current_user

from helpdesk.config import LOCALES
from helpdesk.domain.shifts import midnight

COOKIE = "lang"
NAMES = {"zh_CN": "中文", "en": "English"}


def init_app(app: Flask) -> None:
    Babel(app, locale_selector=locale, timezone_selector=lambda: app.config["BABEL_DEFAULT_TIMEZONE"])
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of the i18n extension
        lambda text: _translations().ugettext(text),
        lambda one, many, n: _translations().ungettext(one, many, n),
        newstyle=True,
    )


def _translations() -> Translations | NullTranslations:
    """The catalog of this request, looked up once: a list of fifty rows asks for nine hundred sentences."""
    if "translations" not in g:
        g.translations = get_translations()
    found: Translations | NullTranslations = g.translations
    return found


def locale() -> str:
    """The person's own, else the cookie of the switch, else what his browser asks for, else the installation's."""
    default: str = current_app.config["BABEL_DEFAULT_LOCALE"]
    if not has_request_context():
        return default
    if current_user.is_authenticated:
        return current_user.locale if current_user.locale in LOCALES else default
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LOCALES else _asked_for() or default


def shop_zone() -> ZoneInfo:
    """The zone of the shop's wall, for building instants. (``get_timezone`` is only for showing them.)"""
    return ZoneInfo(current_app.config["BABEL_DEFAULT_TIMEZONE"])


def day_start(now: datetime) -> datetime:
    """The last midnight on the shop's wall (UTC)."""
    return midnight(now.astimezone(shop_zone()).date(), shop_zone())


def _asked_for() -> str | None:
    """The first language the browser names that we speak: every Chinese is answered in ours."""
    for tag, _quality in request.accept_languages:
        language = tag.lower().partition("-")[0]
        if language in ("zh", "en"):
            return "zh_CN" if language == "zh" else "en"
    return None
