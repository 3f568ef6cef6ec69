"""What templates may say: names of codes, money, times, icons, the navigation."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from flask import Flask, current_app, g, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.local import LocalProxy

from helpdesk import wording
from helpdesk.domain.access import Permission
from helpdesk.queries import health
from helpdesk.queries.own_tickets import MOST_COUNTED
from helpdesk.web.access import current_actor, moment
from helpdesk.web.navigation import Navigation, navigation
from helpdesk.wording.catalog import gettext, locale_code, shop_wall
from helpdesk.wording.clock_words import ClockWords
from helpdesk.wording.money import money_state_label

THEMES = ("light", "dark")
KEYS_COOKIE, KEYS_OFF = "keys", "off"
ANY_NUMBER = "ANYNUMBER"
"""Stands for a ticket's number in an address that is kept."""


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        icon=icon,
        fixed=fixed,
        url_for=address,
        can=can,
        static_url=static_url,
        status_label=wording.status_label,
        outcome_label=wording.outcome_label,
        party_label=wording.party_label,
        appeal_state_label=wording.appeal_state_label,
        role_label=wording.role_label,
        class_label=wording.class_label,
        clock_label=wording.clock_label,
        tier_label=wording.tier_label,
        assignment_label=wording.assignment_label,
        channel_label=wording.label,
        money_state=money_state_label,
        problem_text=wording.problem_text,
        event_text=wording.event_text,
        clock_words=clock_words,
    )
    app.jinja_env.filters.update(
        capped=capped,
        money=money,
        when=when,
        ago=ago,
        time_or_day=lambda at: wording.time_or_day(at, moment()),
        duration=wording.duration,
        label=wording.label,
    )
    app.jinja_env.constant["icon"] = icon  # type: ignore[attr-defined]  # web.templating.Localised
    app.context_processor(_page)


def _page() -> dict[str, Any]:
    """What the layouts ask of every page. The parts that cost a query cost it only where they are shown."""
    theme = request.cookies.get("theme", "") if request else ""
    return {
        "html_lang": "en" if locale_code() == "en" else "zh-CN",
        "theme": theme if theme in THEMES else "",
        "keys_off": bool(request) and request.cookies.get(KEYS_COOKIE) == KEYS_OFF,
        "now": moment(),
        "nav": MENU,
        "worker_alive": LocalProxy(_worker_alive),
    }


def shown_navigation() -> Navigation:
    """The side menu of this request, counted once."""
    kept = g._get_current_object().__dict__  # asked for with every word of the menu
    if "navigation" not in kept:
        kept["navigation"] = navigation(current_actor(), moment())
    shown: Navigation = kept["navigation"]
    return shown


class _Menu:
    """The side menu as templates see it: counted when the first word of it is asked for, on pages that have one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(shown_navigation(), name)


MENU = _Menu()


def count_anew() -> None:
    """The side menu's figures have just changed."""
    g.pop("navigation", None)


def _worker_alive() -> bool:
    """The menu brings it along, where there is one."""
    if "navigation" in g:
        return shown_navigation().worker_alive
    if "worker_alive" not in g:
        g.worker_alive = health.worker_alive(moment())
    return bool(g.worker_alive)


def clock_words() -> ClockWords:
    """What this request says about clocks."""
    kept = g._get_current_object().__dict__
    if "clock_words" not in kept:
        kept["clock_words"] = ClockWords(moment())
    words: ClockWords = kept["clock_words"]
    return words


def can(permission: str) -> bool:
    """Whether the person's role holds the permission, at least for his own queues."""
    user = current_user._get_current_object()
    return bool(user.is_authenticated) and user.actor.may(Permission(permission))


def capped(count: int) -> str:
    """A count as it is shown: beyond 999 nobody counts on (see ``queries.own_tickets``)."""
    return str(count) if count < MOST_COUNTED else f"{MOST_COUNTED - 1}+"


def money(fen: int | None) -> str:
    """``¥1,239.00``. Figures are never rounded: money is whole fen."""
    if fen is None:
        return "–"
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}¥{yuan:,}.{rest:02}"


def when(at: datetime | None) -> Markup | str:
    """The minute on the shop's wall; with the year where it is another one. The exact instant is in the markup."""
    if at is None:
        return "–"
    here = shop_wall()
    local = at.astimezone(here)
    second = local.isoformat(" ")[:19]
    shown = second[5:16] if local.year == moment().astimezone(here).year else second[:16]
    return _time(at, shown, second)


