"""Messages between programs that are signed with a shared secret.

The signature covers the time at which it was made and the body, byte by byte: ``HMAC-SHA256(secret, timestamp + "." +
body)`` in hexadecimal, after ``sha256=``. Whoever listens in can neither change such a message nor send it later.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime

SCHEME = "sha256="
TOLERANCE_SECONDS = 300
"""How far the sender's clock may be from ours, in both directions."""

TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,11}", re.ASCII)
SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}", re.ASCII)


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The signature of ``body`` made at ``timestamp`` (seconds since 1970, UTC), as it stands in the header."""
    made = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"{SCHEME}{made.hexdigest()}"


def is_signed(secrets: Iterable[str], timestamp: str, signature: str, body: bytes) -> bool:
    """Whether one of the secrets signed this. Takes as long for a wrong signature as for the right one."""
    if not TIMESTAMP.fullmatch(timestamp) or not SIGNATURE.fullmatch(signature):
        return False
    # All of them are compared, so that the time taken doesn't tell which one it was.
    found = [hmac.compare_digest(sign(secret, int(timestamp), body), signature) for secret in secrets]
    return any(found)


def is_recent(timestamp: str, now: datetime) -> bool:
    """Whether a signature's ``timestamp`` is at most TOLERANCE_SECONDS away from ``now`` (UTC)."""
    return abs(int(timestamp) - now.timestamp()) <= TOLERANCE_SECONDS


def fingerprint(signature: str) -> str:
    """What is kept of a signature to know it again: nobody can send it anew with that."""
    return hashlib.sha256(signature.encode()).hexdigest()
