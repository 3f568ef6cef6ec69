"""Envelopes: packed when their address may be disturbed, taken one by one, tried again, dead in the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from helpdesk.models import Envelope, NotificationTarget, Outbox, User
from helpdesk.services import attempts, envelopes, notices
from helpdesk.services.envelopes import Letter
from helpdesk.storage import session, unit_of_work
from tests.factories import World, add

SHANGHAI = ZoneInfo("Asia/Shanghai")
WAYS = ("mail", "dingtalk", "wecom", "feishu", "apprise")
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

Put = Callable[..., None]


@pytest.fixture
def put(world: World, now: datetime) -> Put:
    """``put(user=..., target=...)``: a piece of news waits for this address."""
    count = 0

    def do(
        *, user: int | None = None, target: int | None = None, at: datetime = now, due: datetime | None = None
    ) -> None:
        nonlocal count
        count += 1
        with unit_of_work():
            add(
                Outbox(
                    key=f"news{count}",
                    kind="news",
                    user_id=user,
                    target_id=target,
                    payload={"code": "sla.stage", "params": {"percent": count}},
                    not_before=due or at,
                    next_try_at=due or at,
                    created_at=at,
                    state="waiting",
                )
            )

    return do


def target(now: datetime, name: str = "群", **columns: Any) -> int:
    with unit_of_work():
        values = {"kind": "dingtalk", "secret": {"url": "https://x"}, "kinds": ["sla.stage"], **columns}
        row = NotificationTarget(name=name, created_at=now, **values)
        add(row)
        return row.id


@pytest.fixture
def agent(world: World) -> int:
    """Somebody with a mailbox."""
    with unit_of_work():
        session().execute(update(User).where(User.id == world.users.agent.id).values(email="lin@shop.example"))
    return int(world.users.agent.id)


def pack(at: datetime) -> int:
    with unit_of_work():
        return envelopes.pack(at, SHANGHAI)


def claim(at: datetime, holder: str = "one", kinds: tuple[str, ...] = WAYS) -> list[Letter]:
    with unit_of_work():
        return envelopes.claim(kinds, holder, now=at)


def done(letter: Letter, at: datetime, holder: str = "one") -> bool:
    with unit_of_work():
        return envelopes.mark_done(letter, holder, now=at)


def failed(letter: Letter, at: datetime, **options: Any) -> bool:
    with unit_of_work():
        values = {"error": "net.unreachable", "final": False, "jitter": 0.0, **options}
        return envelopes.mark_failed(letter, "one", now=at, **values)


def stored(letter: Letter) -> Envelope:
    with unit_of_work():
        return session().get_one(Envelope, letter.id)


def test_everything_that_waits_for_an_address_travels_together(put: Put, agent: int, now: datetime) -> None:
    group = target(now)
    for _ in range(3):
        put(target=group)
    put(user=agent)
    assert pack(now) == 2
    robot, mail = claim(now)
    assert (robot.kind, robot.secret, robot.total) == ("dingtalk", {"url": "https://x"}, 3)
    assert [item.params["percent"] for item in robot.items] == [1, 2, 3]
    assert (mail.kind, mail.to, mail.total, mail.locale) == ("mail", "lin@shop.example", 1, "zh_CN")
    assert {row.state for row in session().scalars(select(Outbox))} == {"done"}


def test_what_comes_while_an_envelope_is_under_way_waits_for_the_next(put: Put, now: datetime) -> None:
    group = target(now)
    put(target=group)
    pack(now)
    put(target=group)
    put(target=group)
    assert pack(now) == 0
    (first,) = claim(now)
    assert pack(now) == 0
    assert done(first, now)
    assert pack(now) == 1
    assert [letter.total for letter in claim(now)] == [2]


def test_a_digest_is_packed_when_its_first_piece_is_due_and_takes_all(put: Put, agent: int, now: datetime) -> None:
    put(user=agent, due=now + 60 * MINUTE)
    put(user=agent, at=now + 50 * MINUTE, due=now + 110 * MINUTE)
    assert pack(now + 60 * MINUTE - SECOND) == 0
    assert pack(now + 60 * MINUTE) == 1
    assert [letter.total for letter in claim(now + 60 * MINUTE)] == [2]


def test_something_urgent_takes_the_waiting_digest_along_and_stands_first(put: Put, agent: int, now: datetime) -> None:
    put(user=agent, due=now + 60 * MINUTE)
    with unit_of_work():
        session().execute(update(Outbox).values(payload={"code": "sla.stage", "params": {"percent": 75}}))
    put(user=agent)
    with unit_of_work():
        late = {"code": "sla.stage", "params": {"percent": 100}}
        session().execute(update(Outbox).where(Outbox.key == "news2").values(payload=late))
    pack(now)
    (letter,) = claim(now)
    assert [item.params["percent"] for item in letter.items] == [100, 75]


def test_quiet_hours_over_midnight_end_in_one_digest(put: Put, agent: int, world: World) -> None:
    with unit_of_work():
        session().execute(update(User).where(User.id == agent).values(quiet_from=22 * 60, quiet_to=7 * 60 + 30))
    group = target(datetime(2026, 11, 23, tzinfo=UTC), quiet_from=None, quiet_to=None)

    def at(day: int, hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)

    put(user=agent, at=at(23, 21, 59))
    assert pack(at(23, 21, 59)) == 1
    (letter,) = claim(at(23, 21, 59))
    done(letter, at(23, 21, 59))
    for hour, day in ((22, 23), (23, 23), (0, 24), (7, 24)):
        put(user=agent, at=at(day, hour))
        put(target=group, at=at(day, hour))
        assert pack(at(day, hour)) == 1  # the robot's, which has no quiet hours
        (letter,) = claim(at(day, hour))
        assert letter.target_id == group
        done(letter, at(day, hour) + SECOND)
    assert pack(at(24, 7, 29)) == 0
    assert pack(at(24, 7, 30)) == 1
    assert [letter.total for letter in claim(at(24, 7, 30))] == [4]


def test_at_most_fifteen_messages_a_minute_go_to_a_dingtalk_robot(put: Put, now: datetime) -> None:
    group = target(now)
    sent = []
    for second in range(120):
        at = now + second * SECOND
        put(target=group, at=at)
        pack(at)
        for letter in claim(at):
            done(letter, at)
            sent.append((at, letter.total))
    for start, _ in sent:
        assert len([at for at, _ in sent if start <= at < start + MINUTE]) <= 15
    assert sent[15] == (now + MINUTE, 46)  # what gathered meanwhile, in one
    rest = now + 121 * SECOND + MINUTE
    pack(rest)
    for letter in claim(rest):
        done(letter, rest)
        sent.append((rest, letter.total))
    assert sum(total for _, total in sent) == 120


def test_too_many_rests_the_whole_target(put: Put, now: datetime) -> None:
    group, other = target(now), target(now, "别的群")
    put(target=group)
    pack(now)
    (letter,) = claim(now)
    assert failed(letter, now, error="robot.too_many:130101", retry_after=660)
    put(target=other)
    pack(now)
    (elsewhere,) = claim(now)
    assert elsewhere.target_id == other
    done(elsewhere, now)
    with unit_of_work():
        add(Envelope(key="test:1", target_id=group, next_try_at=now, created_at=now, state="waiting"))
    assert claim(now + 11 * MINUTE - SECOND) == []
    assert {each.key for each in claim(now + 11 * MINUTE)} == {letter.key, "test:1"}


def test_a_longer_rest_stands_against_a_shorter_one(put: Put, now: datetime) -> None:
    group = target(now)
    put(target=group)
    pack(now)
    (letter,) = claim(now)
    failed(letter, now, retry_after=660)
    with unit_of_work():
        envelopes._hold(group, now + MINUTE)
        assert session().get_one(NotificationTarget, group).held_until == now + 11 * MINUTE


def test_a_failed_try_comes_again_later_under_its_key(put: Put, agent: int, now: datetime) -> None:
    put(user=agent)
    pack(now)
    (letter,) = claim(now)
    assert failed(letter, now)
    assert claim(now + 29 * SECOND) == []
    (again,) = claim(now + 30 * SECOND)
    assert (again.key, again.created_at, again.attempts) == (letter.key, letter.created_at, 2)
    assert stored(letter).error == "net.unreachable"


def test_tries_go_on_for_a_day_at_least_every_quarter_of_an_hour(put: Put, agent: int, now: datetime) -> None:
    put(user=agent)
    pack(now)
    at, last = now, now
    for _ in range(envelopes.PATIENCE.most):
        (letter,) = claim(at)
        assert at - last <= 15 * MINUTE
        last = at
        failed(letter, at)
        at += timedelta(seconds=envelopes.PATIENCE.pause_seconds(letter.attempts, 0))
    assert stored(letter).state == "dead"
    assert timedelta(hours=20) < last - now < timedelta(hours=28)


def test_a_final_no_is_dead_at_once_and_admins_hear_of_it_once_a_day(world: World, put: Put, now: datetime) -> None:
    group = target(now)
    for hour in (0, 1, 26):
        at = now + timedelta(hours=hour)
        put(target=group, at=at)
        pack(at)
        (letter,) = claim(at)
        assert failed(letter, at, error="robot.refused:300001", final=True)
        assert stored(letter).state == "dead"
    rows = session().scalars(select(Outbox).where(Outbox.kind == "notice").order_by(Outbox.id)).all()
    assert [row.payload["params"] for row in rows] == [
        {"address": f"target:{group}", "error": "robot.refused:300001"}
    ] * 2
    assert rows[0].payload["notify"] == ["role:admin"]
    with unit_of_work():
        assert notices.spread(now + timedelta(hours=27)) == 2


def test_two_workers_never_hold_the_same_envelope(put: Put, agent: int, world: World, now: datetime) -> None:
    put(user=agent)
    pack(now)
    (letter,) = claim(now, "one")
    assert claim(now, "two") == []
    later = now + timedelta(seconds=attempts.CLAIM_SECONDS)
    assert claim(later, "two") == []
    (again,) = claim(later + SECOND, "two")
    assert again.key == letter.key
    assert not done(letter, later + SECOND, "one")
    assert not failed(letter, later + SECOND)
    assert done(again, later + SECOND, "two")


def test_of_an_address_only_the_oldest_is_taken(put: Put, agent: int, now: datetime) -> None:
    with unit_of_work():
        for number in range(3):
            add(Envelope(key=f"e{number}", user_id=agent, next_try_at=now, created_at=now, state="waiting"))
    keys = []
    for _ in range(3):
        (letter,) = claim(now)
        keys.append(letter.key)
        done(letter, now)
    assert keys == ["e0", "e1", "e2"]


def test_a_way_that_is_shut_keeps_what_waits_for_it(put: Put, agent: int, now: datetime) -> None:
    put(user=agent)
    put(target=target(now, kind="mail", address="all@shop.example", secret={}))
    pack(now)
    assert claim(now, kinds=("dingtalk",)) == []
    assert claim(now, kinds=()) == []
    assert [letter.to for letter in claim(now)] == ["lin@shop.example", "all@shop.example"]


@pytest.mark.parametrize("gone", [{"active": False}, {"email": None}])
def test_an_address_that_is_gone_gets_nothing_more(put: Put, agent: int, now: datetime, gone: dict[str, Any]) -> None:
    put(user=agent)
    pack(now)
    with unit_of_work():
        session().execute(update(User).where(User.id == agent).values(**gone))
    assert claim(now) == []
    row = session().scalars(select(Envelope)).one()
    assert (row.state, row.error) == ("withdrawn", "target.gone")


def test_news_for_a_target_that_is_switched_off_waits_to_be_withdrawn(put: Put, now: datetime) -> None:
    put(target=target(now, active=False))
    assert pack(now) == 0


def test_a_long_digest_reads_its_newest_and_counts_all(put: Put, agent: int, now: datetime) -> None:
    for _ in range(envelopes.MOST_LINES + 5):
        put(user=agent)
    pack(now)
    (letter,) = claim(now)
    assert (len(letter.items), letter.total) == (envelopes.MOST_LINES, envelopes.MOST_LINES + 5)
    assert {item.params["percent"] for item in letter.items} == set(range(6, letter.total + 1))
