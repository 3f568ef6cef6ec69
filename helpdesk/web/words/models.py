"""What was learned from corrections: each version, why it decides or doesn't, and the switch."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.learner import MIN_EXAMPLES, NEW_ENOUGH
from helpdesk.domain.problems import NotFound, Problem
from helpdesk.queries import words as queries
from helpdesk.services import learning
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.words import words
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _


@words.get("/words/models")
@needs(Permission.WORDS_READ)
def models() -> str:
    actor = current_actor()
    rows = queries.models(actor)
    return render_template(
        "words/models.html",
        rows=[_shown(row, rows) for row in rows],
        training=queries.training(actor),
        least=MIN_EXAMPLES,
        every=NEW_ENOUGH,
        rule_version=rules().version,
    )


@words.get("/words/models/<id:version>")
@needs(Permission.WORDS_READ)
def model(version: int) -> str:
    """What a model stands on."""
    actor, book = current_actor(), rules()
    explained = queries.explained(actor, version)
    return render_template(
        "words/model.html",
        version=version,
        types=[
            {"name": label(kind.name), "phrases": explained[code]}
            for code, kind in book.types.items()
            if code in explained
        ],
    )


@words.post("/words/models/<id:version>/<state>")
@needs(Permission.RULES_MANAGE)
def switch(version: int, state: str) -> BaseResponse:
    if state not in ("on", "off"):
        abort(404)
    service = learning.switch_on if state == "on" else learning.switch_off
    try:
        with unit_of_work():
            service(version, actor=current_actor(), now=moment())
    except NotFound:
        raise
    except Problem as problem:
        flash(problem_text(problem), "problem")
    else:
        on, off = _("第 %(n)s 版模型开始参与判断。", n=version), _("现在只按规则判断，直到有人再启用一个模型。")
        flash(on if state == "on" else off, "done")
    return redirect(url_for("words.models"))


def _shown(row: queries.ModelRow, rows: list[queries.ModelRow]) -> dict[str, Any]:
    return {"row": row, "gain": round((row.blended_share - row.rules_share) * 100, 1), "why": _why(row, rows)}


def _why(row: queries.ModelRow, rows: list[queries.ModelRow]) -> str:
    """Why it decides or doesn't, in a sentence."""
    if row.state == "live":
        return _("交叉验证明显好过只用规则，学到的分数按 %(share)s%% 计入。", share=round(row.weight * 100))
    if row.state == "refused":
        if row.examples < MIN_EXAMPLES:
            return _("更正还不到 %(n)s 条，学不出可靠的东西。", n=MIN_EXAMPLES)
        return _("交叉验证没有明显好过只用规则，所以不用它。")
    if row.switched_by:
        return _("%(who)s停用了它。", who=row.switched_by)
    newer = next((one for one in rows if one.version > row.version and one.state == "live"), None)
    if newer:
        return _("第 %(n)s 版取代了它。", n=newer.version)
    return _("后来的训练取代了它，或者有人暂停了学习。")
