"""Write the report's sums anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import delete, insert

from helpdesk.domain.reports import SUMMED
from helpdesk.models import ReportDay, ReportPart
from helpdesk.storage import session


def rewrite(
    days: Mapping[tuple[str, date, str], tuple[int, ...]], parts: Mapping[tuple[str, date, str, str, str], int]
) -> None:
    """Put these in the place of all sums: by (cut, day, value), by (cut, month, value, part, key)."""
    session().execute(delete(ReportDay))
    session().execute(delete(ReportPart))
    by_day = [
        {"cut": cut, "day": day, "value": value, **dict(zip(SUMMED, sums, strict=True))}
        for (cut, day, value), sums in days.items()
    ]
    by_month = [
        {"cut": cut, "month": month, "value": value, "part": part, "key": key, "amount": amount}
        for (cut, month, value, part, key), amount in parts.items()
        if amount
    ]
    for model, rows in ((ReportDay, by_day), (ReportPart, by_month)):
        if rows:
            session().execute(insert(model), rows)
