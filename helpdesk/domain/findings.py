"""What stands in a customer's words besides words: order and tracking numbers, phones, amounts, dates.

A finding offers a value for a field; it decides nothing. Every pattern has a bounded length, so the time taken grows
with the text and no faster, whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import chain, islice

MAX_LETTERS = 5_000
"""What stands further down is not looked at."""

MAX_FINDINGS = 20
MOST_LOOKED_AT = 200
MAX_FEN = 1_000_000_000  # ten million yuan: more is no amount of an order


class What(StrEnum):
    """What kind of field a finding can fill."""

    ORDER = "order"
    TRACKING = "tracking"
    PHONE = "phone"
    AMOUNT = "amount"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Finding:
    """Letters ``start``..``end`` of the text as it was written, and what they mean.

    ``value``: a number without spaces, a phone's digits (``*`` where the customer masked them), fen as digits, or an
    ISO date. ``kind``: the platform or the carrier where the form of the number tells it, else empty.
    """

    what: What
    start: int
    end: int
    value: str
    kind: str = ""


def findings(text: str, today: date) -> tuple[Finding, ...]:
    """All findings in the order of the text; none overlap. ``today`` is the customer's day: dates are told from it.

    Never fails. At most ``MAX_FINDINGS``, from the first ``MAX_LETTERS`` letters.
    """
    text = text[:MAX_LETTERS]
    plain = text.translate(_HALF_WIDTH)
    taken: list[tuple[int, int]] = []
    result: list[Finding] = []
    for one in islice(chain.from_iterable(find(plain, today) for find in _FINDERS), MOST_LOOKED_AT):
        if not any(one.start < end and start < one.end for start, end in taken):
            taken.append((one.start, one.end))
            result.append(one)
    return tuple(sorted(result, key=lambda one: one.start)[:MAX_FINDINGS])


def only(found: Iterable[Finding], what: What) -> Finding | None:
    """The finding of this kind where there is just one value: of two nobody knows which is meant."""
    of_kind = [one for one in found if one.what is what]
    return of_kind[0] if len({one.value for one in of_kind}) == 1 else None


_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}

_PHONE = re.compile(r"(?<![0-9A-Za-z*])(?:\+?86[- ]?)?(1[3-9]\d(?:[- ]?[\d*]{4}){2})(?![0-9A-Za-z*])", re.ASCII)
_LANDLINE = re.compile(r"(?<![0-9A-Za-z-])(0\d{2,3}-\d{7,8}|400-?\d{3}-?\d{4})(?![0-9A-Za-z])", re.ASCII)

_NUMBER = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{0,4}\d[0-9A-Za-z-]{6,30}(?![0-9A-Za-z-])", re.ASCII)

_ORDER_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("pdd", re.compile(r"\d{6}-\d{15}", re.ASCII)),
    ("xiaohongshu", re.compile(r"P\d{18}", re.ASCII)),
    ("taobao", re.compile(r"[1-9]\d{17,18}", re.ASCII)),
    ("douyin", re.compile(r"[4-9]\d{18}", re.ASCII)),
    ("jd", re.compile(r"[1-4]\d{11}", re.ASCII)),
)
_TRACKING_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("sf", re.compile(r"SF\d{12,13}", re.ASCII)),
    ("yto", re.compile(r"YT\d{13}", re.ASCII)),
    ("jd", re.compile(r"JD(?:VA|VB|VC|VD|X|V)?\d{10,14}(?:-\d{1,2}){0,3}-?", re.ASCII)),
    ("jt", re.compile(r"JT\d{13}", re.ASCII)),
    ("deppon", re.compile(r"DPK\d{12}", re.ASCII)),
    ("cainiao", re.compile(r"(?:LP|CN)\d{14,15}", re.ASCII)),
    ("zto", re.compile(r"(?:7[3-9]\d{12}|ZTO\d{12})", re.ASCII)),
    ("sto", re.compile(r"77\d{13}", re.ASCII)),
    ("yunda", re.compile(r"4[36]\d{13}", re.ASCII)),
    ("ems", re.compile(r"(?:[A-Z]{2}\d{9}[A-Z]{2}|1[0-3]\d{11}|9[5-9]\d{11})", re.ASCII)),
)
_ORDER_WORD = re.compile(r"(?:订单号?|訂單號?|单号|order(?: ?(?:number|no\.?|id))?)[^0-9A-Za-z]{0,4}$", re.IGNORECASE)
_TRACKING_WORD = re.compile(
    r"(?:快递单?号?|运单号?|物流单?号?|快遞單?號?|tracking(?: ?(?:number|no\.?|id))?)[^0-9A-Za-z]{0,4}$", re.IGNORECASE
)
_WORD_BEFORE = 24


def _phones(text: str, _today: date) -> Iterator[Finding]:
    for pattern in (_PHONE, _LANDLINE):
        for match in pattern.finditer(text):
            yield Finding(What.PHONE, *match.span(1), re.sub(r"[- ]", "", match.group(1)))


def _numbers(text: str, _today: date) -> Iterator[Finding]:
    for match in _NUMBER.finditer(text):
        written = match.group().rstrip("-")
        value, end = written.upper(), match.start() + len(written)
        before = text[max(0, match.start() - _WORD_BEFORE) : match.start()]
        what, kind = _meant(value, before)
        if what is not None:
            yield Finding(what, match.start(), end, value, kind)


def _meant(value: str, before: str) -> tuple[What | None, str]:
    """By the word before it, else by its form; a carrier's prefix says more than any word."""
    tracking, order = _form(value, _TRACKING_FORMS), _form(value, _ORDER_FORMS)
    if (tracking and value[0].isalpha()) or (_TRACKING_WORD.search(before) and len(value) >= 8):
        return What.TRACKING, tracking
    if _ORDER_WORD.search(before):
        return What.ORDER, order
    if order:
        return What.ORDER, order
    return (What.TRACKING, tracking) if tracking else (None, "")


