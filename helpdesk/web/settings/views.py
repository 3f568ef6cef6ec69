"""The way to all settings."""

from __future__ import annotations

from flask import render_template, url_for
from flask_babel import lazy_gettext as _

from helpdesk.domain.access import Permission
from helpdesk.web.access import current_actor, needs
from helpdesk.web.settings import settings

P = Permission
PLACES = (
    (P.QUEUES_READ, "queues.index", "stack-2", _("队列与成员"), _("谁在哪个队列，工单怎么分派，每人的上限和技能")),
    (
        P.BOARD_READ,
        "escalation.index",
        "stairs-up",
        _("升级规则"),
        _("时间到了提醒谁、改派给谁，等久了怎么办，平台时限"),
    ),
    (P.CALENDARS_READ, "calendars.index", "calendar-time", _("工作日历"), _("上班时段、特殊日期、法定节假日")),
    (P.SHIFTS_READ, "team.week", "calendar-user", _("排班"), _("谁哪天上班，谁请假、谁代班")),
    (P.BOARD_READ, "skills.index", "certificate", _("技能"), _("哪些工单要找哪些人")),
    (P.QUEUES_READ, "checklists.index", "list-check", _("检查清单"), _("每个类型的工单解决之前要做完什么")),
    (P.QUEUES_READ, "tags.index", "tags", _("标签"), _("有哪些标签，什么颜色，改名、合并和停用")),
    (P.SHARES_APPEAL, "shares.appeals", "gavel", _("责任申诉"), _("被判责之后 48 小时内申诉，看裁定结果")),
    (P.SHARES_READ, "shares.charge_back", "scale", _("责任扣款"), _("每个月哪一方担了多少责任、多少补偿")),
    (P.TARGETS_MANAGE, "notifications.targets", "speakerphone", _("通知目标"), _("往哪些邮箱和群机器人发通知")),
    (P.TICKETS_IMPORT, "imports.index", "file-upload", _("导入"), _("从 CSV 或 Excel 批量导入工单和订单")),
    (P.CHANNELS_MANAGE, "channels.index", "route", _("店铺与渠道"), _("客户从哪里来，回复怎么送出，自助服务页")),
    (P.TOKENS_MANAGE, "tokens.index", "key", _("API 令牌"), _("别的系统用令牌读写工单和订单，每个只做该做的事")),
    (P.TOKENS_MANAGE, "webhooks.index", "webhook", "Webhook", _("别的系统用签名的请求把客户的话送进来")),
    (P.USERS_READ, "accounts.users", "users", _("用户"), _("谁在这里工作，是什么角色")),
    (P.CHANGES_READ, "changes.index", "history", _("变更记录"), _("谁在什么时候改了哪项设置")),
)
"""What may be looked at: permission, view, icon, name, and what is set there."""


@settings.get("/settings")
@needs(Permission.QUEUES_READ)
def index() -> str:
    actor = current_actor()
    places = [
        {"url": url_for(view), "icon": icon, "name": str(name), "text": str(text)}
        for permission, view, icon, name, text in PLACES
        if actor.may(permission)
    ]
    return render_template("settings/index.html", places=places)
