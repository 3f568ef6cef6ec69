from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.mail_references import message_of, reply_reference


@given(st.integers(1, 2**31 - 1), st.text(min_size=1, max_size=40))
def test_an_answer_names_our_message_and_nobody_else_can_make_a_name_up(message_id: int, key: str) -> None:
    reference = reply_reference(message_id, key, "shop.example")
    assert message_of(reference, key) == message_id
    assert message_of(f" {reference}", key) == message_id
    assert message_of(reference, key + "x") is None
    assert message_of(reference.replace(f"-{message_id}.", f"-{message_id + 1}."), key) is None


@pytest.mark.parametrize(
    "reference", ["", "<abc@mail.example>", "<message-1@x>", "<message-1.0123456789abcdeF@x>", "message-"]
)
def test_what_is_none_of_ours_names_nothing(reference: str) -> None:
    assert message_of(reference, "key") is None
