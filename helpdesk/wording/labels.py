"""Names of codes, and lengths of time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Protocol

from helpdesk.domain.access import Permission, Role
from helpdesk.domain.links import Relation
from helpdesk.domain.rulebook import Label
from helpdesk.domain.tickets import Outcome, Party, Status
from helpdesk.wording.catalog import gettext, locale_code


def N_(message: str) -> str:  # noqa: N802  the name that extraction knows
    """Mark a sentence for translation; it is translated when it is shown."""
    return message


class Named(Protocol):
    """A row or plain value with its name in both languages."""

    @property
    def name_zh(self) -> str: ...

    @property
    def name_en(self) -> str: ...


RELATIONS: Mapping[str, str] = {
    Relation.DUPLICATE: N_("和它重复"),
    Relation.HAS_DUPLICATE: N_("它和这张重复"),
    Relation.SAME_ORDER: N_("同一个订单"),
    Relation.PARENT: N_("它的上级"),
    Relation.CHILD: N_("它的下级"),
    Relation.CAUSED_BY: N_("由它引起"),
    Relation.CAUSES: N_("引起了它"),
}
"""What this ticket is to the other one."""

STATUSES: Mapping[str, str] = {
    Status.NEW: N_("新建"),
    Status.OPEN: N_("处理中"),
    Status.PENDING_CUSTOMER: N_("待客户"),
    Status.PENDING_INTERNAL: N_("待内部"),
    Status.PENDING_APPROVAL: N_("待审批"),
    Status.RESOLVED: N_("已解决"),
    Status.CLOSED: N_("已关闭"),
    Status.MERGED: N_("已合并"),
}
OUTCOMES: Mapping[str, str] = {
    Outcome.EXPLAINED: N_("已解释"),
    Outcome.RESENT: N_("已补发"),
    Outcome.EXCHANGED: N_("已换货"),
    Outcome.REFUNDED: N_("已退款"),
    Outcome.COMPENSATED: N_("已补偿"),
    Outcome.REDIRECTED: N_("已转交其他渠道"),
    Outcome.CANCELLED: N_("已取消"),
    Outcome.INVOICED: N_("已开票"),
    Outcome.WITHDRAWN: N_("客户撤回"),
    Outcome.REJECTED: N_("不予支持"),
    Outcome.NO_REPLY: N_("客户未回复"),
    Outcome.SELF_HEALED: N_("自行恢复"),
}
PARTIES: Mapping[str, str] = {
    Party.WAREHOUSE: N_("仓库"),
    Party.COURIER: N_("快递"),
    Party.CUSTOMER_SERVICE: N_("客服"),
    Party.PRODUCT: N_("商品"),
    Party.SUPPLIER: N_("供应商"),
    Party.PLATFORM: N_("平台"),
    Party.SYSTEM: N_("系统"),
    Party.CUSTOMER: N_("客户"),
    Party.UNDETERMINED: N_("未判定"),
}
APPEALS: Mapping[str, str] = {
    "open": N_("待裁定"),
    "upheld": N_("申诉成立"),
    "rejected": N_("申诉驳回"),
    "withdrawn": N_("已撤回"),
}
ROLES: Mapping[str, str] = {
    Role.AGENT: N_("处理人"),
    Role.SUPERVISOR: N_("主管"),
    Role.FINANCE: N_("财务"),
    Role.OPS: N_("运营经理"),
    Role.ADMIN: N_("管理员"),
    Role.AUDITOR: N_("审计"),
    Role.INTEGRATION: N_("接入系统"),
    Role.SYSTEM: N_("系统"),
}
CLASSES: Mapping[str, str] = {"A": N_("A 类：财务"), "B": N_("B 类：客服"), "C": N_("C 类：仓库")}
CLOCKS: Mapping[str, str] = {
    "first_response": N_("首次响应"),
    "solution": N_("解决时限"),
    "queue": N_("队列时限"),
    "platform": N_("平台时限"),
}
PAUSE_ACTIONS: Mapping[str, str] = {
    "remind_customer": N_("提醒客户"),
    "remind_owner": N_("提醒负责人"),
    "tell_supervisor": N_("告知主管"),
    "reopen": N_("重新处理"),
    "resolve": N_("自动解决"),
}
TIERS: Mapping[str, str] = {
    "auto": N_("自动判定"),
    "suggest": N_("建议，待确认"),
    "none": N_("未能判定"),
    "manual": N_("人工确认"),
}
ASSIGNMENTS: Mapping[str, str] = {
    "manual": N_("自己领取"),
    "round_robin": N_("轮流分派"),
    "least_load": N_("在手最少者先"),
}
ABSENCES: Mapping[str, str] = {
    "leave": N_("休假"),
    "sick": N_("病假"),
    "training": N_("培训"),
    "other": N_("其他缺勤"),
}
PRESENCES: Mapping[str, str] = {"online": N_("在线"), "away": N_("离开")}
REFUSALS: Mapping[str, str] = {
    "nobody_else": N_("没有别人可以接手"),
    "assist": N_("这是协助的时限"),
    "handed_since": N_("到点之后已经换人"),
    "ticket.not_active": N_("工单已经结束"),
}
"""Why a rule left a ticket in the hands it was in."""

PERMISSIONS: Mapping[str, str] = {
    Permission.TICKETS_READ: N_("查看工单"),
    Permission.TICKETS_CREATE: N_("新建工单"),
    Permission.TICKETS_WORK: N_("处理工单"),
    Permission.TICKETS_REPLY: N_("回复客户"),
    Permission.TICKETS_ASSIGN: N_("分派工单"),
    Permission.TICKETS_TRANSFER: N_("转交工单"),
    Permission.TICKETS_IMPORT: N_("导入工单"),
    Permission.CUSTOMERS_ERASE: N_("抹去客户的个人信息"),
    Permission.CUSTOMERS_REVEAL: N_("查看客户联系方式"),
    Permission.TEMPLATES_READ: N_("查看话术"),
    Permission.TEMPLATES_WRITE: N_("写自己的话术"),
    Permission.TEMPLATES_MANAGE: N_("管理团队话术"),
    Permission.MONEY_READ: N_("查看补偿台账"),
    Permission.MONEY_PROPOSE: N_("提出补偿"),
    Permission.MONEY_APPROVE: N_("审批补偿"),
    Permission.MONEY_PAY: N_("导出打款文件"),
    Permission.SHARES_APPEAL: N_("申诉责任归属"),
    Permission.SHARES_DECIDE: N_("裁定责任归属"),
    Permission.SHARES_READ: N_("查看责任扣款清单"),
    Permission.REPORTS_READ: N_("查看报表"),
    Permission.REPORTS_CLOSE: N_("关账和重算报表"),
    Permission.IMPROVEMENTS_MANAGE: N_("管理上游优化"),
    Permission.WORDS_READ: N_("查看关键词健康度"),
    Permission.RULES_READ: N_("查看规则"),
    Permission.QUEUES_READ: N_("查看队列"),
    Permission.QUEUES_MANAGE: N_("管理队列"),
    Permission.CALENDARS_READ: N_("查看工作日历"),
    Permission.CALENDARS_MANAGE: N_("管理工作日历"),
    Permission.SHIFTS_READ: N_("查看排班"),
    Permission.SHIFTS_MANAGE: N_("管理排班和缺勤"),
    Permission.BOARD_READ: N_("查看超时看板和团队负荷"),
    Permission.RULES_MANAGE: N_("管理规则"),
    Permission.ESCALATION_MANAGE: N_("管理升级规则"),
    Permission.VIEWS_MANAGE: N_("管理共用视图"),
    Permission.ORDERS_READ: N_("读取订单"),
    Permission.ORDERS_WRITE: N_("写入订单"),
    Permission.CHANNELS_MANAGE: N_("管理店铺与渠道"),
    Permission.TOKENS_MANAGE: N_("管理接口令牌"),
    Permission.TARGETS_MANAGE: N_("管理通知目标"),
    Permission.OUTBOX_MANAGE: N_("处理发送失败"),
    Permission.CHANGES_READ: N_("查看设置变更"),
    Permission.USERS_READ: N_("查看用户"),
    Permission.USERS_MANAGE: N_("管理用户"),
    Permission.ACCOUNT_OWN: N_("管理自己的账户"),
}
ORDER_STATUSES: Mapping[str, str] = {
    "unknown": N_("未知"),
    "unpaid": N_("待付款"),
    "paid": N_("已付款"),
    "shipped": N_("已发货"),
    "signed": N_("已签收"),
    "completed": N_("已完成"),
    "cancelled": N_("已取消"),
    "refunding": N_("退款中"),
    "refunded": N_("已退款"),
}
IMPORT_FIELDS: Mapping[str, str] = {
    "external_id": N_("外部编号"),
    "text": N_("内容"),
    "subject": N_("标题"),
    "shop": N_("店铺"),
    "channel": N_("渠道"),
    "order_number": N_("订单号"),
    "customer_name": N_("客户"),
    "phone": N_("电话"),
    "created_at": N_("时间"),
}


def status_label(code: str) -> str:
    return _named(STATUSES, code)


def outcome_label(code: str) -> str:
    return _named(OUTCOMES, code)


def party_label(code: str) -> str:
    return _named(PARTIES, code)


def appeal_state_label(code: str) -> str:
    return _named(APPEALS, code)


def role_label(code: str) -> str:
    return _named(ROLES, code)


def class_label(code: str) -> str:
    return _named(CLASSES, code)


def clock_label(kind: str) -> str:
    return _named(CLOCKS, kind)


def refusal_label(code: str) -> str:
    """Why a rule could not do what it says; a code that nobody foresaw is shown as it is."""
    return _named(REFUSALS, code)


def pause_action_label(code: str) -> str:
    """What a rule does on a wait that lasts."""
    return _named(PAUSE_ACTIONS, code)


def tier_label(code: str) -> str:
    return _named(TIERS, code)


def assignment_label(code: str) -> str:
    return _named(ASSIGNMENTS, code)


def absence_label(kind: str) -> str:
    return _named(ABSENCES, kind)


def relation_label(code: str) -> str:
    return _named(RELATIONS, code)


def presence_label(code: str) -> str:
    return _named(PRESENCES, code)


def permission_label(code: str) -> str:
    return _named(PERMISSIONS, code)


def field_label(code: str) -> str:
    return _named(IMPORT_FIELDS, code)


def order_status_label(code: str) -> str:
    """A channel's own word that no code stands for is shown as it came."""
    return _named(ORDER_STATUSES, code)


