"""The page of the monthly report."""

from __future__ import annotations

import html
import re
from collections import Counter
from datetime import date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from helpdesk.domain.reports import Fact, Side
from helpdesk.models import Improvement
from helpdesk.storage import unit_of_work
from tests.conftest import Client, Login, Statements
from tests.factories import World
from tests.report_facts import close, fact, plant

OCTOBER = date(2026, 10, 5)


def history(world: World) -> list[Fact]:
    facts: list[Fact] = []
    for number in range(1, 41):
        kind = "wrong_item" if number <= 25 else "address_change"
        day = date(2026, 9 if number % 4 == 0 else 10, 1 + number % 28)
        shared = {"ticket_id": number, "type": kind, "warehouse": "华东仓" if number % 3 else "", "hour": number % 24}
        facts.append(fact(world, Side.OPENED, day, **shared))
        facts.append(
            fact(
                world,
                Side.RESOLVED,
                day,
                wall_seconds=3600 * number,
                work_seconds=1800 * number,
                time={"customer_service": 2400 * number, "customer": 1200 * number},
                first_n=1,
                first_ok=1,
                solution_n=1,
                solution_ok=int(number % 5 > 0),
                queue_n=2,
                queue_ok=1,
                reopened=int(number % 10 == 0),
                parties={"warehouse": 70, "courier": 30} if number % 2 else {},
                **shared,
            )
        )
        if number % 8 == 1:
            facts.append(fact(world, Side.MONEY, day, money_fen=1250, item_id=1, **shared))
    return plant(world, facts)


def an_improvement(world: World, now: datetime, *, title: str, state: str) -> Improvement:
    return Improvement(
        key=title,
        type="wrong_item",
        title=title,
        state=state,
        expected_percent=20,
        created_at=now,
        created_by_id=world.users.ops.id,
        updated_at=now,
    )


@pytest.fixture
def ops(client: Client, login: Login, world: World) -> Client:
    login(client, world.users.ops)
    return client


def read(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.get_data(as_text=True)


def links(page: str) -> list[tuple[str, str]]:
    """(address, text) of every link to tickets behind a figure, text without its markup."""
    found = re.findall(r'<a [^>]*?href="(/reports/tickets[^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return [(html.unescape(url), re.sub(r"<[^>]+>", " ", text).strip()) for url, text in found]


def listed(page: str) -> int:
    """How many tickets a list says it has."""
    match = re.search(r'id="behind-title">([\d,]+) 张', page)
    return int(match[1].replace(",", "")) if match else 0


def test_the_report_of_a_month_shows_its_figures_by_type(ops: Client, world: World) -> None:
    facts = history(world)
    page = read(ops, "/reports?month=2026-10")
    opened = [one for one in facts if one.side is Side.OPENED and one.day.month == 10]
    assert "<title>月度工单类型报表 2026年10月" in page
    assert f'<span class="kpi-value number">{len(opened)}</span>' in page
    for kind in ("wrong_item", "address_change"):
        count = sum(one.type == kind for one in opened)
        assert f'value={kind}&amp;figure=opened">{count}</a>' in page
    assert "责任划分模糊" in page, "what usually blocks the type"
    assert all(text in page for text in ("P50", "P90", "首响", "平台", "口径"))


def test_every_figure_that_counts_tickets_opens_as_many(ops: Client, world: World) -> None:
    history(world)
    checked = 0
    for address in ("/reports?month=2026-10", "/reports?month=2026-10&by=warehouse&time=work"):
        for url, text in dict(links(read(ops, address))).items():
            if not re.fullmatch(r"[\d,]+", text):
                continue
            figure = parse_qs(urlsplit(url).query)["figure"][0]
            count = listed(read(ops, url))
            if figure.startswith("time:"):
                assert count, url
            else:
                assert count == int(text.replace(",", "")), url
            checked += 1
    assert checked > 20


def test_marks_of_charts_lead_to_what_they_say(ops: Client, world: World) -> None:
    history(world)
    page = read(ops, "/reports?month=2026-10")
    marks = re.findall(r'<a href="([^"]+)" tabindex="-1"><rect[^>]*><title>(.*?)</title>', page)
    kinds = Counter(parse_qs(urlsplit(html.unescape(url)).query)["figure"][0].partition(":")[0] for url, _t in marks)
    assert {"opened", "hour", "bin", "resolved", "time"} <= set(kinds)
    for url, title in marks:
        figure = parse_qs(urlsplit(html.unescape(url)).query)["figure"][0]
        if figure.startswith(("hour:", "bin:", "opened")):
            assert listed(read(ops, html.unescape(url))) == int(title.split()[-1].replace(",", "")), title


def test_the_list_behind_a_figure_leads_to_its_tickets_and_back(ops: Client, world: World) -> None:
    history(world)
    page = read(ops, "/reports/tickets?month=2026-10&by=warehouse&figure=resolved&value=华东仓")
    assert "解决的工单" in page
    assert "仓库 华东仓" in page
    assert 'href="/reports?month=2026-10&amp;by=warehouse"' in page
    assert re.search(r'href="/tickets/R0000\d\d[^"]*"', page)
    without = read(ops, "/reports/tickets?month=2026-10&by=warehouse&figure=resolved&value=-")
    assert "未知仓库" in without
    assert listed(without) + listed(page) == listed(read(ops, "/reports/tickets?month=2026-10&figure=resolved"))


def test_a_long_list_is_paged(ops: Client, world: World) -> None:
    plant(world, [fact(world, Side.OPENED, OCTOBER, ticket_id=number) for number in range(1, 61)])
    first = read(ops, "/reports/tickets?month=2026-10&figure=opened")
    assert listed(first) == 60
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following
    rest = read(ops, html.unescape(following[1]))
    assert "第一页" in rest
    assert 'rel="next"' not in rest
    assert len(set(re.findall(r"R0000\d\d", first + rest))) == 60


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        ("time:customer", ("用了时间：等客户", "小时")),
        ("party:warehouse", ("责任方：仓库", "折合")),
        ("party:unsaid", ("责任方：没有登记",)),
        ("money", ("有补偿的工单", "¥")),
        ("late_solution", ("解决超时",)),
        ("hour:9", ("新建于周一 9:00–10:00",)),
        ("bin:wall:40-120", ("处理时长在",)),
    ],
)
def test_a_list_says_what_it_lists(ops: Client, world: World, figure: str, words: tuple[str, ...]) -> None:
    history(world)
    page = read(ops, f"/reports/tickets?month=2026-10&figure={figure}")
    assert all(word in page for word in words)


