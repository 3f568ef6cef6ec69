"""What happened, as a line of the timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from helpdesk.wording.catalog import gettext
from helpdesk.wording.explanations import evidence_label
from helpdesk.wording.handing import why_text
from helpdesk.wording.labels import (
    N_,
    clock_label,
    duration,
    label,
    outcome_label,
    party_label,
    pause_action_label,
    presence_label,
    refusal_label,
    relation_label,
    role_label,
    status_label,
    task_label,
    yuan,
)


class Happened(Protocol):
    """An event as it is shown. Ids among the parameters have been replaced by names (text or ``Label``)."""

    @property
    def code(self) -> str: ...

    @property
    def params(self) -> Mapping[str, Any]: ...


EVENTS: Mapping[str, str] = {
    "ticket.created": N_("建单"),
    "ticket.status": N_("状态：%(from)s → %(to)s"),
    "ticket.type": N_("类型：%(from)s → %(to)s"),
    "ticket.type_confirmed": N_("确认了类型"),
    "ticket.queue": N_("转交：%(from)s → %(to)s"),
    "ticket.owner": N_("负责人：%(from)s → %(to)s"),
    "ticket.assignee": N_("经手人：%(from)s → %(to)s"),
    "ticket.pending_on": N_("在等：%(to)s"),
    "ticket.order": N_("改了关联的订单"),
    "ticket.priority": N_("优先级：%(from)s → %(to)s"),
    "ticket.outcome": N_("处理结果：%(to)s"),
    "ticket.nudged": N_("客户催单，第 %(times)s 次"),
    "ticket.reminded": N_("催办了负责人"),
    "ticket.responsibility": N_("责任归属：%(shares)s"),
    "ticket.responsibility_taken_back": N_("收回了责任归属"),
    "ticket.evidence": N_("核对了责任证据：%(evidence)s"),
    "appeal.filed": N_("对%(party)s %(share)s%% 的责任提出申诉"),
    "appeal.upheld": N_("申诉成立，改判%(party)s的责任"),
    "appeal.rejected": N_("申诉被驳回，%(party)s的责任 %(share)s%% 不变"),
    "appeal.withdrawn": N_("撤回了%(party)s的申诉"),
    "appeal.lapsed": N_("责任归属已变，%(party)s的申诉不再需要裁定"),
    "ticket.confirmed": N_("客户确认问题解决了"),
    "ticket.reopened": N_("客户又来消息，工单重新打开，第 %(cycle)s 轮"),
    "ticket.continued": N_("客户又来消息，转到工单 %(number)s 继续处理"),
    "ticket.linked": N_("关联工单 %(number)s：%(relation)s"),
    "ticket.unlinked": N_("取消关联工单 %(number)s：%(relation)s"),
    "ticket.merged": N_("合并到工单 %(number)s"),
    "ticket.merged_in": N_("把工单 %(number)s 合并进来"),
    "ticket.split": N_("拆出 %(messages)s 条客户消息，成为工单 %(number)s"),
    "ticket.split_off": N_("从工单 %(number)s 拆出，带来 %(messages)s 条客户消息"),
    "ticket.rejoined": N_("撤销拆分，%(messages)s 条客户消息从工单 %(number)s 回到这里"),
    "ticket.gone_back": N_("撤销拆分，%(messages)s 条客户消息回到工单 %(number)s"),
    "ticket.parted": N_("撤销合并，和工单 %(number)s 分开"),
    "assist.asked": N_("向%(queue)s请求协助"),
    "assist.answered": N_("%(queue)s答复了协助请求"),
    "assist.withdrawn": N_("撤回了向%(queue)s的协助请求"),
    "assist.assigned": N_("%(queue)s协助的经手人：%(from)s → %(to)s"),
    "compensation.proposed": N_("提出补偿 %(amount_fen)s"),
    "compensation.agreed": N_("同意补偿 %(amount_fen)s，还要另一位同意"),
    "compensation.approved": N_("批准补偿 %(amount_fen)s"),
    "compensation.rejected": N_("驳回补偿 %(amount_fen)s"),
    "compensation.withdrawn": N_("撤回补偿 %(amount_fen)s"),
    "compensation.reversed": N_("冲回补偿 %(amount_fen)s"),
    "compensation.fulfilled": N_("补偿 %(amount_fen)s 已兑现"),
    "compensation.escalated": N_("补偿 %(amount_fen)s 逾期未批，改请上一级审批"),
    "compensation.asked_again": N_("补偿 %(amount_fen)s 逾期未批，已再次提醒审批人"),
    "compensation.passed_over": N_("补偿 %(amount_fen)s：%(role)s没有人可批，直接请上一级"),
    "compensation.exported": N_("补偿 %(amount_fen)s 进入打款文件"),
    "compensation.paid": N_("补偿 %(amount_fen)s 已到账"),
    "compensation.payout_failed": N_("补偿 %(amount_fen)s 打款失败"),
    "payout.exported": N_("导出了打款文件"),
    "payout.settled": N_("登记了打款结果"),
    "message.received": N_("收到客户消息"),
    "message.sent": N_("回复了客户"),
    "message.copied": N_("复制并标记已发"),
    "message.taken_back": N_("撤回了一条回复"),
    "clock.recomputed": N_("工作日历有变，时限已重新计算"),
    "calendar.created": N_("新建日历 %(calendar)s"),
    "calendar.changed": N_("修改了日历 %(calendar)s，%(clocks)s 个运行中的时钟随之重算"),
    "holidays.changed": N_("修改了 %(date)s 的节假日安排"),
    "holidays.imported": N_("导入了 %(rows)s 天节假日"),
    "holidays.published": N_("发布了 %(year)s 年的节假日"),
    "customer.revealed": N_("查看了客户的联系方式"),
    "bulk.started": N_("批量操作：%(tickets)s 张工单"),
    "bulk.undone": N_("撤销了批量操作：%(tickets)s 张工单"),
    "operation.undone": N_("撤销了一步操作"),
    "rulebook.published": N_("发布了规则版本 %(version)s"),
    "learner.trained": N_("从 %(examples)s 条更正中学习，模型版本 %(version)s"),
    "words.adopted": N_("把“%(phrase)s”添加为%(type)s的词，规则版本 %(version)s"),
    "words.retired": N_("停用了%(type)s的词“%(phrase)s”，规则版本 %(version)s"),
    "words.taken_back": N_("撤回了%(type)s的词“%(phrase)s”的改动，规则版本 %(version)s"),
    "words.dismissed": N_("忽略了%(type)s的候选词“%(phrase)s”"),
    "words.reopened": N_("“%(phrase)s”重新列为%(type)s的候选词"),
    "report.month_closed": N_("%(month)s 的报表关账：新建 %(opened)s 张，首次解决 %(resolved)s 张"),
    "report.month_reopened": N_("重新打开了 %(month)s 的报表：%(reason)s"),
    "report.recalculation_adopted": N_(
        "采用了 %(month)s 的重算：新计入 %(came)s 张，不再计入 %(went)s 张，有变化 %(changed)s 张；%(reason)s"
    ),
    "improvement.created": N_("新建优化事项“%(title)s”（%(type)s）"),
    "improvement.changed": N_("修改了优化事项“%(title)s”"),
    "improvement.planned": N_("把优化事项“%(title)s”列入计划"),
    "improvement.started": N_("开始优化事项“%(title)s”"),
    "improvement.finished": N_("完成优化事项“%(title)s”"),
    "improvement.dropped": N_("放弃优化事项“%(title)s”"),
    "improvement.reopened": N_("把优化事项“%(title)s”退回为想法"),
    "learner.switched_on": N_("启用了模型版本 %(version)s"),
    "learner.switched_off": N_("停用了模型版本 %(version)s"),
    "pause.step": N_("%(waiting)s到时，%(pause_action)s"),
    "pause.step_refused": N_("%(waiting)s到时，没能%(pause_action)s"),
    "sla.stage": N_("%(clock)s到达 %(percent)s%%"),
    "sla.refused": N_("%(clock)s到了升级的时候，没能改派：%(refusal)s"),
    "customer.erased": N_("抹去了客户的个人信息"),
    "customer.vip_named": N_("把客户标为 VIP"),
    "customer.vip_unnamed": N_("客户不再是 VIP"),
    "ticket.checked": N_("完成“%(task)s”"),
    "ticket.unchecked": N_("“%(task)s”改回未完成"),
    "ticket.tagged": N_("加上标签“%(tag)s”"),
    "ticket.untagged": N_("去掉标签“%(tag)s”"),
    "session.opened": N_("登录成功"),
    "session.ended": N_("结束了一次登录"),
    "user.created": N_("新建用户，角色 %(role)s"),
    "user.changed": N_("修改了用户资料"),
    "user.role_changed": N_("角色：%(old)s → %(new)s"),
    "user.deactivated": N_("停用了用户"),
    "user.reactivated": N_("重新启用了用户"),
    "user.password_set": N_("重置了密码"),
    "user.password_changed": N_("修改了密码"),
    "user.presence": N_("在岗状态改为%(presence)s"),
    "checklist.changed": N_("修改了%(type)s的检查清单"),
    "tag.created": N_("新建标签“%(tag)s”"),
    "tag.changed": N_("修改了标签“%(tag)s”"),
    "tag.merged": N_("把标签“%(tag)s”并入“%(into)s”，共 %(tickets)s 张工单"),
    "skill.created": N_("新建技能 %(skill)s"),
    "skill.changed": N_("修改了技能 %(skill)s"),
    "skill.given": N_("登记了技能 %(skill)s"),
    "skill.taken": N_("取消了技能 %(skill)s"),
    "channel.created": N_("新建渠道 %(name)s"),
    "channel.changed": N_("修改了渠道 %(name)s"),
    "channel.rotated": N_("更换了渠道 %(name)s 的签名密钥"),
    "channel.tested": N_("试发了渠道 %(name)s"),
    "shop.created": N_("新建店铺 %(name)s"),
    "shop.changed": N_("修改了店铺 %(name)s"),
    "list.exported": N_("导出了 %(rows)s 张工单的列表"),
    "view.created": N_("保存了一个共用视图"),
    "view.changed": N_("修改了一个共用视图"),
    "view.deleted": N_("删除了一个共用视图"),
    "view.restored": N_("恢复了一个共用视图"),
    "template.created": N_("新建了一条话术"),
    "template.changed": N_("修改了话术，第 %(version)s 版"),
    "template.reverted": N_("话术改回第 %(to)s 版的内容，记为第 %(version)s 版"),
    "template.retired": N_("停用了一条话术"),
    "template.restored": N_("重新启用了一条话术"),
    "queue.created": N_("新建队列 %(queue)s"),
    "queue.changed": N_("修改了队列 %(queue)s 的设置"),
    "queue.member_joined": N_("加入队列 %(queue)s"),
    "queue.member_left": N_("离开队列 %(queue)s"),
    "notification.choices_changed": N_("修改了自己的通知设置"),
    "notification.delivery_changed": N_("修改了自己的邮件通知"),
    "outbox.given_up": N_("放弃了一条没有送到的消息"),
    "outbox.resent": N_("重新发送一条没有送到的消息"),
    "target.changed": N_("修改了通知目标 %(name)s"),
    "target.created": N_("新建通知目标 %(name)s"),
    "target.deactivated": N_("停用了通知目标 %(name)s"),
    "target.tested": N_("向通知目标 %(name)s 发送了测试"),
    "token.changed": N_("修改了令牌 %(name)s"),
    "token.created": N_("新建令牌 %(name)s"),
    "token.revoked": N_("作废了令牌 %(name)s"),
    "token.rotated": N_("更换了令牌 %(name)s"),
    "webhook.changed": N_("修改了 Webhook %(name)s"),
    "webhook.created": N_("新建 Webhook %(name)s"),
    "webhook.deactivated": N_("停用了 Webhook %(name)s"),
    "webhook.old_secret_dropped": N_("作废了 Webhook %(name)s 的旧密钥"),
    "webhook.reactivated": N_("重新启用了 Webhook %(name)s"),
    "webhook.rotated": N_("更换了 Webhook %(name)s 的密钥"),
    "user.capacity": N_("在手上限：%(was)s → %(stands)s"),
    "shift.changed": N_("改了排班"),
    "shift.repeated": N_("重复了一周的排班，共 %(shifts)s 班"),
    "absence.added": N_("登记了缺勤"),
    "absence.cancelled": N_("取消了缺勤"),
}
FIELDS: Mapping[str, str] = {
    "type": N_("类型"),
    "status": N_("状态"),
    "pending_on": N_("在等谁"),
    "outcome": N_("处理结果"),
    "queue": N_("队列"),
    "owner": N_("负责人"),
    "assignee": N_("经手人"),
    "priority": N_("优先级"),
}
"""What events change of a ticket and can be said in a word, in the order in which a page tells it."""

BY_EVENT: Mapping[str, Callable[[Any], str]] = {"ticket.status": status_label, "ticket.outcome": outcome_label}
"""What ``from`` and ``to`` mean depends on the event."""

BY_NAME: Mapping[str, Callable[[Any], str]] = {
    "clock": clock_label,
    "waiting": status_label,
    "pause_action": pause_action_label,
    "party": party_label,
    "role": role_label,
    "old": role_label,
    "new": role_label,
    "presence": presence_label,
    "why": why_text,
    "refusal": refusal_label,
    "relation": relation_label,
    "amount_fen": yuan,
    "evidence": evidence_label,
    "task": task_label,
    "offset_seconds": lambda seconds: duration(abs(seconds)),
}


def event_text(event: Happened) -> str:
    """The event in the reader's language; a code without words of its own is shown as it is."""
    return words(event, EVENTS)


