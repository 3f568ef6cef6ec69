"""Why it is so, in the reader's words: steps of a clock, how an amount came about, what proves a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

from helpdesk.wording.catalog import gettext, shop_wall
from helpdesk.wording.labels import N_, duration, yuan


class Explained(Protocol):
    """A code with its parameters: a step of ``domain.clocks``, a basis of ``domain.compensation``."""

    @property
    def code(self) -> str: ...

    @property
    def params(self) -> Mapping[str, Any]: ...


CLOCK_STEPS: Mapping[str, str] = {
    "clock.started": N_("%(at)s 开始计时，时限 %(target_seconds)s"),
    "clock.counted": N_("%(begin)s 到 %(end)s 计 %(seconds)s，累计 %(total)s"),
    "clock.paused": N_("%(begin)s 到 %(end)s 暂停"),
    "clock.holiday": N_("%(first)s 到 %(last)s 放假，不计时"),
    "clock.closed": N_("%(first)s 到 %(last)s 不上班，不计时"),
    "clock.make_up": N_("%(first)s 到 %(last)s 调休上班，照常计时"),
    "clock.special": N_("%(first)s 到 %(last)s 另有安排"),
    "clock.due": N_("%(at)s 用满 %(target_seconds)s，到期"),
    "clock.stopped": N_("%(at)s 停止，共用 %(elapsed_seconds)s"),
    "clock.late_after": N_("%(at)s 之前完成都算按时：到期时正好下班"),
    "clock.overdue": N_("已超时 %(seconds)s（工作时间）"),
    "clock.never": N_("日历里没有可用的工作时间，无法算出到期时间"),
    "clock.provisional": N_("%(confirmed_through)s 之后的放假安排未公布，时间是暂定的"),
    "clock.more": N_("（中间省略 %(count)s 步）"),
}
ONE_DAY: Mapping[str, str] = {
    "clock.holiday": N_("%(first)s 放假，不计时"),
    "clock.closed": N_("%(first)s 不上班，不计时"),
    "clock.make_up": N_("%(first)s 调休上班，照常计时"),
    "clock.special": N_("%(first)s 另有安排"),
}
SINCE: Mapping[str, str] = {"clock.paused": N_("%(begin)s 起暂停")}

AMOUNTS: Mapping[str, str] = {
    "compensation.fixed": N_("固定 %(amount_fen)s"),
    "compensation.percent_of_paid": N_("实付 %(paid_fen)s 的 %(percent)s%%"),
    "compensation.snapshot_difference": N_("实付与下单页面价之差"),
    "compensation.freight": N_("按订单运费"),
    "compensation.usual_freight": N_("按通常运费，以票据为准"),
    "compensation.full_refund": N_("按实付全额"),
    "compensation.case_by_case": N_("按情况商定"),
    "compensation.needs_paid": N_("要先知道实付金额"),
    "compensation.needs_snapshot": N_("要先知道下单时的页面价"),
    "compensation.needs_freight": N_("要先知道运费"),
    "compensation.needs_charge": N_("要先核对重复扣款的金额"),
    "compensation.resend": N_("补寄商品，金额填商品价值"),
    "compensation.raised_to_floor": N_("提到下限 %(limit_fen)s"),
    "compensation.cut_to_cap": N_("不超过上限 %(limit_fen)s"),
    "compensation.cut_to_channel": N_("不超过平台还能赔的 %(limit_fen)s"),
    "compensation.cut_to_rest": N_("这个方案只剩 %(limit_fen)s"),
    "compensation.policy_used_up": N_("按这个方案最多 %(limit_fen)s，已经用完"),
    "compensation.payouts_used_up": N_("这个订单已赔付 %(payouts)s 次，平台不再受理"),
    "compensation.shop_day_used_up": N_("店铺今天的赔付已达上限 %(limit_fen)s"),
    "compensation.channel_used_up": N_("这个订单的平台赔付已到上限 %(limit_fen)s"),
}
EVIDENCE: Mapping[str, str] = {
    "batch_record": N_("批次记录"),
    "carrier_fee": N_("快递收费凭证"),
    "carrier_reply": N_("快递回复"),
    "chat_record": N_("聊天记录"),
    "delivery_proof": N_("签收凭证"),
    "freight_receipt": N_("运费凭证"),
    "freight_rules": N_("运费规则"),
    "inspection_record": N_("验收记录"),
    "interface_log": N_("接口日志"),
    "invoice_details": N_("开票资料"),
    "listing_page": N_("商品页面存档"),
    "order_change_record": N_("订单修改记录"),
    "packing_record": N_("打包记录"),
    "payment_record": N_("支付流水"),
    "photo_item": N_("商品照片"),
    "photo_label": N_("面单照片"),
    "photo_outer_box": N_("外箱照片"),
    "photo_package": N_("包装照片"),
    "platform_ruling": N_("平台判定"),
    "price_screenshot": N_("价格截图"),
    "price_snapshot": N_("价格快照"),
    "promotion_rules": N_("活动规则"),
    "refund_record": N_("退款记录"),
    "shipping_record": N_("发货记录"),
    "stock_record": N_("库存记录"),
    "tracking_record": N_("物流轨迹"),
    "unboxing_video": N_("开箱视频"),
    "weight_record": N_("称重记录"),
}


def step_text(step: Explained) -> str:
    """A step of a clock's explanation as a line."""
    words = CLOCK_STEPS
    if step.code in ONE_DAY and step.params.get("first") == step.params.get("last"):
        words = ONE_DAY
    elif step.code in SINCE and step.params.get("end") is None:
        words = SINCE
    return _worded(step, words)


def basis_text(basis: Explained) -> str:
    """How an amount came about, or what moved or stopped it."""
    return _worded(basis, AMOUNTS)


def evidence_label(code: str) -> str:
    return gettext(EVIDENCE[code]) if code in EVIDENCE else code


def _worded(explained: Explained, words: Mapping[str, str]) -> str:
    if explained.code not in words:
        return explained.code
    shown = {name: _shown(name, value) for name, value in explained.params.items()}
    return gettext(words[explained.code]) % shown


def _shown(name: str, value: object) -> str:
    if isinstance(value, datetime):
        local = value.astimezone(shop_wall())
        return f"{local:%m-%d %H:%M}" if local.second == 0 else f"{local:%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, int) and name.endswith("_fen"):
        return yuan(value)
    if isinstance(value, int) and name in {"target_seconds", "seconds", "total", "elapsed_seconds"}:
        return duration(value)
    return str(value)
