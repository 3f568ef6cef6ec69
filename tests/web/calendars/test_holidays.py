"""Years of holidays: seen, worked on, imported, published."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.models import CalendarVersion, ClockRow, Holiday, HolidayYear, WorkCalendar
from helpdesk.services import intake
from helpdesk.storage import session, unit_of_work
from tests import factories, tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World
from tests.services import story
from tests.web.test_hostile_input import VALUES

CSV = "date,kind,name_zh,name_en\n2027-01-01,off,元旦,New Year's Day\n2027-01-03,work,元旦调休上班,\n"
FEED = (
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nDTEND;VALUE=DATE:20270104\nSUMMARY:元旦（休）\n"
    "END:VEVENT\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270214\nSUMMARY:情人节\nEND:VEVENT\nEND:VCALENDAR\n"
)


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


@pytest.fixture
def observing(world: World) -> int:
    """The office calendar follows the holidays, confirmed to the end of 2026; its id."""
    office = world.calendars.office.id
    with unit_of_work() as work:
        row = work.execute(select(CalendarVersion).where(CalendarVersion.calendar_id == office)).scalar_one()
        row.document = {
            **row.document,
            "observes_holidays": True,
            "make_up_hours": [["09:00", "18:00"]],
            "confirmed_through": "2026-12-31",
            "public_holidays": ["2026-10-01"],
        }
        published = [["2026-10-01", "off", "国庆节", "National Day"]]
        work.add(HolidayYear(year=2026, status="confirmed", published=published))
        work.add(Holiday(day=date(2026, 10, 1), kind="off", name_zh="国庆节", name_en="National Day"))
    return office


def upload(client: Client, text: str | bytes, name: str = "h.csv", mode: str = "whole") -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    return client.submit("/calendars/holidays/import", {"file": (io.BytesIO(content), name), "mode": mode})


def hidden(page: str) -> dict[str, str]:
    """What the preview sends along."""
    found = {}
    for name in ("table", "versions", "mode"):
        tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
        assert tag
        value = re.search(r'value="([^"]*)"', tag.group())
        found[name] = (value.group(1) if value else "").replace("&#34;", '"').replace("&#39;", "'")
    return found


def confirm(client: Client, page: str) -> Any:
    return client.submit("/calendars/holidays/import/confirmed", hidden(page))


def stored() -> list[tuple[str, str, str, str]]:
    rows = session().scalars(select(Holiday).where(Holiday.day >= date(2027, 1, 1)).order_by(Holiday.day))
    return [(row.day.isoformat(), row.kind, row.name_zh, row.name_en) for row in rows]


def test_a_file_is_shown_first_and_stored_when_that_was_confirmed(ops: Client, observing: int) -> None:
    page = upload(ops, CSV)
    assert page.status_code == 200
    assert "新增 2" in page.text
    assert stored() == []
    assert confirm(ops, page.text).headers["Location"] == "/calendars/holidays/2027"
    assert stored() == [
        ("2027-01-01", "off", "元旦", "New Year's Day"),
        ("2027-01-03", "work", "元旦调休上班", ""),
    ]
    assert session().get_one(HolidayYear, 2027).status == "draft"


def test_a_feed_is_read_and_what_it_does_not_say_is_counted(ops: Client) -> None:
    page = upload(ops, FEED, "cn.ics")
    assert "新增 3" in page.text
    assert "略过了 1 个" in page.text
    confirm(ops, page.text)
    assert [row[0] for row in stored()] == ["2027-01-01", "2027-01-02", "2027-01-03"]


def test_a_second_file_says_what_is_new_changed_removed_and_the_same(ops: Client) -> None:
    confirm(ops, upload(ops, CSV).text)
    page = upload(ops, "date,kind,name_zh\n2027-01-01,off,新年\n2027-01-04,off,元旦\n").text
    for words in ("新增 1", "改动 1", "去掉 1", "不变 0"):
        assert words in page
    page = upload(ops, "date,kind,name_zh\n2027-01-01,off,新年\n2027-01-04,off,元旦\n", mode="add").text
    for words in ("新增 1", "改动 1", "去掉 0", "不变 1"):
        assert words in page
    confirm(ops, page)
    assert [row[0] for row in stored()] == ["2027-01-01", "2027-01-03", "2027-01-04"]


def test_the_same_file_again_has_nothing_to_import(ops: Client) -> None:
    confirm(ops, upload(ops, CSV).text)
    page = upload(ops, CSV.encode("gb18030")).text
    assert "没有要导入的" in page
    assert "不变 2" in page


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (CSV + "2027-01-01,off,,\n2027-02-30,off,,\n2027-03-01,maybe,,\n", "a.csv", "第 4 行"),
        (CSV + "2027-02-30,off,,\n", "a.csv", "什么都没有保存"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a.csv", "编码认不出来"),
        ("", "a.ics", "文件是空的"),
        ("x" * (256 * 1024 + 1), "a.csv", "最多 256 KB"),
        (CSV, "a.pdf", "只能读 CSV 和 ICS"),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR", "a.ics", "没有找到任何放假"),
        (FEED.replace("DTEND;VALUE=DATE:20270104", "RRULE:FREQ=SECONDLY"), "a.ics", "重复事件"),
        (FEED.replace("20270104", "99991231"), "a.ics", "最多 31 天"),
        (FEED.replace("20270101", "99990101"), "a.ics", "应在 2000 到 2100"),
        ("date,kind\n" + "".join(f"2027-01-01,x{n}\n" for n in range(90)), "a.csv", "另有 70 处"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_bad_file_is_refused_with_its_rows_named_and_nothing_is_stored(
    ops: Client, content: str | bytes, name: str, words: str
) -> None:
    page = upload(ops, content, name)
    assert page.status_code in (413, 422)
    assert words in page.text
    assert stored() == []


def test_a_form_without_a_file_asks_for_one(ops: Client) -> None:
    page = ops.submit("/calendars/holidays/import", {"mode": "whole"})
    assert page.status_code == 422
    assert "请选择文件" in page.text


def test_a_preview_that_was_overtaken_is_not_stored(ops: Client) -> None:
    page = upload(ops, CSV).text
    confirm(ops, page)
    assert confirm(ops, page).status_code == 409
    assert "别人改过了" in confirm(ops, page).text


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"table": "", "versions": "{}"}, 422),
        ({"table": "2027-01-01,off", "versions": "nonsense"}, 302),
        ({"table": "2027-01-01,off", "versions": '{"2027": 5}'}, 409),
        ({"table": "2027-01-01,off", "versions": "[" * 20_000}, 302),
        ({"table": '"', "versions": "{}"}, 422),
        ({"table": "x" * 300_000, "versions": "{}"}, 413),
        ({"table": "2027-01-01,never", "versions": "{}"}, 422),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_the_preview_sends_along_is_not_believed(ops: Client, sent: dict[str, str], status: int) -> None:
    assert ops.submit("/calendars/holidays/import/confirmed", {"mode": "whole", **sent}).status_code == status


def test_single_days_are_added_changed_and_taken_out(ops: Client) -> None:
    typed = {"day": "2027-05-01", "kind": "off", "name_zh": "劳动节", "name_en": "", "version": "0"}
    assert ops.submit("/calendars/holidays/2027", typed).status_code == 302
    assert stored() == [("2027-05-01", "off", "劳动节", "Labour Day")]
    page = ops.get("/calendars/holidays/2027?day=2027-05-01").text
    assert 'value="2027-05-01"' in page
    assert 'value="劳动节"' in page
    assert ops.submit("/calendars/holidays/2027", {**typed, "kind": "work", "version": "1"}).status_code == 302
    assert stored()[0][1] == "work"
    gone = {"day": "2027-05-01", "version": "2"}
    assert ops.submit("/calendars/holidays/2027/removed", gone).status_code == 302
    assert stored() == []


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"day": "2026-05-01"}, 422, "2027 年之内"),
        ({"day": "soon"}, 422, "day-error"),
        ({"day": ""}, 422, "请填写日期"),
        ({"kind": "maybe"}, 422, "kind-error"),
        ({"name_zh": "长" * 41}, 422, "最多 40 个字"),
        ({"version": "7"}, 409, "别人改过了"),
    ],
)
def test_a_day_with_a_mistake_comes_back(ops: Client, changed: dict[str, str], status: int, words: str) -> None:
    typed = {"day": "2027-05-01", "kind": "off", "name_zh": "劳动节", "version": "0"}
    page = ops.submit("/calendars/holidays/2027", {**typed, **changed})
    assert page.status_code == status
    assert words in page.text
    assert stored() == []


def test_publishing_asks_first_and_says_what_it_would_move(
    ops: Client, world: World, observing: int, now: datetime
) -> None:
    with unit_of_work() as work:
        row = tickets.ticket(world, now, due_in=None)
        work.add(tickets.clock(world, row, now, calendar_id=observing))
    confirm(ops, upload(ops, CSV).text)
    page = ops.get("/calendars/holidays/2027/publish").text
    assert "1 个日历会有新版本，上面 1 个运行中的时钟会重算" in page
    assert session().get_one(HolidayYear, 2027).status == "draft"
    done = ops.submit("/calendars/holidays/2027/publish", {"version": "1"})
    assert done.headers["Location"] == "/calendars/holidays/2027"
    page = ops.get("/calendars/holidays/2027").text
    assert "2027 年的节假日已发布。 重算了 1 个运行中的时钟。" in page
    assert "已发布" in page
    assert session().get_one(WorkCalendar, observing).version == 2
    assert "/publish" not in page  # nothing left to publish


def test_a_correction_is_shown_until_it_is_published_again(ops: Client, observing: int) -> None:
    day = {"day": "2026-10-02", "kind": "off", "name_zh": "国庆节", "version": "1"}
    ops.submit("/calendars/holidays/2026", day)
    page = ops.get("/calendars/holidays/2026").text
    assert "更正了，还没有发布" in page
    assert "有更正未发布" in ops.get("/calendars").text
    assert ops.submit("/calendars/holidays/2026/publish", {"version": "2"}).status_code == 302
    assert "更正了" not in ops.get("/calendars/holidays/2026").text


def test_publishing_what_was_changed_meanwhile_is_refused(ops: Client, observing: int) -> None:
    confirm(ops, upload(ops, CSV).text)
    page = ops.submit("/calendars/holidays/2027/publish", {"version": "0"})
    assert page.status_code == 409
    assert 'name="version" value="1"' in page.text
    assert ops.submit("/calendars/holidays/2028/publish", {"version": "0"}).status_code == 422


def test_others_look_and_do_not_touch(client: Client, world: World, login: Login, observing: int) -> None:
    login(client, world.users.supervisor)
    page = client.get("/calendars/holidays/2026").text
    assert "国庆节" in page
    assert '<form class="card' not in page
    assert "import" not in page.split("<main")[1]
    for deed in ("", "/removed", "/publish"):
        answer = client.submit(f"/calendars/holidays/2026{deed}", {"day": "2026-10-01", "version": "1"})
        assert answer.status_code == 403
        assert "由运营经理或管理员修改" in answer.text
    assert client.get("/calendars/holidays/import").status_code == 403
    assert client.submit("/calendars/holidays/import/confirmed").status_code == 403


@pytest.mark.parametrize("year", [0, 1, 1999, 2101, 10_000, 10**30])
def test_a_year_out_of_range_is_no_page(ops: Client, world: World, year: int) -> None:
    assert ops.get(f"/calendars/holidays/{year}").status_code == 404
    assert ops.get(f"/calendars/holidays/{year}/publish").status_code == 404
    assert ops.get(f"/calendars/{world.calendars.office.id}/years/{year}").status_code == 404


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_whatever_is_typed_is_answered_in_words(ops: Client, world: World, observing: int, value: str) -> None:
    sent = value.encode("utf-8", "surrogatepass")
    names = ("day", "kind", "name_zh", "name_en", "version", "table", "versions", "mode", "mon", "do", "copy_from")
    form = dict.fromkeys([*names, "special_date", "special_hours", "make_up", "copy_to"], sent)
    year = "/calendars/holidays/2026"
    paths = (year, f"{year}/removed", f"{year}/publish", "/calendars/holidays/import/confirmed")
    for path in (*paths, "/calendars/holidays/import", f"/calendars/{observing}"):
        assert ops.submit(path, form).status_code in (400, 404, 409, 413, 422), path
    assert ops.get(year, query_string={"day": value if value.isprintable() else sent}).status_code in (200, 422)
    file = (io.BytesIO(b"date,kind\n2027-01-01," + sent), "h.csv")
    assert ops.submit("/calendars/holidays/import", {"file": file, "mode": "whole"}).status_code in (413, 422)


# The year at a glance.


def test_a_year_says_of_each_day_what_it_is(ops: Client, observing: int) -> None:
    page = ops.get(f"/calendars/{observing}/years/2026").text
    assert "10月1日 周四，国庆节，放假" in page
    assert "10月2日 周五，上班，09:00–18:00" in page
    assert "10月3日 周六，不上班" in page
    assert page.count('<table class="card month"') == 12
    assert len(re.findall(r'title="\d+月\d+日', page)) == 365
    assert "11月23日 周一，上班，09:00–18:00，今天" in page


def test_a_draft_year_is_drawn_as_it_would_be_and_says_so(ops: Client, observing: int) -> None:
    confirm(ops, upload(ops, CSV).text)
    page = ops.get(f"/calendars/{observing}/years/2027").text
    assert "是草稿" in page
    assert "1月1日 周五，元旦，放假" in page
    assert "1月3日 周日，元旦调休上班，调休上班，09:00–18:00" in page
    assert "还没有 2028 年的节假日" in ops.get(f"/calendars/{observing}/years/2028").text


def test_a_year_takes_few_statements(ops: Client, observing: int, statements: Statements) -> None:
    with statements() as seen:
        ops.get(f"/calendars/{observing}/years/2026")
    assert len(seen) <= 9


# The warning.


def at(client: Client, world: World, frozen: Frozen, login: str, day: datetime) -> None:
    frozen.now = day
    with unit_of_work():
        name, token = factories.open_session(getattr(world.users, login), day)
    client.set_cookie(name, token)


DECEMBER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # the first of December in Shanghai


def test_from_december_on_those_who_may_act_are_warned_on_every_page(
    client: Client, world: World, frozen: Frozen, observing: int
) -> None:
    words = "2027 年的节假日还没有发布"
    at(client, world, frozen, "supervisor", DECEMBER - timedelta(seconds=1))
    assert words not in client.get("/tickets").text
    for login, told in (("supervisor", True), ("ops", True), ("admin", True), ("agent", False), ("auditor", False)):
        at(client, world, frozen, login, DECEMBER)
        assert (words in client.get("/queues").text) is told, login
        assert words in client.get("/calendars").text
    at(client, world, frozen, "ops", DECEMBER)
    confirm(client, upload(client, CSV).text)
    client.submit("/calendars/holidays/2027/publish", {"version": "1"})
    assert words not in client.get("/calendars").text


def test_a_deadline_across_an_unconfirmed_new_year_is_provisional_until_the_year_is_published(
    client: Client, world: World, frozen: Frozen, observing: int
) -> None:
    """31 December, 16:00: four hours end on the next workday, 4 January as far as anybody knows."""
    evening = datetime(2026, 12, 31, 8, 0, tzinfo=UTC)
    at(client, world, frozen, "ops", evening)
    with unit_of_work():
        opened = intake.open_ticket(story.request(world, type="price_dispute"), actor=world.actors.system, now=evening)
    page = client.get(f"/tickets/{opened.number}").text
    assert "暂定" in page
    assert "暂定" in client.get("/tickets").text
    confirm(client, upload(client, CSV).text)
    client.submit("/calendars/holidays/2027/publish", {"version": "1"})
    clocks = session().scalars(select(ClockRow).where(ClockRow.calendar_id == observing)).all()
    assert {clock.provisional for clock in clocks} == {False}
    assert all(clock.due_at == datetime(2027, 1, 3, 3, 0, tzinfo=UTC) for clock in clocks if clock.kind == "solution")
    assert "暂定" not in client.get(f"/tickets/{opened.number}").text.split("<main")[1]
    assert "暂定" not in client.get("/tickets").text.split("<main")[1]
