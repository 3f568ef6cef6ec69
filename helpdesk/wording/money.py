"""Names of what is offered, of what becomes of it, and of who has to agree."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.wording.catalog import gettext
from helpdesk.wording.labels import N_

KINDS: Mapping[str, str] = {
    "coupon": N_("优惠券"),
    "partial_refund": N_("部分退款"),
    "difference": N_("退差价"),
    "freight": N_("运费"),
    "resend": N_("补发"),
    "gift": N_("赠品"),
}
STATES: Mapping[str, str] = {
    "proposed": N_("待审批"),
    "approved": N_("待兑现"),
    "rejected": N_("已驳回"),
    "paid": N_("已兑现"),
    "reversed": N_("已冲回"),
    "withdrawn": N_("已撤回"),
}
RUNGS: Mapping[str, str] = {
    "none": N_("可直接承诺"),
    "supervisor": N_("主管审批"),
    "finance": N_("财务审批"),
    "finance_and_ops": N_("财务和运营都要同意"),
}
RISKS: Mapping[str, str] = {
    "low": N_("补偿不多"),
    "watch": N_("留意"),
    "high": N_("补偿频繁"),
}
RISK_REASONS: Mapping[str, str] = {
    "risk.often": N_("%(days)s 天内已补偿 %(times)s 次"),
    "risk.much": N_("%(days)s 天内的补偿接近或超过 %(cap)s"),
}
DECISIONS: Mapping[str, str] = {
    "proposed": N_("等待审批"),
    "own_limit": N_("自己额度内"),
    "owed": N_("应退款项，无需审批"),
    "withdrawn": N_("提出人撤回"),
    "reversal": "",
}
PAYOUTS: Mapping[str, str] = {
    "exported": N_("待确认"),
    "paid": N_("已到账"),
    "failed": N_("打款失败"),
}


def money_kind_label(code: str) -> str:
    return _named(KINDS, code)


def money_state_label(code: str) -> str:
    return _named(STATES, code)


def rung_label(code: str) -> str:
    """Who has to agree."""
    return _named(RUNGS, code)


def payout_state_label(code: str) -> str:
    return _named(PAYOUTS, code)


def decision_label(code: str) -> str:
    """How a promise was settled without somebody else's decision."""
    return _named(DECISIONS, code) if DECISIONS.get(code) else ""


def risk_label(level: str) -> str:
    """How the customer's earlier compensations look."""
    return _named(RISKS, level)


def risk_reason(code: str, *, times: int, cap_fen: int, days: int) -> str:
    """What raised the level, with its figures."""
    if code not in RISK_REASONS:
        return code
    return gettext(RISK_REASONS[code]) % {
        "times": times,
        "days": days,
        "cap": f"¥{cap_fen // 100:,}.{cap_fen % 100:02}",
    }


def _named(names: Mapping[str, str], code: str) -> str:
    return gettext(names[code]) if code in names else code
