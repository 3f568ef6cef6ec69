"""Closed by default: every view says who may see it, and whoever writes one without gets told here."""

from __future__ import annotations

from flask import Flask

from helpdesk.domain.access import TABLE, Permission

OPEN_TO_ALL = {"static"}
"""Views without a declaration of their own. Only Flask's own for files stands here."""


def test_every_view_declares_a_permission_or_that_it_is_public(bare_app: Flask) -> None:
    undeclared = {
        endpoint
        for endpoint, view in bare_app.view_functions.items()
        if endpoint not in OPEN_TO_ALL
        and not isinstance(getattr(view, "permission", None), Permission)
        and not is_public(view)
    }
    assert undeclared == set()


def test_every_permission_is_held_by_some_role() -> None:
    held = {permission for permissions in TABLE.values() for permission in permissions}
    assert held == set(Permission)


def test_addresses_have_no_trailing_slash_and_no_capitals(bare_app: Flask) -> None:
    odd = {
        rule.rule
        for rule in bare_app.url_map.iter_rules()
        if rule.endpoint not in OPEN_TO_ALL
        and ((rule.rule != "/" and rule.rule.endswith("/")) or rule.rule.lower() != rule.rule)
    }
    assert odd == set()


def is_public(view: object) -> bool:
    return getattr(view, "permission", None) == "public"
