"""Addresses of lists of tickets, from what stands in a filter or a saved view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for


def list_url(args: Mapping[str, str], *, view: str | int = "", endpoint: str = "tickets.index") -> str:
    """The list with these arguments; ``view``: the saved view under which it is opened."""
    values: dict[str, Any] = {**args, "view": view}
    return url_for(endpoint, **{name: value for name, value in values.items() if value})
