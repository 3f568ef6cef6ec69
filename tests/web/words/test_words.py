"""The pages about words and models: what they show to whom, and what can be done there."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

import pytest
from sqlalchemy import select

from helpdesk.domain.phrases import Found
from helpdesk.domain.word_health import Health
from helpdesk.models import LearnedModel, PhraseProposal
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import words as queries
from helpdesk.services import words as services
from helpdesk.storage import session, unit_of_work
from tests.conftest import Client, Frozen, Login, Statements
from tests.factories import World, add
from tests.queries.test_triage import unsure

PHRASE = "壶嘴豁了口"


@pytest.fixture
def counted(client: Client, world: World, frozen: Frozen, login: Login) -> Client:
    """Ops at a house in which words were counted."""
    with unit_of_work():
        services.keep_health(
            {
                ("damaged", "碎了"): Health(2000, 300, 4, frozen.now),
                ("quality", "颜色"): Health(60, 5, 40, frozen.now),
                ("invoice", "抬头"): Health(3, 0, 3, frozen.now),
            },
            now=frozen.now,
        )
        services.keep_proposals([Found("damaged", PHRASE, 9, 1, 2.2)], now=frozen.now)
        unsure(world, frozen.now, text=PHRASE + "怎么办")
    login(client, world.users.ops)
    return client


def section(page: str, name: str) -> str:
    return re.split(r'aria-labelledby="', page.partition(f'aria-labelledby="{name}-title"')[2])[0]


def test_it_shows_what_is_proposed_what_misleads_and_what_sleeps(counted: Client) -> None:
    page = unescape(counted.get("/words").text)
    assert PHRASE in section(page, "proposals")
    assert "颜色" in section(page, "harmful")
    assert "碎了" not in section(page, "harmful")
    assert "抬头" not in section(page, "harmful")  # three corrections prove nothing
    assert "3 个词命中 2063 次" in page
    assert "发错/漏发" in section(page, "dead") or "/words/dead?type=wrong_item" in section(page, "dead")


def test_an_empty_house_says_so(client: Client, world: World, login: Login) -> None:
    page = unescape(login(client, world.users.auditor).get("/words").text)
    assert "还没有统计过" in page
    assert "没有新说法" in page
    assert "现在是 0 次" in page
    assert "还没有训练过" in client.get("/words/models").text
    assert client.get("/words/all").status_code == 200


def test_who_may_not_manage_rules_looks_only(counted: Client, world: World, login: Login) -> None:
    login(counted, world.users.supervisor)
    for path in ("/words", "/words/all", "/words/dead?type=damaged", "/words/models"):
        page = counted.get(path).text
        assert "/words/adopt" not in page, path
        assert "/words/retire" not in page, path
        assert 'action="/words' not in page, path


def test_a_phrase_is_tried_adopted_and_taken_back(counted: Client) -> None:
    tried = unescape(counted.get(f"/words/adopt?type=damaged&phrase={PHRASE}&weight=strong").text)
    assert "用最近 1 条消息重新判断：1 条会变" in tried
    assert "EX-250101-0001" in tried
    assert published_rulebook().version == 1
    fields = {"type": "damaged", "phrase": PHRASE, "weight": "strong", "version": 1}
    answer = counted.submit("/words/adopt", fields)
    assert answer.headers["Location"] == "/words"
    assert published_rulebook().version == 2
    page = unescape(counted.get("/words").text)
    assert PHRASE not in section(page, "proposals")
    back = re.findall(r'action="(/words/changes/\d+/take-back)"', page)
    assert len(back) == 1
    counted.submit(back[0])
    page = unescape(counted.get("/words").text)
    assert "已撤回" in page
    assert PHRASE in section(page, "proposals")
    assert "/take-back" not in page
    counted.submit(back[0])
    assert "已经撤回了" in unescape(counted.get("/words").text)


def test_a_word_is_retired_after_a_look_at_what_that_does(counted: Client) -> None:
    listed = unescape(counted.get("/words/dead?type=wrong_item").text)
    link = re.findall(r'href="(/words/retire\?type=wrong_item[^"]+)"', listed)[0]
    tried = counted.get(unescape(link)).text
    assert "停用这个词" in tried
    phrase = unescape(re.findall(r'type="hidden" name="phrase" value="([^"]+)"', tried)[0])
    counted.submit("/words/retire", {"type": "wrong_item", "phrase": phrase, "version": 1})
    assert published_rulebook().version == 2
    assert "停用" in section(unescape(counted.get("/words").text), "changes")


def test_rules_that_moved_on_are_not_crossed(counted: Client) -> None:
    fields = {"type": "damaged", "phrase": PHRASE, "weight": "strong", "version": 7}
    answer = counted.submit("/words/adopt", fields)
    assert answer.status_code == 409
    assert PHRASE in answer.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("?type=no_such", 422),
        ("?type=damaged&phrase=", 422),
        ("?type=damaged&phrase={没关", 422),
        ("?type=damaged&phrase=" + "长" * 61, 422),
        ("?type=damaged&phrase=豁了&weight=enormous", 422),
        ("?type=no_such&phrase=豁了", 422),
    ],
)
def test_nonsense_is_refused_in_words(counted: Client, query: str, status: int) -> None:
    assert counted.get(f"/words/adopt{query}").status_code == status


def test_what_is_there_already_is_said_before_it_is_tried(counted: Client) -> None:
    answer = counted.get("/words/adopt?type=wrong_item&phrase=发错")
    assert answer.status_code == 409
    assert "已经有" in answer.text
    assert counted.get("/words/retire?type=wrong_item&phrase=从来没有").status_code == 409


def test_a_proposal_is_turned_down_and_back(counted: Client) -> None:
    fields = {"type": "damaged", "phrase": PHRASE}
    counted.submit("/words/proposals/dismiss", fields)
    assert session().execute(select(PhraseProposal.state)).scalar_one() == "dismissed"
    page = unescape(counted.get("/words").text)
    assert "没有新说法" in page
    counted.submit("/words/proposals/dismiss", fields)
    assert "已经有人处理了" in unescape(counted.get("/words").text)
    counted.submit("/words/proposals/reopen", fields)
    assert session().execute(select(PhraseProposal.state)).scalar_one() == "open"


def test_the_list_goes_on_by_key(counted: Client, frozen: Frozen) -> None:
    words = {("damaged", f"词{place:03}"): Health(5, 0, 0, frozen.now) for place in range(queries.PER_PAGE + 7)}
    with unit_of_work():
        services.keep_health(words, now=frozen.now)
    first = counted.get("/words/all").text
    more = unescape(re.findall(r'href="(/words/all\?[^"]*fired=[^"]+)"', first)[0])
    second = counted.get(more).text
    seen = [re.findall(r'<th scope="row" lang="zh-CN">(词\d+)</th>', page) for page in (first, second)]
    assert [len(one) for one in seen] == [queries.PER_PAGE, 7]
    assert sorted(seen[0] + seen[1]) == sorted(word for _, word in words)
    assert counted.get("/words/all?fired=x&last=a&word=b").status_code == 422


def stored(now: datetime, version: int, state: str, **more: object) -> LearnedModel:
    values = {"rules_share": 0.8, "blended_share": 0.86, "examples": 120, "switched_by_id": None} | more
    document = {"weight": 0.5, "weights": {"豁了": {"damaged": 1.5}, "了": {"damaged": 9.0}}}
    return LearnedModel(
        version=version,
        state=state,
        rule_version=1,
        through_correction_id=0,
        document={} if state == "refused" else document,
        created_at=now,
        **values,
    )


def test_models_say_why_they_decide_or_not_and_are_switched(counted: Client, world: World, frozen: Frozen) -> None:
    with unit_of_work():
        add(
            stored(frozen.now, 1, "off"),
            stored(frozen.now, 2, "refused", blended_share=0.8),
            stored(frozen.now, 3, "live"),
        )
    page = unescape(counted.get("/words/models").text)
    for why in ("按 50% 计入", "没有明显好过只用规则", "第 3 版取代了它", "再确认或更正 25 张"):
        assert why in page
    explained = counted.get("/words/models/3").text
    assert "豁了" in explained
    assert ">了<" not in explained
    counted.submit("/words/models/1/on")
    assert "第 1 版模型开始参与判断" in unescape(counted.get("/words/models").text)
    counted.submit("/words/models/1/off")
    assert "吴营停用了它" in unescape(counted.get("/words/models").text)
    counted.submit("/words/models/2/on")
    assert "alert" in counted.get("/words/models").text
    assert counted.get("/words/models/9").status_code == 404


def test_the_pages_take_a_steady_number_of_statements(counted: Client, statements: Statements) -> None:
    most = {"/words": 10, "/words/all": 6, "/words/dead?type=damaged": 7, "/words/models": 7}
    for path, budget in most.items():
        counted.get(path)
        with statements() as seen:
            counted.get(path)
        assert len([one for one in seen if one.startswith("SELECT")]) <= budget, path
