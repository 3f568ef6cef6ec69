"""A line of the queue page as its template shows it: worded once, so that fifty of them stay quick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from helpdesk.queries.clock_faces import ClockFace
from helpdesk.queries.ticket_list import Assist, TicketRow
from helpdesk.web.filters import Ago, clock_words, money
from helpdesk.wording import label, status_label


@dataclass(frozen=True, slots=True)
class ClockCell:
    """``data``: the attributes that clock.js goes on with."""

    level: str
    text: str
    title: str
    data: Markup
    percent: int
    resting: bool
    provisional: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A ``ticket_list.TicketRow`` in words."""

    key: str
    number: str
    url: str
    badge: Markup
    type_name: str
    unconfirmed: bool
    subject: str
    channel: str
    customer: str | None
    order_number: str | None
    paid: str
    ago: str
    owner_name: str | None
    owner_initial: str
    status_name: str
    priority: str
    urgency: int
    nudges: int
    unread: bool
    clock: ClockCell | None
    assist: Assist | None


def listed(
    rows: Iterable[TicketRow],
    address: Callable[[str], str],
    type_names: Mapping[str, str],
    badge: Callable[..., Markup],
) -> Iterator[Row]:
    """The rows; ``address`` leads to a ticket by its number, ``badge`` is the sign of a class."""
    ago, badges = Ago(), _Kept(lambda sign: badge(*sign))
    names, channels = _Kept(status_label), _Kept(label)
    for row in rows:
        yield Row(
            key=row.key,
            number=row.number,
            url=address(row.number),
            badge=badges[row.klass, row.unconfirmed],
            type_name=type_names.get(row.type, row.type),
            unconfirmed=row.unconfirmed,
            subject=row.subject,
            channel=channels[row.channel],
            customer=row.customer,
            order_number=row.order_number,
            paid="" if row.paid_fen is None else money(row.paid_fen),
            ago=ago(row.created_at),
            owner_name=row.hands,
            owner_initial=(row.hands or "")[:1],
            status_name=names[row.status],
            priority=row.priority,
            urgency=row.urgency,
            nudges=row.nudges,
            unread=row.unread,
            clock=clock_cell(row.clock) if row.clock else None,
            assist=row.assist,
        )


def clock_cell(face: ClockFace) -> ClockCell:
    """The last cell of a row: its ring, words and what keeps them going."""
    words = clock_words()
    return ClockCell(
        level=face.level,
        text=words.text(face),
        title=words.title(face),
        data=_data(face),
        percent=face.percent,
        resting=face.resting,
        provisional=face.provisional,
    )


def _data(face: ClockFace) -> Markup:
    """Instants and seconds: nothing in it has to be escaped."""
    if face.state != "running" or face.late_after is None:
        return Markup("")
    opens = face.opens_at.isoformat() if face.opens_at else ""
    closes = face.closes_at.isoformat() if face.closes_at else ""
    return Markup(  # noqa: S704
        f' data-late-after="{face.late_after.isoformat()}" data-target="{face.target_seconds}"'
        f' data-working-left="{face.working_left}" data-as-of="{face.as_of.isoformat()}"'
        f' data-opens-at="{opens}" data-closes-at="{closes}"{" data-resting" if face.resting else ""}'
    )


class _Kept(dict[Any, Any]):
    """What a function says, asked once for each value."""

    def __init__(self, ask: Callable[[Any], Any]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, value: Any) -> Any:
        found = self[value] = self._ask(value)
        return found
