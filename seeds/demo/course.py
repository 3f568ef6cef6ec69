"""The course of the demo's trade: how long things took in the twelve full months behind it, and how much there was.

In the earliest month the known figures from practice hold: 7.3 h over all, 6.2 h for a change of address, 3.8 h for
a dispute about a price, 9.1 h for a wrong parcel. Structure took hold; in the last full month it is 3.1 h.
"""

from __future__ import annotations

from collections.abc import Mapping

MEAN_HOURS = (7.3, 7.1, 6.9, 6.6, 6.2, 5.7, 5.3, 4.8, 4.3, 3.9, 3.5, 3.1)
"""Of all tickets, by month, the earliest first. The last two are told in full by ``plan``."""

OF_TYPE: Mapping[str, tuple[float, float]] = {
    "address_change": (6.2, 2.6),
    "price_dispute": (3.8, 2.2),
    "wrong_item": (9.1, 3.9),
}
"""In the earliest month and in the last."""

TICKETS_A_MONTH = 180
SEASON: Mapping[int, float] = {1: 1.05, 2: 0.7, 3: 0.95, 4: 0.9, 5: 1.0, 6: 1.35, 7: 0.95, 8: 0.9, 11: 1.4, 12: 1.05}
"""By month of the year: the sales of June and November, the quiet of the new year's feast. Others are as usual."""

PEAKS = frozenset({(6, 17), (6, 18), (6, 19), (6, 20), (11, 11), (11, 12), (11, 13), (11, 14)})
AT_PEAK = 3.5
"""So many times an ordinary day's, on these days of the year (month, day)."""

IMPROVED: Mapping[str, tuple[int, float]] = {"wrong_item": (5, 1.7), "address_change": (7, 1.4), "damaged": (9, 0.8)}
"""Up to this month (counted from the earliest) a type came up so many times as often as it does since."""


def mean_hours_of_types(mean: float) -> dict[str, float]:
    """What the three types take while all together take ``mean`` hours."""
    first, last = MEAN_HOURS[0], MEAN_HOURS[-1]
    way = (first - mean) / (first - last)
    return {code: before + (after - before) * way for code, (before, after) in OF_TYPE.items()}


def weight(type_code: str, share: float, month: int) -> float:
    """How often the type comes up in a month, counted from the earliest, by its usual share."""
    until, times = IMPROVED.get(type_code, (0, 1.0))
    return share * (times if month < until else 1.0)


def first_reply_minutes(mean: float) -> float:
    """Median of the time to the first reply while handling takes ``mean`` hours: half an hour, in the end seven."""
    return 7 + (mean - MEAN_HOURS[-1]) * 3.5
