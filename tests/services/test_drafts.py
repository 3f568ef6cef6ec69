from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.domain.problems import Invalid, NotAllowed, NotFound
from helpdesk.models import TicketDraft
from helpdesk.queries.drafts import drafted
from helpdesk.services import drafts
from helpdesk.storage import session
from tests.factories import World
from tests.services.story import do, look, opened

DAY = timedelta(days=1)


@pytest.fixture
def number(world: World, now: datetime) -> str:
    return opened(world, now, type="logistics_stuck")


def kept(world: World, number: str, text: str, now: datetime, login: str = "agent", mode: str = "reply") -> bool:
    return do(drafts.keep, number, mode, text, actor=getattr(world.actors, login), now=now)


def test_what_one_began_to_write_is_there_on_any_device_for_oneself_alone(
    world: World, now: datetime, number: str
) -> None:
    ticket = look(number).id
    assert kept(world, number, "马上查", now)
    assert not kept(world, number, "马上查", now + DAY), "nothing new"
    assert kept(world, number, "马上为您查", now + DAY, mode="note")
    found = session().get_one(TicketDraft, (world.users.agent.id, ticket))
    assert (found.mode, found.text, found.at) == ("note", "马上为您查", now + DAY)
    assert drafted([ticket, 999], world.actors.agent) == {ticket}
    assert drafted([ticket], world.actors.agent2) == frozenset()


def test_an_emptied_composer_has_no_draft(world: World, now: datetime, number: str) -> None:
    kept(world, number, "马上查", now)
    assert kept(world, number, " \n", now)
    assert drafted([look(number).id], world.actors.agent) == frozenset()


@pytest.mark.parametrize(("mode", "text"), [("shout", "a"), ("reply", "长" * 5001)])
def test_what_no_composer_holds_is_refused(world: World, now: datetime, number: str, mode: str, text: str) -> None:
    with pytest.raises(Invalid):
        kept(world, number, text, now, mode=mode)


def test_nobody_writes_where_he_sees_nothing(world: World, now: datetime, number: str) -> None:
    with pytest.raises(NotFound):
        kept(world, number, "a", now, login="outsider")
    with pytest.raises(NotAllowed):
        kept(world, number, "a", now, login="auditor")


def test_there_is_an_end_to_what_one_begins(
    world: World, now: datetime, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MOST_DRAFTS", 1)
    kept(world, number, "a", now)
    with pytest.raises(Invalid) as refused:
        kept(world, opened(world, now, type="invoice", actor=world.actors.agent), "b", now)
    assert refused.value.code == "draft.too_many"
    assert kept(world, number, "c", now), "one can go on with what there is"


def test_what_nobody_goes_on_with_is_forgotten_after_thirty_days(world: World, now: datetime, number: str) -> None:
    kept(world, number, "a", now)
    assert do(drafts.remove_old, now + 30 * DAY) == 0
    assert do(drafts.remove_old, now + 31 * DAY) == 1
    assert session().scalar(select(func.count()).select_from(TicketDraft)) == 0
