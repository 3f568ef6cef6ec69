"""The whitelisted filter behind lists, drill-down, bulk, export and saved views.

A filter is a plain value: what a person chose on the page, what a saved view stores, what a report's figure
opens. It comes in as strings (an address, a stored document) and goes out as the same strings; what stands
for nothing or is not known by name never reaches a query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from unicodedata import category

from helpdesk.domain.escalation import MAX_TAG
from helpdesk.domain.problems import Invalid
from helpdesk.domain.tickets import ACTIVE, Priority, Status, TicketClass

MAX_QUERY = 80
MAX_WORDS = 6
"""Further words of a search are not looked at."""


class Tab(StrEnum):
    """The views over a person's tickets."""

    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    PENDING_CUSTOMER = "pending_customer"
    ASSISTS = "assists"


ME = "me"
NOBODY = "none"


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What tickets have to be; an empty field asks nothing.

    ``type``, ``queue``, ``channel`` and ``shop`` are codes; ``owner`` is a user's id, ``me`` or ``none``, and
    means the owner or whoever has the ticket in hand. ``soon``: late within the hour; ``stuck``: has waited for too
    long by the rules, ``waiting``: for more than so many days. ``today``: late before this instant (UTC), the end of
    the shop's day. ``vip``: of a customer who matters more. ``tag`` stands on it. ``q`` are search words:
    numbers, names, the subject.
    """

    type: str = ""
    klass: TicketClass | None = None
    queue: str = ""
    channel: str = ""
    shop: str = ""
    status: Status | None = None
    priority: Priority | None = None
    owner: str = ""
    overdue: bool = False
    soon: bool = False
    today: datetime | None = None
    stuck: bool = False
    waiting: int = 0
    unconfirmed: bool = False
    vip: bool = False
    tag: str = ""
    q: str = ""

    @property
    def asks_nothing(self) -> bool:
        return self == TicketFilter()

    @property
    def only_active(self) -> bool:
        """Whether only tickets on which somebody still has to do something are meant.

        So it is by default; a search goes through everything, and a status says itself what it means.
        """
        pressing = self.overdue or self.soon or self.today or self.stuck or self.waiting
        return bool(pressing) or (self.status in ACTIVE if self.status else not self.q)

    @property
    def hangs_on_the_present(self) -> bool:
        """Whether its conditions are others from moment to moment, so that no statement can be kept for them."""
        return self.soon or self.stuck or bool(self.waiting)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the search, each once."""
        return tuple(dict.fromkeys(self.q.split()))[:MAX_WORDS]

    @property
    def looks_like_number(self) -> bool:
        """Whether the search is for a ticket's, an order's or a tracking number rather than for words."""
        return bool(_NUMBER.fullmatch(self.q))

    def to_args(self) -> dict[str, str]:
        """The fields that ask something, as strings: an address or a stored document."""
        found = {_ARGS.get(field.name, field.name): getattr(self, field.name) for field in fields(self)}
        return {name: _written(value) for name, value in found.items() if value}


def _written(value: object) -> str:
    return "1" if value is True or isinstance(value, datetime) else str(value)


_ARGS = {"klass": "class"}
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_DAYS = re.compile(r"[1-9]|[1-8][0-9]|90")
_OWNER = re.compile(rf"[1-9][0-9]{{0,8}}|{ME}|{NOBODY}")
_NUMBER = re.compile(r"(?=.*\d.*\d.*\d)[A-Za-z0-9_-]{4,60}")
Choice = TypeVar("Choice", bound=StrEnum)
_YES, _NO = frozenset({"1", "true", "on"}), frozenset({"", "0", "false"})


def parse_filter(args: Mapping[str, str], today_ends: datetime | None = None) -> TicketFilter:
    """The filter of an address or a stored document. Unknown names are left alone, bad values are ``Invalid``.

    ``today_ends`` is the shop's next midnight (UTC). Where nobody says it, nothing can be asked of today.
    """
    return TicketFilter(
        type=_code(args, "type"),
        klass=_member(args, "class", TicketClass),
        queue=_code(args, "queue"),
        channel=_code(args, "channel"),
        shop=_code(args, "shop"),
        status=_member(args, "status", Status),
        priority=_member(args, "priority", Priority),
        owner=_matching(args, "owner", _OWNER),
        overdue=_flag(args, "overdue"),
        soon=_flag(args, "soon"),
        today=_day(args, "today", today_ends),
        stuck=_flag(args, "stuck"),
        waiting=int(_matching(args, "waiting", _DAYS) or 0),
        unconfirmed=_flag(args, "unconfirmed"),
        vip=_flag(args, "vip"),
        tag=_tag(args.get("tag", "")),
        q=_query(args.get("q", "")),
    )


def parse_tab(value: str) -> Tab:
    """The view of this name, all of them for an empty one; ``Invalid`` if there is none."""
    return _member({"tab": value or Tab.ALL.value}, "tab", Tab) or Tab.ALL


def _query(text: str) -> str:
    """Search words with single blanks between; one that can't be searched for is ``Invalid``.

    Marks without width come along when a number is copied from a chat; nobody sees them, so they are dropped.
    """
    text = " ".join("".join(char for char in text if category(char) != "Cf").split())
    if len(text) > MAX_QUERY:
        raise Invalid("filter.query_too_long", limit=MAX_QUERY)
    if not text.isprintable():
        raise Invalid("filter.bad_value", field="q")
    return text


def _tag(text: str) -> str:
    """A tag as it is kept; one that can't be one is ``Invalid``."""
    text = text.strip()
    if len(text) > MAX_TAG or not text.isprintable():
        raise Invalid("filter.bad_value", field="tag")
    return text


def _code(args: Mapping[str, str], name: str) -> str:
    return _matching(args, name, _CODE)


def _matching(args: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    value = args.get(name, "")
    if value and not shape.fullmatch(value):
        raise Invalid("filter.bad_value", field=name)
    return value


def _member(args: Mapping[str, str], name: str, choices: type[Choice]) -> Choice | None:
    value = args.get(name, "")
    try:
        return choices(value) if value else None
    except ValueError:
        raise Invalid("filter.bad_value", field=name) from None


def _day(args: Mapping[str, str], name: str, ends: datetime | None) -> datetime | None:
    if not _flag(args, name):
        return None
    if ends is None:
        raise Invalid("filter.bad_value", field=name)
    return ends


def _flag(args: Mapping[str, str], name: str) -> bool:
    value = args.get(name, "").lower()
    if value not in _YES | _NO:
        raise Invalid("filter.bad_value", field=name)
    return value in _YES
