"""Payment files: made once of what was shown, fetched again byte by byte, settled line by line."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from helpdesk.models import Compensation, Payout, PayoutBatch
from helpdesk.storage import session, unit_of_work
from tests import money, tickets
from tests.conftest import Client, Login
from tests.factories import World


@pytest.fixture
def finance(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.finance)
    return client


@pytest.fixture
def agreed(world: World, now: datetime) -> list[int]:
    """Two of the main shop, one of the second; a coupon, which no file pays."""
    with unit_of_work():
        first = tickets.ticket(world, now, order_id=tickets.order(world, now).id)
        other = tickets.ticket(world, now, shop_id=world.shop2.id)
        by = {"state": "approved", "decided_by_id": world.users.supervisor.id, "decided_at": now}
        rows = [
            money.promise(world, first, 1_001, now, **by),
            money.promise(world, first, 2_002, now, kind="difference", **by),
            money.promise(world, other, 30_003, now, **by),
        ]
        money.promise(world, first, 500, now, kind="coupon", **by)
        return [row.id for row in rows]


def fields(client: Client, shop: int | None = None) -> dict[str, str]:
    page = client.get("/payouts/new" + (f"?shop={shop}" if shop else "")).text
    return dict(re.findall(r'type="hidden" name="(key|seen|shop)" value="([^"]*)"', page))


def count(table: type[Payout] | type[PayoutBatch]) -> int:
    session().rollback()
    return session().scalar(select(func.count()).select_from(table)) or 0


def test_what_waits_is_listed_with_its_sums_by_shop(finance: Client, agreed: list[int]) -> None:
    page = finance.get("/payouts").text
    for words in ("¥330.06", "3 笔", "¥30.03", "¥300.03", "一号店", "二号店"):
        assert words in page, words
    assert "¥5.00" not in page


def test_a_file_is_made_once_however_often_the_button_is_pressed(finance: Client, agreed: list[int]) -> None:
    data = fields(finance)
    places = {finance.submit("/payouts/new", data).headers["Location"] for _ in range(3)}
    assert len(places) == 1
    assert (count(PayoutBatch), count(Payout)) == (1, 3)
    assert "没有等待打款的补偿" in finance.get("/payouts").text


def test_a_file_of_one_shop_leaves_the_others_waiting(finance: Client, world: World, agreed: list[int]) -> None:
    answer = finance.submit("/payouts/new", fields(finance, world.shop2.id))
    assert "¥300.03" in finance.get(answer.headers["Location"]).text
    assert "¥30.03" in finance.get("/payouts").text


def test_a_sum_that_changed_since_it_was_shown_is_shown_again(
    finance: Client, world: World, now: datetime, agreed: list[int]
) -> None:
    data = fields(finance)
    with unit_of_work():
        session().get_one(Compensation, agreed[0]).state = "reversed"
    answer = finance.submit("/payouts/new", data)
    assert answer.status_code == 409
    assert "¥320.05" in answer.text
    assert count(PayoutBatch) == 0


@pytest.mark.parametrize("data", [{"key": "x"}, {"shop": "none", "key": str(uuid4())}, {}])
def test_nonsense_makes_no_file(finance: Client, agreed: list[int], data: dict[str, str]) -> None:
    assert finance.submit("/payouts/new", data).status_code == 422
    assert count(PayoutBatch) == 0


def test_the_file_is_the_same_bytes_each_time_also_when_settled_and_in_english(
    finance: Client, world: World, agreed: list[int]
) -> None:
    place = finance.submit("/payouts/new", fields(finance)).headers["Location"]
    first = finance.get(f"{place}/file.csv")
    assert "attachment" in first.headers["Content-Disposition"]
    lines = list(csv.reader(io.StringIO(first.data.decode("utf-8-sig"))))
    assert [line[-1] for line in lines[1:]] == ["10.01", "20.02", "300.03"]
    assert lines[1][4] == "20261122001"
    finance.submit(f"{place}/settle", {"version": "1", "everything": "paid"})
    finance.submit("/language", {"lang": "en"})
    assert finance.get(f"{place}/file.csv").data == first.data


def test_lines_are_settled_one_by_one_and_what_failed_waits_again(finance: Client, agreed: list[int]) -> None:
    place = finance.submit("/payouts/new", fields(finance)).headers["Location"]
    ids = session().scalars(select(Payout.id).order_by(Payout.id)).all()
    finance.submit(f"{place}/settle", {"version": "1", f"result-{ids[0]}": "paid", f"result-{ids[1]}": "failed"})
    session().rollback()
    states = session().scalars(select(Compensation.state).where(Compensation.id.in_(agreed)).order_by(Compensation.id))
    assert list(states) == ["paid", "approved", "approved"]
    assert "¥20.02" in finance.get("/payouts").text
    page = finance.get(place).text
    for words in ("已到账", "打款失败", "登记所选结果"):
        assert words in page


def test_a_file_that_somebody_settled_meanwhile_gives_the_ticks_back(finance: Client, agreed: list[int]) -> None:
    place = finance.submit("/payouts/new", fields(finance)).headers["Location"]
    ids = session().scalars(select(Payout.id).order_by(Payout.id)).all()
    answer = finance.submit(f"{place}/settle", {"version": "9", f"result-{ids[0]}": "failed"})
    assert answer.status_code == 409
    assert f'name="result-{ids[0]}" value="failed" checked' in answer.text


def test_nothing_chosen_settles_nothing_and_nonsense_is_refused(finance: Client, agreed: list[int]) -> None:
    place = finance.submit("/payouts/new", fields(finance)).headers["Location"]
    assert finance.submit(f"{place}/settle", {"version": "1"}).status_code == 302
    assert finance.submit(f"{place}/settle", {"version": "1", "everything": "lost"}).status_code == 422
    session().rollback()
    assert set(session().scalars(select(Payout.state))) == {"exported"}


@pytest.mark.parametrize("name", ["agent", "supervisor", "ops", "admin", "auditor"])
def test_nobody_else_pays(client: Client, world: World, login: Login, agreed: list[int], name: str) -> None:
    login(client, getattr(world.users, name))
    assert client.get("/payouts").status_code == 403
    assert client.submit("/payouts/new", {"key": str(uuid4())}).status_code == 403


def test_a_file_that_there_is_not_is_not_found(finance: Client) -> None:
    assert finance.get("/payouts/77").status_code == 404
