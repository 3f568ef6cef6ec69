"""What comes in and goes out, in words."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.domain.tokens import TokenScope
from helpdesk.wording.catalog import gettext
from helpdesk.wording.labels import N_

OUTCOMES: Mapping[str, str] = {
    "created": N_("新建工单"),
    "appended": N_("并入同一件事"),
    "heard": N_("收入对话"),
    "repeated": N_("收到过了"),
    "refused": N_("拒绝"),
}

SCOPES: Mapping[str, str] = {
    TokenScope.TICKETS_READ: N_("查看工单、消息和备注"),
    TokenScope.TICKETS_CREATE: N_("新建工单"),
    TokenScope.TICKETS_WRITE: N_("修改工单的状态、类型、优先级、队列和处理人"),
    TokenScope.MESSAGES_WRITE: N_("送入客户说的话"),
    TokenScope.REPLIES_SEND: N_("自动回复客户"),
    TokenScope.NOTES_WRITE: N_("写备注"),
    TokenScope.ORDERS_READ: N_("读取订单"),
    TokenScope.ORDERS_WRITE: N_("写入订单"),
    TokenScope.TEMPLATES_READ: N_("读取话术"),
    TokenScope.CUSTOMERS_READ: N_("看到完整的客户姓名、电话和地址"),
}


def scope_label(code: str) -> str:
    """What a token may do; one that is not known any more is shown as it is."""
    return gettext(SCOPES[code]) if code in SCOPES else code


def outcome_label(code: str) -> str:
    """What became of words that another system brought."""
    return gettext(OUTCOMES[code]) if code in OUTCOMES else code
