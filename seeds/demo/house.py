"""How the demo's house is run: who has which skill, who is on duty when, who is away, what is told to whom.

Since Monday of last week its queues hand out by themselves: before that, people took what they found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select, update

from helpdesk.domain.access import Actor, Role
from helpdesk.domain.checklists import Item
from helpdesk.domain.notices import kinds_for
from helpdesk.domain.rulebook import Label
from helpdesk.domain.rulebook import Stage as EscalationStage
from helpdesk.domain.shifts import Duty, duty, fingerprint
from helpdesk.domain.tags import Colour
from helpdesk.domain.tickets import Priority
from helpdesk.models import Membership, Notification, NotificationTarget, Queue, Tag, Ticket, UserSession
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.tickets import is_active
from helpdesk.services import (
    absences,
    checklists,
    envelopes,
    escalation,
    notices,
    notifications,
    presence,
    queues,
    sessions,
    shifts,
    skills,
    tag_lists,
    tags,
    targets,
    vips,
)
from helpdesk.services.queues import HandingOut
from helpdesk.services.skills import SkillSettings
from helpdesk.services.tag_lists import TagSettings
from helpdesk.services.targets import TargetSettings
from helpdesk.storage import session
from seeds.demo.people import PEOPLE
from seeds.demo.times import ZONE

OPS = "xuning"
AWAY = ("wangfang", "wuping")
"""At lunch or in a meeting at the moment, by their own word."""

AT_DESK = timedelta(hours=8)
"""So long the demo's people count as seen without anybody logging in as them; their shifts end it earlier."""

DEVICE = "演示数据"
QUIET = (22 * 60, 8 * 60)
DIGEST_SECONDS = 15 * 60
ROBOT_KINDS = ("sla.stage", "ticket.reminded")
ROBOT_URL = "https://oapi.dingtalk.com/robot/send?access_token=not-a-real-token"
ROBOT_SIGN = "SECnotarealkey"
READ_BEFORE = timedelta(hours=5)
"""What was told earlier has been read."""

CHECKLISTS: Mapping[str, tuple[Item, ...]] = {
    "lost_parcel": (
        Item(None, Label("向快递核实丢件并留下工单号", "Have the courier confirm the loss, note the case number")),
        Item(None, Label("补发或退款已经安排好", "A replacement or a refund is arranged")),
        Item(None, Label("登记向快递索赔", "File the claim against the courier"), required=False),
    ),
    "quality": (
        Item(None, Label("收到问题照片或视频", "Photos or a video of the fault are here")),
        Item(None, Label("把批次告诉品控", "Quality control knows the batch")),
    ),
}
"""What stands on the lists of some types."""

WHY_VIP = "企业采购，每季度一批"
BUSINESS = "企业客户"

HANDING_OUT: Mapping[str, HandingOut] = {
    "customer_service": HandingOut("least_load", 20),
    "warehouse": HandingOut("round_robin", 5),
    "finance": HandingOut("manual", None),
}


@dataclass(frozen=True, slots=True)
class DemoSkill:
    code: str
    settings: SkillSettings
    people: tuple[str, ...]


SKILLS = (
    DemoSkill("english", SkillSettings("英文", "English"), ("limin", "chenjie")),
    DemoSkill(
        "quality_check",
        SkillSettings("质检", "Quality check", types=frozenset({"quality", "return_mismatch"})),
        ("zhangwei", "liuyang", "zhaolei", "sunqiang"),
    ),
    DemoSkill("invoice", SkillSettings("发票", "Invoices", types=frozenset({"invoice"})), ("maliang",)),
)

EARLY, LATE = ("09:00", "17:00"), ("16:00", "24:00")
PACKING, EVENING = ("08:30", "17:30"), ("11:00", "20:00")
OFFICE = ("09:00", "18:30")

ROTA: Mapping[str, tuple[tuple[str, str], tuple[int, ...]]] = {
    "limin": (EARLY, (5, 6)),
    "wangfang": (EARLY, (1, 2)),
    "liuyang": (EARLY, (3, 4)),
    "zhangwei": (LATE, (0, 1)),
    "chenjie": (LATE, (2, 3)),
    "zhaolei": (LATE, (4, 5)),
    "sunqiang": (PACKING, (6,)),
    "wuping": (PACKING, (2, 3)),
    "zhouda": (EVENING, (5,)),
    "hejuan": (OFFICE, (5, 6)),
    "maliang": (OFFICE, (5, 6)),
}
"""A person's shift and his days off (0: Monday). On Saturday evenings nobody packs: the gap that the rota shows."""

