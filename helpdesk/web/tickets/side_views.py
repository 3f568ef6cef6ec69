"""The views beside the queue page, with how many tickets stand in each, and what can be done with the open one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from helpdesk.domain.problems import Problem
from helpdesk.domain.ticket_filter import Tab
from helpdesk.domain.views import SHIPPED, ListView, parse_list
from helpdesk.queries import views as queries
from helpdesk.web.access import current_actor, moment
from helpdesk.web.list_addresses import list_url
from helpdesk.web.locale import day_end
from helpdesk.web.tickets.where import List
from helpdesk.wording.lists import view_label

MOST_OWN = 20
"""Beside those that everybody has; the rest stands on the page of all views."""


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A view of the menu. ``count`` is None where nobody counts; ``shared``: it isn't one's own."""

    key: str
    name: str
    url: str
    count: int | None
    current: bool
    shared: bool


@dataclass(frozen=True, slots=True)
class OpenView:
    """The view that the list was opened under. ``changed``: the list is another by now; ``url`` is it as it was.

    ``id`` is 0 for those that everybody has; ``editable``: what the list is now may be kept in it.
    """

    id: int
    name: str
    version: int
    editable: bool
    changed: bool
    url: str
    args: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SideViews:
    links: tuple[ViewLink, ...]
    more: int
    open: OpenView | None


def side_views(here: List) -> SideViews:
    """Two statements: the views, and all their counts."""
    actor, now = current_actor(), moment()
    saved = {str(one.id): one for one in queries.views(actor)}
    known = {**{code: dict(args) for code, args in SHIPPED.items()}, **{key: one.args for key, one in saved.items()}}
    shown = [*SHIPPED, *list(saved)[:MOST_OWN]]
    if here.view in known and here.view not in shown:
        shown.append(here.view)
    lists = {key: read(known[key]) for key in shown}
    counts = dict(zip(shown, queries.counts(list(lists.values()), actor, now), strict=True))
    links = tuple(
        ViewLink(
            key=key,
            name=saved[key].name if key in saved else view_label(key),
            url=list_url(known[key], view=key),
            count=counts[key],
            current=key == here.view,
            shared=key in saved and saved[key].scope != "personal",
        )
        for key in shown
    )
    return SideViews(links, len(saved) + len(SHIPPED) - len(shown), _open(here, saved, links, lists))


def read(args: Mapping[str, str]) -> ListView:
    """The list of a view. One that can no longer be read shows everything, and whoever may mend it."""
    try:
        return parse_list(args, day_end(moment()))
    except Problem:
        return ListView(tab=Tab.ALL)


def _open(
    here: List, saved: Mapping[str, queries.View], links: tuple[ViewLink, ...], lists: Mapping[str, ListView]
) -> OpenView | None:
    link = next((one for one in links if one.current), None)
    if link is None:
        return None
    view = saved.get(link.key)
    return OpenView(
        id=view.id if view else 0,
        name=link.name,
        version=view.version if view else 0,
        editable=view is not None and view.editable,
        changed=here.shown != lists[link.key],
        url=link.url,
        args=here.shown.to_args(),
    )
