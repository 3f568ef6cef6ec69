"""Signatures: what they cover, how old they may be."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain.signatures import TOLERANCE_SECONDS, fingerprint, is_recent, is_signed, sign

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
AT = int(NOW.timestamp())


def test_a_signature_is_what_any_other_program_would_compute() -> None:
    expected = hmac.new(b"s3cret", b'1763863200.{"text":"\xe4\xbd\xa0"}', hashlib.sha256).hexdigest()
    assert sign("s3cret", 1763863200, '{"text":"你"}'.encode()) == f"sha256={expected}"


@given(st.text(min_size=1), st.integers(0, 10**11), st.binary())
def test_what_was_signed_is_recognised_and_any_change_of_it_is_not(secret: str, at: int, body: bytes) -> None:
    signature = sign(secret, at, body)
    assert is_signed([secret], str(at), signature, body)
    assert is_signed(["another", secret], str(at), signature, body)
    assert not is_signed([], str(at), signature, body)
    assert not is_signed([secret + "x"], str(at), signature, body)
    assert not is_signed([secret], str(at + 1), signature, body)
    assert not is_signed([secret], str(at), signature, body + b" ")


@given(st.integers(0, 10**11), st.binary())
def test_time_and_body_cannot_be_cut_elsewhere(at: int, body: bytes) -> None:
    """The same bytes with the point at another place are another message."""
    signature = sign("s", at, b"1." + body)
    assert not is_signed(["s"], f"{at}1", signature, body)


@pytest.mark.parametrize("timestamp", ["", " ", "-1", "1.5", "1e9", "١٢٣", "9" * 13, "0x10", "1_000", "+1", "01"])
def test_a_time_that_is_no_plain_number_is_refused(timestamp: str) -> None:
    assert not is_signed(["s"], timestamp, sign("s", 1, b""), b"")


def test_a_signature_of_another_shape_is_refused() -> None:
    good = sign("s", 1, b"")
    for other in (good.upper(), good[7:], f"{good} ", good[:-1], good + "0", good.replace("256", "1"), ""):
        assert not is_signed(["s"], "1", other, b"")


@pytest.mark.parametrize(
    ("seconds", "recent"),
    [
        (0, True),
        (TOLERANCE_SECONDS, True),
        (-TOLERANCE_SECONDS, True),
        (TOLERANCE_SECONDS + 1, False),
        (-TOLERANCE_SECONDS - 1, False),
    ],
)
def test_five_minutes_in_both_directions_are_recent(seconds: int, recent: bool) -> None:
    assert is_recent(str(AT), NOW + timedelta(seconds=seconds)) is recent


def test_what_is_kept_of_a_signature_signs_nothing() -> None:
    signature = sign("s", 1, b"")
    assert len(fingerprint(signature)) == 64
    assert fingerprint(signature) != signature[7:]