def test_the_period_goes_back_and_forth(ops: Client, world: World) -> None:
    history(world)
    page = read(ops, f"/reports?month=2026-10&by=class&time=work&channel={world.channels.tmall.id}")
    more = f"&amp;by=class&amp;time=work&amp;channel={world.channels.tmall.id}"
    assert f'href="/reports?month=2026-09{more}" aria-label="上一期"' in page
    assert f'href="/reports?month=2026-11{more}" aria-label="下一期"' in page
    assert "下一期" not in read(ops, "/reports?month=2026-11"), "nothing is known of the future"
    week = read(ops, "/reports?from=2026-10-05&to=2026-10-11")
    assert "2026-10-05 至 2026-10-11" in week
    assert 'href="/reports?from=2026-09-28&amp;to=2026-10-04"' in week


def test_a_value_of_the_cut_opens_the_report_of_it_alone(ops: Client, world: World) -> None:
    history(world)
    page = read(ops, "/reports?month=2026-10")
    assert 'href="/reports?month=2026-10&amp;by=warehouse&amp;type=wrong_item"' in page
    inner = read(ops, "/reports?month=2026-10&by=warehouse&type=wrong_item")
    assert 'href="/reports?month=2026-10&amp;by=warehouse">类型 发错货' in inner, "the way out again"
    assert "华东仓" in inner
    assert "未知仓库" in inner


@pytest.mark.parametrize("by", ["class", "channel", "queue", "agent", "sku", "warehouse", "courier"])
def test_every_cut_has_its_table(ops: Client, world: World, by: str) -> None:
    history(world)
    page = read(ops, f"/reports?month=2026-10&by={by}&time=work")
    names = {
        "class": "C 类：仓库",
        "channel": "天猫",
        "queue": "客服",
        "agent": "林晓",
        "sku": "没有订单的",
        "warehouse": "华东仓",
        "courier": "未知快递",
    }
    table = page[page.index("report-table") :]
    assert names[by] in table
    assert "主要卡点" not in table.partition("</table>")[0], "that is told of types"


def test_people_of_some_queues_see_theirs_alone(client: Client, login: Login, world: World) -> None:
    history(world)
    plant(
        world,
        [fact(world, Side.OPENED, OCTOBER, ticket_id=1000 + n, queue_id=world.queues.finance.id) for n in range(7)],
    )
    login(client, world.users.supervisor)
    page = read(client, "/reports?month=2026-10")
    assert "只含你的队列：客服" in page
    everything = read(login(client, world.users.auditor), "/reports?month=2026-10")  # type: ignore[arg-type]
    assert "只含你的队列" not in everything
    own, whole = (int(re.findall(r'kpi-value number">(\d+)<', text)[0]) for text in (page, everything))
    assert own + 7 == whole


def test_who_may_not_read_reports_is_refused(client: Client, login: Login, world: World) -> None:
    login(client, world.users.agent)
    for path in ("/reports", "/reports/tickets"):
        assert client.get(path).status_code == 403
    assert 'href="/reports"' not in client.get("/tickets").get_data(as_text=True)


