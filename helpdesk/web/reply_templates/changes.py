"""What one version of a template changed in the one before it, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rapidfuzz.distance import Indel

from helpdesk.domain.macros import Action
from helpdesk.domain.rulebook import Label, RuleBook
from helpdesk.queries.template_library import VersionRow
from helpdesk.wording import label, status_label
from helpdesk.wording.catalog import gettext as _

SAME, INSERTED, DELETED = "same", "ins", "del"

_WORD = re.compile(r"[{｛] ?[A-Za-z_]+ ?[}｝]|[A-Za-z0-9]+|\s+|.", re.DOTALL)
"""A placeholder, a Latin word or number, blanks, or one other sign: a Chinese letter stands for itself."""

Piece = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Changed:
    """A part of a template that a version worded otherwise. ``lang`` is that of its words, '' for the reader's."""

    name: str
    lang: str
    pieces: list[Piece]


def changed_by(
    version: VersionRow, before: VersionRow | None, book: RuleBook, queues: dict[str, Label]
) -> list[Changed]:
    """The parts that differ from the version before; all that say something where there is none before."""
    now, then = _parts(version, book, queues), _parts(before, book, queues) if before else {}
    return [
        Changed(name, lang, compared(then[name][1], text) if then else [(SAME, text)])
        for name, (lang, text) in now.items()
        if text != (then[name][1] if then else "")
    ]


def compared(old: str, new: str) -> list[Piece]:
    """Both texts as one: pieces that stand in both, in the new one only, in the old one only.

    By the longest common subsequence of words. ``difflib`` would read better by a hair, but takes seconds on two
    long texts of one letter, and a page compares a hundred versions.
    """
    was, now = _WORD.findall(old), _WORD.findall(new)
    steps: list[Piece] = []
    for step in Indel.opcodes(was, now):
        if step.tag == "equal":
            steps.append((SAME, "".join(now[step.dest_start : step.dest_end])))
            continue
        steps.append((DELETED, "".join(was[step.src_start : step.src_end])))
        steps.append((INSERTED, "".join(now[step.dest_start : step.dest_end])))
    return list(_gathered(_without_crumbs([step for step in steps if step[1]])))


def _without_crumbs(steps: Sequence[Piece]) -> Iterator[Piece]:
    """A single sign that happens to stand in both, with changes on either side, is read as changed too."""
    for place, (state, text) in enumerate(steps):
        if state == SAME and len(text) == 1 and text != "\n" and 0 < place < len(steps) - 1:
            yield DELETED, text
            yield INSERTED, text
        else:
            yield state, text


def _gathered(steps: Iterator[Piece]) -> Iterator[Piece]:
    """Each run of changes as one deletion and one insertion."""
    for same, run in groupby(steps, lambda step: step[0] == SAME):
        pieces = list(run)
        for state in (SAME,) if same else (DELETED, INSERTED):
            text = "".join(text for found, text in pieces if found == state)
            if text:
                yield state, text


def _parts(version: VersionRow, book: RuleBook, queues: dict[str, Label]) -> dict[str, tuple[str, str]]:
    """Name of each part with the language of its text and the text."""
    after = status_label(version.set_status) if version.set_status else ""
    does = [action_text(action, book, queues) for action in version.actions]
    solution = [_("这条回复给出了方案")] if version.marks_solution else []
    return {
        _("中文标题"): ("zh-CN", version.title.zh),
        _("中文内容"): ("zh-CN", version.body.zh),
        _("英文标题"): ("en", version.title.en),
        _("英文内容"): ("en", version.body.en),
        _("推荐词"): ("zh-CN", version.words),
        _("发送后的状态"): ("", after),
        _("操作"): ("", "\n".join([*does, *solution])),
    }


def action_text(action: Action, book: RuleBook, queues: dict[str, Label]) -> str:
    """What it does, in words; a queue or policy that is gone goes by its code."""
    match action.kind:
        case "tag":
            return _("加标签“%(tag)s”", tag=action.value)
        case "priority":
            return _("优先级改为 %(priority)s", priority=action.value)
        case "transfer":
            queue = queues.get(action.value)
            return _("转到%(queue)s", queue=label(queue) if queue else action.value)
        case _:
            name = next((label(one.name) for one in book.policies if one.code == action.value), action.value)
            return f"{_('提出补偿')} {name}"
