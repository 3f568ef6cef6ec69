"""Every message that says what was searched for is found, by whoever may read it, and nothing else is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.domain.access import Actor
from helpdesk.domain.problems import Invalid
from helpdesk.domain.search import Kind, asked_grams, fold
from helpdesk.domain.ticket_filter import TicketFilter
from helpdesk.domain.tickets import Status
from helpdesk.models import Message, Note, Ticket
from helpdesk.queries import search
from helpdesk.queries.search import Asked, Page, Within
from helpdesk.services import search_index
from helpdesk.storage import session, unit_of_work
from tests import tickets
from tests.factories import World, add

MINUTE = timedelta(minutes=1)
LETTERS = st.sampled_from("发货發貨错錯退款太慢了abAB12３，。 -😡\n")
TEXTS = st.text(LETTERS, min_size=1, max_size=12)


def find(actor: Actor, now: datetime, *words: str, size: int = 20, **asked: object) -> list[Page]:
    """All pages."""
    question = Asked(tuple(map(fold, words)), **asked)  # type: ignore[arg-type]
    pages = [search.page(question, actor, now, size=size)]
    while pages[-1].older is not None:
        below = search.parse_place(search.place_text(pages[-1].older))
        pages.append(search.page(question, actor, now, below=below, size=size))
    return pages


def ids(pages: list[Page]) -> list[int]:
    return [one.id for page in pages for one in page.found]


def shown(page: Page) -> list[str]:
    """The first hit of each ticket, what is lit in brackets."""
    return ["".join(f"[{part.text}]" if part.lit else part.text for part in one.hits[0].parts) for one in page.found]


@given(st.lists(TEXTS, min_size=1, max_size=14), st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_message_that_contains_the_query_is_found_and_no_other(
    world: World, now: datetime, texts: list[str], data: st.DataObject
) -> None:
    with unit_of_work():
        rows = [tickets.ticket(world, now, subject="-", text=text).id for text in texts[::2]]
        for place, text in enumerate(texts[1::2]):
            add(Note(ticket_id=rows[place % len(rows)], text=text, created_at=now + place * MINUTE))
    text = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(text)))
    word = fold(data.draw(st.one_of(st.just(text[start : start + 4]), st.text(LETTERS, max_size=4)))).strip()
    if not asked_grams(word):
        return
    with unit_of_work():
        said = session().query(Message.ticket_id, Message.text).all() + session().query(Note.ticket_id, Note.text).all()
    expected = {ticket_id for ticket_id, text in said if word in fold(text)}
    for size in (20, 2):
        found = ids(find(world.actors.ops, now, word, size=size))
        assert len(found) == len(set(found))
        assert set(found) == expected


def test_texts_are_shown_as_written_newest_first_and_once_a_ticket(world: World, now: datetime) -> None:
    with unit_of_work():
        old = tickets.ticket(world, now, text="你们發錯貨了")
        new = tickets.ticket(world, now, text="又发错货")
        tickets.message(new, "还是发错货，请处理", now)
        add(Note(ticket_id=old.id, text="仓库说没有发错货", created_at=now + MINUTE))
    (page,) = find(world.actors.agent, now, "发错货")
    assert [one.id for one in page.found] == [old.id, new.id]
    assert shown(page) == ["仓库说没有[发错货]", "还是[发错货]，请处理"]
    assert [[hit.kind for hit in one.hits] for one in page.found] == [[Kind.NOTE, Kind.MESSAGE], [Kind.MESSAGE] * 2]


def test_all_words_have_to_be_said_and_short_ones_count_too(world: World, now: datetime) -> None:
    with unit_of_work():
        both = tickets.ticket(world, now, text="退款太慢，我要 P")
        tickets.ticket(world, now, text="退款到了")
    assert ids(find(world.actors.agent, now, "太慢", "退款", "p")) == [both.id]
    assert ids(find(world.actors.agent, now, "太慢", "z")) == []


def test_nobody_finds_what_he_may_not_read(world: World, now: datetime) -> None:
    with unit_of_work():
        tickets.ticket(world, now, queue=world.queues.warehouse, text="外箱压扁了")
    assert ids(find(world.actors.agent, now, "压扁")) == []
    assert search.count(Asked(("压扁",)), world.actors.agent, now) == search.Count(0, more=False, about=False)
    assert len(ids(find(world.actors.warehouse, now, "压扁"))) == 1
    assert len(ids(find(world.actors.auditor, now, "压扁"))) == 1


def test_filters_days_and_places_narrow_it_down(world: World, now: datetime) -> None:
    with unit_of_work():
        waits = tickets.ticket(world, now, status="pending_customer", text="退款呢", subject="退款")
        closed = tickets.ticket(world, now, status="closed", text="退款呢", created_at=now - timedelta(days=9))
    actor = world.actors.agent
    assert set(ids(find(actor, now, "退款"))) == {waits.id, closed.id}
    assert ids(find(actor, now, "退款", chosen=TicketFilter(status=Status.PENDING_CUSTOMER))) == [waits.id]
    assert ids(find(actor, now, "退款", since=now - timedelta(days=1))) == [waits.id]
    assert ids(find(actor, now, "退款", until=now - timedelta(days=1))) == [closed.id]
    assert ids(find(actor, now, "退款", within=Within.TICKETS)) == [waits.id]
    assert ids(find(actor, now, "退款", within=Within.NOTES)) == []
    assert ids(find(actor, now, chosen=TicketFilter(status=Status.CLOSED))) == [closed.id]


def test_a_message_that_was_taken_back_is_not_found(world: World, now: datetime) -> None:
    with unit_of_work():
        row = tickets.ticket(world, now)
        tickets.message(row, "马上给您补发", now, author=world.users.agent, state="taken_back")
    assert ids(find(world.actors.agent, now, "补发")) == []


def test_a_message_that_moved_is_found_where_it_is(world: World, now: datetime) -> None:
    with unit_of_work():
        first, second = tickets.ticket(world, now, text="杯子碎了"), tickets.ticket(world, now)
    with unit_of_work():
        session().query(Message).filter_by(ticket_id=first.id).update({"ticket_id": second.id})
    assert ids(find(world.actors.agent, now, "碎了")) == [second.id]


def test_it_stops_reading_after_enough_texts_and_goes_on_from_there(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "STEPS", (2, 3))
    with unit_of_work():
        hit = tickets.ticket(world, now, status="pending_customer", text="催一下")
        for _ in range(8):
            tickets.ticket(world, now, text="催一下")
    chosen = TicketFilter(status=Status.PENDING_CUSTOMER)
    pages = find(world.actors.agent, now, "催一", chosen=chosen)
    assert [(ids([page]), page.stopped) for page in pages] == [([], True), ([hit.id], False)]


def test_tickets_are_counted_up_to_a_limit(world: World, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work():
        for _ in range(4):
            tickets.message(tickets.ticket(world, now, text="还没发货"), "发货了吗", now)
    actor = world.actors.agent
    assert search.count(Asked(("发货",)), actor, now) == search.Count(4, more=False, about=False)
    assert search.count(Asked(("没发货",)), actor, now) == search.Count(4, more=False, about=True)
    monkeypatch.setattr(search, "MOST_COUNTED", 3)
    assert search.count(Asked(("发货",)), actor, now) == search.Count(3, more=True, about=False)
    assert search.count(Asked((), TicketFilter(status=Status.NEW)), actor, now) is None


def test_a_count_that_left_older_texts_out_says_that_there_may_be_more(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work():
        for _ in range(2):
            tickets.ticket(world, now, text="还没发货")
        for _ in range(3):
            tickets.ticket(world, now, queue=world.queues.warehouse, text="还没发货")
    actor = world.actors.agent
    assert search.count(Asked(("发货",)), actor, now) == search.Count(2, more=False, about=False)
    monkeypatch.setattr(search, "COUNTED_TEXTS", 3)  # only the newest are looked at: none of them is in his sight
    assert search.count(Asked(("发货",)), actor, now) == search.Count(0, more=True, about=False)


@pytest.mark.parametrize("text", ["x1", "m", "m1.", "m-1", "m9999999999999", "c1"])
def test_a_place_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        search.parse_place(text)


def test_a_page_takes_few_statements(world: World, now: datetime, statements: object) -> None:
    with unit_of_work():
        for _ in range(30):
            tickets.ticket(world, now, text="还没发货")
    with statements() as seen:  # type: ignore[operator]
        page = search.page(Asked(("发货",)), world.actors.agent, now)
    assert len(page.found) == 20
    assert len(seen) <= 10, seen


def test_the_index_says_when_it_is_still_being_built(world: World, now: datetime) -> None:
    assert search.building() is False
    with unit_of_work():
        tickets.ticket(world, now)
        search_index.start_anew()
    assert search.building() is True
    assert session().query(Ticket).count() == 1
