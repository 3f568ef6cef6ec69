"""Webhooks: who sets them up, what their secret is good for, and what becomes of a call."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk.domain.access import Role
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Problem, Stale, TooMany
from helpdesk.domain.signatures import sign
from helpdesk.models import Event, Inbound, Message, Ticket, User, Webhook, WebhookCall
from helpdesk.queries import webhooks as queries
from helpdesk.services import webhook_calls, webhooks
from helpdesk.services.hearing import Said
from helpdesk.services.intake import TicketRequest
from helpdesk.services.webhook_calls import Answered, BadSignature, Door
from helpdesk.services.webhooks import Made
from helpdesk.storage import session, unit_of_work
from tests.factories import World
from tests.services.story import count_of, do, look, opened, refused

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def made(world: World, now: datetime, name: str = "聊天机器人") -> Made:
    shop, channel = world.shop.id, world.channels.tmall.id
    return do(webhooks.create_webhook, name, shop_id=shop, channel_id=channel, actor=world.actors.admin, now=now)


def stored(webhook_id: int) -> Webhook:
    return session().scalars(select(Webhook).where(Webhook.id == webhook_id)).one()


def knocked(hook: Made, now: datetime, *, secret: str = "", body: bytes = b"{}", at: datetime | None = None) -> Door:
    """Somebody calls; he signs with the webhook's secret unless with another."""
    timestamp = int((at or now).timestamp())
    return webhook_calls.enter(
        stored(hook.id).code,
        timestamp=str(timestamp),
        signature=sign(secret or hook.secret, timestamp, body),
        body=body,
        now=now,
    )


def said(door: Door, external_id: str = "e1", number: str = "", **more: Any) -> Said:
    values = {"text": "杯子碎了", "buyer_id": "b", **more}
    return Said(
        TicketRequest(
            source=door.source,
            external_id=external_id,
            shop_id=door.shop_id,
            channel_id=door.channel_id,
            **values,
        ),
        number=number,
    )


def called(hook: Made, now: datetime, *, a_minute: int = 100, body: bytes = b"{}", **more: Any) -> Answered:
    door = knocked(hook, now, body=body)
    return do(webhook_calls.take, door, said(door, **more), a_minute=a_minute, now=now)


def calls() -> list[WebhookCall]:
    return list(session().scalars(select(WebhookCall).order_by(WebhookCall.id)))


def test_a_webhook_has_a_name_of_its_own_and_a_user_who_cannot_log_in(world: World, now: datetime) -> None:
    hook = made(world, now)
    row = stored(hook.id)
    user = session().get_one(User, row.user_id)
    assert (user.role, user.password_hash, user.name) == (Role.INTEGRATION, None, "聊天机器人")
    assert (row.active, row.secret, len(row.code)) == (True, {"current": hook.secret}, 20)
    assert len(hook.secret) > 50


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb", "a\x00"])
def test_a_name_that_is_none_is_refused(world: World, now: datetime, name: str) -> None:
    with refused(Invalid, "webhook.bad_name"):
        made(world, now, name)


def test_two_webhooks_have_two_names(world: World, now: datetime) -> None:
    hook = made(world, now)
    made(world, now, "另一个")
    with refused(Conflict, "webhook.name_taken"):
        made(world, now, " 聊天机器人 ")
    with refused(Conflict, "webhook.name_taken"):
        do(webhooks.rename_webhook, hook.id, 1, "另一个", actor=world.actors.admin, now=now)
    do(webhooks.rename_webhook, hook.id, 1, "第三个", actor=world.actors.admin, now=now)
    assert session().get_one(User, stored(hook.id).user_id).name == "第三个"


@pytest.mark.parametrize("who", ["agent", "supervisor", "finance", "ops", "auditor"])
def test_only_an_admin_sets_up_webhooks_and_sees_them(world: World, now: datetime, who: str) -> None:
    hook, actor = made(world, now), getattr(world.actors, who)
    for deed in (
        lambda: webhooks.rotate_secret(hook.id, 1, actor=actor, now=now),
        lambda: webhooks.switch(hook.id, 1, active=False, actor=actor, now=now),
        lambda: webhooks.rename_webhook(hook.id, 1, "x", actor=actor, now=now),
        lambda: queries.webhooks(actor, now=now),
        lambda: queries.calls(hook.id, actor),
    ):
        with refused(NotAllowed, "access.denied"):
            do(deed)


