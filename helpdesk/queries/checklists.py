"""Lists of what has to be done: of each type, and on one ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.checklists import Item
from helpdesk.domain.problems import NotFound
from helpdesk.domain.rulebook import Label
from helpdesk.models import Checklist, ChecklistItem, ChecklistTick, User
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.storage import session


@dataclass(frozen=True, slots=True)
class ListRow:
    """The list of a type, empty where nobody has made one."""

    type: str
    name: Label
    version: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """An item as it stands on a ticket: who ticked it and when, None where nobody has."""

    item: Item
    by: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Tasks:
    """A ticket's list, as it was seen at ``version``."""

    version: int
    rows: tuple[Task, ...]


def checklists(actor: Actor) -> list[ListRow]:
    """The list of every type, in the rules' order. Two statements."""
    actor.require(Permission.QUEUES_READ)
    versions = {row.type: row.version for row in session().scalars(select(Checklist))}
    items: dict[str, list[Item]] = {}
    for row in session().scalars(
        select(ChecklistItem).where(ChecklistItem.active).order_by(ChecklistItem.position, ChecklistItem.id)
    ):
        items.setdefault(row.type, []).append(Item(row.id, Label(row.name_zh, row.name_en), row.required))
    return [
        ListRow(code, kind.name, versions.get(code, 0), tuple(items.get(code, ())))
        for code, kind in published_rulebook().types.items()
    ]


def checklist(type_code: str, actor: Actor) -> ListRow:
    """That of one type, or ``NotFound``."""
    found = next((row for row in checklists(actor) if row.type == type_code), None)
    if found is None:
        raise NotFound("checklist.no_such_type", type=type_code[:40])
    return found


def tasks_of(ticket_id: int, type_code: str) -> Tasks:
    """What has to be done on a ticket whose type has a list. One statement."""
    rows = session().execute(
        select(
            *(ChecklistItem.id, ChecklistItem.name_zh, ChecklistItem.name_en, ChecklistItem.required),
            *(Checklist.version, ChecklistTick.at, User.name),
        )
        .join(Checklist, Checklist.type == ChecklistItem.type)
        .outerjoin(ChecklistTick, and_(ChecklistTick.item_id == ChecklistItem.id, ChecklistTick.ticket_id == ticket_id))
        .outerjoin(User, User.id == ChecklistTick.user_id)
        .where(ChecklistItem.type == type_code, ChecklistItem.active)
        .order_by(ChecklistItem.position, ChecklistItem.id)
    )
    found = rows.all()
    tasks = (Task(Item(row.id, Label(row.name_zh, row.name_en), row.required), row.name, row.at) for row in found)
    return Tasks(found[0].version if found else 0, tuple(tasks))
