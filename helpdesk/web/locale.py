"""In which language and whose time a page speaks."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel, get_translations
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from wtforms.i18n import messages_path

from helpdesk.config import LOCALES
from helpdesk.domain.shifts import midnight
from helpdesk.web.access import FOR_PROGRAMS

COOKIE = "lang"
NAMES = {"zh_CN": "中文", "en": "English"}


def init_app(app: Flask) -> None:
    zone = ZoneInfo(app.config["BABEL_DEFAULT_TIMEZONE"])
    Babel(app, locale_selector=lambda: _parsed(locale()), timezone_selector=lambda: zone)
    app.before_request(_bring_words_of_forms)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of the i18n extension
        lambda text: _sentences().catalog.ugettext(text),
        lambda one, many, n: _sentences().catalog.ungettext(one, many, n),
        newstyle=True,
    )
    app.jinja_env.globals.update({"_": sentence, "gettext": sentence})


def _bring_words_of_forms() -> None:
    """WTForms' own messages: Flask-WTF would read their catalog from the disk with every form that is sent."""
    if request.method == "POST":
        request.wtforms_translations = _words_of_forms(locale())  # type: ignore[attr-defined]


@cache
def _words_of_forms(code: str) -> Translations | NullTranslations:
    return Translations.load(messages_path(), [code], domain="wtforms")


class Sentences(dict[str, Markup]):
    """The sentences of templates in one language, as markup, each looked up in the catalog once."""

    def __init__(self, catalog: Translations | NullTranslations) -> None:
        super().__init__()
        self.catalog = catalog

    def __missing__(self, text: str) -> Markup:
        found = self[text] = Markup(self.catalog.ugettext(text))  # noqa: S704  written by translators, not by users
        return found


@pass_eval_context
def sentence(context: EvalContext, text: str, /, **variables: Any) -> str:
    """``_`` in templates, like the i18n extension's own: a list of fifty rows asks for a thousand sentences."""
    found = _sentences()[text]
    if not context.autoescape:
        return str(found) % variables
    return found % variables if variables or "%" in found else found


def _sentences() -> Sentences:
    """Those of this request's language, kept for the next request."""
    kept = g._get_current_object().__dict__  # the proxy would ask three times where the request is
    if "sentences" not in kept:
        catalog = get_translations()
        known: dict[int, Sentences] = current_app.extensions.setdefault("sentences", {})
        kept["sentences"] = known.setdefault(id(catalog), Sentences(catalog))
    found: Sentences = kept["sentences"]
    return found


def locale() -> str:
    """The person's own, else the cookie of the switch, else what his browser asks for, else the installation's."""
    default: str = current_app.config["BABEL_DEFAULT_LOCALE"]
    if not has_request_context():
        return default
    if current_user.is_authenticated:
        return current_user.locale if current_user.locale in LOCALES else default
    chosen = "" if request.path.startswith(FOR_PROGRAMS) else request.cookies.get(COOKIE, "")
    return chosen if chosen in LOCALES else _asked_for() or default


@cache
def _parsed(code: str) -> Locale:
    return Locale.parse(code)


def shop_zone() -> ZoneInfo:
    """The zone of the shop's wall, for building instants. (``get_timezone`` is only for showing them.)"""
    return ZoneInfo(current_app.config["BABEL_DEFAULT_TIMEZONE"])


def day_start(now: datetime) -> datetime:
    """The last midnight on the shop's wall (UTC)."""
    return midnight(now.astimezone(shop_zone()).date(), shop_zone())


def day_end(now: datetime) -> datetime:
    """The next midnight on the shop's wall (UTC)."""
    return midnight(now.astimezone(shop_zone()).date() + timedelta(days=1), shop_zone())


def _asked_for() -> str | None:
    """The first language the browser names that we speak: every Chinese is answered in ours."""
    for tag, _quality in request.accept_languages:
        language = tag.lower().partition("-")[0]
        if language in ("zh", "en"):
            return "zh_CN" if language == "zh" else "en"
    return None
