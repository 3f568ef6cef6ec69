"""The side menu: queues with their counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import request, url_for

from helpdesk.domain.access import Actor
from helpdesk.queries import ticket_counts
from helpdesk.wording import label

SHIPPED = {
    "finance": ("A", "coin-yuan"),
    "customer_service": ("B", "headset"),
    "warehouse": ("C", "building-warehouse"),
}
"""Class and icon of the queues that every shop begins with; its own have neither letter nor picture."""


@dataclass(frozen=True, slots=True)
class NavItem:
    code: str
    name: str
    klass: str
    icon: str
    count: int
    overdue: int
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Navigation:
    queues: tuple[NavItem, ...]
    all_count: int
    mine_count: int
    assists_count: int | None  # None: nobody asks him
    unread: int  # under his bell
    dead: int  # could not be delivered, and he may judge
    approvals: int  # proposals of money that wait for him
    worker_alive: bool  # False: the banner says that jobs stand still


def navigation(actor: Actor, now: datetime) -> Navigation:
    """The queues that stand in the actor's lists. One statement."""
    counts = ticket_counts.nav(actor, now)
    here = request.args.get("queue") if request.endpoint in ("tickets.index", "tickets.rows") else None
    return Navigation(
        queues=tuple(
            NavItem(
                code=queue.code,
                name=label(queue.name),
                klass=class_and_icon(queue.code)[0],
                icon=class_and_icon(queue.code)[1],
                count=queue.count,
                overdue=queue.overdue,
                url=url_for("tickets.index", queue=queue.code),
                current=queue.code == here,
            )
            for queue in counts.queues
            if queue.listed
        ),
        all_count=counts.all_count,
        mine_count=counts.mine_count,
        assists_count=counts.assists_count if counts.assists_count or actor.queues - actor.writing_queues else None,
        unread=counts.unread,
        dead=counts.dead,
        approvals=counts.approvals,
        worker_alive=counts.worker_until is not None and counts.worker_until > now,
    )


def class_and_icon(queue_code: str) -> tuple[str, str]:
    return SHIPPED.get(queue_code, ("", "stack-2"))
