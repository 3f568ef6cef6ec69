"""Shares of responsibility as forms send them: rows of a party and its percent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from helpdesk.domain.problems import Invalid
from helpdesk.domain.tickets import Party
from helpdesk.wording import party_label
from helpdesk.wording.catalog import gettext as _

MOST_SHARES = 9


def sent_shares() -> dict[Party, int]:
    """Percent by party from the fields ``party`` and ``percent``; rows without a party are left out.

    ``Invalid`` for nonsense, and for a party that is named twice.
    """
    found: dict[Party, int] = {}
    rows = zip(request.form.getlist("party")[:MOST_SHARES], request.form.getlist("percent"), strict=False)
    for code, percent in rows:
        if not code:
            continue
        if code not in list(Party) or Party(code) in found:
            raise Invalid("ticket.shares_must_be_100")
        if not (percent.isascii() and percent.isdigit() and len(percent) < 4):
            raise Invalid("ticket.shares_must_be_100")
        found[Party(code)] = int(percent)
    return found


def typed_shares() -> list[dict[str, str]]:
    """The rows as they were sent, to be shown again."""
    rows = zip(request.form.getlist("party")[:MOST_SHARES], request.form.getlist("percent"), strict=False)
    return [{"party": party[:20], "percent": percent[:5]} for party, percent in rows]


def rows_of(shares: Mapping[Party, int]) -> list[dict[str, str]]:
    """Shares as rows of a form."""
    return [{"party": party.value, "percent": str(percent)} for party, percent in shares.items()]


def shares_text(shares: Mapping[Party, int]) -> str:
    """``仓库 70%、快递 30%``."""
    return _("、").join(f"{party_label(party)} {percent}%" for party, percent in shares.items())


def number_field(name: str) -> int:
    """A version or revision that the form was made on; -1 for anything else, which nothing matches."""
    text: Any = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1


def text_field(name: str, most: int) -> str:
    """Several lines; what is longer than twice the limit is cut, so that it is refused and shown, not kept whole."""
    return request.form.get(name, "").replace("\r\n", "\n").strip()[: 2 * most]
