"""A clock's sign in a list: words, ring, and what clock.js goes on with. Drawn in Python: a list has fifty of them."""

from __future__ import annotations

from flask import Flask
from markupsafe import Markup, escape

from helpdesk.queries.clock_faces import ClockFace
from helpdesk.web.filters import clock_words, icon
from helpdesk.wording.catalog import gettext as _


def init_app(app: Flask) -> None:
    app.jinja_env.globals["clock_sign"] = sla


def sla(face: ClockFace | None) -> Markup:
    """The loudest thing in a row. The ring is full when late; clock.js counts it down."""
    if face is None or face.state == "none":
        return Markup('<span class="sla paused" title="{}">{}</span>').format(_("没有运行中的时钟"), _("无时限"))
    words = clock_words()
    share = 100 if face.level == "over" else face.percent
    almost = '<span aria-hidden="true"> ≈</span>' if face.provisional else ""
    return Markup(  # noqa: S704  words are escaped; the rest are levels, figures and instants
        f'<span class="sla {face.level}"{_data(face)} title="{escape(words.title(face))}">'
        f"<span>{_resting(face)}<span data-clock-text>{escape(words.text(face))}</span>{almost}</span>"
        '<svg class="ring" viewBox="0 0 18 18" aria-hidden="true">'
        '<circle class="rest" cx="9" cy="9" r="7" pathLength="100"></circle>'
        f'<circle class="left" cx="9" cy="9" r="7" pathLength="100" stroke-dasharray="{share} 100"></circle>'
        "</svg></span>"
    )


def _resting(face: ClockFace) -> str:
    if not face.resting:
        return ""
    return f'<span class="resting-sign" role="img" aria-label="{escape(_("非工作时间"))}">{icon("moon", 14)}</span> '


def _data(face: ClockFace) -> str:
    """Working time counts from opens-at to closes-at; the words of a resting clock are left alone."""
    if face.state != "running" or face.late_after is None:
        return ""
    opens = face.opens_at.isoformat() if face.opens_at else ""
    closes = face.closes_at.isoformat() if face.closes_at else ""
    return (
        f' data-late-after="{face.late_after.isoformat()}" data-target="{face.target_seconds}"'
        f' data-working-left="{face.working_left}" data-as-of="{face.as_of.isoformat()}"'
        f' data-opens-at="{opens}" data-closes-at="{closes}"{" data-resting" if face.resting else ""}'
    )
