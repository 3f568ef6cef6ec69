"""What can be a tag, and how many a ticket carries."""

from __future__ import annotations

import pytest

from helpdesk.domain.problems import Conflict, Invalid
from helpdesk.domain.tags import MOST_ON_TICKET, check_room, read_tag


def test_blanks_at_the_ends_are_left_out() -> None:
    assert read_tag("  双 十一 ") == "双 十一"


@pytest.mark.parametrize("text", ["", "   ", "x" * 31, "a\tb", "a\nb", "a\x00b"])
def test_what_can_be_no_tag_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_tag(text)
    assert refused.value.code == "tag.bad_name"


def test_a_full_ticket_takes_no_more() -> None:
    check_room(MOST_ON_TICKET - 1)
    with pytest.raises(Conflict):
        check_room(MOST_ON_TICKET)
