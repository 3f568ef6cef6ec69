"""Passwords as argon2id hashes. Slow on purpose: never inside a database transaction."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()
_nobody = _hasher.hash("no password at all")


def hashed(password: str) -> str:
    """What is stored."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether it is the password. Without a stored hash it is never right, and takes as long to say so."""
    try:
        return _hasher.verify(stored or _nobody, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str | None) -> bool:
    """Hashed with other parameters than today's: to be hashed anew at the next login."""
    return stored is not None and _hasher.check_needs_rehash(stored)
