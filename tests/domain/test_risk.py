"""A plain word on how often a customer was compensated: it informs, nothing more."""

from __future__ import annotations

import pytest

from helpdesk.domain.risk import Level, Risk, risk


@pytest.mark.parametrize(
    ("count", "sum_fen", "cap_fen", "expected"),
    [
        (0, 0, 20_000, Risk(Level.LOW)),
        (2, 9_999, 20_000, Risk(Level.LOW)),
        (3, 0, None, Risk(Level.WATCH, ("risk.often",))),
        (1, 10_000, 20_000, Risk(Level.WATCH, ("risk.much",))),
        (3, 10_000, 20_000, Risk(Level.WATCH, ("risk.often", "risk.much"))),
        (6, 0, 20_000, Risk(Level.HIGH, ("risk.often",))),
        (1, 20_000, 20_000, Risk(Level.HIGH, ("risk.much",))),
    ],
)
def test_often_or_much_within_the_window_raises_it(
    count: int, sum_fen: int, cap_fen: int | None, expected: Risk
) -> None:
    assert risk(count, sum_fen, cap_fen) == expected
