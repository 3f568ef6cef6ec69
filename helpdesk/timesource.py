"""The one place that asks what time it is."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment as aware UTC. Taken once per use case and handed down."""
    return datetime.now(UTC)
