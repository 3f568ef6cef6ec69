"""What comes in and goes out, in words."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.wording.catalog import gettext
from helpdesk.wording.labels import N_

OUTCOMES: Mapping[str, str] = {
    "created": N_("新建工单"),
    "appended": N_("并入同一件事"),
    "heard": N_("收入对话"),
    "repeated": N_("收到过了"),
    "refused": N_("拒绝"),
}


def outcome_label(code: str) -> str:
    """What became of words that another system brought."""
    return gettext(OUTCOMES[code]) if code in OUTCOMES else code
