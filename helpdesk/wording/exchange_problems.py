"""What went wrong where things come in and go out: targets of notices, webhooks, tokens, mailboxes."""

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
TOKENS: Mapping[str, str] = {
    "api.bad_field": N_("字段 %(key)s 的值或类型不对。"),
    "api.bad_json": N_("请求的内容不是 JSON 对象，或字符编码不是 UTF-8。"),
    "api.bad_key": N_("Idempotency-Key 用 1 到 %(most)s 个可见的 ASCII 字符。"),
    "api.key_in_flight": N_("同一个 Idempotency-Key 的请求正在处理，请稍后再试。"),
    "api.key_reused": N_("这个 Idempotency-Key 已经用于另一个请求。"),
    "api.missing_field": N_("缺少字段 %(key)s。"),
    "api.not_json": N_("请求的内容要用 application/json。"),
    "api.repeated_parameter": N_("参数 %(key)s 只能出现一次。"),
    "api.scope_missing": N_("这个令牌没有 %(scope)s 的权限。"),
    "api.token_expired": N_("这个令牌已经过期。"),
    "api.token_required": N_("请在请求头里带上令牌：Authorization: Bearer unsnag_…"),
    "api.token_revoked": N_("这个令牌已经作废。"),
    "api.token_unknown": N_("没有这个令牌。"),
    "api.too_large": N_("请求的内容太大，最多 %(most_kb)s KB。"),
    "api.too_many_calls": N_("调用太频繁，一分钟最多 %(most)s 次，请在 %(retry_after)s后再试。"),
    "api.unknown_field": N_("没有字段 %(key)s。"),
    "api.unknown_order": N_("没有这个订单。"),
    "api.unknown_place": N_("没有这个店铺或渠道，或者这个令牌不能用它。"),
    "token.bad_end": N_("到期时间要在今天之后，最多 %(years)s 年。"),
    "token.bad_name": N_("名称要填写，最多 %(most)s 个字，不含控制字符。"),
    "token.bad_scopes": N_("请至少选一项权限。"),
    "token.is_revoked": N_("这个令牌已经作废，不能再改。"),
    "token.name_taken": N_("名称“%(name)s”已经有令牌在用。"),
    "token.no_such_token": N_("没有这个令牌。"),
    "token.only_narrower": N_("已经发出的令牌只能收紧，不能放宽。需要更多权限时请新建一个。"),
    "token.stale": N_("你打开之后，这个令牌被别人改过了。"),
    "token.too_many": N_("令牌最多 %(most)s 个，请先作废不用的。"),
}
EXCHANGE: Mapping[str, str] = {**TARGETS, **WEBHOOKS, **TOKENS}