def _form(value: str, forms: Iterable[tuple[str, re.Pattern[str]]]) -> str:
    return next((name for name, pattern in forms if pattern.fullmatch(value)), "")


_DIGITS = {letter: value for value, letter in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0, "俩": 2, "兩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_UNIT = r"(?:块钱|塊錢|元钱|块|塊|元|圆|rmb|yuan)"
_NOT_MONEY = r"(?!大|小|钱包|素|旦|宵|件|[豆肉布糕])"
_AMOUNT = re.compile(
    r"[¥￥]\s{0,2}(?P<sign>\d{1,8}(?:,\d{3}){0,2}(?:\.\d{1,2})?)(?!\d)"
    rf"|(?<![\d.,])(?P<plain>\d{{1,8}}(?:,\d{{3}}){{0,2}}(?:\.\d{{1,2}})?)\s{{0,2}}{_UNIT}{_NOT_MONEY}(?P<tenths>\d(?!\d))?"
    rf"|(?P<words>[零〇一二两兩三四五六七八九十百千]{{1,9}}){_UNIT}{_NOT_MONEY}",
    re.IGNORECASE | re.ASCII,
)


def _amounts(text: str, _today: date) -> Iterator[Finding]:
    for match in _AMOUNT.finditer(text):
        if match["words"]:
            fen = chinese_number(match["words"]) * 100
        else:
            fen = _fen(match["sign"] or match["plain"]) + int(match["tenths"] or 0) * 10
        if 0 < fen <= MAX_FEN and not _counted_piece(match):
            yield Finding(What.AMOUNT, *match.span(), str(fen))


def _counted_piece(match: re.Match[str]) -> bool:
    """少了一块, 两块表: 块 counts pieces too. Small bare numbers before 块 are no money unless 钱 follows."""
    return bool(match["words"]) and match.group().endswith(("块", "塊")) and match["words"] in "一二两兩三四"


def _fen(written: str) -> int:
    yuan, _, rest = written.replace(",", "").partition(".")
    return int(yuan) * 100 + int(rest.ljust(2, "0") or 0)


def chinese_number(written: str) -> int:
    """三十 -> 30, 一百二十五 -> 125, 两千 -> 2000, 一百二 -> 120; digits alone are read one by one (一二三 -> 123).

    Other letters than digits and 十百千 are not expected.
    """
    if not any(letter in _UNITS for letter in written):
        return int("".join(str(_DIGITS[letter]) for letter in written))
    total, digit, last = 0, 0, 10
    for letter in written:
        if letter in _UNITS:
            last = _UNITS[letter]
            total += (digit or 1) * last
            digit = 0
        else:
            digit = _DIGITS[letter]
            last = 10 if digit == 0 else last
    return total + digit * (last // 10 if digit else 1)


_DAYS_AGO = {
    "大前天": 3,
    "前天": 2,
    "昨天": 1,
    "昨日": 1,
    "昨晚": 1,
    "今天": 0,
    "今日": 0,
    "今早": 0,
    "yesterday": 1,
    "today": 0,
}
_DAYS_AHEAD = {"明天": -1, "明日": -1, "后天": -2, "後天": -2, "tomorrow": -1}
_DAYS = _DAYS_AGO | _DAYS_AHEAD
_WEEKDAYS = {letter: day for day, letter in enumerate("一二三四五六日")} | {"天": 6}
_DATE = re.compile(
    r"(?<![\d.])(?P<year>20\d\d)[-/.年](?P<m1>\d{1,2})[-/.月](?P<d1>\d{1,2})(?![\d.])[日号號]?"
    r"|(?<![\d.])(?P<m2>\d{1,2})月(?P<d2>\d{1,2})[日号號]?(?!\d)"
    rf"|(?P<day>{'|'.join(sorted(_DAYS, key=len, reverse=True))})"
    r"|(?P<week>上上?个?|下个?|这个?|本)?(?:周|星期|礼拜|週)(?P<weekday>[一二三四五六日天])",
    re.IGNORECASE | re.ASCII,
)


def _dates(text: str, today: date) -> Iterator[Finding]:
    for match in _DATE.finditer(text):
        try:
            day = _day(match, today)
        except (ValueError, OverflowError):  # the 30th of February
            continue
        yield Finding(What.DATE, *match.span(), day.isoformat())


def _day(match: re.Match[str], today: date) -> date:
    if match["year"]:
        return date(int(match["year"]), int(match["m1"]), int(match["d1"]))
    if match["m2"]:
        return _nearest_year(int(match["m2"]), int(match["d2"]), today)
    if match["day"]:
        return today - timedelta(days=_DAYS[match["day"].lower()])
    return _weekday(match["week"] or "", _WEEKDAYS[match["weekday"]], today)


def _nearest_year(month: int, day: int, today: date) -> date:
    """A date without a year is in this year, or in the last one if it were more than half a year ahead."""
    this_year = date(today.year, month, day)
    return this_year if this_year - today <= timedelta(days=183) else date(today.year - 1, month, day)


def _weekday(week: str, weekday: int, today: date) -> date:
    """周三 alone is the last one that was: complaints tell of what happened."""
    monday = today - timedelta(days=today.weekday())
    if not week:
        return today - timedelta(days=(today.weekday() - weekday) % 7)
    weeks = -week.count("上") + week.count("下")
    return monday + timedelta(days=7 * weeks + weekday)


_FINDERS: tuple[Callable[[str, date], Iterator[Finding]], ...] = (_phones, _numbers, _dates, _amounts)
"""Whoever comes first takes the letters: a phone is no JD order."""
