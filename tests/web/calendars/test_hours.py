"""The list of calendars, and the form that sets their hours."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.domain.calendars import Calendar
from helpdesk.models import Queue, WorkCalendar
from helpdesk.models.calendars import load_calendar
from helpdesk.services import calendars, platform_clocks
from helpdesk.storage import session, unit_of_work
from tests import factories, tickets
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World

NINE, TWELVE, SIX = 9 * 3600, 12 * 3600, 18 * 3600
OFFICE = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-18:00") | {"sat": "", "sun": ""}


def form(**changed: Any) -> dict[str, Any]:
    return {"name_zh": "办公室", "name_en": "Office", **OFFICE, "make_up": "", "version": "1", "do": "save", **changed}


def stored(world: World) -> Calendar:
    row = session().get_one(WorkCalendar, world.calendars.office.id)
    return load_calendar(row.id, row.version)


@pytest.fixture
def ops(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.ops)
    return client


@pytest.fixture
def path(world: World) -> str:
    return f"/calendars/{world.calendars.office.id}"


def test_calendars_are_listed_with_hours_queues_and_running_clocks(ops: Client, world: World, now: Any) -> None:
    with unit_of_work():
        tickets.ticket(world, now)
        tickets.ticket(world, now, status="resolved")
    page = ops.get("/calendars").text
    office, always = page.split('id="calendar-always"')
    assert "周一至周五 09:00–18:00" in office
    assert "财务、仓库" in office
    assert "每天 00:00–24:00" in always
    assert "<dd>1</dd>" in always  # one clock runs
    assert "还没有" in office  # 2026 has no table of holidays


def test_the_list_takes_as_many_statements_for_many_calendars(ops: Client, statements: Statements, now: Any) -> None:
    with statements() as few:
        ops.get("/calendars")
    with unit_of_work() as work:
        for number in range(20):
            row = factories.calendar(f"more{number}", now, {"mon": [["09:00", "18:00"]]})
            work.add(Queue(code=f"more{number}", name_zh="更多", name_en="More", calendar_id=row.id))
    with statements() as many:
        ops.get("/calendars")
    assert len(few) == len(many) <= 10  # with the counts of the menu and the bell


def test_several_periods_and_an_overnight_shift_are_saved(ops: Client, world: World, path: str) -> None:
    changed = form(mon="9-12 13:30-18", fri="22:00-06:00", sat="休")
    assert ops.submit(path, changed).headers["Location"] == "/calendars"
    hours = stored(world).hours
    assert hours[0] == ((NINE, TWELVE), (13 * 3600 + 1800, SIX))
    assert hours[4] == ((22 * 3600, 86400),)
    assert hours[5] == ((0, 6 * 3600),)
    page = ops.get(path).text
    assert 'value="09:00-12:00 13:30-18:00"' in page
    assert 'value="22:00-06:00"' in page
    assert session().get_one(WorkCalendar, world.calendars.office.id).name_en == "Office"


def test_saving_says_how_many_clocks_moved(ops: Client, world: World, path: str, now: Any) -> None:
    with unit_of_work() as work:
        row = tickets.ticket(world, now, due_in=None)
        work.add(tickets.clock(world, row, now, calendar_id=world.calendars.office.id))
    ops.submit(path, form(mon="09:00-20:00"))
    assert "重算了 1 个运行中的时钟" in ops.get("/calendars").text


def test_many_clocks_are_announced_as_coming(
    ops: Client, world: World, path: str, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendars, "MOST_AT_ONCE", 0)
    with unit_of_work() as work:
        row = tickets.ticket(world, now, due_in=None)
        work.add(tickets.clock(world, row, now, calendar_id=world.calendars.office.id))
    ops.submit(path, form(mon="09:00-20:00"))
    page = ops.get("/calendars").text
    assert "1 个运行中的时钟由后台任务接着重算" in page
    assert "1 个等后台任务重算" in page


def test_special_days_are_added_changed_and_removed(ops: Client, world: World, path: str) -> None:
    rows = {"special_date": ["2026-11-28", "2026-12-31", ""], "special_hours": ["10:00-16:00", "", ""]}
    ops.submit(path, form(**rows))
    special = {date(2026, 11, 28): ((36_000, 57_600),), date(2026, 12, 31): ()}
    assert dict(stored(world).overrides) == special
    page = ops.get(path).text
    assert 'value="2026-11-28"' in page
    assert 'value="10:00-16:00"' in page
    ops.submit(path, form(version="2", special_date=["", "2026-12-31"], special_hours=["", ""]))
    assert dict(stored(world).overrides) == {date(2026, 12, 31): ()}


def test_special_days_of_earlier_years_are_kept_and_not_shown(
    ops: Client, world: World, path: str, frozen: Frozen
) -> None:
    ops.submit(path, form(special_date=["2026-11-28"], special_hours=[""]))
    frozen.now += timedelta(days=200)
    with unit_of_work():
        name, token = factories.open_session(world.users.ops, frozen.now)
    ops.set_cookie(name, token)
    assert "2026-11-28" not in ops.get(path).text
    ops.submit(path, form(version="2", mon="09:00-20:00"))
    assert dict(stored(world).overrides) == {date(2026, 11, 28): ()}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"mon": "morning"}, "mon-error"),
        ({"mon": "09:00-25:00"}, "应写成 09:00"),
        ({"mon": "09:00-09:00"}, "没有长度"),
        ({"mon": "9" * 501}, "最多 500 个字"),
        (dict.fromkeys(OFFICE, ""), "没有任何上班时间"),
        ({"name_zh": " "}, "请填写"),
        ({"make_up": "22:00-06:00"}, "跨了夜"),
        ({"special_date": ["2026-11-28"], "special_hours": ["22:00-06:00"]}, "跨了夜"),
        ({"special_date": ["2026-02-30"], "special_hours": [""]}, "日期“2026-02-30”不对"),
        ({"special_date": ["9999-01-01"], "special_hours": [""]}, "日期“9999-01-01”不对"),
        ({"special_date": ["", ""], "special_hours": ["", "9-10"]}, "请填写日期"),
        ({"special_date": ["2026-11-28"] * 2, "special_hours": ["", ""]}, "写了两次"),
        ({"special_date": ["2026-11-28"], "special_hours": ["9" * 600]}, "最多 500 个字"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_form_with_a_mistake_comes_back_as_it_was_typed(
    ops: Client, world: World, path: str, changed: dict[str, Any], words: str
) -> None:
    page = ops.submit(path, form(**changed))
    assert page.status_code == 422
    assert words in page.text
    assert 'value="Office"' in page.text
    assert session().get_one(WorkCalendar, world.calendars.office.id).version == 1


def test_a_preview_shows_next_week_and_what_is_merged_and_saves_nothing(ops: Client, world: World, path: str) -> None:
    changed = form(do="preview", mon="9-12 11-18", special_date=["2026-12-02"], special_hours=[""])
    page = ops.submit(path, changed).text
    assert "下周共 36 时" in page
    assert "周一的时段有重叠或相接，会并成 09:00-18:00" in page
    assert "12月2日 周三" in page
    part = ops.submit(path, changed, headers={"X-Requested-With": "fetch"}).text
    assert "下周共 36 时" in part
    assert "<html" not in part
    assert session().get_one(WorkCalendar, world.calendars.office.id).version == 1


def test_a_preview_of_something_wrong_says_so(ops: Client, path: str) -> None:
    assert "改好后才能预览" in ops.submit(path, form(do="preview", mon="x")).text
    assert "没有任何上班时间" in ops.submit(path, form(do="preview", **dict.fromkeys(OFFICE, ""))).text


def test_one_days_hours_are_copied_to_others(ops: Client, path: str) -> None:
    page = ops.submit(path, form(do="copy", mon="08:00-10:00", copy_from="mon", copy_to="weekend")).text
    assert page.count('value="08:00-10:00"') == 3
    assert ops.submit(path, form(do="copy", copy_from="x", copy_to="y")).status_code == 200


def test_more_rows_for_special_days(ops: Client, path: str) -> None:
    few = ops.get(path).text.count('name="special_date"')
    assert ops.submit(path, form(do="more")).text.count('name="special_date"') == few + 3


def test_an_overtaken_form_shows_what_changed_and_keeps_what_was_typed(ops: Client, world: World, path: str) -> None:
    ops.submit(path, form(mon="08:00-18:00"))
    page = ops.submit(path, form(mon="10:00-18:00"))
    assert page.status_code == 409
    assert "周一 08:00–18:00" in page.text
    assert 'value="10:00-18:00"' in page.text
    assert 'name="version" value="2"' in page.text
    assert stored(world).hours[0] == ((8 * 3600, SIX),)


def test_a_mistake_does_not_bring_the_form_up_to_a_version_nobody_has_seen(ops: Client, path: str) -> None:
    ops.submit(path, form(mon="08:00-18:00"))
    assert 'name="version" value="1"' in ops.submit(path, form(mon="x")).text


def test_a_supervisor_sets_the_hours_of_his_own_queues_only(client: Client, world: World, login: Login) -> None:
    login(client, world.users.supervisor)
    page = client.get("/calendars").text
    own, other = f"/calendars/{world.calendars.always.id}", f"/calendars/{world.calendars.office.id}"
    assert f'href="{own}"' in page
    assert f'href="{other}"' not in page
    assert "/calendars/new" not in page
    assert client.get(own).status_code == 200
    assert client.submit(own, form()).status_code == 302
    refused = client.get(other)
    assert refused.status_code == 403
    assert "还有别的队列在用" in refused.text
    assert client.submit(other, form()).status_code == 403
    assert client.get("/calendars/new").status_code == 403


def test_a_new_calendar_begins_like_another(ops: Client, world: World) -> None:
    typed = {"code": "night", "name_zh": "夜班", "name_en": "Night", "like": str(world.calendars.office.id)}
    answer = ops.submit("/calendars/new", typed)
    row = session().execute(select(WorkCalendar).where(WorkCalendar.code == "night")).scalar_one()
    assert answer.headers["Location"] == f"/calendars/{row.id}"
    assert ops.submit("/calendars/new", typed).status_code == 409
    assert ops.submit("/calendars/new", {**typed, "code": "Night!"}).status_code == 422
    assert ops.submit("/calendars/new", {**typed, "like": "999"}).status_code == 422


def test_one_that_is_not_there_is_not_found(ops: Client) -> None:
    for calendar_id in (999, 2**31):
        assert ops.get(f"/calendars/{calendar_id}").status_code == 404
        assert ops.get(f"/calendars/{calendar_id}/years/2026").status_code == 404


def test_the_calendar_of_the_platforms_is_shown_without_a_form(ops: Client, now: Any) -> None:
    with unit_of_work():
        calendar, _version = platform_clocks.around_the_clock(now)
    page = ops.get("/calendars").text
    assert "全天候" in page
    assert f'href="/calendars/{calendar}"' not in page
    for refused in (ops.get(f"/calendars/{calendar}"), ops.submit(f"/calendars/{calendar}", form())):
        assert refused.status_code == 403
        assert "平台没有下班时间" in refused.text
