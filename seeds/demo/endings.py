"""How tickets of each type end in the demo: outcomes, and who was responsible, with their weights."""

from __future__ import annotations

import random

from helpdesk.domain.tickets import Outcome, Party

O, P = Outcome, Party  # noqa: E741

OUTCOMES: dict[str, dict[Outcome, int]] = {
    "address_change": {O.REDIRECTED: 8, O.EXPLAINED: 1, O.CANCELLED: 1},
    "price_dispute": {O.REFUNDED: 6, O.EXPLAINED: 3, O.COMPENSATED: 2},
    "wrong_item": {O.RESENT: 5, O.EXCHANGED: 3, O.REFUNDED: 2},
    "missing_item": {O.RESENT: 6, O.REFUNDED: 3},
    "damaged": {O.RESENT: 4, O.COMPENSATED: 3, O.REFUNDED: 2},
    "out_of_stock": {O.REFUNDED: 6, O.EXCHANGED: 2, O.CANCELLED: 2},
    "late_shipment": {O.EXPLAINED: 3, O.COMPENSATED: 5, O.CANCELLED: 1},
    "exchange_request": {O.EXCHANGED: 8, O.REFUNDED: 1, O.REJECTED: 1},
    "return_mismatch": {O.REFUNDED: 5, O.EXPLAINED: 2, O.REJECTED: 2},
    "logistics_stuck": {O.EXPLAINED: 4, O.COMPENSATED: 3, O.RESENT: 2},
    "lost_parcel": {O.RESENT: 5, O.REFUNDED: 4},
    "quality": {O.EXCHANGED: 4, O.COMPENSATED: 4, O.REFUNDED: 2},
    "return_request": {O.REFUNDED: 8, O.WITHDRAWN: 1, O.REJECTED: 1},
    "cancel_order": {O.CANCELLED: 9, O.WITHDRAWN: 1},
    "coupon_promo": {O.COMPENSATED: 5, O.RESENT: 2, O.EXPLAINED: 3},
    "service_complaint": {O.COMPENSATED: 5, O.EXPLAINED: 4},
    "refund_status": {O.REFUNDED: 6, O.EXPLAINED: 4},
    "payment_issue": {O.REFUNDED: 6, O.EXPLAINED: 2},
    "freight_dispute": {O.REFUNDED: 6, O.EXPLAINED: 3},
    "invoice": {O.INVOICED: 1},
    "order_stall": {O.SELF_HEALED: 1},
    "reconcile_diff": {O.EXPLAINED: 3, O.REFUNDED: 1},
    "other": {O.EXPLAINED: 6, O.NO_REPLY: 2},
}

Shares = tuple[tuple[Party, int], ...]

_COURIER: dict[Shares, int] = {((P.COURIER, 100),): 7, ((P.COURIER, 70), (P.CUSTOMER_SERVICE, 30)): 2}
_WAREHOUSE: dict[Shares, int] = {
    ((P.WAREHOUSE, 100),): 7,
    ((P.WAREHOUSE, 70), (P.CUSTOMER_SERVICE, 30)): 2,
    ((P.UNDETERMINED, 100),): 1,
}
_PLATFORM: dict[Shares, int] = {((P.PLATFORM, 100),): 4, ((P.SYSTEM, 100),): 4, ((P.CUSTOMER_SERVICE, 100),): 2}

SHARES: dict[str, dict[Shares, int]] = {
    "address_change": {((P.CUSTOMER, 100),): 8, ((P.WAREHOUSE, 60), (P.CUSTOMER_SERVICE, 40)): 2},
    "price_dispute": {**_PLATFORM, ((P.CUSTOMER, 100),): 2},
    "wrong_item": _WAREHOUSE,
    "missing_item": {**_WAREHOUSE, ((P.SUPPLIER, 100),): 2},
    "damaged": {((P.COURIER, 100),): 5, ((P.COURIER, 50), (P.WAREHOUSE, 50)): 3, ((P.UNDETERMINED, 100),): 2},
    "out_of_stock": {((P.SYSTEM, 100),): 6, ((P.SYSTEM, 60), (P.WAREHOUSE, 40)): 2},
    "late_shipment": _WAREHOUSE,
    "exchange_request": {((P.CUSTOMER, 100),): 7, ((P.PRODUCT, 100),): 2},
    "return_mismatch": {((P.WAREHOUSE, 100),): 4, ((P.CUSTOMER, 100),): 3, ((P.UNDETERMINED, 100),): 2},
    "logistics_stuck": _COURIER,
    "lost_parcel": _COURIER,
    "quality": {((P.PRODUCT, 100),): 4, ((P.SUPPLIER, 100),): 4, ((P.PRODUCT, 50), (P.SUPPLIER, 50)): 1},
    "service_complaint": {((P.CUSTOMER_SERVICE, 100),): 1},
    "refund_status": {((P.SYSTEM, 100),): 4, ((P.PLATFORM, 100),): 3, ((P.CUSTOMER_SERVICE, 100),): 1},
    "payment_issue": {((P.PLATFORM, 100),): 5, ((P.SYSTEM, 100),): 3},
    "freight_dispute": {((P.CUSTOMER_SERVICE, 100),): 3, ((P.SYSTEM, 100),): 3, ((P.PLATFORM, 100),): 1},
    "invoice": {((P.CUSTOMER, 100),): 5, ((P.SYSTEM, 100),): 3},
    "reconcile_diff": {((P.SYSTEM, 100),): 1},
}
"""Types that are not named end without a responsible party; class A and C have to name one."""


def ending(type_code: str, dice: random.Random) -> tuple[Outcome, Shares]:
    outcomes = OUTCOMES[type_code]
    outcome = dice.choices(list(outcomes), list(outcomes.values()))[0]
    shares = SHARES.get(type_code, {(): 1})
    return outcome, dice.choices(list(shares), list(shares.values()))[0]
