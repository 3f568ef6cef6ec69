"""去哪里: every page that somebody may open, by name; with script it opens over any page as the command palette."""

from __future__ import annotations

from flask import render_template, url_for
from flask_babel import lazy_gettext as _

from helpdesk.domain.access import Permission
from helpdesk.domain.text import findable
from helpdesk.web.access import current_actor, needs
from helpdesk.web.settings import settings
from helpdesk.web.settings.views import PLACES

P = Permission
DAILY = (
    (P.TICKETS_READ, "tickets.index", "inbox", _("待办")),
    (P.TICKETS_CREATE, "tickets.new", "plus", _("新建工单")),
    (P.TICKETS_WORK, "assists.index", "help-circle", _("协助")),
    (P.TICKETS_WORK, "triage.index", "checks", _("确认类型")),
    (P.BOARD_READ, "board.index", "alarm", _("超时看板")),
    (P.BOARD_READ, "team.index", "users-group", _("团队负荷")),
    (P.REPORTS_READ, "reports.index", "chart-bar", _("报表")),
    (P.REPORTS_READ, "improvements.index", "trending-down", _("上游优化")),
    (P.MONEY_APPROVE, "money.approvals", "gavel", _("补偿审批")),
    (P.MONEY_READ, "money.ledger", "coin-yuan", _("补偿台账")),
    (P.MONEY_PAY, "money.payouts", "file-export", _("打款")),
    (P.TEMPLATES_READ, "reply_templates.index", "message-2", _("话术")),
    (P.WORDS_READ, "words.index", "vocabulary", _("词与模型")),
    (P.OUTBOX_MANAGE, "notifications.dead_letters", "mail-x", _("发送失败")),
    (P.ACCOUNT_OWN, "notifications.index", "bell", _("通知")),
    (P.ACCOUNT_OWN, "accounts.profile", "user-circle", _("我的账户")),
)
"""What isn't a setting: permission, view, icon, name."""


@settings.get("/palette")
@needs(Permission.ACCOUNT_OWN)
def palette() -> str:
    actor = current_actor()
    named = [*DAILY, *(place[:4] for place in PLACES)]
    places = [
        {"url": url_for(view), "icon": icon, "name": str(name), "words": findable(str(name))}
        for permission, view, icon, name in named
        if actor.may(permission)
    ]
    return render_template("settings/palette.html", places=places)
