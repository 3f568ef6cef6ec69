"""The page of changes: sentences, what was and is, filters, pages."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from helpdesk.domain.escalation import Stage
from helpdesk.domain.holidays import Holiday, HolidayKind
from helpdesk.services import absences, accounts, calendars, escalation, queues
from helpdesk.services.events import record
from helpdesk.services.queues import HandingOut
from helpdesk.storage import unit_of_work
from tests.conftest import Client, Login, Statements
from tests.factories import World
from tests.services.story import do


@pytest.fixture
def auditor(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.auditor)
    return client


def test_each_change_is_a_sentence_with_what_was_and_is(auditor: Client, world: World, now: datetime) -> None:
    ops, users = world.actors.ops, world.users
    own = world.queues.customer_service
    members = [users.agent.id, users.supervisor.id, users.outsider.id]
    do(queues.update_queue, own.id, 1, HandingOut("least_load", 25), members, actor=world.actors.supervisor, now=now)
    do(escalation.set_queue_stages, own.id, [Stage("", 70, urgency=1)], 1, actor=ops, now=now)
    do(escalation.set_house_stages, [Stage("breach", 100, urgency=3)], 2, actor=ops, now=now)
    holiday = Holiday(date(2027, 1, 1), HolidayKind.OFF, "元旦", "New Year")
    do(calendars.set_holiday, holiday, 0, actor=ops, now=now)
    do(accounts.set_password, users.agent.id, "hash", actor=world.actors.admin, now=now)
    page = auditor.get("/changes").text
    for words in (
        "孙领",
        "修改了队列 客服 的设置",
        "<dt>分派方式</dt>",
        "<s>自己领取</s>",
        "<span>在手最少者先</span>",
        "<s>无上限</s>",
        "把陈外加入队列 客服",
        "让周舟离开队列 客服",
        "改了队列自己的升级阶段，规则版本 2",
        "<dt>客服</dt>",
        "<s>用默认的</s>",
        "<span>到目标的 70%：紧急度升到 1</span>",
        "改了默认的升级阶段，规则版本 3",
        "到目标的 50%：提醒经手人",
        "修改了 2027-01-01 的节假日安排",
        "<span>放假</span>",
        "重置了林晓的密码",
        "2026年11月23日",
    ):
        assert words in page, words
    assert "hash" not in page


def test_absences_and_names_of_people_are_told_without_more_than_needed(
    auditor: Client, world: World, now: datetime
) -> None:
    agent = world.users.agent
    leave = now.replace(day=25), now.replace(day=26)
    do(absences.add_absence, agent.id, *leave, kind="leave", stand_in_id=None, actor=world.actors.ops, now=now)
    do(accounts.change_own_account, 1, name="林晓晓", locale="zh_CN", actor=world.actors.agent, now=now)
    page = auditor.get("/changes").text
    assert "登记了林晓晓的缺勤" in page
    assert "11-25 10:00 – 11-26 10:00" in page
    assert "修改了林晓晓的资料" in page


def test_it_is_sifted_by_kind_and_person(auditor: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        record("learner.switched_off", actor=world.actors.ops, now=now, version=7)
        record("queue.created", actor=world.actors.admin, now=now, queue="finance")
    page = auditor.get("/changes?kind=classifier").text
    assert "停用了模型版本 7" in page
    assert "新建队列" not in page
    assert "新建队列" in auditor.get(f"/changes?person={world.users.admin.id}").text
    assert "没有变更" in auditor.get("/changes?kind=skills").text


@pytest.mark.parametrize("query", ["kind=moon", "person=x", "person=-1", f"person={10**30}", "after=x", "after=1.1"])
def test_questions_that_make_no_sense_are_refused(auditor: Client, query: str) -> None:
    assert auditor.get(f"/changes?{query}").status_code == 422


def test_older_changes_stand_on_the_next_page(auditor: Client, world: World, now: datetime) -> None:
    with unit_of_work():
        for number in range(60):
            record("learner.switched_off", actor=world.actors.ops, now=now, version=number)
    page = auditor.get("/changes?kind=classifier").text
    assert page.count('<li class="change">') == 50
    onward = page[: page.index('rel="next"')].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    older = auditor.get(onward).text
    assert older.count('<li class="change">') == 10
    assert "最新的" in older
    assert 'rel="next"' not in older


def test_the_page_takes_few_statements(auditor: Client, world: World, now: datetime, statements: Statements) -> None:
    with unit_of_work():
        for number in range(60):
            record("queue.member_left", actor=world.actors.ops, now=now, queue="finance", user=number)
    auditor.get("/changes")
    with statements() as seen:
        auditor.get("/changes")
    assert len(seen) <= 11


def test_agents_do_not_read_it(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    assert client.get("/changes").status_code == 403