def test_what_was_changed_meanwhile_is_not_changed_again(world: World, now: datetime) -> None:
    hook, admin = made(world, now), world.actors.admin
    do(webhooks.rotate_secret, hook.id, 1, actor=admin, now=now)
    for deed in (
        lambda: webhooks.rotate_secret(hook.id, 1, actor=admin, now=now),
        lambda: webhooks.drop_old_secret(hook.id, 1, actor=admin, now=now),
        lambda: webhooks.switch(hook.id, 1, active=False, actor=admin, now=now),
        lambda: webhooks.rename_webhook(hook.id, 1, "x", actor=admin, now=now),
    ):
        with refused(Stale, "webhook.stale"):
            do(deed)


def test_no_event_and_no_page_tells_a_secret(world: World, now: datetime) -> None:
    hook, admin = made(world, now), world.actors.admin
    newer = do(webhooks.rotate_secret, hook.id, 1, actor=admin, now=now)
    do(webhooks.drop_old_secret, hook.id, 2, actor=admin, now=now)
    do(webhooks.switch, hook.id, 3, active=False, actor=admin, now=now)
    events = session().scalars(select(Event).order_by(Event.id)).all()
    assert [event.code for event in events] == [
        "webhook.created",
        "webhook.rotated",
        "webhook.old_secret_dropped",
        "webhook.deactivated",
    ]
    told = json.dumps([event.params for event in events]) + repr(queries.webhooks(admin, now=now)) + repr(hook)
    assert hook.secret not in told
    assert newer.secret not in told


def test_the_old_secret_is_good_for_a_day_and_the_one_before_it_no_more(world: World, now: datetime) -> None:
    first, admin = made(world, now), world.actors.admin
    second = do(webhooks.rotate_secret, first.id, 1, actor=admin, now=now)
    for secret in (first.secret, second.secret):
        assert knocked(first, now + 24 * HOUR - SECOND, secret=secret)
    assert queries.webhook(first.id, admin, now=now).old_secret_until == now + 24 * HOUR
    with pytest.raises(BadSignature):
        knocked(first, now + 24 * HOUR)
    assert queries.webhook(first.id, admin, now=now + 24 * HOUR).old_secret_until is None
    third = do(webhooks.rotate_secret, first.id, 2, actor=admin, now=now)
    for secret in (second.secret, third.secret):
        assert knocked(first, now, secret=secret)
    with pytest.raises(BadSignature):
        knocked(first, now)


def test_an_old_secret_in_wrong_hands_is_dropped_at_once(world: World, now: datetime) -> None:
    hook, admin = made(world, now), world.actors.admin
    second = do(webhooks.rotate_secret, hook.id, 1, actor=admin, now=now)
    do(webhooks.drop_old_secret, hook.id, 2, actor=admin, now=now)
    with pytest.raises(BadSignature):
        knocked(hook, now)
    assert knocked(hook, now, secret=second.secret)


def test_a_call_of_more_than_five_minutes_ago_or_ahead_is_refused(world: World, now: datetime) -> None:
    hook = made(world, now)
    for seconds in (299, -299):
        assert knocked(hook, now, at=now + seconds * SECOND)
    for seconds in (301, -301):
        with pytest.raises(BadSignature, match=r"webhook\.too_old"):
            knocked(hook, now, at=now + seconds * SECOND)


def test_who_signs_wrongly_learns_nothing_even_of_one_that_is_off(world: World, now: datetime) -> None:
    hook = made(world, now)
    do(webhooks.switch, hook.id, 1, active=False, actor=world.actors.admin, now=now)
    for at in (now, now - HOUR):
        with pytest.raises(BadSignature) as caught:
            knocked(hook, now, secret="guessed", at=at)
        assert (caught.value.code, caught.value.params) == ("webhook.bad_signature", {})
    with pytest.raises(NotAllowed, match=r"webhook\.switched_off"):
        knocked(hook, now)
    with pytest.raises(NotFound):
        webhook_calls.enter("nothing", timestamp="1", signature="", body=b"", now=now)


def test_a_call_opens_a_ticket_in_its_own_name(world: World, now: datetime) -> None:
    hook = made(world, now)
    answered = called(hook, now)
    assert answered.opened is not None
    assert answered.opened.outcome == "created"
    [call] = calls()
    assert (call.outcome, call.ticket_id, call.problem) == ("created", answered.opened.ticket_id, None)
    event = session().scalars(select(Event).where(Event.code == "ticket.created")).one()
    assert (event.actor_id, event.source) == (stored(hook.id).user_id, "webhook")


def test_the_same_call_is_refused_the_second_time(world: World, now: datetime) -> None:
    hook = made(world, now)
    first, second = knocked(hook, now), knocked(hook, now)  # both are in before either is done
    do(webhook_calls.take, first, said(first), a_minute=100, now=now)
    with refused(Conflict, "webhook.replayed"):
        do(webhook_calls.take, second, said(second), a_minute=100, now=now)
    with refused(Conflict, "webhook.replayed"):
        knocked(hook, now + SECOND, at=now)


