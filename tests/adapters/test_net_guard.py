"""What may not be reached is not reached, however it is written."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from helpdesk.adapters.net_guard import MOST_ANSWER_BYTES, Guard, is_public
from helpdesk.adapters.senders import SendFailed
from tests.adapters.servers import Web, breaks_off, hangs, says, trickles, web_server

INSIDE = [
    "0.0.0.0",  # noqa: S104  nothing is bound to it
    "10.0.0.1",
    "100.64.0.1",  # carrier's NAT; clouds keep metadata at 100.100.100.200
    "100.100.100.200",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo to 127.0.0.1
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_that_lead_inside(address: str) -> None:
    assert not is_public(ip_address(address))
    guard = Guard(resolve=lambda _host, _port: [address])
    with pytest.raises(SendFailed) as refused:
        guard.post("https://robots.example/x", {})
    assert (refused.value.code, refused.value.final) == ("net.internal_address", True)


@pytest.mark.parametrize("address", ["8.8.8.8", "223.5.5.5", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_that_anybody_may_reach(address: str) -> None:
    found = Guard(resolve=lambda _host, _port: [address]).address_of("dns.example", 443)
    assert ip_address(found) == ip_address(address)


def test_one_address_inside_among_public_ones_is_enough_to_refuse() -> None:
    guard = Guard(resolve=lambda _host, _port: ["8.8.8.8", "127.0.0.1"])
    with pytest.raises(SendFailed, match=r"net\.internal_address"):
        guard.address_of("two-faced.example", 443)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("file:///etc/passwd", "net.bad_url"),
        ("gopher://robots.example/x", "net.bad_url"),
        ("https://", "net.bad_url"),
        ("https://user:pass@robots.example/x", "net.bad_url"),
        ("http://[::1", "net.bad_url"),
        ("https://robots.example:22/x", "net.port_not_allowed"),
        ("http://robots.example:8080/x", "net.port_not_allowed"),
        ("https://robots.example:6379/x", "net.port_not_allowed"),
    ],
)
def test_addresses_that_are_none_of_ours(url: str, code: str) -> None:
    with pytest.raises(SendFailed) as refused:
        Guard(resolve=lambda _host, _port: ["8.8.8.8"]).post(url, {})
    assert (refused.value.code, refused.value.final) == (code, True)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::1]"])
def test_this_machine_by_its_other_names(host: str) -> None:
    """Asked of the system's own resolver, which reads odd forms of numbers too."""
    with pytest.raises(SendFailed) as refused:
        Guard().post(f"http://{host}/", {})
    assert refused.value.code in {"net.internal_address", "net.no_such_host", "net.bad_url"}


def test_a_name_without_an_address_may_get_one_later() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise OSError

    def empty(_host: str, _port: int) -> list[str]:
        return []

    for resolve in (unknown, empty):
        with pytest.raises(SendFailed) as refused:
            Guard(resolve=resolve).post("https://robots.example/x", {})
        assert (refused.value.code, refused.value.final) == ("net.no_such_host", False)


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as running:
        yield running


def local(**options: float) -> Guard:
    return Guard(allow_internal=True, **options)  # type: ignore[arg-type]


def test_an_installation_may_allow_its_own_network(web: Web) -> None:
    with pytest.raises(SendFailed, match=r"net\.port_not_allowed"):
        Guard().post(web.url(), {"a": 1})
    assert web.asked == []
    answer = local().post(web.url(), {"a": "你好"})
    assert (answer.status, answer.body) == (200, b'{"errcode": 0, "code": 0}')
    assert web.asked[0][2] == {"a": "你好"}


def test_the_connection_goes_to_the_address_that_was_checked(web: Web) -> None:
    """The name server is asked once; a name it answers differently the second time leads nowhere else."""
    answers = [["127.0.0.1"], ["203.0.113.1"]]
    guard = Guard(allow_internal=True, resolve=lambda _host, _port: answers.pop(0))
    guard.post(f"http://rebinding.example:{web.port}/x", {})
    assert len(answers) == 1
    assert web.asked[0][1]["host"] == f"rebinding.example:{web.port}"


def test_redirects_are_not_followed(web: Web) -> None:
    web.answers = [says({}, 302, Location=web.url("/inside"))]
    assert local().post(web.url(), {}).status == 302
    assert len(web.asked) == 1


def test_proxies_of_the_environment_are_not_used(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert local().post(web.url(), {}).status == 200


def test_a_server_that_hangs_breaks_off_or_is_not_there_is_tried_again(web: Web) -> None:
    web.answers = [hangs(1), breaks_off, says(b"x" * (MOST_ANSWER_BYTES + 1))]
    codes = []
    for _ in range(3):
        with pytest.raises(SendFailed) as failed:
            local(timeout=0.3).post(web.url(), {})
        assert not failed.value.final
        codes.append(failed.value.code)
    assert codes == ["net.too_slow", "net.unreachable", "net.answer_too_long"]
    with pytest.raises(SendFailed, match=r"net\.unreachable"):
        local().post("http://127.0.0.1:1/x", {})


def test_an_answer_that_trickles_in_is_ended(web: Web) -> None:
    web.answers = [trickles(5)]
    with pytest.raises(SendFailed) as failed:
        local(timeout=1.0, deadline=0.4).post(web.url(), {})
    assert failed.value.code in {"net.too_slow", "net.unreachable"}