STAGES = (
    EscalationStage("", 50, notify=("assignee",)),
    EscalationStage("", 75, urgency=1, notify=("assignee", "owner")),
    EscalationStage("", None, -10 * 60, urgency=1, notify=("assignee", "owner")),
    EscalationStage("", 100, urgency=2, notify=("assignee", "owner", "supervisor")),
    EscalationStage("", 150, urgency=3, notify=("supervisor",), reassign="next", tag="超时改派"),
)
"""Customer service's own: past half as much again, somebody else has to go on."""


def opens_at(now: datetime) -> datetime:
    """Since when the queues hand out: Monday of last week at eight in the shop's zone, before anybody's shift."""
    return _midnight(_monday(now) - timedelta(days=7)) + timedelta(hours=8)


def equip(actors: Mapping[str, Actor], now: datetime) -> None:
    """Everybody's mailbox; one of them sleeps at night and hears of half as much."""
    for person in PEOPLE:
        quiet, digest = (QUIET, DIGEST_SECONDS) if person.login == "zhangwei" else (None, 0)
        notifications.set_delivery(
            1,
            email=f"{person.login}@example.com",
            quiet=quiet,
            digest_seconds=digest,
            actor=actors[person.login],
            now=now,
        )
    choices = {kind.code: kind.default(Role.AGENT) for kind in kinds_for(Role.AGENT)}
    choices |= {
        "ticket.assigned": (True, True),
        "assist.answered": (True, True),
        "ticket.customer_replied": (True, True),
    }
    notifications.set_choices(choices, actor=actors["zhangwei"], now=now)


def ask_for(actors: Mapping[str, Actor], now: datetime) -> None:
    """What tickets of some types, and one customer, ask for from now on."""
    for code, items in CHECKLISTS.items():
        checklists.set_checklist(code, 0, items, actor=actors[OPS], now=now)
    known = {actor.id: actor for actor in actors.values()}
    urgent = select(Ticket).where(is_active, Ticket.priority == Priority.P1.value, Ticket.customer_id.is_not(None))
    ticket = session().scalars(urgent.where(Ticket.owner_id.in_(known)).order_by(Ticket.id.desc()).limit(1)).first()
    if ticket is not None:
        owner = known[ticket.owner_id or 0]
        vips.name_vip(ticket.number, WHY_VIP, version=ticket.version, actor=owner, now=now)
        tags.set_tag(ticket.number, BUSINESS, on=True, version=ticket.version, actor=owner, now=now)
    for tag in session().scalars(select(Tag).order_by(Tag.id)).all():
        settings = TagSettings(tag.name, Colour.ACCENT if tag.name == BUSINESS else Colour.WARN)
        tag_lists.update_tag(tag.id, tag.version, settings, actor=actors[OPS], now=now)


def open_desks(actors: Mapping[str, Actor], now: datetime, until: datetime) -> None:
    """At ``now`` the new order begins: skills, shifts, stages and handing out. ``until`` is the demo's present."""
    ops = actors[OPS]
    for skill in SKILLS:
        skill_id = skills.create_skill(skill.code, skill.settings, actor=ops, now=now)
        skills.set_people(skill_id, 1, [actors[login].id for login in skill.people], actor=ops, now=now)
    _plan_shifts(actors, now)
    _plan_absences(actors, now, until)
    queue = session().scalars(select(Queue).where(Queue.code == "customer_service")).one()
    escalation.set_queue_stages(queue.id, STAGES, published_rulebook().version, actor=ops, now=now)
    for person in PEOPLE:
        if person.role in {Role.AGENT, Role.FINANCE, Role.SUPERVISOR}:
            sessions.open_session(
                actors[person.login].id, person.login, address="192.0.2.10", agent=DEVICE, now=now, hours=24 * 30
            )
    sit_down(until + AT_DESK, until + timedelta(days=30))
    for code, handing_out in HANDING_OUT.items():
        row = session().scalars(select(Queue).where(Queue.code == code)).one()
        members = session().scalars(select(Membership.user_id).where(Membership.queue_id == row.id)).all()
        queues.update_queue(row.id, row.version, handing_out, members, actor=ops, now=now)


