"""Settings for what leaves the installation: checked at start, named in the message, secrets not shown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from helpdesk.config import Settings, SettingsError, from_environment
from helpdesk.jobs.ways import mail_server, ways_of


def settings(monkeypatch: pytest.MonkeyPatch, folder: Path, **values: str) -> Settings:
    monkeypatch.setenv("UNSNAG_DATA", str(folder))
    for name, value in values.items():
        monkeypatch.setenv(f"UNSNAG_{name}", value)
    return from_environment()


def test_without_settings_no_mail_leaves_and_nobody_inside_is_posted_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = settings(monkeypatch, tmp_path)
    assert (found.smtp_host, found.base_url, found.allow_internal_targets) == ("", "", False)
    assert set(ways_of(found)) == {"dingtalk", "wecom", "feishu", "apprise"}


@pytest.mark.parametrize(("tls", "port"), [("none", 25), ("starttls", 587), ("tls", 465)])
def test_the_usual_port_of_each_way_of_encrypting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tls: str, port: int
) -> None:
    found = settings(
        monkeypatch, tmp_path, SMTP_HOST="mail.example", SMTP_TLS=tls.upper(), SMTP_FROM="unsnag@shop.example"
    )
    server = mail_server(found)
    assert (server.host, server.port, server.tls, server.sender) == ("mail.example", port, tls, "unsnag@shop.example")
    assert "mail" in ways_of(found)


def test_a_mail_servers_password_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = settings(
        monkeypatch,
        tmp_path,
        SMTP_HOST="mail.example",
        SMTP_FROM="unsnag@shop.example",
        SMTP_USER="unsnag",
        SMTP_PASSWORD="three knots",
    )
    assert mail_server(found).password == "three knots"
    assert "three knots" not in repr(found) + repr(mail_server(found))


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"SMTP_HOST": "mail.example"}, "UNSNAG_SMTP_FROM"),
        ({"SMTP_HOST": "mail.example", "SMTP_FROM": "Unsnag <a@b.example>"}, "UNSNAG_SMTP_FROM"),
        ({"SMTP_TLS": "ssl"}, "UNSNAG_SMTP_TLS"),
        ({"SMTP_PORT": "0"}, "UNSNAG_SMTP_PORT"),
        ({"SMTP_CA": "/nowhere/ca.pem"}, "UNSNAG_SMTP_CA"),
        ({"SMTP_CA": __file__}, "UNSNAG_SMTP_CA"),
        (
            {"SMTP_HOST": "mail.example", "SMTP_FROM": "a@b.example", "SMTP_TLS": "none", "SMTP_PASSWORD": "x"},
            "UNSNAG_SMTP_TLS",
        ),
        ({"BASE_URL": "tickets.example.com"}, "UNSNAG_BASE_URL"),
        ({"BASE_URL": "javascript:alert(1)"}, "UNSNAG_BASE_URL"),
        ({"ALLOW_INTERNAL_TARGETS": "perhaps"}, "UNSNAG_ALLOW_INTERNAL_TARGETS"),
    ],
)
def test_what_can_not_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, values: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError, match=named):
        settings(monkeypatch, tmp_path, **values)


def test_a_base_url_loses_its_last_slash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert settings(monkeypatch, tmp_path, BASE_URL="https://x.example/desk/").base_url == "https://x.example/desk"


def test_processes_that_start_together_agree_on_one_secret_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    at_once = 8
    barrier = Barrier(at_once)

    def start(_: int) -> str:
        barrier.wait()
        return from_environment().secret_key

    with ThreadPoolExecutor(at_once) as pool:
        for attempt in range(40):
            monkeypatch.setenv("UNSNAG_DATA", str(tmp_path / str(attempt)))
            keys = set(pool.map(start, range(at_once)))
            assert len(keys) == 1
            assert len(keys.pop()) == 64
            assert [one.name for one in (tmp_path / str(attempt)).iterdir()] == ["secret.key"]
            assert (tmp_path / str(attempt) / "secret.key").stat().st_mode & 0o777 == 0o600
