"""People who work here, their sessions, and tries to log in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.domain.access import PEOPLE, Role
from helpdesk.storage import Base

ROLES = ", ".join(f"'{role.value}'" for role in Role)


class User(Base):
    """A person; or ``system``, the actor of jobs and imports, or an ``integration``, who can't log in."""

    __tablename__ = "user"
    __table_args__ = (
        CheckConstraint(f"role IN ({ROLES})", name="role"),
        CheckConstraint("presence IN ('online', 'away')", name="presence"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name="quiet"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str] = mapped_column(String(10), default="zh_CN")
    capacity: Mapped[int | None]  # tickets at a time; used by automatic assignment
    presence: Mapped[str] = mapped_column(String(6), default="online")  # his own word; away gets nothing handed out
    email: Mapped[str | None] = mapped_column(String(200))
    quiet_from: Mapped[int | None]  # minutes since midnight in the shop's zone; mail waits for quiet_to
    quiet_to: Mapped[int | None]
    digest_seconds: Mapped[int] = mapped_column(default=0)  # his mail gathers news for so long
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


is_person = User.role.in_([role.value for role in PEOPLE])
"""True of somebody who can log in."""


class UserSession(Base):
    """A login. The cookie holds the token, the table only its hash; deleting the row ends it at once."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(60))
    agent: Mapped[str] = mapped_column(String(200))


class LoginAttempt(Base):
    """A try to log in or to find an order, counted before it is looked at. ``key``: who and at what, hashed."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_key_at", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
