"""Letters of a text that say nothing: exceptions, contrasts, and what has not happened.

不是 X 是 Y means Y. 怕收到坏的, 会掉色吗, 如果发错了怎么办 tell of no problem that is there: what goes wrong with
goods does not count where it is feared, asked about or supposed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from helpdesk.domain.word_search import Hit

Cover = tuple[int, int, frozenset[str]]
"""Letters from..to that say nothing for these types (empty: for any type)."""

_CONTRASTS = (
    re.compile(r"(?<!是)不是(.{1,10}?)(?:而是|是)"),
    re.compile(r"不(?:想|要|用|需要)(.{1,6}?)(?:我要|只要|而是|想要|想)"),
)

_GOODS = frozenset({"damaged", "quality", "wrong_item", "missing_item"})
_TOLD = r"(?:(?!结果|但|可是|没想到|实际|果然|就是).)"
"""A letter of what is supposed: here the tale of what happened has not begun."""

_SUPPOSED = (
    re.compile(
        r"(?:如果|要是|假如|假设|假使|万一|倘若|以防|免得|省得|避免|防止|(?<![恐可哪害])怕|担心)"
        rf"(?!早|知道|是这|不是|你们|再)({_TOLD}{{1,12}})"
    ),
    re.compile(r"(?:容不容易|容易|(?<![不就才老总还机])会)(?!是|就|不会)(.{1,5}?)(?:吗|么|嘛|不(?![到见全齐是对]))"),
    re.compile(r"会不会(?!是)([^了]{1,8})(?!.{0,2}了)"),
    re.compile(r"有没有(?!搞|弄|人|收|发)(.{1,6})"),
    re.compile(rf"(?:听说|(?:评论|评价|网上)(?:里|区|上|都|有人|也)*说|有人说|上次在别)({_TOLD}{{1,10}})"),
    re.compile(
        r"(?:发货|发|打包|出库|寄)(?:前|之前|时|的时候|的时)(?:请|要|一定|麻烦|帮|帮忙|给|我|你们|亲|仔细|认真|先)*"
        r"(?:检查|注意|看|挑|小心|包)(.{1,12})"
    ),
    re.compile(r".{0,4}([大吵重硬软厚薄甜辣酸热烫透扎])不\1"),
)
"""What is supposed or feared, asked about, heard of, and warned of; the group is the place where it is said."""


_CALM = frozenset({"other"})
_TAKEN_BACK = (re.compile(r"^(.{2,80}?)(?:(?<!不)但是?|可是|(?<!好)不过(?!关|分|如|是)|然而|可惜|遗憾)(?=..)"),)
"""质量很好但是少了一个: the praise before it is no answer to what comes after."""

_ACCEPTED = (
    re.compile(
        r"^(.{2,60})(?:不要紧|没关系|没事|算了|不用(?:补|换|退|赔|管|寄)|不影响(?:使用|用|吃|穿)?|(?:能|可以|也)接受|无所谓|凑合)"
        r".{0,5}$"
    ),
)
_BORNE = _GOODS | {"service_complaint"}
"""有个小划痕，算了: whoever puts up with it at the end asks for nothing."""


def covers_of(text: str, found: Iterable[Hit]) -> list[Cover]:
    """What exceptions, contrasts and suppositions take out of a text."""
    covers: list[Cover] = [(hit.start, hit.end, hit.word.only) for hit in found if hit.word.type is None]
    for patterns, types in (
        (_CONTRASTS, frozenset[str]()),
        (_SUPPOSED, _GOODS),
        (_TAKEN_BACK, _CALM),
        (_ACCEPTED, _BORNE),
    ):
        covers.extend((match.start(), match.end(1), types) for one in patterns for match in one.finditer(text))
    return covers


def covered(hit: Hit, covers: Sequence[Cover]) -> bool:
    """Touched by an exception that it does not itself contain."""
    return any(
        (not only or hit.word.type in only)
        and hit.start < end
        and start < hit.end
        and not (hit.start <= start and end <= hit.end and hit.end - hit.start > end - start)
        for start, end, only in covers
    )
