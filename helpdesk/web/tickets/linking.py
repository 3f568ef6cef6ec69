"""Linking a ticket to others on its page, and taking links away again."""

from __future__ import annotations

from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.links import Relation
from helpdesk.domain.problems import Invalid
from helpdesk.services import links
from helpdesk.web.access import current_actor, moment, needs
from helpdesk.web.tickets import tickets
from helpdesk.web.tickets.actions import carry_out
from helpdesk.web.tickets.forms import LinkForm, Versioned
from helpdesk.wording.catalog import gettext as _


@tickets.post("/tickets/<number>/links")
@needs(Permission.TICKETS_WORK)
def link(number: str) -> BaseResponse:
    def action(form: LinkForm) -> int:
        try:
            relation = Relation(form.relation.data)
        except ValueError:
            raise Invalid("link.unknown_relation") from None
        other, version = form.other.data.strip().upper(), form.version.data
        return links.link(number, other, relation, version=version, actor=current_actor(), now=moment())

    return carry_out(number, "link", LinkForm(), action, _("已关联。"), undoable=True)


@tickets.post("/tickets/<number>/links/<id:link_id>/remove")
@needs(Permission.TICKETS_WORK)
def unlink(number: str, link_id: int) -> BaseResponse:
    def action(form: Versioned) -> int:
        return links.unlink(number, link_id, version=form.version.data, actor=current_actor(), now=moment())

    return carry_out(number, "", Versioned(), action, _("已取消关联。"), undoable=True)
