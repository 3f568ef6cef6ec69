"""What makes a password good enough: long, and not one that everybody tries first.

Length rather than character classes, and a list of the usual guesses (NIST SP 800-63B, 5.1.1.2).
"""

from __future__ import annotations

from itertools import pairwise

from helpdesk.domain.problems import Invalid

SHORTEST = 12
LONGEST = 128
"""Characters. The longest bounds the work of hashing."""

TOO_COMMON = frozenset({"password", "passw0rd", "qwertyuiop", "asdfghjkl", "iloveyou", "letmein", "welcome", "admin"})
"""After taking off digits and signs at either end."""


def check_password(password: str, *, login: str) -> None:
    """Raise ``Invalid`` unless the password may be used by the person with this login."""
    if len(password) < SHORTEST:
        raise Invalid("password.too_short", least=SHORTEST)
    if len(password) > LONGEST:
        raise Invalid("password.too_long", most=LONGEST)
    lowered = password.lower()
    core = lowered.strip("0123456789!@#$%^&*()_-+=.?~ ")
    if core in TOO_COMMON or not core or _is_a_run(lowered):
        raise Invalid("password.too_common")
    if core == login.lower() or lowered == login.lower():
        raise Invalid("password.is_the_login")


def _is_a_run(text: str) -> bool:
    """``aaaaaaaaaa``, ``abcdefghij``, ``0987654321``: each letter follows from the one before."""
    return len({ord(second) - ord(first) for first, second in pairwise(text)}) <= 1
