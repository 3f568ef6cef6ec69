"""Phone and address are recognisable, never readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.masking import mask_address, mask_phone


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812345678", "138****5678"),
        ("138 1234 5678", "138****5678"),
        ("+86 138-1234-5678", "861****5678"),
        ("0571-123", "****"),
        ("", ""),
        ("-", ""),
    ],
)
def test_a_phone_keeps_its_head_and_tail(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [("浙江省杭州市西湖区文一路 1 号", "浙江省杭州市****"), ("杭州", "杭****"), ("", ""), ("  ", "")],
)
def test_an_address_keeps_its_region(address: str, shown: str) -> None:
    assert mask_address(address) == shown


@given(st.text(st.characters(categories=["Nd"]), min_size=1, max_size=20))
def test_no_more_than_seven_digits_are_ever_shown(phone: str) -> None:
    assert sum(letter.isdigit() for letter in mask_phone(phone)) <= 7
    assert mask_phone(phone) != phone


@given(st.text(min_size=1, max_size=60))
def test_half_of_an_address_stays_hidden(address: str) -> None:
    assert len(mask_address(address).removesuffix("****")) <= len(address) / 2
