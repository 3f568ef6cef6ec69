"""Posting to addresses that people enter, without lending them this machine's place in the network.

A name is resolved once, every address it has must be a public one, and the connection goes to the very address that
was checked, so that a second answer of the name server changes nothing. Redirects are not followed, proxies from the
environment not used, answers read up to a limit and a deadline.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, TypeAlias

import httpx

from helpdesk.adapters.senders import SendFailed

IPAddress: TypeAlias = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[str]]

# It writes each address into the log, and a robot's address holds its token.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

PORTS = frozenset({80, 443})
TIMEOUT_SECONDS = 10.0
DEADLINE_SECONDS = 30.0
MOST_ANSWER_BYTES = 64 * 1024
GLOBAL_UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
"""An IPv4 address as networks without IPv4 see it."""

# What the standard library's table of this Python doesn't say: protocol assignments, relays and tunnels.
SPECIAL_IPV4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
SPECIAL_IPV6 = (IPv6Network("2001::/23"), IPv6Network("2002::/16"), IPv6Network("3fff::/20"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, headers in small letters, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def resolve(host: str, port: int) -> list[str]:
    """All addresses of the name, as text."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: IPAddress) -> bool:
    """Whether the address is one that anybody on the Internet could reach, in whatever form it is written."""
    if isinstance(address, IPv4Address):
        special = any(address in network for network in SPECIAL_IPV4)
        return address.is_global and not address.is_multicast and not address.is_reserved and not special
    inner = IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else address.ipv4_mapped
    if inner is not None:
        return is_public(inner)
    special = any(address in network for network in SPECIAL_IPV6)
    return address in GLOBAL_UNICAST and address.is_global and not special


@dataclass(frozen=True, slots=True)
class Guard:
    """Posts, within limits. ``allow_internal``: the installation wants targets in its own network."""

    allow_internal: bool = False
    resolve: Resolve = resolve
    timeout: float = TIMEOUT_SECONDS
    deadline: float = DEADLINE_SECONDS

    def address_of(self, host: str, port: int) -> str:
        """The checked address to connect to; ``SendFailed`` where the name leads where it must not."""
        try:
            found = [ip_address(text) for text in self.resolve(host, port)]
        except (OSError, UnicodeError, ValueError) as error:
            raise SendFailed("net.no_such_host") from error
        if not found:
            raise SendFailed("net.no_such_host")
        if not self.allow_internal and not all(is_public(address) for address in found):
            raise SendFailed("net.internal_address", final=True)
        return str(found[0])

    def post(self, url: str, document: Mapping[str, Any]) -> Answer:
        """POST a JSON document. Raises ``SendFailed`` for anything but an answer."""
        return self.send(
            url,
            json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
            {"Content-Type": "application/json"},
        )

    def send(self, url: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """POST these bytes under these headers, as they are."""
        target = self._checked(url)
        address = self.address_of(target.host, target.port or (443 if target.scheme == "https" else 80))
        client = httpx.Client(timeout=self.timeout, follow_redirects=False, trust_env=False)
        # Each read has its time limit, but an answer that trickles in would never end.
        end = threading.Timer(self.deadline, client.close)
        end.start()
        try:
            with client.stream(
                "POST",
                target.copy_with(host=address),
                content=content,
                headers={**headers, "Host": target.netloc.decode("ascii"), "Accept-Encoding": "identity"},
                extensions={"sni_hostname": target.host},
            ) as response:
                return Answer(response.status_code, dict(response.headers), _body(response))
        except httpx.HTTPError as error:
            slow = isinstance(error, httpx.TimeoutException) or client.is_closed
            raise SendFailed("net.too_slow" if slow else "net.unreachable") from error
        finally:
            end.cancel()
            client.close()

    def _checked(self, url: str) -> httpx.URL:
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, ValueError) as error:
            raise SendFailed("net.bad_url", final=True) from error
        if target.scheme not in {"http", "https"} or not target.host or target.userinfo:
            raise SendFailed("net.bad_url", final=True)
        if not self.allow_internal and target.port is not None and target.port not in PORTS:
            raise SendFailed("net.port_not_allowed", final=True)
        return target


def _body(response: httpx.Response) -> bytes:
    body = b""
    for piece in response.iter_raw():
        body += piece
        if len(body) > MOST_ANSWER_BYTES:
            raise SendFailed("net.answer_too_long")
    return body
