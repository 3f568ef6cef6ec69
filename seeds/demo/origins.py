"""Where the demo's goods come from, so that a report has something to find.

Warehouse, batch and a few goods that go wrong more often than others hang on the buyer and the type of trouble, by
dice of their own: whoever else draws isn't disturbed.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from seeds.demo.material import DemoShop, Product
from seeds.demo.times import ZONE

WAREHOUSES = {"华东仓": 48, "华南仓": 34, "西南仓": 18}
OF_TYPE = {"wrong_item": {"华东仓": 82, "华南仓": 12, "西南仓": 6}, "late_shipment": {"西南仓": 45, "华东仓": 55}}
"""Packed in a hurry in the east, shipped late from the south-west."""

FRAGILE, WEAK_BATCH = "NW-KQ03", "KQ03-26A"
BREAKS = 0.5
OF_WEAK_BATCH = 0.8
"""An article that arrives broken more often than others, nearly always from one batch."""

IN_STOCK = timedelta(days=45)


def warehouse(type_code: str, buyer_id: str) -> str:
    """That ships the order."""
    weights = OF_TYPE.get(type_code, WAREHOUSES)
    return _dice("warehouse", type_code, buyer_id).choices(list(weights), list(weights.values()))[0]


def bought(type_code: str, shop: DemoShop, drawn: Product, buyer_id: str) -> Product:
    """What is complained of: as it was drawn, or the shop's article that stands out with this trouble."""
    fragile = next((product for product in shop.products if product.sku == FRAGILE), None)
    if type_code == "damaged" and fragile and _dice("fragile", buyer_id).random() < BREAKS:
        return fragile
    return drawn


def batch(type_code: str, sku: str, placed: datetime, buyer_id: str) -> str:
    """Of production: a letter for each third of a year."""
    if type_code == "damaged" and sku == FRAGILE and _dice("batch", buyer_id).random() < OF_WEAK_BATCH:
        return WEAK_BATCH
    made = (placed - IN_STOCK).astimezone(ZONE)
    return f"{sku.partition('-')[2]}-{made:%y}{'ABC'[(made.month - 1) // 4]}"


def _dice(*of: str) -> random.Random:
    return random.Random(":".join(of))
