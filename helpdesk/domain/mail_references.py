"""Message-IDs of our mails: an answer names the one it answers, and so finds its ticket."""

from __future__ import annotations

import hashlib
import hmac
import re

REFERENCE = re.compile(r"<?message-([0-9]{1,10})\.([0-9a-f]{16})@", re.ASCII)


def reply_reference(message_id: int, key: str, host: str) -> str:
    """The Message-ID of the mail that carries our message: an answer to it names it, and nobody can make one up.

    ``key`` is the installation's secret, ``host`` the sender's domain. The same for each try to send it.
    """
    return f"<message-{message_id}.{_proof(message_id, key)}@{host}>"


def message_of(reference: str, key: str) -> int | None:
    """The id of our message that a reference names; None if it isn't one of ours."""
    found = REFERENCE.match(reference.strip())
    if found is None:
        return None
    message_id = int(found[1])
    return message_id if hmac.compare_digest(_proof(message_id, key), found[2]) else None


def _proof(message_id: int, key: str) -> str:
    return hmac.new(key.encode(), f"message-{message_id}".encode(), hashlib.sha256).hexdigest()[:16]
