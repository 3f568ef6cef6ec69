"""What a page is compared with: its own markup and words as constants, through one plain template, behind its login.

``write`` is what creating is compared with: one row inserted and committed, behind login and CSRF check. ``facts``
reads the constants from the pages of the database that is measured on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

from flask import Blueprint, Flask, render_template, request
from jinja2 import DictLoader
from sqlalchemy import text

from bench import seed
from helpdesk.domain.access import Permission
from helpdesk.storage import session, unit_of_work
from helpdesk.web.access import needs

FILE = "bare.json"
TABLE = "CREATE TABLE IF NOT EXISTS bench_row (id INTEGER PRIMARY KEY, text VARCHAR)"
INSERT = "INSERT INTO bench_row (text) VALUES (:text)"

TAG = re.compile(r"(<[^>]*>)")
FIRST = re.compile(r'data-number="([^"]+)"')


def facts(app: Flask) -> dict[str, str]:
    """The pages as they are shown: the agent's list, its first ticket, the board; ``number`` is that ticket's."""
    client = app.test_client()

    def shown(login: str, path: str) -> str:
        client.set_cookie("unsnag_session", seed.token(login))
        response = client.get(path)
        assert response.status_code == 200, f"{path}: {response.status}"
        return response.text

    listed = shown(seed.AGENT, "/tickets")
    first = FIRST.search(listed)
    assert first, listed
    return {
        "number": first[1],
        "list": listed,
        "ticket": shown(seed.AGENT, f"/tickets/{first[1]}"),
        "board": shown(seed.SUPERVISOR, "/board"),
    }


def plain(page: str) -> tuple[str, list[str]]:
    """A template with the page's markup in it, and the words to be put between it, each of them escaped."""
    words: list[str] = []
    source: list[str] = []
    for part in TAG.split(page):
        if part.startswith("<"):
            source.append(f"{{% raw %}}{part}{{% endraw %}}")
        elif part.strip():
            source.append(f"{{{{ words[{len(words)}] }}}}")
            words.append(unescape(part))
        else:
            source.append(part)
    return "".join(source), words


def blueprint(folder: Path) -> Blueprint:
    """The bare views, on the constants that lie in the folder."""
    pages: Mapping[str, str] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    templates = {name: plain(pages[name]) for name in ("list", "ticket", "board")}
    words = {name: found for name, (_source, found) in templates.items()}
    bare = Blueprint("bench", __name__)
    bare.jinja_loader = DictLoader({f"bench/{name}.html": source for name, (source, _words) in templates.items()})

    @bare.get("/bench/list")
    @needs(Permission.TICKETS_READ)
    def list_() -> str:
        return render_template("bench/list.html", words=words["list"])

    @bare.get("/bench/ticket")
    @needs(Permission.TICKETS_READ)
    def ticket() -> str:
        return render_template("bench/ticket.html", words=words["ticket"])

    @bare.get("/bench/board")
    @needs(Permission.BOARD_READ)
    def board() -> str:
        return render_template("bench/board.html", words=words["board"])

    @bare.post("/bench/write")
    @needs(Permission.TICKETS_CREATE)
    def write() -> tuple[str, int, dict[str, str]]:
        with unit_of_work():
            session().execute(text(INSERT), {"text": request.form["text"]})
        return "", 302, {"Location": "/bench/ticket"}

    return bare