def label(named: Label | Named | str | None) -> str:
    """The name, in the reader's language, of something that carries both; text is shown as it is."""
    if named is None or isinstance(named, str):
        return named or ""
    if isinstance(named, Label):
        return named.in_locale(locale_code())
    return named.name_en if locale_code() == "en" else named.name_zh


def task_label(named: Mapping[str, str]) -> str:
    """An item of a checklist, as an event or a problem carries it."""
    return label(Label(named["zh"], named["en"]))


def small(text: str) -> str:
    """An English phrase within a sentence begins small; an abbreviation stays what it is."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


class Durations:
    """Lengths of time in the language of the request that made it; its sentences are looked up once."""

    def __init__(self) -> None:
        self.days, self.hours, self.minutes = gettext("%(n)s天"), gettext("%(n)s时"), gettext("%(n)s分")
        self.between = " " if locale_code() == "en" else ""

    def text(self, seconds: float) -> str:
        """``2时12分``, in the two greatest units, rounded down to minutes; the sign is left to the words around it."""
        minutes = int(abs(seconds)) // 60
        days, rest = divmod(minutes, 24 * 60)
        hours, minutes = divmod(rest, 60)
        parts = [self.days % {"n": days}] if days else []
        if hours:
            parts.append(self.hours % {"n": hours})
        if not days and (minutes or not hours):
            parts.append(self.minutes % {"n": minutes})
        return self.between.join(parts)


def yuan(fen: int) -> str:
    """An amount as it is written everywhere: ¥1,234.50."""
    return f"{'-' if fen < 0 else ''}¥{abs(fen) // 100:,}.{abs(fen) % 100:02}"


def duration(seconds: float) -> str:
    """A length of time in the language of this request, as ``Durations`` words it."""
    return _durations(locale_code()).text(seconds)


@cache
def _durations(_locale: str) -> Durations:
    return Durations()


def _named(names: Mapping[str, str], code: str) -> str:
    return _named_in(locale_code(), names[code]) if code in names else str(code)


@cache
def _named_in(_locale: str, name: str) -> str:
    return gettext(name)
