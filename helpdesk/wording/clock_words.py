"""A clock in words: how much is left of it, when it is due. Made for lists: a sentence is looked up once for all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.labels import clock_label, duration
from helpdesk.wording.times import Wall


class ClockWords:
    """What is said about clocks at ``now``, in the language of the request that made it.

    A clock is a ``queries.clock_faces.ClockFace``, or a mapping with its fields.
    """

    def __init__(self, now: datetime) -> None:
        self.wall = Wall(now)
        self.left, self.over, self.untimed = _("剩 %(time)s"), _("超时 %(time)s"), _("无时限")
        self.due, self.named_due = _("%(when)s 到期"), _("%(kind)s，%(when)s 到期")
        self.names: dict[str, str] = {}

    def name(self, kind: str) -> str:
        """Of a kind of clock."""
        if kind not in self.names:
            self.names[kind] = clock_label(kind)
        return self.names[kind]

    def text(self, clock: Any) -> str:
        """The loudest words of a row: what is left, by how much it is late, or why neither counts now."""
        clock = _fields(clock)
        left = clock.remaining_seconds
        if clock.state != "running":
            return self._stopped(clock)
        if left is None:
            return self.untimed
        if clock.level == "over":
            return self.over % {"time": duration(left)}
        if clock.resting:
            return self.due % {"when": self.wall.time_or_day(clock.ends_at)}
        return self.left % {"time": duration(left)}

    def title(self, clock: Any, name: str = "") -> str:
        """What stands behind the words: which clock, and when it is due."""
        clock = _fields(clock)
        name = name or self.name(clock.kind)
        if clock.resting:
            words = _(
                "%(kind)s，%(when)s 到期；现在是非工作时间，%(opens)s 继续计时",
                kind=name,
                when=self.wall.time_or_day(clock.ends_at),
                opens=self.wall.time_or_day(clock.opens_at),
            )
        elif clock.state == "running" and clock.ends_at:
            words = self.named_due % {"kind": name, "when": self.wall.time_or_day(clock.ends_at)}
        else:
            words = name
        return words + _("（节假日安排未公布，暂定）") if clock.provisional else words

    def _stopped(self, clock: Any) -> str:
        match clock.state, clock.level:
            case "met", _level:
                return _("已达成")
            case "breached", _level:
                return _("未达成")
            case "paused", "over":
                return _("已超时，暂停中")
            case _:
                left = clock.remaining_seconds
                paused = _("已暂停")
                return paused if left is None else " ".join((paused, _("余 %(time)s", time=duration(left))))


def _fields(clock: Any) -> Any:
    return SimpleNamespace(**clock) if isinstance(clock, Mapping) else clock
