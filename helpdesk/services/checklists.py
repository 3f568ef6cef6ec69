"""Lists of what has to be done before a ticket may be resolved: what stands on them, and what has been done."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, delete, select

from helpdesk.domain.access import Actor
from helpdesk.domain.checklists import Item, check_done, missing, read_items
from helpdesk.domain.problems import NotFound, Stale
from helpdesk.domain.rulebook import Label
from helpdesk.models import Checklist, ChecklistItem, ChecklistTick, Ticket
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import events, tickets
from helpdesk.services.queues import require_settings
from helpdesk.storage import insert_once, session


def set_checklist(type_code: str, version: int, rows: Sequence[Item], *, actor: Actor, now: datetime) -> None:
    """Say what has to be done for tickets of a type: these items in this order, as the list was seen at ``version``.

    Rows with an id are items that stand on the list; one that is left out is taken off it. ``Stale`` if the list was
    changed since.
    """
    require_settings(actor)
    if type_code not in published_rulebook().types:
        raise NotFound("checklist.no_such_type", type=type_code)
    items = read_items(rows)
    row = _locked(type_code)
    if row.version != version:
        raise Stale("checklist.stale")
    standing = {one.id: one for one in session().scalars(_standing([type_code]))}
    if not {item.id for item in items if item.id is not None} <= set(standing):
        raise Stale("checklist.stale")
    before, after = [_text(_item(one)) for one in standing.values()], [_text(item) for item in items]
    wanted = {item.id for item in items}
    for id_, one in standing.items():
        one.active = id_ in wanted
    for position, item in enumerate(items):
        _store(standing, type_code, position, item)
    if before != after:
        row.version += 1
        events.record("checklist.changed", actor=actor, now=now, type=type_code, changes={"items": [before, after]})
    session().flush()


def set_ticks(
    number: str, done: Collection[int], undone: Collection[int], *, version: int, actor: Actor, now: datetime
) -> int:
    """Say of items that they are done on this ticket, or are not; return how many of it was news.

    ``version`` is that of the list he saw: what it asked for may have been reworded since (``Stale``).
    """
    ticket = tickets.load_active(number, actor)
    if version != session().scalar(select(Checklist.version).where(Checklist.type == ticket.type)):
        raise Stale("checklist.stale")
    standing = {one.id: one for one in session().scalars(_standing([ticket.type]))}
    if not {*done, *undone} <= set(standing):
        raise Stale("checklist.stale")
    wanted = [(id_, id_ in done) for id_ in standing if id_ in done or id_ in undone]
    return sum(_tick(ticket, standing[id_], on, actor, now) for id_, on in wanted)


def _tick(ticket: Ticket, item: ChecklistItem, on: bool, actor: Actor, now: datetime) -> bool:
    """False where it is so already."""
    if on:
        news = insert_once(ChecklistTick, ticket_id=ticket.id, item_id=item.id, user_id=actor.id, at=now) is not None
    else:
        gone = delete(ChecklistTick).where(ChecklistTick.ticket_id == ticket.id, ChecklistTick.item_id == item.id)
        news = session().scalars(gone.returning(ChecklistTick.item_id)).one_or_none() is not None
    if news:
        code = "ticket.checked" if on else "ticket.unchecked"
        task = {"zh": item.name_zh, "en": item.name_en}
        events.record(code, actor=actor, now=now, ticket_id=ticket.id, item=item.id, task=task)
    return news


def check(ticket: Ticket) -> None:
    """Raise ``Invalid`` unless all that is required of a ticket of this type is done."""
    check_done(left([ticket.id]).get(ticket.id, ()))


def left(ticket_ids: Collection[int]) -> dict[int, tuple[Item, ...]]:
    """The required items that nobody has ticked, of the tickets that have any. One statement, two where there are."""
    asking = select(Ticket.id, Ticket.type).where(Ticket.id.in_(ticket_ids), Ticket.type.in_(_asking()))
    types = {row.id: row.type for row in session().execute(asking)}
    if not types:
        return {}
    items: dict[str, list[Item]] = {}
    for one in session().scalars(_standing(types.values())):
        items.setdefault(one.type, []).append(_item(one))
    ticked: dict[int, set[int]] = {}
    done = select(ChecklistTick.ticket_id, ChecklistTick.item_id).where(ChecklistTick.ticket_id.in_(types))
    for ticket_id, item_id in session().execute(done):
        ticked.setdefault(ticket_id, set()).add(item_id)
    found = {id_: missing(items.get(type_code, ()), ticked.get(id_, ())) for id_, type_code in types.items()}
    return {id_: open_ for id_, open_ in found.items() if open_}


def _asking() -> Select[str]:
    return select(ChecklistItem.type).where(ChecklistItem.active)


def _standing(types: Iterable[str]) -> Select[ChecklistItem]:
    """The items that stand on the lists of these types, in their order."""
    return (
        select(ChecklistItem)
        .where(ChecklistItem.type.in_(list(types)), ChecklistItem.active)
        .order_by(ChecklistItem.type, ChecklistItem.position, ChecklistItem.id)
    )


def _locked(type_code: str) -> Checklist:
    """The list of this type, with nothing on it yet if nobody has made one."""
    insert_once(Checklist, type=type_code, version=0)
    return session().execute(select(Checklist).where(Checklist.type == type_code).with_for_update()).scalar_one()


def _store(standing: dict[int, ChecklistItem], type_code: str, position: int, item: Item) -> None:
    values = {
        "position": position,
        "name_zh": item.name.zh,
        "name_en": item.name.en,
        "required": item.required,
    }
    if item.id is None:
        session().add(ChecklistItem(type=type_code, **values))
        return
    for name, value in values.items():
        setattr(standing[item.id], name, value)


def _item(row: ChecklistItem) -> Item:
    return Item(row.id, Label(row.name_zh, row.name_en), row.required)


def _text(item: Item) -> dict[str, object]:
    """As the page of changes tells it."""
    return {"zh": item.name.zh, "en": item.name.en, "required": item.required}
