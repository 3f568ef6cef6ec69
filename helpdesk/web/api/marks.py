"""What is said of a ticket beside its work: tags, and what is done of its checklist."""

from __future__ import annotations

from datetime import datetime
from http import HTTPMethod
from typing import Annotated

from pydantic import Field

from helpdesk.domain.access import Permission
from helpdesk.domain.checklists import MOST_ITEMS
from helpdesk.domain.tags import MOST_ON_TICKET
from helpdesk.domain.tokens import TokenScope
from helpdesk.queries import api_tickets as tickets
from helpdesk.queries.checklists import tasks_of
from helpdesk.services import checklists, tags
from helpdesk.web.api.operations import Answer, Call, operation
from helpdesk.web.api.shapes import Taken, Told
from helpdesk.wording import label

TAG = "tickets"
CHECKLIST = "/tickets/<number>/checklist"

Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
Ids = Annotated[list[Annotated[int, Field(ge=1, le=2**31 - 1)]], Field(max_length=MOST_ITEMS)]
Words = Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=MOST_ON_TICKET)]


class TaskOut(Told):
    """``done_by`` and ``done_at`` are null while nobody has ticked it. A ``required`` one gates resolving."""

    id: int
    name: str
    required: bool
    done_by: str | None
    done_at: datetime | None


class ChecklistOut(Told):
    """``version`` is the list's: hand it back with what was done. No items: the ticket's type has no list."""

    version: int
    items: list[TaskOut]


class Ticks(Taken):
    version: Version
    done: Ids = Field(default_factory=list)
    undone: Ids = Field(default_factory=list)


class TagsOut(Told):
    tags: list[str]


class TagChange(Taken):
    """``version`` is the ticket's."""

    version: Version
    add: Words = Field(default_factory=list)
    remove: Words = Field(default_factory=list)


@operation(
    HTTPMethod.GET,
    CHECKLIST,
    TAG,
    "Get a ticket's checklist",
    permission=Permission.TICKETS_READ,
    scope=TokenScope.TICKETS_READ,
    answers={200: ChecklistOut},
    problems=(404,),
)
def get_checklist(call: Call, number: str) -> Answer:
    """What has to be done before the ticket can be resolved, and what is."""
    return Answer(_checklist(call, number))


@operation(
    HTTPMethod.POST,
    CHECKLIST,
    TAG,
    "Tick items of the checklist",
    permission=Permission.TICKETS_WORK,
    scope=TokenScope.TICKETS_WRITE,
    body=Ticks,
    answers={200: ChecklistOut},
    problems=(404, 409),
)
def tick_checklist(call: Call, number: str) -> Answer:
    """Items by their ids; what is so already stays. 409 if the list was changed since `version`."""
    told: Ticks = call.body
    checklists.set_ticks(number, told.done, told.undone, version=told.version, actor=call.actor, now=call.now)
    return Answer(_checklist(call, number))


@operation(
    HTTPMethod.POST,
    "/tickets/<number>/tags",
    TAG,
    "Put tags on, take tags off",
    permission=Permission.TICKETS_WORK,
    scope=TokenScope.TICKETS_WRITE,
    body=TagChange,
    answers={200: TagsOut},
    problems=(404, 409),
)
def change_tags(call: Call, number: str) -> Answer:
    """All or nothing; what is so already stays. The old name of a renamed tag means the new one."""
    told: TagChange = call.body
    for words, on in ((told.remove, False), (told.add, True)):
        for word in words:
            tags.set_tag(number, word, on=on, version=told.version, actor=call.actor, now=call.now)
    return Answer(TagsOut(tags=tag_list(tickets.one(number, call.actor).tags)))


def tag_list(text: str | None) -> list[str]:
    """By name."""
    return sorted(text.split("\n")) if text else []


def _checklist(call: Call, number: str) -> ChecklistOut:
    row = tickets.one(number, call.actor)
    found = tasks_of(row.id, row.type)
    items = [
        TaskOut(
            id=task.item.id or 0,
            name=label(task.item.name),
            required=task.item.required,
            done_by=task.by,
            done_at=task.at,
        )
        for task in found.rows
    ]
    return ChecklistOut(version=found.version, items=items)
