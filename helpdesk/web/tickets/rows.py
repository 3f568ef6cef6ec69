"""A line of the queue page as its template shows it: worded once, so that fifty of them stay quick."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from helpdesk.queries.onlookers import Other
from helpdesk.queries.ticket_list import Assist, TicketRow
from helpdesk.web.clock_signs import sla
from helpdesk.web.filters import Ago, money
from helpdesk.wording import label, status_label
from helpdesk.wording.catalog import gettext

NOBODY: Mapping[int, Sequence[Other]] = {}


class Row(NamedTuple):
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
    vip: bool
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
    level: str
    sla: Markup
    assist: Assist | None
    draft: bool
    onlookers: str  # names of who else has it open


def listed(
    rows: Iterable[TicketRow],
    address: Callable[[str], str],
    type_names: Mapping[str, str],
    badge: Callable[..., Markup],
    drafted: Collection[int] = (),
    onlookers: Mapping[int, Sequence[Other]] = NOBODY,
) -> Iterator[Row]:
    """The rows; ``address`` leads to a ticket by its number, ``badge`` is the sign of a class.

    ``drafted``: ids of those on which the person began to write; ``onlookers``: who else has which open.
    """
    ago, badges = Ago(), _Kept(lambda sign: badge(*sign))
    names, channels, between = _Kept(status_label), _Kept(label), gettext("、")
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
            vip=row.vip,
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
            level=row.clock.level if row.clock else "",
            sla=sla(row.clock),
            assist=row.assist,
            draft=row.id in drafted,
            onlookers=between.join(one.name for one in onlookers.get(row.id, ())),
        )


class _Kept(dict[Any, Any]):
    """What a function says, asked once for each value."""

    def __init__(self, ask: Callable[[Any], Any]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, value: Any) -> Any:
        found = self[value] = self._ask(value)
        return found
