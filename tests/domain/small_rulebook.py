"""A rule book of four types, for tests that don't want to know the shipped one."""

from __future__ import annotations

from typing import Any

HOUR = 3600


def small_document() -> dict[str, Any]:
    """Two types of the shop floor, and nothing else that a rule book can do without."""
    return {
        "types": [
            a_type("wrong_item", "C", "warehouse", 8 * HOUR, agent_limit_fen=2000),
            a_type("quick", "B", "customer_service", 4 * HOUR),
            a_type("other", "B", "customer_service", 2 * HOUR),
            a_type("order_stall", "B", "customer_service", 2 * HOUR, system=True),
        ],
        "lexicon": {"words": {"wrong_item": {"strong": ["发错货"]}}},
        "stages": [{"code": "breach", "percent": 100, "urgency": 2}, {"code": "half", "percent": 50}],
        "queue_targets": {"customer_service": 2 * HOUR, "warehouse": 4 * HOUR},
        "priority_percent": {"P1": 50, "P2": 100, "P3": 150},
        "class_b_solution_cap_seconds": 4 * HOUR,
        "answering_queue": "customer_service",
        "policies": [
            {
                "code": "resend",
                "type": "wrong_item",
                "kind": "resend",
                "formula": "resend",
                "name": {"zh": "补发", "en": "Resend"},
            }
        ],
        "role_limits": [{"role": "agent", "per_order_fen": 2000}],
        "channel_caps": {"bands": [{"cap_fen": 50_000}], "payouts_per_order": 5, "per_shop_day_fen": 1_500_000},
    }


def a_type(code: str, klass: str, queue: str, solution: int, **more: Any) -> dict[str, Any]:
    label = {"zh": "名", "en": "Name"}
    return {
        "code": code,
        "class": klass,
        "queue": queue,
        "name": label,
        "first_response_seconds": 1800,
        "solution_seconds": solution,
        "bottleneck": label,
        "improvement": label,
        **more,
    }
