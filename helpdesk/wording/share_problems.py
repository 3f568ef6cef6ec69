"""What is wrong with shares of responsibility and with appeals against them."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.wording.labels import N_

SHARES: Mapping[str, str] = {
    "shares.appeal_open": N_("有申诉正在等裁定，裁定之前不能改责任归属。"),
    "shares.evidence_stale": N_("你打开之后，“%(evidence)s”被别人登记过了，请看一下现在的记录。"),
    "shares.stale": N_("你打开之后，责任归属被别人改过了，请看一下现在的占比。"),
    "shares.unknown_evidence": N_("这个类型不要求这项证据。"),
    "appeal.decided": N_("这个申诉已经有结果了。"),
    "appeal.decided_already": N_("这个占比已经裁定过，不能再次申诉。"),
    "appeal.no_share": N_("这张工单现在没有判给你们队列的责任。"),
    "appeal.not_found": N_("没有这个申诉。"),
    "appeal.not_yours": N_("只有提出申诉的人可以撤回。"),
    "appeal.open_already": N_("已经有一个申诉在等裁定。"),
    "appeal.reason_required": N_("请写明理由，对方会看到。"),
    "appeal.share_not_lowered": N_("申诉成立就要降低这一方的占比，要低于 %(percent)s%%。"),
    "appeal.stale": N_("你打开之后，这个申诉有了变化。"),
    "appeal.too_late": N_("判责已超过 48 小时，不能再申诉。"),
    "appeal.your_own": N_("自己提出的申诉要由别人裁定。"),
    "appeal.your_queue": N_("你也在提出申诉的队列里，不能裁定申诉成立，请运营经理裁定。"),
    "appeal.your_shares": N_("责任是你判的，你可以改判，但不能驳回，请别人裁定。"),
}
