"""What is said of a ticket beside its work: tags, what is done of its checklist, that its customer matters more."""

from __future__ import annotations

from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.services import checklists, tags, vips
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.tickets import tickets
from helpdesk.web.tickets.actions import carry_out
from helpdesk.web.tickets.forms import ChecklistForm, TagForm, Versioned, VipForm
from helpdesk.wording.catalog import gettext as _


@tickets.post("/tickets/<number>/tag")
@needs(Permission.TICKETS_WORK)
def tag(number: str) -> BaseResponse:
    def action(form: TagForm) -> int | None:
        return _set(number, form, on=True)

    return carry_out(number, "tag", TagForm(), action, _("标签已加上。"), undoable=True)


@tickets.post("/tickets/<number>/untag")
@needs(Permission.TICKETS_WORK)
def untag(number: str) -> BaseResponse:
    def action(form: TagForm) -> int | None:
        return _set(number, form, on=False)

    return carry_out(number, "", TagForm(), action, _("标签已去掉。"), undoable=True)


def _set(number: str, form: TagForm, *, on: bool) -> int | None:
    return tags.set_tag(number, form.tag.data, on=on, version=form.version.data, actor=current_actor(), now=moment())


@tickets.post("/tickets/<number>/vip")
@needs(Permission.TICKETS_WORK)
def name_vip(number: str) -> BaseResponse:
    def action(form: VipForm) -> None:
        vips.name_vip(number, form.reason.data, version=form.version.data, actor=current_actor(), now=moment())

    return carry_out(number, "", VipForm(), action, _("已标为 VIP 客户。"))


@tickets.post("/tickets/<number>/vip/end")
@needs(Permission.TICKETS_WORK)
def unname_vip(number: str) -> BaseResponse:
    def action(form: Versioned) -> None:
        vips.unname_vip(number, version=form.version.data, actor=current_actor(), now=moment())

    return carry_out(number, "", Versioned(), action, _("客户不再是 VIP。"))


@tickets.post("/tickets/<number>/checklist")
@needs(Permission.TICKETS_WORK)
def tick(number: str) -> BaseResponse:
    """Only what differs from what the page showed: what others ticked meanwhile stays."""

    def action(form: ChecklistForm) -> None:
        done, seen = set(form.done.data or ()), set(form.seen.data or ())
        checklists.set_ticks(
            number, done - seen, seen - done, version=form.version.data, actor=current_actor(), now=moment()
        )

    return carry_out(number, "", ChecklistForm(), action, _("检查清单已保存。"))
