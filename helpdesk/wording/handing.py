"""Why somebody was handed a ticket, in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from helpdesk.wording.catalog import gettext
from helpdesk.wording.labels import N_, duration

MODES: Mapping[str, str] = {
    "round_robin": N_("轮到"),
    "least_load": N_("最少在手"),
    "owner": N_("原负责人"),
    "stand_in": N_("代原负责人"),
    "supervisor": N_("交主管"),
    "unassign": N_("换人处理"),
    "vip": N_("VIP 客户"),
}

SHORT_WAIT_SECONDS = 60
"""Below that nobody waited."""


def why_text(why: Mapping[str, Any]) -> str:
    """``最少在手 3/8，等了 12分``: what the choice went by, from ``domain.routing.choose`` and who asked for it."""
    parts = [_mode(why)]
    if why.get("skills"):
        parts.append(gettext("技能相符"))
    if why.get("lacking"):
        parts.append(gettext("所需技能无人具备"))
    if why.get("waited_seconds", 0) >= SHORT_WAIT_SECONDS:
        parts.append(gettext("等了 %(time)s", time=duration(why["waited_seconds"])))
    if "stage" in why:
        parts.append(gettext("时限升级"))
    return gettext("，").join(part for part in parts if part)


def _mode(why: Mapping[str, Any]) -> str:
    mode = why.get("mode", "")
    name = gettext(MODES[mode]) if mode in MODES else str(mode)
    load, capacity = why.get("load"), why.get("capacity")
    if load is None or mode in ("owner", "stand_in", "unassign"):
        return name
    return f"{name} {load}/{capacity}" if capacity else f"{name} {load}"
