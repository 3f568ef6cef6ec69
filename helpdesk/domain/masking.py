"""What of a customer is shown to somebody who has not asked, with a reason, to see more."""

from __future__ import annotations

HIDDEN = "****"
PHONE_HEAD, PHONE_TAIL = 3, 4
ADDRESS_HEAD = 6


def mask_phone(phone: str) -> str:
    """``138****5678``: enough to recognise a number, not to call it. Short ones are hidden whole."""
    digits = "".join(letter for letter in phone if letter.isdigit())
    if len(digits) < PHONE_HEAD + PHONE_TAIL + 1:
        return HIDDEN if digits else ""
    return f"{digits[:PHONE_HEAD]}{HIDDEN}{digits[-PHONE_TAIL:]}"


def mask_name(name: str) -> str:
    """The first character, by which somebody who knows him tells him from others."""
    name = name.strip()
    return f"{name[0]}{HIDDEN}" if name else ""


def mask_address(address: str) -> str:
    """The region, without street and house; at most half of it."""
    address = address.strip()
    return f"{address[: min(ADDRESS_HEAD, len(address) // 2)]}{HIDDEN}" if address else ""
