"""Group robots of DingTalk, WeCom and Feishu (Lark): text by webhook, signed where the robot asks for it.

They answer 200 whatever happened and say in the body what: each has its own codes for "too many" and for what no
other try would change. Their addresses stand in the URL that people copy from the group's settings.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from helpdesk.adapters.net_guard import Answer, Guard
from helpdesk.adapters.posts import Post
from helpdesk.adapters.senders import SendFailed
from helpdesk.domain.targets import LIMITS

LONGEST_REST_SECONDS = 24 * 3600
PASSING = frozenset({408, 425, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Robot:
    """How one maker's robots are spoken to. ``codes`` are the numbers in their answers."""

    kind: str
    request: Callable[[Post], tuple[str, Mapping[str, Any]]]
    code_fields: tuple[str, ...]
    too_many: Collection[int]
    final: Collection[int]

    def send(self, post: Post, guard: Guard) -> None:
        """Post it. Raises ``SendFailed`` unless the robot says that it took it."""
        url, document = self.request(post)
        answer = guard.post(url, document)
        self._check_status(answer, post.now)
        code = self._code(answer)
        if code == 0:
            return
        if code in self.too_many:
            raise SendFailed(f"robot.too_many:{code}", retry_after=LIMITS[self.kind].rest_seconds)
        raise SendFailed(f"robot.refused:{code}", final=code in self.final)

    def _check_status(self, answer: Answer, now: datetime) -> None:
        if answer.status == 429:
            rest = _rest(answer.headers.get("retry-after", ""), now) or LIMITS[self.kind].rest_seconds
            raise SendFailed("robot.too_many:429", retry_after=rest)
        if 300 <= answer.status < 400:
            raise SendFailed("net.redirected", final=True)
        if not 200 <= answer.status < 300:
            raise SendFailed(
                f"robot.http:{answer.status}", final=400 <= answer.status < 500 and answer.status not in PASSING
            )

    def _code(self, answer: Answer) -> int:
        try:
            document = json.loads(answer.body)
        except ValueError as error:
            raise SendFailed("robot.garbled") from error
        for name in self.code_fields:
            if isinstance(document, dict) and type(document.get(name)) is int:
                return int(document[name])
        raise SendFailed("robot.garbled")


def _dingtalk(post: Post) -> tuple[str, Mapping[str, Any]]:
    url = post.url
    if post.sign:
        stamp = str(int(post.now.timestamp() * 1000))
        sign = _hmac(post.sign, f"{stamp}\n{post.sign}")
        url += f"{'&' if '?' in url else '?'}timestamp={stamp}&sign={quote(sign, safe='')}"
    if post.markdown:
        return url, {"msgtype": "markdown", "markdown": {"title": post.title, "text": _marked(post)}}
    return url, {"msgtype": "text", "text": {"content": _body(post)}}


def _wecom(post: Post) -> tuple[str, Mapping[str, Any]]:
    if post.markdown:
        return post.url, {"msgtype": "markdown", "markdown": {"content": _marked(post)}}
    return post.url, {"msgtype": "text", "text": {"content": _body(post)}}


def _feishu(post: Post) -> tuple[str, Mapping[str, Any]]:
    # Feishu reads tags such as <at> in a text; nothing of ours is one.
    document: dict[str, Any]
    if post.markdown:
        header = {"title": {"tag": "plain_text", "content": post.title}}
        body = {"tag": "markdown", "content": post.text.replace("<", "＜")}
        document = {"msg_type": "interactive", "card": {"header": header, "elements": [body]}}
    else:
        document = {"msg_type": "text", "content": {"text": _body(post).replace("<", "＜")}}
    if post.sign:
        stamp = str(int(post.now.timestamp()))
        document |= {"timestamp": stamp, "sign": _hmac(f"{stamp}\n{post.sign}", "")}
    return post.url, document


def _body(post: Post) -> str:
    """The headline says nothing that a single line doesn't."""
    return post.text if post.text.startswith(post.title) else f"{post.title}\n{post.text}"


def _marked(post: Post) -> str:
    """Under a headline, where the robot shows none of its own."""
    return f"### {post.title}\n{post.text}"


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode("ascii")


def _rest(text: str, now: datetime) -> int | None:
    """Seconds of a Retry-After header: a number, or a date. None for nothing that can be read."""
    if text.isascii() and text.isdigit():
        return max(1, min(int(text[:9]), LONGEST_REST_SECONDS))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = int((until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())
    return max(1, min(seconds, LONGEST_REST_SECONDS))


ROBOTS: Mapping[str, Robot] = {
    # 310000: keyword, address or signature not accepted; 300001, 400101, 400102: token unknown, robot gone or off.
    "dingtalk": Robot(
        "dingtalk",
        _dingtalk,
        ("errcode",),
        too_many={130101, 130102, 410100, 660026},
        final={310000, 300001, 300005, 400013, 400101, 400102, 400105, 430101, 430102, 430103, 430104},
    ),
    # 93000: no such webhook; 40008, 40033, 40058, 44004: content not accepted.
    "wecom": Robot(
        "wecom",
        _wecom,
        ("errcode",),
        too_many={45009, 45033},
        final={93000, 93004, 93008, 93017, 40008, 40033, 40058, 44004, 45002},
    ),
    # 19001: no such webhook; 19021: signature; 19022: address; 19024: keyword; 9499: bad request.
    "feishu": Robot(
        "feishu",
        _feishu,
        ("code", "StatusCode"),
        too_many={11232, 11233, 99991400},
        final={19001, 19002, 19021, 19022, 19024, 9499},
    ),
}
