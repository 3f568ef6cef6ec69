"""The page of months: closing, opening again, counting afresh, adopting."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, update

from helpdesk.domain.reports import Side
from helpdesk.jobs.recalculate_months import recalculate_months
from helpdesk.models import ReportMonth, ReportRecalculation, Ticket
from helpdesk.services import report_facts
from helpdesk.storage import db, session, unit_of_work
from tests.conftest import Client, Login, Statements
from tests.factories import World
from tests.report_facts import fact, plant
from tests.services.story import do


@pytest.fixture
def ops(client: Client, login: Login, world: World) -> Client:
    login(client, world.users.ops)
    plant(
        world,
        [
            fact(world, Side.OPENED, date(2026, 9, 29)),
            fact(world, Side.OPENED, date(2026, 10, 5), ticket_id=2),
            fact(world, Side.MONEY, date(2026, 10, 6), ticket_id=2, item_id=1, money_fen=1250),
        ],
    )
    return client


def closed() -> list[date]:
    db.session.remove()
    return list(session().scalars(select(ReportMonth.month)))


def read(client: Client, path: str = "/reports/months") -> str:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return response.text


def test_months_are_listed_with_what_can_be_done(ops: Client) -> None:
    page = read(ops)
    assert page.index("2026年10月") < page.index("2026年9月")
    assert "/reports/months/2026-10/close" in page
    assert "12.50" in page


def test_without_a_ticket_the_page_says_so(client: Client, login: Login, world: World) -> None:
    login(client, world.users.ops)
    assert "还没有月份" in read(client)


def test_a_month_is_closed_and_opened_again_with_a_reason(ops: Client) -> None:
    assert ops.submit("/reports/months/2026-10/close", {}).status_code == 302
    assert closed() == [date(2026, 10, 1)]
    page = read(ops)
    assert "已关账" in page
    assert "2026-10 的报表关账：新建 1 张" in page
    refused = ops.submit("/reports/months/2026-10/reopen", {"version": "1", "reason": " "})
    assert (refused.status_code, "请写明原因" in refused.text) == (422, True)
    assert closed() == [date(2026, 10, 1)]
    assert ops.submit("/reports/months/2026-10/reopen", {"version": "1", "reason": "漏了补偿"}).status_code == 302
    assert closed() == []
    assert "重新打开了 2026-10 的报表：漏了补偿" in read(ops)


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/reports/months/2026-1x/close", {}, 422),
        ("/reports/months/2026-13/close", {}, 422),
        ("/reports/months/9999-12/close", {}, 422),
        ("/reports/months/2020-01/close", {}, 422),
        ("/reports/months/2026-10/reopen", {"version": "1", "reason": "x"}, 409),
        ("/reports/months/2026-10/reopen", {"version": "９", "reason": "x"}, 422),
        ("/reports/months/2026-10/recalculate", {"version": "-1"}, 422),
        ("/reports/months/2026-10/recalculate", {"version": "99999999999"}, 422),
        ("/reports/months/2026-10/recalculate", {"version": "1"}, 409),
        ("/reports/recalculations/77/adopt", {"version": "1", "reason": "x"}, 404),
        ("/reports/recalculations/77/cancel", {}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(ops: Client, path: str, form: dict[str, Any], status: int) -> None:
    assert ops.submit(path, form).status_code == status
    assert closed() == []


def test_what_is_still_to_be_counted_is_told(ops: Client, world: World) -> None:
    do(report_facts.mark_all, list(session().scalars(select(Ticket.id))))
    answer = ops.submit("/reports/months/2026-10/close", {})
    assert (answer.status_code, "还有 2 张工单刚变动" in answer.text) == (409, True)


def asked(ops: Client) -> str:
    ops.submit("/reports/months/2026-10/close", {})
    return ops.submit("/reports/months/2026-10/recalculate", {"version": "1"}).headers["Location"]


def test_a_recalculation_shows_progress_then_differences_and_is_adopted(
    ops: Client, world: World, now: datetime
) -> None:
    path = asked(ops)
    waiting = ops.get(path)
    assert (waiting.headers["Refresh"], "正在排队" in waiting.text) == ("3", True)
    with unit_of_work() as work:
        work.execute(update(Ticket).values(type="address_change", klass="A"))
        work.execute(update(ReportRecalculation).values(state="running", done=1, total=4))
    db.session.remove()
    assert "正在重算：1 / 4" in read(ops, path)
    db.session.remove()
    recalculate_months(lambda: now)
    answer = ops.get(path)
    assert "Refresh" not in answer.headers
    assert "哪些工单不同" in answer.text
    assert '<s class="sub">' in answer.text
    version = session().scalar(select(ReportRecalculation.version))
    refused = ops.submit(f"{path}/adopt", {"version": str(version), "reason": ""})
    assert refused.status_code == 422
    assert ops.submit(f"{path}/adopt", {"version": str(version), "reason": "类型录错了"}).status_code == 302
    assert "类型录错了" in read(ops, path)
    assert ops.submit(f"{path}/adopt", {"version": str(version), "reason": "再来一次"}).status_code == 409
    assert "采用了 2026-10 的重算" in read(ops)


def test_a_recalculation_is_cancelled(ops: Client) -> None:
    path = asked(ops)
    ops.submit(f"{path}/cancel", {})
    assert "重算已取消" in read(ops, path)
    assert ops.submit(f"{path}/cancel", {}).status_code == 409
    assert "重算已取消" in read(ops)


def test_adopting_is_all_or_nothing(ops: Client, now: datetime, monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    path = asked(ops)
    with unit_of_work() as work:
        work.execute(update(Ticket).values(type="address_change", klass="A"))
    recalculate_months(lambda: now)
    before = session().scalar(select(func.count()).where(ReportMonth.version == 1))

    def crash(*_args: object, **_params: object) -> None:
        raise RuntimeError("the power went")

    version = session().scalar(select(ReportRecalculation.version))
    monkeypatch.setattr("helpdesk.services.report_recalculations.record", crash)
    with pytest.raises(RuntimeError, match="the power went"):
        ops.submit(f"{path}/adopt", {"version": str(version), "reason": "类型录错了"})
    monkeypatch.undo()
    db.session.remove()
    assert session().scalar(select(func.count()).where(ReportMonth.version == 1)) == before == 1
    assert session().scalar(select(ReportRecalculation.state)) == "done"


def test_the_page_takes_few_statements(ops: Client, statements: Statements) -> None:
    read(ops)
    with statements() as made:
        read(ops)
    assert len(made) <= 8
