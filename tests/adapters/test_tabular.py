"""Files that people really have: every encoding, every mistake."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.adapters import tabular
from helpdesk.adapters.tabular import Cell, read_table, write_csv
from helpdesk.domain.problems import Problem

TEXT = "内容,订单号\n发错货了,2026112300017\n少发一件,E-2\n"


def cells(name: str, content: bytes) -> list[dict[str, Cell]]:
    return [row.cells for row in read_table(name, content).rows]


def refusal(name: str, content: bytes) -> str:
    with pytest.raises(Problem) as refused:
        list(read_table(name, content).rows)
    return refused.value.code


def workbook(*lines: list[object], title: str = "数据") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for line in lines:
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_csv_is_read_whatever_program_wrote_it(encoding: str, separator: str, newline: str) -> None:
    content = TEXT.replace(",", separator).replace("\n", newline).encode(encoding)
    assert cells("t.csv", content) == [
        {"内容": "发错货了", "订单号": "2026112300017"},
        {"内容": "少发一件", "订单号": "E-2"},
    ]


def test_rows_keep_the_number_that_a_person_sees_in_the_sheet() -> None:
    table = read_table("t.csv", b"text\na\n\n  \nb\n")
    assert table.headers == ("text",)
    assert [(row.number, row.cells["text"]) for row in table.rows] == [(2, "a"), (5, "b")]


def test_a_quoted_cell_may_hold_lines_separators_and_quotes() -> None:
    assert cells("t.csv", 'text\n"一行,\n又一行 ""好"""\n'.encode()) == [{"text": '一行,\n又一行 "好"'}]


def test_short_rows_leave_cells_out_and_long_rows_are_bad() -> None:
    first, second = read_table("t.csv", b"text,phone\na\nb,1,2\n").rows
    assert (first.cells, first.problem) == ({"text": "a"}, None)
    assert second.problem is not None
    assert second.problem.code == "import.too_many_cells"


def test_a_cell_beyond_the_limit_is_a_bad_row_and_the_others_go_on() -> None:
    first, second = read_table("t.csv", f"text\n{'长' * 20_001}\n好\n".encode()).rows
    assert first.problem is not None
    assert (first.problem.code, second.problem) == ("import.cell_too_long", None)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("t.csv", b"", "import.empty_file"),
        ("t.csv", b"  \n ", "import.empty_file"),
        ("t.csv", b",,\n", "import.empty_file"),
        ("t.csv", b"a\n\x00\n", "import.not_text"),
        ("t.csv", b"a\n\xff\xff\xff\n", "import.not_text"),
        ("t.csv", b"\xff\xfea", "import.not_text"),
        ("t.csv", b'a\n"never closed\n', "import.bad_csv"),
        ("t.csv", b"a,b,a\n1,2,3\n", "import.header_twice"),
        ("t.csv", b",".join([b"c%d" % n for n in range(201)]), "import.too_many_columns"),
        ("t.pdf", b"%PDF", "import.unknown_format"),
        ("t", b"a\n", "import.unknown_format"),
        ("t.xlsx", b"PK\x03\x04 no zip", "import.bad_excel"),
        ("t.xlsx", b"plain text", "import.bad_excel"),
        ("t.xls", b"plain text", "import.bad_excel"),
    ],
)
def test_a_file_that_can_t_be_read_is_refused_as_a_whole(name: str, content: bytes, code: str) -> None:
    assert refusal(name, content) == code


def test_files_and_rows_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "MAX_ROWS", 3)
    monkeypatch.setattr(tabular, "MAX_BYTES", 100)
    assert len(cells("t.csv", b"a\n1\n2\n3\n")) == 3
    assert refusal("t.csv", b"a\n1\n2\n3\n4\n") == "import.too_many_rows"
    assert refusal("t.jsonl", b'{"a": 1}\n' * 4) == "import.too_many_rows"
    assert refusal("t.csv", b"a" * 101) == "import.file_too_large"


def test_excel_cells_become_the_text_that_people_see() -> None:
    content = workbook(
        ["内容", "订单号", "实付", "时间", "日期", "会员"],
        ["发错货了", 2026112300017, 39.9, datetime(2026, 11, 22, 10, 30), date(2026, 11, 1), True],  # noqa: DTZ001
    )
    assert cells("t.xlsx", content) == [
        {
            "内容": "发错货了",
            "订单号": "2026112300017",
            "实付": "39.9",
            "时间": "2026-11-22 10:30:00",
            "日期": "2026-11-01",
            "会员": "true",
        }
    ]


