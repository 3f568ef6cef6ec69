"""What each member of a queue can take: how many tickets, and which skills he has."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form, IntegerField
from wtforms.validators import Optional

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Problem
from helpdesk.queries import skills as queries
from helpdesk.queries.skills import Member
from helpdesk.services import skills
from helpdesk.services.accounts import MOST_CAPACITY
from helpdesk.services.capacity import set_capacity
from helpdesk.services.queues import require_members
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.forms import Hidden, Several, Version, between, choices
from helpdesk.web.queues import queues
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _


class MemberRow(Form):
    """One member. ``seen`` and ``version``: his skills and his account as the form showed them."""

    capacity = IntegerField(validators=[Optional(), between(1, MOST_CAPACITY)])
    skills = Several()
    seen = Hidden()
    version = Version()

    def __init__(
        self, member: Member, offered: list[tuple[int, str]], formdata: MultiDict[str, str] | None = None
    ) -> None:
        stored: dict[str, Any] = {
            "capacity": member.capacity,
            "skills": sorted(member.skills),
            "seen": ".".join(map(str, sorted(member.skills))),
            "version": member.version,
        }
        super().__init__(formdata, prefix=f"member-{member.id}", data=stored)
        self.member = member
        self.skills.choices = choices(offered)

    def seen_skills(self) -> frozenset[int]:
        parts = self.seen.data.split(".")[:100]
        return frozenset(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 10)


def rows(queue_id: int, formdata: MultiDict[str, str] | None = None) -> list[MemberRow]:
    """Those who are handed tickets here, as they stand or as they were sent; who wasn't sent is left out."""
    offered = [(id_, label(name)) for id_, name in queries.skill_names()]
    members = queries.members(queue_id)
    if formdata is not None:
        members = [member for member in members if f"member-{member.id}-version" in formdata]
    return [MemberRow(member, offered, formdata) for member in members]


@queues.post("/queues/<id:queue_id>/members")
@needs(Permission.QUEUES_MANAGE)
def save_members(queue_id: int) -> BaseResponse:
    """All of it or nothing."""
    require_members(current_actor(), queue_id)
    back = redirect(url_for("queues.queue", queue_id=queue_id) + "#members")
    typed = rows(queue_id, request.form)
    wrong = [row.member.name for row in typed if not row.validate()]
    if wrong:
        flash(
            _(
                "%(names)s：没有保存，上限应在 1 到 %(most)s 之间或留空，技能从列出的里选。",
                names=_("、").join(wrong),
                most=MOST_CAPACITY,
            ),
            "problem",
        )
        return back
    try:
        with unit_of_work():
            for row in typed:
                _save(row)
    except Problem as problem:
        flash(problem_text(problem), "problem")
    else:
        flash(_("已保存成员的上限和技能。"), "done")
    return back


def _save(row: MemberRow) -> None:
    actor, now = current_actor(), moment()
    if row.capacity.data != row.member.capacity:
        set_capacity(row.member.id, row.version.data, row.capacity.data, actor=actor, now=now)
    if frozenset(row.skills.data) != row.member.skills:
        skills.set_skills_of(row.member.id, row.seen_skills(), row.skills.data, actor=actor, now=now)
