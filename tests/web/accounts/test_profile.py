from __future__ import annotations

from sqlalchemy import select

from helpdesk.models import User, UserSession
from helpdesk.queries import accounts as queries
from helpdesk.services import accounts, passwords
from helpdesk.storage import session, unit_of_work
from helpdesk.web.accounts.views import device
from tests import factories
from tests.conftest import Client, Frozen, Login
from tests.factories import PASSWORD, World

NEW = "seven loose threads"


def change(current: str = PASSWORD, new: str = NEW, again: str | None = None) -> dict[str, str]:
    return {"current_password": current, "new_password": new, "new_password_again": new if again is None else again}


def test_name_and_language_are_one_s_own_to_change(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    answer = client.submit("/account", {"name": "林晓晓", "locale": "en", "version": "1"})
    assert answer.headers["Location"] == "/account"
    row = session().get_one(User, world.users.agent.id)
    assert (row.name, row.locale, row.version) == ("林晓晓", "en", 2)
    page = client.get("/account")
    assert 'lang="en"' in page.text
    assert "林晓晓" in page.text


def test_a_role_can_not_be_slipped_in(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    client.submit("/account", {"name": "林晓", "locale": "zh_CN", "version": "1", "role": "admin", "active": "y"})
    assert session().get_one(User, world.users.agent.id).role == "agent"


def test_a_profile_changed_meanwhile_keeps_what_was_typed(
    client: Client, world: World, login: Login, frozen: Frozen
) -> None:
    login(client, world.users.agent)
    with unit_of_work():
        accounts.change_own_account(1, name="别名", locale="zh_CN", actor=world.actors.agent, now=frozen.now)
    page = client.submit("/account", {"name": "我的名", "locale": "zh_CN", "version": "1"})
    assert page.status_code == 409
    assert 'value="我的名"' in page.text
    assert 'name="version" type="hidden" value="2"' in page.text
    assert session().get_one(User, world.users.agent.id).name == "别名"


def test_empty_and_endless_names_are_refused_beside_the_field(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    for name, words in (("", "请填写"), ("长" * 61, "最多 60 个字"), ("a\x1bb", "控制字符")):
        page = client.submit("/account", {"name": name, "locale": "zh_CN", "version": "1"})
        assert page.status_code == 422
        assert words in page.text
    assert client.submit("/account", {"name": "好", "locale": "xx", "version": "1"}).status_code == 422


def test_a_new_password_leaves_only_the_session_one_sits_at(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    with unit_of_work():
        factories.open_session(world.users.agent, world.users.agent.created_at)
    assert client.submit("/account/password", change()).headers["Location"] == "/account"
    assert len(session().scalars(select(UserSession)).all()) == 1
    assert client.get("/account").status_code == 200
    known = queries.credentials("agent")
    assert known is not None
    assert passwords.matches(known.password_hash, NEW)


def test_the_new_password_is_refused_for_a_reason(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    for form, words in (
        (change(current="wrong"), "当前密码不对"),
        (change(new="short"), "至少 12 个字符"),
        (change(new="aaaaaaaaaaaaaa"), "太容易猜到"),
        (change(again="something else"), "两次输入的新密码不一样"),
        (change(current=""), "请填写"),
    ):
        page = client.submit("/account/password", form)
        assert page.status_code == 422
        assert words in page.text
    known = queries.credentials("agent")
    assert known is not None
    assert known.password_hash == factories.password_hash()


def test_an_open_session_is_no_licence_to_guess_the_password(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    codes = [client.submit("/account/password", change(current="wrong")).status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]


def test_one_s_sessions_are_listed_and_can_be_ended(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    with unit_of_work():
        factories.open_session(world.users.agent, world.users.agent.created_at)
        factories.open_session(world.users.admin, world.users.admin.created_at)
    own, other, foreign = session().scalars(select(UserSession.id).order_by(UserSession.id)).all()
    page = client.get("/account").text
    assert f"/account/sessions/{other}/end" in page
    assert f"/account/sessions/{own}/end" not in page
    assert f"/account/sessions/{foreign}/end" not in page
    assert client.submit(f"/account/sessions/{other}/end").status_code == 302
    assert client.submit(f"/account/sessions/{foreign}/end").status_code == 404
    assert session().scalars(select(UserSession.id).order_by(UserSession.id)).all() == [own, foreign]


def test_everywhere_else_is_logged_out_at_once(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    with unit_of_work():
        for person in (world.users.agent, world.users.agent, world.users.admin):
            factories.open_session(person, person.created_at)
    own, *_others, foreign = session().scalars(select(UserSession.id).order_by(UserSession.id)).all()
    client.submit("/account/sessions/end")
    assert "已退出 2 处其他登录" in client.get("/account").text
    assert session().scalars(select(UserSession.id).order_by(UserSession.id)).all() == [own, foreign]
    client.submit("/account/sessions/end")
    assert "没有其他登录" in client.get("/account").text


def test_single_keys_are_switched_off_for_this_browser(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    assert 'data-keys="off"' not in client.get("/account").text
    assert client.submit("/account/keys", {"keys": "off", "next": "/account"}).headers["Location"] == "/account"
    assert 'data-keys="off"' in client.get("/account").text
    client.submit("/account/keys", {"keys": "nonsense"})
    assert 'data-keys="off"' not in client.get("/account").text


def test_the_switches_work_before_logging_in(client: Client, world: World) -> None:
    answer = client.submit("/account/theme", {"theme": "dark", "next": "/login"})
    assert answer.headers["Location"] == "/login"
    assert 'data-theme="dark"' in client.get("/login").text
    client.submit("/account/theme", {"theme": ""})
    assert "data-theme=" not in client.get("/login").text
    client.submit("/account/language", {"locale": "en", "next": "/login"})
    assert 'lang="en"' in client.get("/login").text


def test_the_switches_take_only_what_there_is_and_lead_nowhere_else(client: Client, world: World) -> None:
    client.submit("/account/theme", {"theme": '"><script>'})
    assert "data-theme=" not in client.get("/login").text
    assert client.submit("/account/language", {"locale": "xx"}).status_code == 422
    answer = client.submit("/account/theme", {"theme": "dark", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/tickets"


def test_the_language_switch_is_remembered_with_the_person(client: Client, world: World, login: Login) -> None:
    login(client, world.users.agent)
    assert (
        client.submit("/account/language", {"locale": "en"}, headers={"X-Requested-With": "fetch"}).status_code == 204
    )
    assert session().get_one(User, world.users.agent.id).locale == "en"


def test_a_device_is_named_in_two_words() -> None:
    chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"
    assert device(chrome) == "Chrome, Windows"
    assert device(chrome + " Edg/141.0") == "Edge, Windows"
    assert (
        device("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1") == "Safari, iPhone"
    )
    assert device("curl/8.0") == "curl/8.0"
