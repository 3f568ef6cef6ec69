"""The addresses of the API in words, for its reference."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.wording.catalog import gettext
from helpdesk.wording.labels import N_

TAGS: Mapping[str, str] = {
    "places": N_("店铺、渠道、队列和类型"),
    "tickets": N_("工单"),
    "messages": N_("消息和备注"),
    "files": N_("附件"),
    "orders": N_("订单"),
    "templates": N_("话术"),
}
SUMMARIES: Mapping[str, str] = {
    "list_shops": N_("店铺列表"),
    "list_channels": N_("渠道列表"),
    "list_queues": N_("队列列表"),
    "list_types": N_("工单类型列表"),
    "list_tickets": N_("工单列表"),
    "open_ticket": N_("新建工单"),
    "get_ticket": N_("一张工单"),
    "patch_ticket": N_("修改工单"),
    "get_checklist": N_("工单的检查清单"),
    "tick_checklist": N_("勾检查清单"),
    "change_tags": N_("加标签、去标签"),
    "list_messages": N_("消息列表"),
    "add_message": N_("送入客户说的话"),
    "send_reply": N_("自动回复客户"),
    "list_notes": N_("备注列表"),
    "add_note": N_("写备注"),
    "list_files": N_("附件列表"),
    "get_file": N_("下载附件"),
    "get_order": N_("一个订单"),
    "put_order": N_("写入订单"),
    "list_templates": N_("话术列表"),
    "get_template": N_("一条话术"),
    "render_template": N_("按工单填好的话术"),
}
TEXTS: Mapping[str, str] = {
    "list_shops": N_("令牌够得着的店铺。任何令牌都可以读。"),
    "list_channels": N_("sends 为真的渠道，回复会自己发出去；别的由人复制过去。"),
    "list_queues": N_("工单在队列里等人处理。"),
    "list_types": N_("现行规则里的类型，和每种类型去的队列。"),
    "list_tickets": N_("最新的在前。把 next 作为 cursor 再请求，就是下一页，其间新来的工单不会让任何一张漏掉或重复。"),
    "open_ticket": N_("类型、队列和时限由规则判定。同一个 external_id 再送一次，还是同一张工单（200）。"),
    "get_ticket": N_("工单的现状。消息另有地址。没有 customers:read 权限时，客户资料是打码的。"),
    "patch_ticket": N_(
        "全部改成，或者一项也不改。version 之后有人改过就是 409，并说明改了什么。"
        "转队列要写 reason，解决要写 outcome，涉及钱和货的还要写 responsibility。"
    ),
    "get_checklist": N_("解决之前要做完什么，哪些做完了。没有项目，就是这个类型没有清单。"),
    "tick_checklist": N_("按编号勾上或取消，已经如此的不变。version 之后清单有人改过就是 409。"),
    "change_tags": N_("全部改成，或者一个也不改；已经如此的不变。改过名的标签，旧名也算它。"),
    "list_messages": N_("最早的在前。最后一页的位置以后仍可用：后来说的话排在它后面。"),
    "add_message": N_("等待客户的工单会恢复处理；解决后 7 天内会重新打开，更晚的会开一张关联的新工单（201）。"),
    "send_reply": N_("从渠道自动发出，标为自动消息，不算首次响应。"),
    "list_notes": N_("内部备注，最早的在前。"),
    "add_note": N_("内部备注，客户看不到。"),
    "list_files": N_("随消息和备注发出的文件，最早的在前，最多一千个。图片不带地点和相机信息。"),
    "get_file": N_("文件的内容，带原来的名称。"),
    "get_order": N_("订单的明细、包裹和状态记录。金额以分为单位。"),
    "put_order": N_(
        "新建或更新。没写的字段保持不变；商品整体替换，包裹按单号合并，状态逐条追加。同样的内容再送一次没有变化。"
    ),
    "list_templates": N_("所有人可用的话术。队列和个人的不在其中。"),
    "get_template": N_("话术现在的内容。"),
    "render_template": N_(
        "用客户的语言，按工单填好。还需要 tickets:read 权限。missing 里的空缺没有填上，带着它们不能回复。"
    ),
}


def tag_label(tag: str) -> str:
    return gettext(TAGS[tag])


def summary(name: str) -> str:
    """The address with this name, in a few words."""
    return gettext(SUMMARIES[name])


def described(name: str) -> str:
    """What whoever calls it should know."""
    return gettext(TEXTS[name])