class Ago:
    """How long ago things were, in the language of this request; made once for a list."""

    def __init__(self) -> None:
        self.now, self.zone = moment(), shop_wall()
        self.just = gettext("刚刚")
        self.minutes, self.hours, self.days = (
            gettext("%(n)s 分钟前"),
            gettext("%(n)s 小时前"),
            gettext("%(n)s 天前"),
        )

    def __call__(self, at: datetime) -> Markup | str:
        """In the greatest unit; a date beyond a month."""
        minutes = self.minutes_since(at)
        if minutes >= 30 * 24 * 60:
            return when(at)
        if minutes < 1:
            text = self.just
        elif minutes < 60:
            text = self.minutes % {"n": minutes}
        elif minutes < 24 * 60:
            text = self.hours % {"n": minutes // 60}
        else:
            text = self.days % {"n": minutes // (24 * 60)}
        return _time(at, text, at.astimezone(self.zone).isoformat(" ")[:19])

    def minutes_since(self, at: datetime) -> int:
        """What is said changes with these alone."""
        return int((self.now - at).total_seconds()) // 60


def ago(at: datetime | None) -> Markup | str:
    """How long ago, in the greatest unit; a date beyond a month."""
    return "–" if at is None else Ago()(at)


def _time(at: datetime, text: str, exact: str = "") -> Markup:
    """The text is ours, and has nothing to be escaped."""
    exact = exact or at.astimezone(shop_wall()).isoformat(" ")[:19]
    return Markup(f'<time datetime="{at.isoformat()}" title="{exact}">{text}</time>')  # noqa: S704


@lru_cache(maxsize=512)
def icon(name: str, size: int = 17) -> Markup:
    """An icon of Tabler's outline set as inline SVG. It is decoration: words or a label stand beside it."""
    return Markup(  # noqa: S704  the path is of the package, the size a number
        f'<svg class="ico" width="{int(size)}" height="{int(size)}" viewBox="0 0 24 24" fill="none" '
        f'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" '
        f'aria-hidden="true" focusable="false">{_paths(name)}</svg>'
    )


def _paths(name: str) -> str:
    svg = _icons().read(f"outline/{name}.svg").decode()
    return "".join(line.strip() for line in svg[svg.index(">") + 1 : svg.rindex("</svg>")].splitlines())


@lru_cache(maxsize=1)
def _icons() -> ZipFile:
    """Opened once: its table of six thousand names takes longer to read than all the icons of a page."""
    with as_file(files("tablericons") / "tablericons.zip") as path:
        return ZipFile(path)


def static_url(filename: str) -> str:
    """The address of a file that changes when its content does, so that browsers may keep it for good."""
    path = f"{current_app.static_folder}/{filename}"
    changed = Path(path).stat().st_mtime_ns if _files_change() else 0
    return f"{request.script_root}{current_app.static_url_path}/{filename}?v={_digest(path, changed)}"


def _files_change() -> bool:
    """While somebody works on the program, and not in an installation."""
    return bool(current_app.debug or current_app.testing)


def fixed(template: str) -> Markup:
    """A part of the layout that is the same on every page in this language: drawn once."""
    drawn: dict[tuple[str, str, str], Markup] = current_app.extensions.setdefault("fixed parts", {})
    key = template, locale_code(), request.script_root
    if key not in drawn or _files_change():
        drawn[key] = Markup(render_template(template))  # noqa: S704  templates escape what is put into them
    return drawn[key]


def address(endpoint: str, **values: Any) -> str:
    """``url_for`` in templates, which ask for a hundred of them: the router is asked once for each kind."""
    if "number" in values:
        return _address_of_ticket(endpoint, values)
    if endpoint.startswith("."):
        return url_for(endpoint, **values)
    return _address(request.script_root, endpoint, tuple(values.items()))


def _address_of_ticket(endpoint: str, values: dict[str, Any]) -> str:
    """It carries the list that the agent came from, once that has been looked at (see ``web.tickets.where``)."""
    carried = g._get_current_object().__dict__.get("list_carried")
    number = str(values["number"])
    if carried is None or not (number.isascii() and number.replace("-", "").isalnum()):
        return url_for(endpoint, **values)
    rest = {**values, "number": ANY_NUMBER}
    pattern = _pattern(request.script_root, endpoint, tuple(rest.items()), tuple(carried.items()))
    return pattern.replace(ANY_NUMBER, number)


@lru_cache(maxsize=2048)
def _pattern(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...], _carried: tuple[Any, ...]) -> str:
    return url_for(endpoint, **dict(values))


@lru_cache(maxsize=2048)
def _address(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
    return url_for(endpoint, **dict(values))


@lru_cache(maxsize=256)
def _digest(path: str, _changed: int) -> str:
    """Looked at once: a running installation keeps its files."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]
