"""Places outside that can be told news: what an address of each kind looks like, and how much it bears.

Sources of the limits: DingTalk's custom robots take 20 messages a minute, then nothing for 10 minutes; WeCom's
20 a minute, 2,048 bytes of text; Feishu's 100 a minute, 20 KB a request. All are kept with a margin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, urlsplit

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.problems import Invalid

LONGEST_URL = 1_000
LONGEST_SIGN = 200
LONGEST_MAILBOX = 200
MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}")

ROBOT_HOSTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "dingtalk": frozenset({"oapi.dingtalk.com"}),
        "wecom": frozenset({"qyapi.weixin.qq.com"}),
        "feishu": frozenset({"open.feishu.cn", "open.larksuite.com"}),
    }
)
FIXED_HOST_SCHEMAS = frozenset(
    {
        "discord",
        "flock",
        "gchat",
        "groupme",
        "ifttt",
        "join",
        "kook",
        "lark",
        "line",
        "msgbird",
        "opsgenie",
        "pagerduty",
        "pbul",
        "pover",
        "prowl",
        "pushplus",
        "qq",
        "revolt",
        "schan",
        "signl4",
        "slack",
        "spugpush",
        "tgram",
        "twilio",
        "twist",
        "webex",
        "wpush",
        "wxpusher",
        "wxteams",
    }
)
"""apprise services that post to one public host, whatever stands in the URL."""

LOCAL_SCHEMAS = frozenset({"dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "rsyslog", "syslog", "windows"})
"""apprise services that act on the machine they run on: never."""

REFUSED_OPTIONS = frozenset({"cto", "redirect", "rto", "verify"})
"""apprise options that would stretch time limits, follow redirects or trust any certificate."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a kind of target bears: messages a minute, bytes of text in one, seconds of rest after "too many"."""

    a_minute: int
    bytes: int
    rest_seconds: int = 60


LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "mail": Limit(a_minute=30, bytes=100_000),
        "dingtalk": Limit(a_minute=15, bytes=18_000, rest_seconds=660),
        "wecom": Limit(a_minute=15, bytes=1_950),
        "feishu": Limit(a_minute=60, bytes=16_000),
        "apprise": Limit(a_minute=15, bytes=1_900),
    }
)
KINDS: tuple[str, ...] = tuple(LIMITS)


def may_manage(actor: Actor, queue: int | None) -> bool:
    """Whether the actor says what is told to a target of this queue (None: of the whole house)."""
    scope = actor.scope(Permission.TARGETS_MANAGE)
    return scope is Scope.ALL or (scope is Scope.OWN and queue is not None and queue in actor.queues)


def checked_mailbox(text: str) -> str:
    """A plain mail address, without a name around it. ``Invalid`` for anything else."""
    text = text.strip()
    local, _, _ = text.partition("@")
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    if len(text) > LONGEST_MAILBOX or dots or not MAILBOX.fullmatch(text):
        raise Invalid("target.bad_mailbox", most=LONGEST_MAILBOX)
    return text


def checked_url(kind: str, url: str, *, allow_internal: bool) -> str:
    """A robot's webhook or an apprise URL, as it was copied. ``Invalid`` where it may not be posted to.

    ``allow_internal``: the installation lets people name hosts of their own; without it robots are those of their
    makers, and apprise services those with one public host. That no name leads inside is checked again, on the
    address itself, whenever something is sent.
    """
    url = url.strip()
    if not 0 < len(url) <= LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid("target.bad_url", most=LONGEST_URL)
    parts = _split(url)
    if kind == "apprise":
        _check_apprise(parts, allow_internal=allow_internal)
    else:
        _check_webhook(kind, parts, allow_internal=allow_internal)
    return url


def checked_sign(sign: str) -> str:
    """A signing key, or nothing where the robot has none."""
    sign = sign.strip()
    if len(sign) > LONGEST_SIGN or not sign.isascii() or not sign.isprintable():
        raise Invalid("target.bad_sign", most=LONGEST_SIGN)
    return sign


def shown_address(kind: str, url: str) -> str:
    """What may be shown of the URL: the host of a webhook, the service of an apprise URL."""
    parts = _split(url)
    return f"{parts.scheme}://" if kind == "apprise" else parts.hostname or ""


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise Invalid("target.bad_url", most=LONGEST_URL) from None


def _port(parts: SplitResult) -> int | None:
    """What stands where a port stands need not be one: apprise puts tokens there."""
    try:
        return parts.port
    except ValueError:
        raise Invalid("target.bad_url", most=LONGEST_URL) from None


def _check_webhook(kind: str, parts: SplitResult, *, allow_internal: bool) -> None:
    if kind not in ROBOT_HOSTS:
        raise Invalid("target.bad_kind")
    schemes = {"https", "http"} if allow_internal else {"https"}
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None or parts.fragment:
        raise Invalid("target.bad_url", most=LONGEST_URL)
    port = _port(parts)
    if not allow_internal and (parts.hostname not in ROBOT_HOSTS[kind] or port not in (None, 443)):
        raise Invalid("target.other_host", hosts=sorted(ROBOT_HOSTS[kind]))


def _check_apprise(parts: SplitResult, *, allow_internal: bool) -> None:
    if not parts.scheme or parts.scheme in LOCAL_SCHEMAS:
        raise Invalid("target.service_not_allowed", service=parts.scheme)
    if not allow_internal and parts.scheme not in FIXED_HOST_SCHEMAS:
        raise Invalid("target.service_not_allowed", service=parts.scheme)
    options = {name.lstrip("+-:").lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    if options & REFUSED_OPTIONS:
        raise Invalid("target.option_not_allowed", options=sorted(options & REFUSED_OPTIONS))
