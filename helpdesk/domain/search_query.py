"""What somebody typed into the search box: words, and filters such as ``状态:待客户`` or ``status:pending_customer``.

Nothing is left out silently: a filter that isn't known or a value that isn't one is a ``Misread``, to be told. Words in
quotes are one word, whatever is in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from unicodedata import category

from helpdesk.domain.problems import Invalid
from helpdesk.domain.search import MOST_TERMS, asked_grams, fold
from helpdesk.domain.ticket_filter import TicketFilter, parse_filter

MAX_LENGTH = 200

FILTERS: Mapping[str, tuple[str, ...]] = {
    "type": ("类型", "type"),
    "class": ("类别", "class"),
    "status": ("状态", "status"),
    "queue": ("队列", "queue"),
    "owner": ("负责人", "owner"),
    "priority": ("优先级", "priority"),
    "channel": ("渠道", "channel"),
    "shop": ("店铺", "shop"),
    "tag": ("标签", "tag"),
    "is": ("只看", "is"),
    "since": ("起", "from"),
    "until": ("止", "to"),
}
"""Filters by their names in both languages."""

FLAGS: Mapping[str, tuple[str, ...]] = {
    "overdue": ("超时", "overdue"),
    "soon": ("快超时", "soon"),
    "stuck": ("卡住", "stuck"),
    "unconfirmed": ("待确认", "unconfirmed"),
    "vip": ("VIP", "vip客户"),
}
"""What ``只看:`` takes; 超时 is understood by itself, too."""

LEADS = ("订单", "订单号", "order", "运单", "运单号", "快递单号", "tracking", "工单", "工单号", "ticket")
LEADS_OF_PEOPLE = ("客户", "买家", "customer", "buyer", "手机", "手机号", "电话", "phone")
"""Said before a number or a name when it is copied from elsewhere; what follows is a word like any other."""

_TOKEN = re.compile(r'"([^"]*)"?|(\S+?[:：])"([^"]*)"?|(\S+)')
_NAME = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Misread:
    """A part of the query that is not understood: its ``name``, ``value`` or ``day``. ``likely``: what may be meant."""

    what: str
    written: str
    name: str = ""
    likely: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that was understood: which, its value, and the query without it."""

    name: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """``terms`` are folded words, at most ``MOST_TERMS``; ``since`` and ``until`` days, both included."""

    terms: tuple[str, ...] = ()
    chosen: TicketFilter = field(default_factory=TicketFilter)
    since: date | None = None
    until: date | None = None
    chips: tuple[Chip, ...] = ()
    misread: tuple[Misread, ...] = ()

    @property
    def asks_nothing(self) -> bool:
        return not (self.terms or self.chips or self.misread)

    @property
    def too_short(self) -> bool:
        """There are words, but none that can be looked up: single characters."""
        return bool(self.terms) and not any(map(asked_grams, self.terms))

    @property
    def answerable(self) -> bool:
        """A value that isn't one must not look as if it had been asked for."""
        return not (self.asks_nothing or self.too_short or any(one.what != "name" for one in self.misread))


def parse_query(text: str, values: Mapping[str, Mapping[str, str]]) -> SearchQuery:
    """Take the query apart; ``Invalid`` if it is too long. ``values``: of each filter, by each of their names."""
    text = "".join(char for char in text if category(char) != "Cf")
    if len(text) > MAX_LENGTH:
        raise Invalid("filter.query_too_long", limit=MAX_LENGTH)
    if not text.isprintable():
        raise Invalid("filter.bad_value", field="q")
    known = {filter_: {fold(name): value for name, value in names.items()} for filter_, names in values.items()}
    terms: list[str] = []
    found: dict[str, tuple[str, str]] = {}  # by filter: what was written, what it means
    misread: list[Misread] = []
    for written, name, value in _tokens(text):
        filter_ = _NAMES.get(name) if name else None
        if name and filter_ is None and name not in _LEADS:
            misread.append(Misread("name", name))
            terms.append(fold(written))
        elif filter_ is None:
            terms.append(fold(value))
        elif (meant := _meant(filter_, value, known)) is None:
            misread.append(_misread(filter_, written, value, values))
        else:
            found[filter_ if filter_ != "is" else meant] = written, meant
    return SearchQuery(
        terms=tuple(dict.fromkeys(term.strip() for term in terms if term.strip()))[:MOST_TERMS],
        chosen=parse_filter({name: "1" if name in FLAGS else value for name, (_, value) in found.items()}),
        since=_day(found["since"][1]) if "since" in found else None,
        until=_day(found["until"][1]) if "until" in found else None,
        chips=tuple(Chip(name, value, _without(text, written)) for name, (written, value) in found.items()),
        misread=tuple(misread),
    )


_NAMES = {fold(name): filter_ for filter_, names in FILTERS.items() for name in names}
_LEADS = frozenset(map(fold, (*LEADS, *LEADS_OF_PEOPLE)))
_FLAGS = {fold(name): flag for flag, names in FLAGS.items() for name in names}
_BARE = frozenset({"超时"})


def _tokens(text: str) -> Iterator[tuple[str, str, str]]:
    """What was written, the name before its colon (folded) if it has one, and what stands for the value."""
    for match in _TOKEN.finditer(text):
        quoted, lead, quoted_value, plain = match.groups()
        if quoted is not None:
            yield match.group(), "", quoted
            continue
        name, colon, value = (lead[:-1], ":", quoted_value) if lead else plain.replace("：", ":", 1).partition(":")
        if plain and fold(plain) in _BARE:
            yield plain, "is", plain
        elif colon and _NAME.fullmatch(name) and not value.startswith("//"):
            yield match.group(), fold(name), value
        else:
            yield match.group(), "", match.group()


def _meant(filter_: str, value: str, known: Mapping[str, Mapping[str, str]]) -> str | None:
    """The value's code: by its whole name, or by a part of it that only one value has."""
    wanted = fold(value).strip()
    if filter_ in ("since", "until"):
        return wanted if _day(wanted) else None
    names = _FLAGS if filter_ == "is" else known.get(filter_, {})
    if wanted in names or not wanted:
        return names.get(wanted)
    alike = {code for name, code in names.items() if wanted in name}
    return alike.pop() if len(alike) == 1 else None


def _misread(filter_: str, written: str, value: str, values: Mapping[str, Mapping[str, str]]) -> Misread:
    if filter_ in ("since", "until"):
        return Misread("day", written, filter_)
    names = (
        {name: flag for flag, both in FLAGS.items() for name in both} if filter_ == "is" else values.get(filter_, {})
    )
    wanted = fold(value).strip()
    likely = [name for name in names if wanted and wanted[0] in fold(name)] or list(names)
    return Misread("value", written, filter_, tuple(likely[:8]))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _without(text: str, written: str) -> str:
    return " ".join(text.replace(written, " ", 1).split())
