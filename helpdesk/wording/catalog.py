"""Language and zone of this request, and its sentences: like Flask-Babel's own, but asked for without its detours.

A page asks for a hundred of them. Flask-Babel looks three times for where it keeps the language, through a proxy each
time, and then makes the language a string: a dozen microseconds for each sentence.
"""

from __future__ import annotations

from datetime import tzinfo
from types import SimpleNamespace
from typing import Any

import flask_babel
from babel.support import NullTranslations, Translations
from flask import g

_catalogs: dict[str, Translations | NullTranslations] = {}


def gettext(text: str, /, **variables: Any) -> str:
    """The sentence in the language of this request, with its variables put in."""
    if _kept("babel_locale") is None:  # nobody's request, or nothing has been said in it yet
        said: str = flask_babel.gettext(text, **variables)
        return said
    code = locale_code()
    if code not in _catalogs:
        _catalogs[code] = flask_babel.get_translations()
    found: str = _catalogs[code].ugettext(text)
    return found % variables if variables else found


def locale_code() -> str:
    """``zh_CN`` or ``en``."""
    locale = _kept("babel_locale") or flask_babel.get_locale()
    return "en" if getattr(locale, "language", "") == "en" else "zh_CN"


def shop_wall() -> tzinfo:
    """The zone in which instants are shown."""
    zone: tzinfo = _kept("babel_tzinfo") or flask_babel.get_timezone()
    return zone


def _kept(name: str) -> Any:
    """What Flask-Babel keeps for a request, once it was asked for."""
    try:
        kept: SimpleNamespace | None = g._get_current_object().__dict__.get("_flask_babel")
    except RuntimeError:  # nobody's request
        return None
    return getattr(kept, name, None)