def before_and_after(event: Happened) -> tuple[str, str]:
    """What the field of a ticket was, and what the event made of it."""
    return _shown(event.code, "from", event.params.get("from")), _shown(event.code, "to", event.params.get("to"))


def field_label(field: str) -> str:
    """A field of a ticket, by the name that events call it (``ticket.FIELD``)."""
    return gettext(FIELDS[field])


def words(event: Happened, sentences: Mapping[str, str]) -> str:
    """The sentence for the event's code, filled; the code itself where there is none."""
    if event.code not in sentences:
        return event.code
    shown = {name: _shown(event.code, name, value) for name, value in event.params.items()}
    return gettext(sentences[event.code]) % Filled(shown)


class Filled(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "–"


def _shown(code: str, name: str, value: Any) -> str:
    if value is None:
        return gettext("无")
    if isinstance(value, list | tuple):
        return gettext("、").join(_shown(code, name, one) for one in value)
    if name in ("from", "to") and code in BY_EVENT:
        return BY_EVENT[code](value)
    if name in BY_NAME:
        return BY_NAME[name](value)
    if isinstance(value, Mapping):
        return gettext("、").join(f"{party_label(party)} {percent}%" for party, percent in value.items())
    if isinstance(value, int | float):
        return str(value)
    return label(value)