def test_a_number_whose_digits_excel_lost_stays_visibly_inexact() -> None:
    assert cells("t.xlsx", workbook(["订单号"], [123456789012345678])) == [{"订单号": "1.234567890123457e+17"}]


def test_excel_rows_keep_their_numbers_below_an_empty_top() -> None:
    table = read_table("t.xlsx", workbook([], ["内容"], [], ["发错货了"]))
    assert [(row.number, row.cells) for row in table.rows] == [(4, {"内容": "发错货了"})]


def test_the_first_visible_sheet_is_read() -> None:
    book = openpyxl.Workbook()
    hidden = book.active
    assert hidden is not None
    hidden.sheet_state = "hidden"
    hidden.append(["text"])
    hidden.append(["hidden"])
    shown = book.create_sheet("shown")
    shown.append(["text"])
    shown.append(["shown"])
    out = io.BytesIO()
    book.save(out)
    assert cells("t.xlsx", out.getvalue()) == [{"text": "shown"}]


@pytest.mark.parametrize(("cell", "code"), [("XFD2", "import.too_many_columns"), ("A1048576", "import.too_many_rows")])
def test_a_cell_far_out_is_refused_before_the_area_is_laid_out(cell: str, code: str) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "text"
    sheet[cell] = "far"
    out = io.BytesIO()
    book.save(out)
    assert refusal("t.xlsx", out.getvalue()) == code


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "MAX_UNPACKED_BYTES", 1000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 100_000)
    assert refusal("t.xlsx", out.getvalue()) == "import.file_too_large"


def test_jsonl_keeps_every_digit_and_the_lists_of_an_order() -> None:
    line = (
        '{"number": 123456789012345678901, "paid": 39.90, "known": true, "note": null,'
        ' "lines": [{"name": "杯", "quantity": 2}]}'
    )
    table = read_table("t.jsonl", line.encode())
    assert table.headers is None
    assert [row.cells for row in table.rows] == [
        {
            "number": "123456789012345678901",
            "paid": "39.90",
            "known": "true",
            "note": "",
            "lines": [{"name": "杯", "quantity": "2"}],
        }
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{broken", "import.bad_json"),
        ("[1, 2]", "import.bad_json"),
        ('{"a": NaN}', "import.bad_json"),
        ("[" * 100_000, "import.bad_json"),
        ('{"a": {"b": 1}}', "import.not_a_cell"),
        ('{"a": [1, 2]}', "import.not_a_cell"),
        ('{"a": [{"b": {}}]}', "import.not_a_cell"),
        ('{"a": "\\u0000"}', "import.not_text"),
        ('{"a": "' + "x" * 20_001 + '"}', "import.cell_too_long"),
        ("{" + ",".join(f'"c{n}": 1' for n in range(201)) + "}", "import.too_many_columns"),
    ],
)
def test_a_bad_json_line_is_a_bad_row_and_the_others_go_on(line: str, code: str) -> None:
    bad, good = read_table("t.jsonl", f'{line}\n{{"text": "好"}}\n'.encode()).rows
    assert bad.problem is not None
    assert bad.problem.code == code
    assert (good.number, good.cells, good.problem) == (2, {"text": "好"}, None)


@pytest.mark.parametrize("start", ["=1+1", "+86 138", "-5", "@me", "\tx", "'=1", "''-1"])
def test_written_text_is_never_a_formula_and_reads_back_as_it_was(start: str) -> None:
    content = write_csv(["text"], iter([[start]]))
    assert content.decode("utf-8-sig").splitlines()[1].strip('"').startswith("'")
    assert cells("t.csv", content) == [{"text": start}]


_CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=20)


@given(st.lists(st.tuples(_CELLS, _CELLS).filter(lambda pair: bool("".join(pair).strip())), min_size=1, max_size=5))
def test_every_written_table_reads_back(rows: list[tuple[str, str]]) -> None:
    assert [tuple(row.values()) for row in cells("t.csv", write_csv(["a", "b"], iter(rows)))] == rows


@given(st.binary(max_size=200), st.sampled_from(["t.csv", "t.jsonl", "t.xlsx", "t.xls"]))
def test_any_bytes_are_read_or_refused(content: bytes, name: str) -> None:
    try:
        for row in read_table(name, content).rows:
            assert row.number >= 1
    except Problem as refused:
        assert refused.code.startswith("import.")  # noqa: PT017  a table is as good