def test_the_same_event_signed_anew_gives_the_same_ticket(world: World, now: datetime) -> None:
    hook = made(world, now)
    answers = [called(hook, now + times * SECOND).opened for times in range(3)]
    assert [answer and answer.outcome for answer in answers] == ["created", "repeated", "repeated"]
    assert len({answer.number for answer in answers if answer}) == 1
    assert (count_of(Ticket), count_of(Message)) == (1, 1)


def test_ids_of_another_webhook_are_its_own(world: World, now: datetime) -> None:
    first, second = made(world, now), made(world, now, "另一个")
    assert {called(hook, now).opened.outcome for hook in (first, second)} == {"created"}  # type: ignore[union-attr]


def test_a_body_that_is_refused_is_noted_with_ids_and_figures_only(world: World, now: datetime) -> None:
    hook = made(world, now)
    called(hook, now)
    bodies: list[dict[str, Any]] = [
        {"text": "别的话，不该留在记录里"},
        {"external_id": "e2", "number": "EX-000000-0001"},
        {"external_id": "e3", "text": "长" * 5_001},
    ]
    for number, more in enumerate(bodies, start=1):
        answered = called(hook, now + number * SECOND, **more)
        assert isinstance(answered.problem, Problem)
    assert [(call.outcome, call.problem) for call in calls()][1:] == [
        ("refused", "inbound.different_body"),
        ("refused", "ticket.not_found"),
        ("refused", "input.too_long"),
    ]
    assert [call.params for call in calls()][1:] == [
        {"external_id": "e1", "number": look(calls_ticket()).number},
        {"external_id": "e2", "number": "EX-000000-0001"},
        {"external_id": "e3", "field": "text", "limit": 5000},
    ]
    assert (count_of(Ticket), count_of(Message), count_of(Inbound)) == (1, 1, 1)


def calls_ticket() -> str:
    return session().scalars(select(Ticket.number)).one()


def test_a_problem_of_the_body_uses_the_signature_up(world: World, now: datetime) -> None:
    hook = made(world, now)
    door = knocked(hook, now)
    answered = do(webhook_calls.take, door, Invalid("webhook.bad_json"), a_minute=100, now=now)
    assert answered.problem is not None
    with refused(Conflict, "webhook.replayed"):
        knocked(hook, now)


def test_too_many_calls_are_refused_until_a_minute_has_passed(world: World, now: datetime) -> None:
    hook, other = made(world, now), made(world, now, "另一个")
    for n in range(3):
        called(hook, now + n * SECOND, external_id=f"e{n}", a_minute=3)
    with refused(TooMany, "webhook.too_many_calls"):
        called(hook, now + 4 * SECOND, external_id="e9", a_minute=3)
    called(other, now + 4 * SECOND, a_minute=3)
    assert called(hook, now + 60 * SECOND, external_id="e9", a_minute=3).opened


def test_wrong_signatures_are_counted_to_a_limit_and_dont_use_up_the_right_ones(world: World, now: datetime) -> None:
    hook = made(world, now)
    code = stored(hook.id).code
    noted = [do(webhook_calls.note_unsigned, code, now=now) for _ in range(webhook_calls.MOST_UNSIGNED_KEPT + 1)]
    assert noted.count(True) == webhook_calls.MOST_UNSIGNED_KEPT
    assert webhook_calls.unsigned_enough(code, now=now)
    assert not webhook_calls.unsigned_enough(code, now=now + timedelta(minutes=1))
    assert not do(webhook_calls.note_unsigned, "nothing", now=now)
    assert called(hook, now, a_minute=1).opened
    row = queries.webhook(hook.id, world.actors.admin, now=now)
    assert (row.taken, row.refused, row.last_at) == (1, webhook_calls.MOST_UNSIGNED_KEPT, now)


def test_the_log_shows_the_latest_first_with_its_ticket(world: World, now: datetime) -> None:
    hook = made(world, now)
    number = opened(world, now)
    called(hook, now, number=number)
    called(hook, now + SECOND, external_id="e2", number="EX-0")
    log = queries.calls(hook.id, world.actors.admin)
    assert [(call.outcome, call.ticket_number, call.problem) for call in log] == [
        ("refused", None, "ticket.not_found"),
        ("heard", number, None),
    ]


def test_calls_are_removed_after_thirty_days(world: World, now: datetime) -> None:
    hook = made(world, now)
    called(hook, now)
    called(hook, now + SECOND, external_id="e2")
    assert do(webhook_calls.remove_old, now + timedelta(days=30) + SECOND) == 1
    assert session().scalar(select(func.count()).select_from(WebhookCall)) == 1
    with unit_of_work():
        assert webhook_calls.remove_old(now) == 0
