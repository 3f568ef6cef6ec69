"""Files of holidays: what is read, and what is refused without a hang."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.adapters import holiday_files
from helpdesk.adapters.holiday_files import HolidayFile, read_holiday_file
from helpdesk.domain.holidays import sift_holidays
from helpdesk.domain.problems import Problem
from seeds import calendar_data

HEADER = "date,kind,name_zh,name_en\n"


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])


def all_day(first: str, after: str, summary: str) -> str:
    return event(f"DTSTART;VALUE=DATE:{first}", f"DTEND;VALUE=DATE:{after}", f"SUMMARY:{summary}")


def ics(*events: str) -> bytes:
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + "".join(events) + "END:VCALENDAR\r\n").encode()


def read(*events: str) -> HolidayFile:
    return read_holiday_file("feed.ics", ics(*events))


def days(file: HolidayFile) -> list[tuple[str | None, ...]]:
    return [(row["date"], row["kind"], row["name_zh"], row["name_en"]) for _, row in file.rows]


def codes(file: HolidayFile) -> list[tuple[str, object]]:
    return [(problem.code, problem.params["row"]) for problem in file.problems]


def refusal(name: str, content: bytes) -> str:
    with pytest.raises(Problem) as found:
        read_holiday_file(name, content)
    return found.value.code


def test_the_shipped_table_is_read_in_both_encodings() -> None:
    text = (calendar_data.FOLDER / "holidays.csv").read_text(encoding="utf-8")
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        file = read_holiday_file("holidays.csv", text.encode(encoding))
        assert sift_holidays(file.rows) == (calendar_data.holidays(), ())
        assert file.problems == ()


def test_a_table_may_speak_chinese() -> None:
    content = "日期,类型,名称\n2027-01-01,休,元旦\n2027-01-03,班,元旦调休上班\n".encode("gb18030")
    holidays, problems = sift_holidays(read_holiday_file("a.CSV", content).rows)
    assert [(one.kind.value, one.name_zh) for one in holidays] == [("off", "元旦"), ("work", "元旦调休上班")]
    assert problems == ()


def test_rows_keep_the_place_they_have_in_the_file() -> None:
    content = HEADER + "2027-01-01,off\n\n2027-01-02,maybe\n2027-01-03,off,a,b,c\n"
    file = read_holiday_file("a.csv", content.encode())
    assert codes(file) == [("holiday.bad_row", 5)]
    assert [problem.params["row"] for problem in sift_holidays(file.rows)[1]] == [4]


def test_feeds_mark_days_off_and_workdays_in_their_summary() -> None:
    file = read(
        all_day("20270101", "20270104", "元旦（休）"),
        all_day("20270109", "20270110", "元旦（班）"),
        all_day("20270214", "20270215", "情人节"),
        all_day("20270205", "20270206", "Spring Festival Holiday"),
        event("DTSTART;VALUE=DATE:20270405", "DURATION:P1D", "SUMMARY:清明节 休"),
        event("DTSTART;VALUE=DATE:20270501", "SUMMARY:放假：劳动节"),
        event("DTSTART;VALUE=DATE:20270606", "SUMMARY:端午", "X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY"),
    )
    assert days(file) == [
        ("2027-01-01", "off", "元旦", "New Year's Day"),
        ("2027-01-02", "off", "元旦", "New Year's Day"),
        ("2027-01-03", "off", "元旦", "New Year's Day"),
        ("2027-01-09", "work", "元旦调休上班", "New Year's Day make-up workday"),
        ("2027-02-05", "off", "Spring Festival Holiday", "Spring Festival Holiday"),
        ("2027-04-05", "off", "清明节", "Tomb-sweeping Day"),
        ("2027-05-01", "off", "放假：劳动节", "Labour Day"),
        ("2027-06-06", "work", "端午调休上班", "Dragon Boat Festival make-up workday"),
    ]
    assert (file.ignored, file.problems) == (1, ())


def test_folded_lines_alarms_and_midnights_are_understood() -> None:
    alarm = "BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nSUMMARY:别的\r\nEND:VALARM"
    folded = event("DTSTART;VALUE=DATE:2027", " 0101", "SUMMARY:元旦（", " 休）", alarm)
    timed = event(
        "DTSTART;TZID=Asia/Shanghai:20270102T000000", "DTEND;TZID=Asia/Shanghai:20270103T000000", "SUMMARY:休"
    )
    assert [row[0] for row in days(read(folded, timed))] == ["2027-01-01", "2027-01-02"]


def test_the_same_day_said_twice_is_one_day_unless_the_two_disagree() -> None:
    off, work = all_day("20270101", "20270102", "元旦（休）"), all_day("20270101", "20270102", "元旦（班）")
    assert len(read(off, off).rows) == 1
    problems = sift_holidays(read(off, work).rows)[1]
    assert [(problem.code, problem.params["row"]) for problem in problems] == [("holiday.twice", 2)]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("SUMMARY:休",), "holiday.bad_event"),
        (("DTSTART:tomorrow", "SUMMARY:休"), "holiday.bad_event"),
        (("DTSTART;VALUE=DATE:20270101", "DTSTART;VALUE=DATE:20270102", "SUMMARY:休"), "holiday.bad_event"),
        (("DTSTART;VALUE=DATE:20270101", "DURATION:P99999999W", "SUMMARY:休"), "holiday.bad_event"),
        (("DTSTART;VALUE=DATE:99991231", "SUMMARY:休"), "holiday.bad_event"),
        (("DTSTART;VALUE=DATE:20270101", "DTEND;VALUE=DATE:20270202", "SUMMARY:休"), "holiday.too_long"),
        (("DTSTART;VALUE=DATE:20270101", "DTEND;VALUE=DATE:99990101", "SUMMARY:休"), "holiday.too_long"),
        (("DTSTART:20270101T080000Z", "DTEND:20270101T180000Z", "SUMMARY:休"), "holiday.not_all_day"),
        (("DTSTART;VALUE=DATE:20270101", "RRULE:FREQ=YEARLY", "SUMMARY:休"), "holiday.recurring"),
        (("DTSTART;VALUE=DATE:20270101", "SUMMARY:春节调休"), "holiday.unclear"),
    ],
)
def test_an_event_that_can_not_be_used_is_named_by_its_number(lines: tuple[str, ...], code: str) -> None:
    file = read(all_day("20270101", "20270102", "元旦（休）"), event(*lines))
    assert codes(file) == [(code, 2)]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "import.empty_file"),
        ("a.ics", b" \n ", "import.empty_file"),
        ("a.xlsx", b"PK\x03\x04", "holiday.unknown_format"),
        ("holidays", b"date,kind\n", "holiday.unknown_format"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "import.not_text"),
        ("a.ics", bytes(range(256)) * 100, "import.not_text"),
        ("a.csv", b"day,kind\n2027-01-01,off\n", "import.column_missing"),
        ("a.csv", b"date,date\n2027-01-01,off\n", "import.header_twice"),
        ("a.csv", b'date,kind\n"2027-01-01,off\n', "import.bad_csv"),
        ("a.csv", b"date,kind\n" + b"2027-01-01,off\n" * 2001, "holiday.too_many_events"),
        ("a.ics", b"BEGIN:VEVENT\nEND:VEVENT\n" * 2001, "holiday.too_many_events"),
        ("a.csv", b"x" * (256 * 1024 + 1), "holiday.file_too_large"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_file_that_can_not_be_read_is_refused_as_a_whole(name: str, content: bytes, code: str) -> None:
    assert refusal(name, content) == code


BOMBS = {
    "recurrence": event("DTSTART:20270101T000000Z", "RRULE:FREQ=SECONDLY;COUNT=2147483647", "SUMMARY:休"),
    "time zone": "BEGIN:VTIMEZONE\r\nTZID:x\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nRRULE:FREQ=SECONDLY\r\n"
    "TZOFFSETFROM:+0800\r\nTZOFFSETTO:+0800\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    + event("DTSTART;TZID=x:20270101T000000", "SUMMARY:休"),
    "nesting": "BEGIN:VEVENT\r\n" * 15_000,
    "other nesting": "BEGIN:X\r\n" * 20_000 + "END:X\r\n" * 5_000,
    "one long line": event("DTSTART;VALUE=DATE:20270101", "SUMMARY:休" + "（" * 80_000),
    "blanks": event("DTSTART;VALUE=DATE:20270101", "SUMMARY:" + " " * 200_000 + "休"),
    "folds": event("DTSTART;VALUE=DATE:20270101", "SUMMARY:休" + "\r\n x" * 60_000),
    "parameters": event("DTSTART;VALUE=DATE" + ";A=B" * 50_000 + ":20270101", "SUMMARY:休"),
    "quotes": event('DTSTART;A="' + '","' * 60_000 + ":20270101", "SUMMARY:休"),
    "many events": "".join(all_day("20270101", "20270131", "春节（休）") for _ in range(1_900)),
    "many lines": event(*["SUMMARY:休"] * 15_000),
    "year 9999": all_day("99990101", "99991231", "休"),
    "year 0": all_day("00000101", "00000102", "休"),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_hostile_feed_is_read_or_refused_at_once(bomb: str) -> None:
    content = ics(bomb)
    assert len(content) <= holiday_files.MAX_BYTES
    begun = time.perf_counter()
    sift_holidays(read_holiday_file("bomb.ics", content).rows)
    assert time.perf_counter() - begun < 5


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    for name, content in (("a.csv", HEADER + text), ("a.ics", f"BEGIN:VEVENT\n{text}\nEND:VEVENT\n")):
        try:
            file = read_holiday_file(name, content.encode("utf-8", "replace"))
        except Problem:
            continue
        sift_holidays(file.rows)


@given(st.lists(st.tuples(st.dates(date(2027, 1, 1), date(2027, 11, 1)), st.integers(1, 9)), max_size=5))
def test_the_end_of_an_event_is_exclusive(spans: list[tuple[date, int]]) -> None:
    events = [all_day(f"{first:%Y%m%d}", f"{first + timedelta(days=n):%Y%m%d}", "休") for first, n in spans]
    expected = {(first + timedelta(days=day)).isoformat() for first, n in spans for day in range(n)}
    if events:
        assert {str(row[0]) for row in days(read(*events))} == expected
