"""What customers read on the help page of a shop."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.domain.self_service import Step
from helpdesk.wording.catalog import gettext
from helpdesk.wording.labels import N_

STEPS: Mapping[Step, tuple[str, str]] = {
    Step.RECEIVED: (N_("已收到"), N_("我们已收到，正在看，稍后回复你。")),
    Step.WORKING: (N_("处理中"), N_("正在处理，有进展会在这里告诉你。")),
    Step.YOUR_TURN: (N_("等你回复"), N_("客服在等你的回复，看看下面的对话。")),
    Step.SOLVED: (N_("已解决"), N_("我们认为已经解决。没有解决的话，在下面告诉我们。")),
    Step.CLOSED: (N_("已结束"), N_("这件事已经结束。还有问题的话，在下面告诉我们。")),
}
"""What it is called, and what that means for him."""

SELF_SERVICE: Mapping[str, str] = {
    "self_service.link_ended": N_("这个链接已过期或不完整。用订单号重新查找，或联系店铺客服。"),
    "self_service.no_such_order": N_("没有找到这个订单，或手机后四位不对。核对后再试，或联系店铺客服。"),
    "self_service.no_such_shop": N_("这家店铺没有开放自助服务，请在购物平台联系客服。"),
    "self_service.nothing_to_confirm": N_("现在还没有可以确认的方案。"),
    "self_service.tail_required": N_("请填手机号的最后 %(digits)s 位。"),
    "self_service.too_many": N_("次数太多，请在 %(retry_after)s 后再试。"),
}
"""Problems."""


def step_label(step: str) -> str:
    return gettext(STEPS[Step(step)][0])


def step_text(step: str) -> str:
    return gettext(STEPS[Step(step)][1])
