"""What a text says without its having happened."""

from __future__ import annotations

import pytest

from helpdesk.domain.lexicon import Lexicon

LEXICON = Lexicon.parse(
    {
        "words": {
            "damaged": {"strong": ["摔坏", "破损", "碎了", "碎", "划痕"]},
            "quality": {"strong": ["掉色", "坏了", "假货", "漏水"]},
            "wrong_item": {"strong": ["发错"]},
            "late_shipment": {"strong": ["没发货"]},
        }
    }
)


def types(text: str) -> list[str | None]:
    return [hit.word.type for hit in LEXICON.find(text).hits]


@pytest.mark.parametrize(
    "text",
    [
        "这个会掉色吗",
        "摔了会不会碎不",
        "如果收到破损怎么办",
        "万一发错了能换吗",
        "怕快递摔坏",
        "担心是假货",
        "听说这款容易漏水",
        "发货前请检查一下别有划痕",
    ],
)
def test_what_is_supposed_feared_or_asked_about_is_no_problem(text: str) -> None:
    assert types(text) == []


@pytest.mark.parametrize(
    ("text", "type_code"),
    [
        ("用一次就会漏水", "quality"),
        ("恐怕坏了", "quality"),
        ("哪怕轻放也碎了", "damaged"),
        ("要是早知道是假货就不买了", "quality"),
        ("收到就碎了会不会赔", "damaged"),
        ("发货前没检查吧有划痕", "damaged"),
        ("如果再没发货我就取消", "late_shipment"),
    ],
)
def test_what_happened_counts_beside_suppositions(text: str, type_code: str) -> None:
    assert type_code in types(text)


def test_suppositions_silence_only_what_goes_wrong_with_goods() -> None:
    assert types("如果今天没发货呢") == ["late_shipment"]
