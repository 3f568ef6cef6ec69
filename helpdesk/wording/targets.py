"""Kinds of targets in words, and where one finds a robot's address."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.wording.catalog import gettext
from helpdesk.wording.labels import N_

KINDS: Mapping[str, str] = {
    "mail": N_("邮箱"),
    "dingtalk": N_("钉钉机器人"),
    "wecom": N_("企业微信机器人"),
    "feishu": N_("飞书机器人"),
    "apprise": N_("其他服务"),
}
HELP: Mapping[str, tuple[str, ...]] = {
    "mail": (N_("填一个邮箱，比如值班组的公共邮箱。个人想收邮件，在“我的账户”的通知设置里填自己的邮箱。"),),
    "dingtalk": (
        N_("在钉钉群里打开“群设置”，选“机器人”，添加一个“自定义”机器人。"),
        N_("安全设置选“加签”，把 SEC 开头的密钥复制到下面。"),
        N_("完成后复制 Webhook 地址，完整粘贴到下面。"),
        N_("每个机器人一分钟最多 20 条，多的会自动合并。"),
    ),
    "wecom": (
        N_("在企业微信群右上角的菜单里选“消息推送”（旧版叫“群机器人”），添加一个机器人。"),
        N_("复制 Webhook 地址，完整粘贴到下面。"),
        N_("每个机器人一分钟最多 20 条，多的会自动合并。"),
    ),
    "feishu": (
        N_("在飞书群里打开“设置”，选“群机器人”，添加一个“自定义机器人”。"),
        N_("安全设置选“签名校验”，把密钥复制到下面。"),
        N_("复制 Webhook 地址，完整粘贴到下面。国际版 Lark 的地址也可以。"),
    ),
    "apprise": (
        N_("填 apprise 的通知地址，比如 tgram://机器人令牌/会话号。格式见 apprise 的文档。"),
        N_("地址里有令牌，和密码一样保密。"),
    ),
}


def target_kind_label(code: str) -> str:
    return gettext(KINDS[code]) if code in KINDS else code


def target_help(code: str) -> list[str]:
    """What to do, step by step."""
    return [gettext(line) for line in HELP.get(code, ())]
