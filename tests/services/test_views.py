"""Saved views: who keeps, shares, changes and takes back which."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from helpdesk.domain.ticket_filter import Tab
from helpdesk.domain.views import MAX_NAME, MOST_VIEWS, Column, ListView, Sort, parse_list
from helpdesk.models import Event, Queue
from helpdesk.queries import views as queries
from helpdesk.services import views
from helpdesk.services.views import Naming
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do

DAY = timedelta(days=1)
LATE = ListView(
    parse_list({"overdue": "1"}).chosen, Tab.MINE, (Column.SUBJECT, Column.CREATED, Column.CLOCK), Sort.CREATED
)


def saved(
    actor: Actor, now: datetime, name: str = "我的超时", scope: str = "personal", queue: Queue | None = None
) -> int:
    naming = Naming(name, scope, queue.id if queue else None)
    return do(views.save, naming, LATE, actor=actor, now=now)


def names(actor: Actor) -> list[str]:
    return [one.name for one in queries.views(actor)]


def test_a_list_is_kept_with_its_columns_order_and_tab_and_comes_back_as_it_was(world: World, now: datetime) -> None:
    view = queries.view(saved(world.actors.agent, now), world.actors.agent)
    assert parse_list(view.args) == LATE
    assert (view.name, view.scope, view.owner, view.editable) == ("我的超时", "personal", "林晓", True)


def test_ones_own_are_nobody_elses_a_queues_are_its_members_and_the_houses_everybodys(
    world: World, now: datetime
) -> None:
    saved(world.actors.agent, now, "我自己的")
    saved(world.actors.supervisor, now, "客服的", "team", world.queues.customer_service)
    saved(world.actors.ops, now, "大家的", "all")
    assert names(world.actors.agent) == ["我自己的", "客服的", "大家的"]
    assert names(world.actors.agent2) == ["客服的", "大家的"]
    assert names(world.actors.warehouse) == ["大家的"]
    assert names(world.actors.admin) == ["客服的", "大家的"]
    assert [one.editable for one in queries.views(world.actors.agent)] == [True, False, False]


@pytest.mark.parametrize(
    ("person", "scope", "queue", "allowed"),
    [
        ("agent", "personal", None, True),
        ("auditor", "personal", None, True),
        ("agent", "team", "customer_service", False),
        ("finance", "all", None, False),
        ("supervisor", "team", "customer_service", True),
        ("supervisor", "team", "finance", False),
        ("supervisor", "all", None, False),
        ("ops", "team", "finance", True),
        ("admin", "all", None, True),
        ("auditor", "all", None, False),
    ],
)
def test_who_may_keep_views_for_whom(
    world: World, now: datetime, person: str, scope: str, queue: str | None, allowed: bool
) -> None:
    actor, of = getattr(world.actors, person), getattr(world.queues, queue) if queue else None
    if allowed:
        assert queries.view(saved(actor, now, "一个", scope, of), actor).editable
        return
    with pytest.raises(NotAllowed):
        saved(actor, now, "一个", scope, of)


@pytest.mark.parametrize("name", ["", "  ", "长" * (MAX_NAME + 1), "两\n行\x00", "\u200b"])
def test_a_name_that_cannot_be_is_refused(world: World, now: datetime, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        saved(world.actors.agent, now, name)
    assert refused.value.code == "view.bad_name"


@pytest.mark.parametrize(
    ("scope", "queue_id"), [("team", None), ("personal", 1), ("all", 1), ("x", None), ("team", 99)]
)
def test_people_that_there_are_not_are_refused(world: World, now: datetime, scope: str, queue_id: int | None) -> None:
    with pytest.raises(Invalid) as refused:
        do(views.save, Naming("一个", scope, queue_id), LATE, actor=world.actors.ops, now=now)
    assert refused.value.code == "view.bad_scope"


def test_a_name_stands_once_among_the_same_people(world: World, now: datetime) -> None:
    saved(world.actors.agent, now, " 我的 超时 ")
    saved(world.actors.agent2, now, "我的 超时")
    other = saved(world.actors.agent, now, "别的")
    with pytest.raises(Conflict) as refused:
        saved(world.actors.agent, now, "我的  超时")
    assert (refused.value.code, refused.value.params) == ("view.name_taken", {"name": "我的 超时"})
    with pytest.raises(Conflict):
        do(views.change, other, 1, Naming("我的 超时"), actor=world.actors.agent, now=now)
    assert names(world.actors.agent) == ["我的 超时", "别的"]


def test_a_person_keeps_so_many_and_no_more(world: World, now: datetime) -> None:
    for place in range(MOST_VIEWS):
        saved(world.actors.agent, now, f"第 {place}")
    with pytest.raises(Invalid) as refused:
        saved(world.actors.agent, now, "再一个")
    assert refused.value.code == "view.too_many"
    saved(world.actors.agent2, now, "再一个")


def test_a_view_is_renamed_shown_otherwise_and_given_to_the_team(world: World, now: datetime) -> None:
    boss, queue = world.actors.supervisor, world.queues.customer_service
    id = saved(boss, now)
    do(views.change, id, 1, Naming("超时的"), actor=boss, now=now)
    do(views.set_list, id, 2, ListView(), actor=boss, now=now)
    do(views.change, id, 3, Naming("超时的", "team", queue.id), actor=boss, now=now)
    view = queries.view(id, world.actors.agent)
    assert (view.name, view.scope, view.args, view.version) == ("超时的", "team", {}, 4)
    do(views.change, id, 4, Naming("超时的", "team", queue.id), actor=boss, now=now)
    assert queries.view(id, boss).version == 4, "nothing changed"
    with pytest.raises(NotAllowed):
        do(views.change, id, 4, Naming("我改的", "team", queue.id), actor=world.actors.agent, now=now)
    told = session().query(Event).filter(Event.code.startswith("view.")).order_by(Event.id).all()
    assert [(event.code, event.params["scope"]) for event in told] == [("view.changed", "team")]


def test_taken_back_from_the_team_it_belongs_to_who_took_it(world: World, now: datetime) -> None:
    id = saved(world.actors.supervisor, now, "客服的", "team", world.queues.customer_service)
    do(views.change, id, 1, Naming("客服的"), actor=world.actors.ops, now=now)
    assert names(world.actors.supervisor) == []
    assert names(world.actors.ops) == ["客服的"]


def test_a_change_on_what_somebody_else_changed_is_refused(world: World, now: datetime) -> None:
    id = saved(world.actors.ops, now, "大家的", "all")
    do(views.set_list, id, 1, ListView(), actor=world.actors.admin, now=now)
    for deed in (
        lambda: views.change(id, 1, Naming("改名", "all"), actor=world.actors.ops, now=now),
        lambda: views.set_list(id, 1, LATE, actor=world.actors.ops, now=now),
        lambda: views.move(id, 1, 1, actor=world.actors.ops),
        lambda: views.remove(id, 1, actor=world.actors.ops, now=now),
    ):
        with pytest.raises(Stale) as refused:
            do(deed)
        assert refused.value.code == "view.stale"
    assert queries.view(id, world.actors.ops).args == {}


def test_views_are_put_in_order_and_stay_within_their_row(world: World, now: datetime) -> None:
    one, two, three = (saved(world.actors.agent, now, name) for name in ("一", "二", "三"))
    saved(world.actors.agent2, now, "别人的")
    do(views.move, three, 1, -2, actor=world.actors.agent)
    assert names(world.actors.agent) == ["三", "一", "二"]
    do(views.move, three, 1, 1, actor=world.actors.agent)
    do(views.move, one, 1, -9, actor=world.actors.agent)
    do(views.move, two, 1, 9, actor=world.actors.agent)
    assert names(world.actors.agent) == ["一", "三", "二"]


def test_what_was_deleted_comes_back_within_a_day_and_for_who_deleted_it(world: World, now: datetime) -> None:
    id = saved(world.actors.agent, now)
    do(views.remove, id, 1, actor=world.actors.agent, now=now)
    assert names(world.actors.agent) == []
    with pytest.raises(NotFound):
        do(views.restore, id, actor=world.actors.agent2, now=now)
    do(views.restore, id, actor=world.actors.agent, now=now + DAY / 2)
    assert parse_list(queries.view(id, world.actors.agent).args) == LATE
    do(views.remove, id, 3, actor=world.actors.agent, now=now)
    with pytest.raises(NotFound):
        do(views.restore, id, actor=world.actors.agent, now=now + 2 * DAY)
    assert do(views.remove_deleted, now + DAY) == 0
    assert do(views.remove_deleted, now + 2 * DAY) == 1


def test_what_was_deleted_does_not_come_back_under_a_name_that_was_given_again(world: World, now: datetime) -> None:
    id = saved(world.actors.agent, now)
    do(views.remove, id, 1, actor=world.actors.agent, now=now)
    saved(world.actors.agent, now)
    with pytest.raises(Conflict):
        do(views.restore, id, actor=world.actors.agent, now=now)
    assert len(names(world.actors.agent)) == 1


def test_views_of_others_are_not_there(world: World, now: datetime) -> None:
    id = saved(world.actors.agent, now)
    refused: list[type[Problem]] = []
    for deed in (
        lambda: queries.view(id, world.actors.ops),
        lambda: do(views.remove, id, 1, actor=world.actors.ops, now=now),
        lambda: do(views.move, id, 1, 1, actor=world.actors.agent2),
    ):
        with pytest.raises(Problem) as problem:
            deed()
        refused.append(problem.type)
    assert refused == [NotFound] * 3
