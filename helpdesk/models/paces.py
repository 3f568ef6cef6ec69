"""What was last measured of the queues' pace."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.storage import Base


class QueuePace(Base):
    """A ``domain.forecast.Standing`` of an active queue, measured by the job worker: pages need not count two weeks.

    All rows are of one measurement and are replaced together.
    """

    __tablename__ = "queue_pace"

    queue_id: Mapped[int] = mapped_column(ForeignKey("queue.id"), primary_key=True, autoincrement=False)
    measured_at: Mapped[datetime]
    late_from: Mapped[datetime | None]  # the forecast: by when it has missed a deadline
    enough: Mapped[bool]
    arrivals_per_hour: Mapped[float]
    solves_per_hour: Mapped[float]
    open: Mapped[int]
    solved: Mapped[int]
    days: Mapped[int]
    week_met: Mapped[int]
    week_late: Mapped[int]
    week_before_met: Mapped[int]
    week_before_late: Mapped[int]
