"""The help page of a shop, as a customer without any login walks through it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from helpdesk.domain.tickets import Status
from helpdesk.models import Attachment, Message, Note, Shop, Ticket
from helpdesk.storage import session, unit_of_work
from helpdesk.web import customer_links
from tests.adapters.hostile_files import picture
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World
from tests.services.story import look, opened, replied, resolved

PHONE = "13812345678"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def number(world: World, now: datetime) -> str:
    with unit_of_work() as work:
        work.get_one(Shop, world.shop.id).self_service = True
    return opened(
        world, now, order_number="260-1", phone=PHONE, customer_name="王小明", type="logistics_stuck", text="三天没动了"
    )


@pytest.fixture
def link(client: Client, number: str) -> str:
    """That an agent gives him."""
    with client.application.test_request_context():
        return customer_links.of_ticket(look(number).id).removeprefix("http://localhost")


def external_id(page: str) -> str:
    return re.findall(r'name="external_id"[^>]* value="([^"]+)"', page)[0]


def test_by_number_and_phone_to_a_new_ticket_and_its_answer(
    client: Client, world: World, number: str, frozen: Frozen
) -> None:
    assert client.get("/help/main").status_code == 200
    found = client.submit("/help/main", {"order_number": " 260-1 ", "phone": "5678"})
    order = client.get(found.headers["Location"])
    assert "物流停滞" in order.text
    words = {"text": "发票抬头开错了，麻烦重开一张发票", "external_id": external_id(order.text)}
    first, again = (client.submit(found.headers["Location"], words) for _ in range(2))
    page = client.get(first.headers["Location"])
    assert "发票抬头开错了" in page.text
    assert "已收到" in page.text
    assert client.get(again.headers["Location"]).text.count('<li class="yours"') == 1


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"order_number": "260-1", "phone": "9999"}, 404, "没有找到这个订单"),
        ({"order_number": "260-7", "phone": "5678"}, 404, "没有找到这个订单"),
        ({"order_number": "260-1", "phone": "56"}, 422, "最后 4 位"),
        ({"order_number": "", "phone": "5678"}, 422, "请填写"),
        ({"order_number": "x" * 61, "phone": "5678"}, 422, "最多 60 个字"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    client: Client, number: str, typed: dict[str, str], status: int, said: str
) -> None:
    page = client.submit("/help/main", typed)
    assert page.status_code == status
    assert said in page.text
    assert f'value="{typed["phone"]}"' in page.text


def test_who_guesses_has_to_wait(client: Client, number: str) -> None:
    guesses = [client.submit("/help/main", {"order_number": "260-1", "phone": f"{n:04}"}) for n in range(11)]
    assert [page.status_code for page in guesses] == [404] * 10 + [429]
    assert int(guesses[-1].headers["Retry-After"]) > 80_000
    assert "次数太多" in guesses[-1].text


def test_a_shop_that_lets_nobody_in_has_no_page(client: Client, world: World, number: str, link: str) -> None:
    assert client.get("/help/second").status_code == 404
    with unit_of_work() as work:
        work.get_one(Shop, world.shop.id).self_service = False
    assert client.get("/help/main").status_code == 404
    ended = client.get(link)
    assert ended.status_code == 404
    assert "链接已失效" in ended.text


def test_a_link_opens_its_ticket_only_and_ends(client: Client, number: str, link: str, frozen: Frozen) -> None:
    assert client.get(link).status_code == 200
    token = link.rpartition("/")[2]
    other = URLSafeTimedSerializer("another key", salt="help.ticket").dumps(look(number).id)
    for made_up in (token[:-1] + ("a" if token[-1] != "a" else "b"), other, "x", "é", "x" * 3000):
        assert client.get(f"/help/ticket/{made_up}").status_code == 404
    assert client.get(f"/help/order/{token}").status_code == 404, "for a ticket, not for its order"


def test_a_link_is_good_for_sixty_days(client: Client, number: str, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    get_timestamp = "itsdangerous.timed.TimestampSigner.get_timestamp"
    made = URLSafeTimedSerializer("any").make_signer("help.ticket").get_timestamp()  # type: ignore[attr-defined]
    monkeypatch.setattr(get_timestamp, lambda _signer: made + 59 * 24 * 3600)
    assert client.get(link).status_code == 200
    monkeypatch.setattr(get_timestamp, lambda _signer: made + 61 * 24 * 3600)
    assert client.get(link).status_code == 404


def test_he_sees_what_was_said_to_him_and_nothing_of_ours(
    client: Client, world: World, now: datetime, number: str, link: str, frozen: Frozen
) -> None:
    replied(number, actor=world.actors.agent, now=now, text="正在催快递", is_solution=True)
    with unit_of_work() as work:
        work.add(Note(ticket_id=look(number).id, author_id=world.users.agent.id, text="仓库说可能丢了", created_at=now))
    assert "正在催快递" not in client.get(link).text, "it can still be taken back"
    frozen.shift(seconds=10)
    page = client.get(link)
    assert "正在催快递" in page.text
    for ours in ("仓库说可能丢了", "林晓", PHONE, "5678", "王小明"):
        assert ours not in page.text
    assert page.headers["Cache-Control"] == "no-store, private"
    assert "noindex" in page.text


def test_he_answers_and_confirms(
    client: Client, world: World, now: datetime, number: str, link: str, frozen: Frozen
) -> None:
    words = {"text": "还要等多久", "external_id": external_id(client.get(link).text)}
    assert client.submit(f"{link}/answer", words).status_code == 302
    assert client.submit(f"{link}/confirm").status_code == 409, "there is nothing to confirm yet"
    frozen.shift(minutes=1)
    replied(number, actor=world.actors.agent, now=frozen.now, is_solution=True, status_after=Status.PENDING_CUSTOMER)
    frozen.shift(minutes=1)
    page = client.get(link)
    assert "等你回复" in page.text
    assert "问题解决了" in page.text
    client.submit(f"{link}/confirm")
    page = client.get(link)
    assert "你已确认问题解决" in page.text
    assert f"{link}/confirm" not in page.text
    resolved(number, actor=world.actors.agent, now=frozen.now)
    client.submit(f"{link}/confirm")
    assert look(number).status == "closed"


@pytest.mark.parametrize("typed", [{"text": ""}, {"text": "长" * 5001}, {"text": "在吗", "external_id": "x"}])
def test_an_answer_that_can_not_be_taken_stays_in_its_field(
    client: Client, number: str, link: str, typed: dict[str, str]
) -> None:
    page = client.submit(f"{link}/answer", {"external_id": external_id(client.get(link).text), **typed})
    assert page.status_code == 422
    assert typed["text"] in page.text


def test_a_merged_ticket_leads_to_where_its_matter_goes_on_but_not_to_another_customers(
    client: Client, world: World, now: datetime, number: str, link: str
) -> None:
    same = opened(world, now, order_number="260-1", type="invoice")
    stranger = opened(world, now, order_number="270-1", phone="13900000000", type="logistics_stuck", text="别人的话")

    def merged(one: str, into: str) -> None:
        with unit_of_work() as work:
            ticket = work.get_one(Ticket, look(one).id)
            ticket.status, ticket.merged_into_id = "merged", look(into).id

    merged(number, same)
    assert "已合并到另一张工单，去看看" in client.get(link).text
    merged(same, stranger)
    page = client.get(link).text
    assert "已合并到另一张工单一起处理" in page
    assert "去看看" not in page
    assert "别人的话" not in page


def test_pages_cost_few_statements(client: Client, number: str, link: str, statements: Statements) -> None:
    found = client.submit("/help/main", {"order_number": "260-1", "phone": "5678"}).headers["Location"]
    for path, most in ((link, 4), (found, 5)):
        with statements() as seen:
            assert client.get(path).status_code == 200
        assert len(seen) <= most, seen


def test_the_agent_finds_the_link_beside_the_customer(client: Client, world: World, number: str, login: Login) -> None:
    page = login(client, world.users.agent).get(f"/tickets/{number}").text
    address = re.findall(r'id="customer-link" hidden>([^<]+)<', page)[0]
    assert client.get(address).status_code == 200
    with unit_of_work() as work:
        work.get_one(Shop, world.shop.id).self_service = False
    assert 'id="customer-link"' not in client.get(f"/tickets/{number}").text


def photographed(link: str, client: Client, count: int = 1, **more: Any) -> dict[str, Any]:
    words = {"text": "箱子是破的", "external_id": external_id(client.get(link).text)}
    return {**words, "photo": [(BytesIO(picture("JPEG")), f"{n}.jpg") for n in range(count)], **more}


def files() -> list[tuple[str | None, str, int | None]]:
    session().rollback()
    rows = session().execute(
        select(Message.text, Attachment.name, Attachment.author_id)
        .select_from(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .order_by(Attachment.id)
    )
    return [(row.text, row.name, row.author_id) for row in rows]


def test_his_photos_stand_under_his_words_and_only_once(
    client: Client, world: World, number: str, link: str, login: Login
) -> None:
    identity = external_id(client.get(link).text)
    for _ in range(2):
        answer = client.submit(f"{link}/answer", photographed(link, client, 2, external_id=identity))
        assert answer.status_code == 302
    assert files() == [("箱子是破的", "0.jpg", None), ("箱子是破的", "1.jpg", None)]
    assert "附 2 张照片" in client.get(link).text
    assert "/attachments/thumb/" in login(client, world.users.agent).get(f"/tickets/{number}").text


def test_a_new_matter_brings_its_photos(client: Client, number: str) -> None:
    order = client.submit("/help/main", {"order_number": "260-1", "phone": "5678"}).headers["Location"]
    sent = photographed(order, client, text="发票抬头开错了，麻烦重开一张发票")
    assert client.submit(order, sent).status_code == 302
    assert [name for _text, name, _author in files()] == ["0.jpg"]


def test_only_photos_and_only_so_many(client: Client, number: str, link: str) -> None:
    document = BytesIO(b"%PDF-1.4\n%%EOF"), "a.pdf"
    answer = client.submit(f"{link}/answer", photographed(link, client, photo=document))
    assert (answer.status_code, "不是图片" in answer.text, "箱子是破的" in answer.text) == (422, True, True)
    assert client.submit(f"{link}/answer", photographed(link, client, 6)).status_code == 409
    assert files() == []


def test_who_sends_photos_all_the_time_has_to_wait(client: Client, number: str, link: str) -> None:
    sent = (photographed(link, client, photo=(BytesIO(b"<svg>"), "a.jpg")) for _ in range(21))
    answers = [client.submit(f"{link}/answer", data).status_code for data in sent]
    assert answers == [422] * 20 + [429]


def multipart(fields: dict[str, str], photo: bytes) -> dict[str, Any]:
    """A form as a browser sends it; the test client would leave a large one open."""
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    head = '--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + photo + b"\r\n--x--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=x"}


def test_large_requests_are_only_read_with_a_valid_link(client: Client, number: str, link: str) -> None:
    broken = b"\xff\xd8\xff" + bytes(3 * 1024 * 1024)
    words = {"text": "箱子是破的", "external_id": external_id(client.get(link).text), "csrf_token": client.csrf_token()}
    assert client.post(f"{link}/answer", **multipart(words, broken)).status_code == 422
    assert client.post("/help/ticket/made-up/answer", **multipart(words, broken)).status_code == 413