@pytest.mark.parametrize("path", ["/reports?month=2019-03", "/reports?month=2031-01", "/reports?type=nothing"])
def test_a_period_without_tickets_says_what_to_do(ops: Client, world: World, path: str) -> None:
    history(world)
    page = read(ops, path)
    assert "没有工单" in page or "没有符合条件的工单" in page
    assert "report-table" not in page


@pytest.mark.parametrize(
    "query",
    [
        "month=2026-13",
        "month=99999",
        "from=2000-01-01&to=2050-01-01",
        "from=2026-10-01",
        "by=subject",
        "time=cpu",
        "queue=1%20OR%201%3D1",
        "vs=%27",
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(ops: Client, query: str) -> None:
    for path in ("/reports", "/reports/tickets"):
        page = read(ops, f"{path}?{query}", 422)
        assert "报表" in page or "日期" in page or "月份" in page or "天" in page or "时长" in page


@pytest.mark.parametrize("figure", ["subject", "time:", "hour:168", "bin:wall:x", "party:'", "opened%27", "x" * 500])
def test_a_figure_that_is_none_is_refused(ops: Client, figure: str) -> None:
    assert ops.get(f"/reports/tickets?month=2026-10&figure={figure}").status_code == 422


def test_names_from_outside_are_shown_as_text(ops: Client, world: World) -> None:
    name = "<script>alert(1)</script>\"'&figure=money"
    plant(world, [fact(world, Side.OPENED, OCTOBER, ticket_id=1, warehouse=name[:60])])
    page = read(ops, "/reports?month=2026-10&by=warehouse")
    assert "<script>alert" not in page
    assert html.escape("<script>alert(1)</script>") in page
    ways = [url for url, text in links(page) if text == "1" and "value=" in url]
    assert ways
    assert all(listed(read(ops, url)) == 1 for url in ways)


def test_the_headline_says_what_took_the_hours_and_where_that_came_from(ops: Client, world: World) -> None:
    plant(
        world,
        [
            fact(world, ticket_id=n, type=kind, warehouse=warehouse, wall_seconds=hours * 3600)
            for n, (kind, warehouse, hours) in enumerate(
                [("wrong_item", "华东仓", 9)] * 30
                + [("wrong_item", "华南仓", 9)] * 15
                + [("address_change", "华南仓", 4)] * 60,
                1,
            )
        ],
    )
    page = read(ops, "/reports?month=2026-10")
    assert '<p class="report-lead">发错货占了 63% 的处理工时；其中三分之二来自华东仓。</p>' in page


def test_what_is_changed_upstream_stands_with_its_type(ops: Client, world: World, now: datetime) -> None:
    history(world)
    with unit_of_work() as work:
        work.add(an_improvement(world, now, title="打包台加一道复核", state="running"))
        work.add(an_improvement(world, now, title="换一家打包", state="dropped"))
    page = read(ops, "/reports?month=2026-10")
    assert re.search(r'href="/improvements/\d+">.*打包台加一道复核</a>', page)
    assert "换一家打包" not in page
    assert 'href="/improvements/new?type=address_change"' in page, "where nothing is done yet"
    assert 'href="/improvements/new?type=wrong_item"' not in page


def test_people_are_not_held_against_each_other(ops: Client, world: World) -> None:
    agents = [world.users.agent.id] * 60 + [world.users.agent2.id] * 30
    plant(world, [fact(world, ticket_id=n, agent_id=agent, wall_seconds=3600) for n, agent in enumerate(agents, 1)])
    page = read(ops, "/reports?month=2026-10&by=agent")
    assert "林晓" in page[page.index("report-table") :]
    assert "林晓占了" not in page


def test_a_month_says_whether_it_may_still_change(ops: Client, world: World, now: datetime) -> None:
    history(world)
    assert "还在进行" in read(ops, "/reports?month=2026-11")
    assert "还没有关账" in read(ops, "/reports?month=2026-10")
    close(world, date(2026, 10, 1), now)
    for query in ("month=2026-10", "month=2026-10&by=warehouse", "month=2026-10&type=wrong_item"):
        page = read(ops, f"/reports?{query}")
        assert re.search("已于 <time [^>]*>11-23 10:00</time> 关账，数字不再变动（规则版本 1）", page), query


@pytest.mark.parametrize(
    "query", ["month=2026-10", "month=2026-10&by=queue&time=work", "month=2026-10&by=warehouse&type=wrong_item"]
)
def test_the_page_asks_few_statements(ops: Client, world: World, statements: Statements, query: str) -> None:
    history(world)
    read(ops, "/reports?month=2026-09")
    with statements() as seen:
        read(ops, f"/reports?{query}")
    assert len(seen) <= 16, "\n".join(seen)
