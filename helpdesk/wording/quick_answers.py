"""What is answered again and again when a queue is asked, one tap each. A shop's own queue has the plain ones."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.wording.catalog import gettext
from helpdesk.wording.labels import N_

PLAIN = (N_("是的"), N_("没有"), N_("正在查，稍后答复"))
QUICK: Mapping[str, tuple[str, ...]] = {
    "warehouse": (
        N_("已发出"),
        N_("还没发出，今天发"),
        N_("拦截成功"),
        N_("拦截失败，已在路上"),
        N_("已称重，重量相符"),
        N_("已称重，确实少件"),
        N_("有货"),
        N_("没货"),
        N_("退货已收到，完好"),
    ),
    "finance": (
        N_("已退款"),
        N_("还没退，今天处理"),
        N_("流水已核对，一致"),
        N_("流水已核对，有差额"),
        N_("发票已开"),
        N_("查不到这笔款"),
    ),
    "customer_service": (N_("已联系客户"), N_("联系不上客户"), N_("客户同意"), N_("客户不同意")),
}


def quick_answers(queue_code: str) -> list[str]:
    """Of a queue, in the reader's language."""
    return [gettext(text) for text in QUICK.get(queue_code, PLAIN)]
