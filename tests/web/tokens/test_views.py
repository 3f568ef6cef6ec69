"""Tokens as pages: made, narrowed, changed, revoked by admins alone; and the reference of the API."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from helpdesk.models import ApiToken, Event, User
from helpdesk.services import tokens
from helpdesk.services.tokens import Wanted
from helpdesk.storage import session
from helpdesk.web.api.operations import OPERATIONS
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World
from tests.services.story import do

TOKEN = re.compile(r"unsnag_[\w-]{43}")


@pytest.fixture
def admin(client: Client, world: World, login: Login) -> Client:
    login(client, world.users.admin)
    return client


@pytest.fixture
def token_id(world: World, now: datetime) -> int:
    wanted = Wanted("仓库系统", ["tickets:read", "orders:write"])
    return do(tokens.create_token, wanted, actor=world.actors.admin, now=now).id


def stored(token_id: int) -> ApiToken:
    session().rollback()
    return session().get_one(ApiToken, token_id)


def test_an_empty_list_says_what_tokens_are_for(admin: Client) -> None:
    assert "还没有令牌" in admin.get("/tokens").text
    assert "/tokens" in admin.get("/settings").text


def test_a_new_token_is_shown_once_and_opens_the_api(admin: Client, world: World) -> None:
    form = {"name": "机器人", "scopes": ["tickets:create", "tickets:read"], "shop": "", "last_day": "2026-12-31"}
    page = admin.submit("/tokens/new", form)
    row = session().scalars(select(ApiToken)).one()
    shown = set(TOKEN.findall(page.text))
    assert (page.status_code, len(shown)) == (200, 1)
    token = shown.pop()
    assert (row.token_hash, row.hint) == (tokens.token_hash(token), token[-4:])
    assert (row.scopes, row.shop_id) == (["tickets:read", "tickets:create"], None)
    assert row.expires_at == datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    assert TOKEN.findall(admin.get(f"/tokens/{row.id}").text) == []
    assert page.headers["Cache-Control"] == "no-store, private"
    assert admin.get("/api/v1/tickets", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert session().get_one(User, row.user_id).role == "integration"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "请填写"),
        ({"scopes": []}, "请至少选一项"),
        ({"scopes": ["everything"]}, ""),
        ({"last_day": "2026-11-22"}, "到期时间要在今天之后"),
        ({"last_day": "9999-12-31"}, "近一些的日期"),
        ({"shop": "999"}, ""),
        ({"name": "仓库系统"}, "已经有令牌在用"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    admin: Client, token_id: int, changed: dict[str, object], words: str
) -> None:
    form = {"name": "另一个", "scopes": ["tickets:read"], "shop": "", "last_day": "", **changed}
    page = admin.submit("/tokens/new", form)
    assert page.status_code in (409, 422)
    assert words in page.text
    assert len(session().scalars(select(ApiToken.id)).all()) == 1


def test_a_token_is_narrowed_and_never_widened(admin: Client, token_id: int, world: World) -> None:
    narrower = {"version": "1", "name": "仓库", "scopes": ["tickets:read"], "shop": str(world.shop.id), "last_day": ""}
    assert admin.submit(f"/tokens/{token_id}", narrower).status_code == 302
    row = stored(token_id)
    assert (row.name, row.scopes, row.shop_id, row.version) == ("仓库", ["tickets:read"], world.shop.id, 2)
    for wider in ({"scopes": ["tickets:read", "notes:write"]}, {"shop": ""}):
        page = admin.submit(f"/tokens/{token_id}", {**narrower, "version": "2", **wider})
        assert page.status_code == 422
        assert "只能收紧" in page.text
    assert stored(token_id).version == 2


def test_a_form_that_was_overtaken_shows_what_differs(admin: Client, token_id: int, world: World) -> None:
    form = {"version": "1", "name": "仓库", "scopes": ["tickets:read"], "shop": "", "last_day": ""}
    admin.submit(f"/tokens/{token_id}", form)
    page = admin.submit(f"/tokens/{token_id}", {**form, "name": "仓储"})
    assert page.status_code == 409
    assert "仓储" in page.text
    assert stored(token_id).name == "仓库"


def test_the_old_token_is_good_no_more_once_it_is_changed_or_revoked(
    admin: Client, world: World, token_id: int, frozen: Frozen
) -> None:
    old = TOKEN.findall(admin.submit(f"/tokens/{token_id}/rotate", {"version": "1"}).text)[0]
    assert admin.get("/api/v1/shops", headers={"Authorization": f"Bearer {old}"}).status_code == 200
    new = TOKEN.findall(admin.submit(f"/tokens/{token_id}/rotate", {"version": "2"}).text)[0]
    assert admin.get("/api/v1/shops", headers={"Authorization": f"Bearer {old}"}).status_code == 401
    assert admin.submit(f"/tokens/{token_id}/revoke", {"version": "2"}).status_code == 302
    assert stored(token_id).revoked_at is None
    admin.submit(f"/tokens/{token_id}/revoke", {"version": "3"})
    assert admin.get("/api/v1/shops", headers={"Authorization": f"Bearer {new}"}).status_code == 401
    page = admin.get(f"/tokens/{token_id}").text
    assert "已作废" in page
    assert "确认更换" not in page
    assert admin.submit(f"/tokens/{token_id}/rotate", {"version": "4"}).status_code == 302
    assert stored(token_id).version == 4


def test_what_was_done_to_a_token_is_kept_without_it(admin: Client, token_id: int) -> None:
    admin.submit(f"/tokens/{token_id}/rotate", {"version": "1"})
    admin.submit(f"/tokens/{token_id}/revoke", {"version": "2"})
    events = session().scalars(select(Event).where(Event.code.startswith("token."))).all()
    assert [event.code for event in events] == ["token.created", "token.rotated", "token.revoked"]
    assert stored(token_id).token_hash not in str([event.params for event in events])
    assert "仓库系统" in admin.get("/changes?kind=tokens").text


def test_pages_take_few_statements(admin: Client, token_id: int, statements: Statements) -> None:
    for path in ("/tokens", f"/tokens/{token_id}", "/api"):
        admin.get(path)
        with statements() as seen:
            assert admin.get(path).status_code == 200
        assert len(seen) <= 6, (path, seen)


def test_the_reference_names_every_address_and_every_scope(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    page = client.get("/api").text
    for one in OPERATIONS:
        assert f'id="{one.name}"' in page
        assert one.scope is None or one.scope.value in page
    assert "style=" not in page.partition("<main")[2]
    assert client.get("/api/v1/openapi.json").json["openapi"] == "3.1.0"  # type: ignore[index]


def test_admins_find_tokens_in_the_menu_and_nobody_else(client: Client, world: World, login: Login) -> None:
    for who in ("admin", "supervisor", "agent"):
        login(client, getattr(world.users, who))
        assert ('href="/tokens"' in client.get("/tickets").text) == (who == "admin")
