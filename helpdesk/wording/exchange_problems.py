"""What went wrong where things come in and go out: targets of notices, webhooks, mailboxes."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.wording.labels import N_

TARGETS: Mapping[str, str] = {
    "notification.no_such_kind": N_("没有这种通知。"),
    "notification.not_found": N_("没有这条通知。"),
    "outbox.too_many": N_("一次最多选 %(limit)s 条。"),
    "target.bad_digest": N_("合并发送的间隔不能超过 %(most_hours)s 小时。"),
    "target.bad_kind": N_("没有这种通知目标。"),
    "target.bad_mailbox": N_("邮箱地址不对：只写地址本身，最多 %(most)s 个字符。"),
    "target.bad_name": N_("名称要填写，最多 %(most)s 个字，不含控制字符。"),
    "target.bad_news": N_("至少选一种要通知的事。"),
    "target.bad_quiet_hours": N_("免打扰的开始和结束应是一天里两个不同的时间。"),
    "target.bad_sign": N_("密钥不对：最多 %(most)s 个英文字符。"),
    "target.bad_url": N_("地址不对：请完整复制以 https 开头的地址，最多 %(most)s 个字符。"),
    "target.name_taken": N_("名称“%(name)s”已经有人用了。"),
    "target.no_such_target": N_("没有这个通知目标。"),
    "target.not_yours": N_("你只能为自己所在的队列设置通知目标。"),
    "target.option_not_allowed": N_("通知地址里的选项 %(options)s 不允许使用。"),
    "target.other_host": N_("机器人的地址应在 %(hosts)s。"),
    "target.service_not_allowed": N_("通知服务“%(service)s”不允许使用。"),
    "target.stale": N_("你打开之后，这个通知目标被别人改过了。"),
    "target.switched_off": N_("这个通知目标已停用，先启用再测试。"),
    "target.too_many": N_("通知目标最多 %(most)s 个。"),
    "target.url_required": N_("请填写机器人的地址。"),
}
WEBHOOKS: Mapping[str, str] = {
    "webhook.bad_json": N_("请求的内容不是 JSON 对象，或字符编码不是 UTF-8。"),
    "webhook.bad_field": N_("字段 %(key)s 的值或类型不对。"),
    "webhook.bad_name": N_("名称要填写，最多 %(most)s 个字，不含控制字符。"),
    "webhook.bad_signature": N_("没有签名，或签名不对。"),
    "webhook.missing_field": N_("缺少字段 %(key)s。"),
    "webhook.name_taken": N_("名称“%(name)s”已经有 Webhook 在用。"),
    "webhook.no_such_webhook": N_("没有这个 Webhook。"),
    "webhook.replayed": N_("这个签名已经用过。每次发送都要用新的时间重新签名。"),
    "webhook.stale": N_("你打开之后，这个 Webhook 被别人改过了。"),
    "webhook.switched_off": N_("这个 Webhook 已停用。"),
    "webhook.too_large": N_("请求的内容太大，最多 %(most_kb)s KB。"),
    "webhook.too_many": N_("Webhook 最多 %(most)s 个。"),
    "webhook.too_many_calls": N_("调用太频繁，一分钟最多 %(most)s 次，请在 %(retry_after)s后再试。"),
    "webhook.too_old": N_("签名的时间和现在相差超过 %(minutes)s 分钟，请核对发送方的时钟。"),
    "webhook.unknown_field": N_("没有字段 %(key)s。"),
}
EXCHANGE: Mapping[str, str] = {**TARGETS, **WEBHOOKS}
