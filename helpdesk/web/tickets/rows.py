"""A line of the queue page: worded, and drawn once for all who see it alike, so that fifty of them stay quick."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from flask import current_app, get_template_attribute
from markupsafe import Markup

from helpdesk.queries.onlookers import Other
from helpdesk.queries.ticket_list import Assist, TicketRow
from helpdesk.web.clock_signs import sla
from helpdesk.web.filters import Ago, money
from helpdesk.wording import label, status_label
from helpdesk.wording.catalog import gettext, locale_code

NOBODY: Mapping[int, Sequence[Other]] = {}
DRAWN_KEPT = 2048
"""Drawn lines that a process keeps, of about 2 kB each: those that were shown last."""


class Row(NamedTuple):
    """A ``ticket_list.TicketRow`` in words, all but the sign of its clock."""

    key: str
    number: str
    url: str
    badge: Markup
    type_name: str
    unconfirmed: bool
    subject: str
    channel: str
    customer: str | None
    vip: bool
    order_number: str | None
    paid: str
    ago: Markup | str
    owner_name: str | None
    owner_initial: str
    status_name: str
    priority: str
    urgency: int
    nudges: int
    unread: bool
    level: str
    assist: Assist | None
    draft: bool
    onlookers: str  # names of who else has it open


class Line(NamedTuple):
    """A row as it is drawn: ``text`` is all of it but the sign of its clock, which counts every second."""

    key: str
    number: str
    level: str
    unread: bool
    text: Markup
    sla: Markup


class Rows:
    """Rows for the one who asks.

    ``address`` leads to a ticket by its number, ``badge`` is the sign of a class; ``drafted``: ids of those on which
    the person began to write; ``onlookers``: who else has which open.
    """

    def __init__(
        self,
        address: Callable[[str], str],
        type_names: Mapping[str, str],
        badge: Callable[..., Markup],
        drafted: Collection[int] = (),
        onlookers: Mapping[int, Sequence[Other]] = NOBODY,
    ) -> None:
        self._address, self._type_names = address, type_names
        self._drafted, self._onlookers = drafted, onlookers
        self._ago, self._badges = Ago(), _Kept(lambda sign: badge(*sign))
        self._statuses, self._channels, self._between = _Kept(status_label), _Kept(label), gettext("、")

    def worded(self, row: TicketRow) -> Row:
        """All that is said of a ticket."""
        return Row(
            key=row.key,
            number=row.number,
            url=self._address(row.number),
            badge=self._badges[row.klass, row.unconfirmed],
            type_name=self._type_names.get(row.type, row.type),
            unconfirmed=row.unconfirmed,
            subject=row.subject,
            channel=self._channels[row.channel],
            customer=row.customer,
            vip=row.vip,
            order_number=row.order_number,
            paid="" if row.paid_fen is None else money(row.paid_fen),
            ago=self._ago(row.created_at),
            owner_name=row.hands,
            owner_initial=(row.hands or "")[:1],
            status_name=self._statuses[row.status],
            priority=row.priority,
            urgency=row.urgency,
            nudges=row.nudges,
            unread=row.unread,
            level=_level(row),
            assist=row.assist,
            draft=row.id in self._drafted,
            onlookers=self._names(row),
        )

    def drawn(self, rows: Iterable[TicketRow]) -> list[Line]:
        """Lines of the usual list. What was drawn for anybody within the minute, and would look the same, is taken."""
        kept: _Latest = current_app.extensions.setdefault("drawn lines", _Latest())
        anew = current_app.debug  # the template may be another by now
        language, zone, lines = locale_code(), self._ago.zone, []
        for row in rows:
            *said, _clock, assist = row
            names = self._type_names.get(row.type), self._names(row)
            age, begun = self._ago.minutes_since(row.created_at), row.id in self._drafted
            seen = (language, zone, self._address(row.number), age, begun, names, *said, assist)
            text = kept.get(seen)
            if text is None or anew:
                text = kept[seen] = self._draw(row)
            lines.append(Line(row.key, row.number, _level(row), row.unread, text, sla(row.clock)))
        return lines

    def _draw(self, row: TicketRow) -> Markup:
        draw: Callable[[Row], Markup] = get_template_attribute("tickets/_row.html", "line")
        return draw(self.worded(row))

    def _names(self, row: TicketRow) -> str:
        others = self._onlookers.get(row.id)
        return self._between.join(one.name for one in others) if others else ""


def _level(row: TicketRow) -> str:
    return row.clock.level if row.clock else ""


class _Latest(OrderedDict[Hashable, Markup]):
    """The first to come is the first to go: a line is drawn anew every minute anyway, as its age is said."""

    def __setitem__(self, seen: Hashable, text: Markup) -> None:
        super().__setitem__(seen, text)
        while len(self) > DRAWN_KEPT:
            self.popitem(last=False)


class _Kept(dict[Any, Any]):
    """What a function says, asked once for each value."""

    def __init__(self, ask: Callable[[Any], Any]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, value: Any) -> Any:
        found = self[value] = self._ask(value)
        return found
