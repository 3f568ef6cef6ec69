"""What the demo's shop changes upstream: begun where its figures turned (``course.IMPROVED``), planned, thought of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.improvements import State
from helpdesk.models import User
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import improvements
from helpdesk.services.improvements import Draft
from helpdesk.storage import session, unit_of_work
from seeds.demo.course import MEAN_HOURS
from seeds.demo.origins import WEAK_BATCH
from seeds.demo.times import ZONE, months_before

WRITES = "xuning"
FULL_MONTHS = len(MEAN_HOURS)
LEAD = timedelta(days=9)
"""From the idea to the start."""


@dataclass(frozen=True, slots=True)
class Item:
    """``month``: in which it began, counted from the earliest of the course; None for what has not."""

    type: str
    title: str
    expected_percent: int
    month: int | None = None
    owner: str | None = None
    measure: str = "count"
    cut: str = ""
    value: str = ""
    planned: bool = False


ITEMS = (
    Item("wrong_item", "出库扫码复核，装箱前双人核对", 30, 5, "dinghao", measure="hours"),
    Item("address_change", "付款后 30 分钟内可自助改地址", 25, 7, "xuning"),
    Item("price_dispute", "下单页价格留快照，客服一键调取", 40, 4, "xuning", measure="hours"),
    Item("damaged", "玻璃件换加厚气柱袋", 20, 9, "dinghao"),
    Item("damaged", "这一批先停发，抽检外箱", 50, None, "dinghao", cut="batch", value=WEAK_BATCH, planned=True),
    Item("late_shipment", "超过 24 小时没发货，自动提醒仓库", 30),
)


def plant(now: datetime) -> int:
    """Write them as the shop's people would have; returns how many."""
    today = now.astimezone(ZONE).date()
    with unit_of_work():
        people = {login: (id, role) for id, login, role in session().execute(select(User.id, User.login, User.role))}
        id, role = people[WRITES]
        actor = Actor(id, Role(role))
        for place, item in enumerate(ITEMS):
            owner = people[item.owner][0] if item.owner else None
            _write(f"demo:{place}", item, owner, actor, today)
    return len(ITEMS)


def _write(key: str, item: Item, owner: int | None, actor: Actor, today: date) -> None:
    kind = published_rulebook().type(item.type)
    begun = None if item.month is None else months_before(today.replace(day=1), FULL_MONTHS - item.month)
    thought_of = (begun or today) - LEAD
    draft = Draft(
        type=item.type,
        title=item.title,
        expected_percent=item.expected_percent,
        measure=item.measure,
        cut=item.cut,
        value=item.value,
        bottleneck=kind.bottleneck.zh,
        direction=kind.improvement.zh,
        owner_id=owner,
        started_on=begun or (today + LEAD if item.planned else None),
    )
    id = improvements.create(draft, key=key, actor=actor, today=thought_of, now=_ten_o_clock(thought_of))
    if begun or item.planned:
        improvements.move(id, 1, State.PLANNED, actor=actor, today=thought_of, now=_ten_o_clock(thought_of))
    if begun:
        improvements.move(id, 2, State.RUNNING, actor=actor, today=begun, now=_ten_o_clock(begun))


def _ten_o_clock(day: date) -> datetime:
    return datetime.combine(day, time(10), ZONE)
