"""Settings from the environment, checked at start. The only reader of ``os.environ``."""

from __future__ import annotations

import os
import re
import secrets
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# pypinyin reads these at import: without its phrase table it takes 15 MB instead of 60.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ("zh_CN", "en")
SENDER = re.compile(r"[^@\s<>,;:\"]{1,64}@[A-Za-z0-9.-]{1,190}", re.ASCII)
SMTP_PORTS = {"none": 25, "starttls": 587, "tls": 465}


class SettingsError(RuntimeError):
    """A setting that can't be used; the message names the variable."""


@dataclass(frozen=True)
class Settings:
    """What an installation may set. Each field is the variable ``UNSNAG_<FIELD>``."""

    data: Path  # folder of the database file, the secret key and uploads
    database_url: str
    secret_key: str
    trusted_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    timezone: str = "Asia/Shanghai"
    locale: str = "zh_CN"
    secure_cookies: bool = False
    proxies: int = 0  # of ours in front: so many X-Forwarded-* entries are believed
    session_hours: int = 12
    max_request_bytes: int = 2 * 1024 * 1024
    max_form_parts: int = 500
    log_level: str = "INFO"
    base_url: str = ""  # under which people reach the pages, for links in mails and messages; "": no links
    smtp_host: str = ""  # "": no mail leaves
    smtp_port: int = 587
    smtp_tls: str = "starttls"
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_from: str = ""
    smtp_ca: str = ""  # a file of certificates; "": those of the system
    webhook_calls_a_minute: int = 600  # of each webhook
    api_calls_a_minute: int = 600  # of each token
    allow_internal_targets: bool = False  # notifications may go to hosts of one's own network
    testing: bool = False

    def flask_config(self) -> dict[str, Any]:
        """The same settings under the names that Flask and its extensions read."""
        return {
            "SECRET_KEY": self.secret_key,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(self.database_url),
            "TRUSTED_HOSTS": list(self.trusted_hosts),
            "MAX_CONTENT_LENGTH": self.max_request_bytes,
            "MAX_FORM_MEMORY_SIZE": self.max_request_bytes,
            "MAX_FORM_PARTS": self.max_form_parts,
            "SESSION_COOKIE_NAME": "unsnag_csrf",
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_SECURE": self.secure_cookies,
            "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a form left open over lunch must still send
            "BABEL_DEFAULT_LOCALE": self.locale,
            "BABEL_DEFAULT_TIMEZONE": self.timezone,
            "TESTING": self.testing,
            "UNSNAG": self,
        }


def _engine_options(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 10}}
    return {"pool_pre_ping": True, "pool_size": 5, "max_overflow": 10}


def from_environment() -> Settings:
    """Read and check the settings; raise ``SettingsError`` for one that can't be used."""
    data = Path(_text("DATA", str(ROOT / "instance"))).resolve()
    data.mkdir(parents=True, exist_ok=True)
    tls = _text("SMTP_TLS", "starttls").lower()
    settings = Settings(
        data=data,
        database_url=_text("DATABASE_URL", f"sqlite:///{data / 'unsnag.sqlite3'}"),
        secret_key=_text("SECRET_KEY", "") or _stored_secret(data / "secret.key"),
        trusted_hosts=tuple(h.strip() for h in _text("TRUSTED_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if h),
        timezone=_text("TIMEZONE", "Asia/Shanghai"),
        locale=_text("LOCALE", "zh_CN"),
        secure_cookies=_flag("SECURE_COOKIES"),
        proxies=_number("PROXIES", 0, 0, 10),
        session_hours=_number("SESSION_HOURS", 12, 1, 24 * 31),
        max_request_bytes=_number("MAX_REQUEST_BYTES", 2 * 1024 * 1024, 64 * 1024, 1 << 30),
        log_level=_text("LOG_LEVEL", "INFO").upper(),
        base_url=_text("BASE_URL", "").rstrip("/"),
        smtp_host=_text("SMTP_HOST", ""),
        smtp_port=_number("SMTP_PORT", SMTP_PORTS.get(tls, 587), 1, 65535),
        smtp_tls=tls,
        smtp_user=_text("SMTP_USER", ""),
        smtp_password=_text("SMTP_PASSWORD", ""),
        smtp_from=_text("SMTP_FROM", ""),
        smtp_ca=_text("SMTP_CA", ""),
        webhook_calls_a_minute=_number("WEBHOOK_CALLS_A_MINUTE", 600, 1, 100_000),
        api_calls_a_minute=_number("API_CALLS_A_MINUTE", 600, 1, 100_000),
        allow_internal_targets=_flag("ALLOW_INTERNAL_TARGETS"),
    )
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    if len(settings.secret_key) < 16:
        raise SettingsError("UNSNAG_SECRET_KEY: at least 16 characters")
    if settings.locale not in LOCALES:
        raise SettingsError(f"UNSNAG_LOCALE: one of {', '.join(LOCALES)}")
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(f"UNSNAG_TIMEZONE: {settings.timezone} is not a time zone") from error
    if settings.log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError("UNSNAG_LOG_LEVEL: DEBUG, INFO, WARNING or ERROR")
    _check_sending(settings)


def _check_sending(settings: Settings) -> None:
    base = urlsplit(settings.base_url)
    if settings.base_url and (base.scheme not in {"http", "https"} or not base.hostname or base.query or base.fragment):
        raise SettingsError("UNSNAG_BASE_URL: like https://tickets.example.com")
    if settings.smtp_tls not in SMTP_PORTS:
        raise SettingsError(f"UNSNAG_SMTP_TLS: one of {', '.join(SMTP_PORTS)}")
    if settings.smtp_host and not SENDER.fullmatch(settings.smtp_from):
        raise SettingsError("UNSNAG_SMTP_FROM: the mailbox that mail comes from, like unsnag@example.com")
    if settings.smtp_password and settings.smtp_tls == "none" and settings.smtp_host not in {"localhost", "127.0.0.1"}:
        raise SettingsError("UNSNAG_SMTP_TLS: a password must not travel in the clear")
    try:
        ssl.create_default_context(cafile=settings.smtp_ca or None)
    except OSError as error:
        raise SettingsError("UNSNAG_SMTP_CA: a readable file of certificates (PEM)") from error


def _text(name: str, default: str) -> str:
    return os.environ.get(f"UNSNAG_{name}", default).strip()


def _flag(name: str) -> bool:
    value = _text(name, "0").lower()
    if value not in {"0", "1", "false", "true", "no", "yes", ""}:
        raise SettingsError(f"UNSNAG_{name}: 0 or 1")
    return value in {"1", "true", "yes"}


def _number(name: str, default: int, least: int, most: int) -> int:
    try:
        value = int(_text(name, str(default)))
    except ValueError as error:
        raise SettingsError(f"UNSNAG_{name}: a whole number") from error
    if not least <= value <= most:
        raise SettingsError(f"UNSNAG_{name}: from {least} to {most}")
    return value


def _stored_secret(path: Path) -> str:
    """The installation's own key, made once. Of processes that start together, all take the one that came first."""
    if not path.exists():
        own = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        own.touch(mode=0o600)
        own.write_text(secrets.token_urlsafe(48), encoding="ascii")
        try:
            os.link(own, path)  # all of it or nothing: nobody reads a key that is still being written
        except FileExistsError:
            pass
        finally:
            own.unlink()
    return path.read_text(encoding="ascii").strip()