def sit_down(seen_at: datetime, expires_at: datetime) -> None:
    """Whoever is on duty sits at his desk until then."""
    session().execute(update(UserSession).values(seen_at=seen_at, expires_at=expires_at))


def _plan_shifts(actors: Mapping[str, Actor], now: datetime) -> None:
    """Three weeks by one pattern: last week, this one and the next."""
    ops, monday = actors[OPS], now.astimezone(ZONE).date()
    for login, (hours, days_off) in ROTA.items():
        week = [_duty(monday + timedelta(days=day), hours) for day in range(7) if day not in days_off]
        shifts.set_shifts(actors[login].id, monday, week, seen=fingerprint(()), zone=ZONE, actor=ops, now=now)
    onto = [monday + timedelta(days=7), monday + timedelta(days=14)]
    shifts.repeat_week([actors[login].id for login in ROTA], monday, onto, zone=ZONE, actor=ops, now=now)


def _duty(day: date, hours: tuple[str, str]) -> Duty:
    return duty(day, *hours, ZONE)


def _plan_absences(actors: Mapping[str, Actor], now: datetime, until: datetime) -> None:
    """One is ill since yesterday and represented, one has a training next week."""
    today, next_monday = until.astimezone(ZONE).date(), _monday(until) + timedelta(days=7)
    day = timedelta(days=1)
    absences.add_absence(
        actors["zhaolei"].id,
        _midnight(today - day),
        _midnight(today + 2 * day),
        kind="sick",
        stand_in_id=actors["limin"].id,
        actor=actors["luolan"],
        now=now,
    )
    absences.add_absence(
        actors["wuping"].id,
        _midnight(next_monday + day),
        _midnight(next_monday + 3 * day),
        kind="training",
        stand_in_id=actors["zhouda"].id,
        actor=actors["dinghao"],
        now=now,
    )


def _monday(now: datetime) -> date:
    today = now.astimezone(ZONE).date()
    return today - timedelta(days=today.weekday())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def tell(actors: Mapping[str, Actor], now: datetime) -> None:
    """The last week's news stand under bells, the older of them read; who is out for a moment says so."""
    _lay_lines(actors, now)
    for login in AWAY:
        presence.set_presence("away", actor=actors[login], now=now)
    _spread(now)
    _read_old(actors, now)


def _spread(now: datetime) -> None:
    while notices.spread(now, mail=False):
        pass


def _read_old(actors: Mapping[str, Actor], now: datetime) -> None:
    for actor in actors.values():
        old = select(func.max(Notification.id)).where(
            Notification.user_id == actor.id, Notification.created_at < now - READ_BEFORE
        )
        newest = session().scalar(old)
        if newest is not None:
            notifications.read_all(up_to=newest, actor=actor, now=now)


def _lay_lines(actors: Mapping[str, Actor], now: datetime) -> None:
    """A mailbox and a group's robot, both switched off: the demo tells nothing to anybody outside.

    Before that the robot refused what it was told: a letter that waits for somebody to look at it.
    """
    ops, at = actors[OPS], now - timedelta(hours=2)
    _spread(at - timedelta(days=1))  # of what was before nobody had to tell it
    customer_service = session().scalars(select(Queue.id).where(Queue.code == "customer_service")).one()
    mail = TargetSettings(
        "值班邮箱", None, ("sla.stage", "pause.step"), mailbox="duty@example.com", digest_seconds=900, active=False
    )
    robot = TargetSettings("客服群机器人", customer_service, ROBOT_KINDS, url=ROBOT_URL, sign=ROBOT_SIGN)
    targets.create_target("mail", mail, allow_internal=False, actor=ops, now=at)
    robot_id = targets.create_target("dingtalk", robot, allow_internal=False, actor=ops, now=at)
    _spread(at)
    envelopes.pack(at, ZONE)
    for letter in envelopes.claim(["dingtalk"], DEVICE, now=at):
        envelopes.mark_failed(letter, DEVICE, error="robot.refused", final=True, jitter=0, now=at)
    version = session().get_one(NotificationTarget, robot_id).version
    targets.deactivate_target(robot_id, version, actor=ops, now=now - timedelta(hours=1))
