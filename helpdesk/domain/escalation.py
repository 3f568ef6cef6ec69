"""What happens as time runs: stages of clocks, deadlines that platforms set, steps while a ticket waits.

All of it is data of the rule book. Stages count working time like the clock they belong to; platforms'
deadlines and steps on pauses count wall-clock time, around the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from helpdesk.domain.problems import Invalid
from helpdesk.domain.tickets import MAX_URGENCY, PENDING, Status

NOTIFIABLE = ("assignee", "owner", "supervisor", "queue")
"""Whom a stage may tell."""

REASSIGN = ("", "next", "supervisor", "unassign")
"""Into whose hands a stage may put a ticket: leave it, somebody else of the queue, its supervisor, nobody."""

STARTS = ("ticket", "order_placed")
MET_BY = ("reply", "resolve", "shipped")
PAUSE_ACTIONS = ("remind_customer", "remind_owner", "tell_supervisor", "reopen", "resolve")
TELLS_CUSTOMER = ("remind_customer", "resolve")

MAX_STAGE_CODE = 20
MAX_CODE = 30
MAX_TAG = 30
MAX_PERCENT = 1_000
MAX_SECONDS = 366 * 86_400
MAX_TEXT = 500
MAX_RULES = 100
"""Of a kind in a book; a supervisor's page shows them all."""

_CODE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Label:
    """A name that is data, in both languages."""

    zh: str
    en: str

    def in_locale(self, locale: str) -> str:
        return self.en if locale.startswith("en") else self.zh


@dataclass(frozen=True, slots=True)
class Stage:
    """A point of a clock at which something happens, once.

    Either ``percent`` of the target, or ``offset_seconds`` of working time from it (negative: before it).
    """

    code: str
    percent: int | None
    offset_seconds: int | None = None
    urgency: int = 0  # raised to at least this; 0 leaves it alone
    notify: tuple[str, ...] = ()  # who hears of it, of NOTIFIABLE
    reassign: str = ""  # of REASSIGN
    tag: str = ""  # put on the ticket

    def elapsed(self, target_seconds: int) -> int | None:
        """Working seconds after which it is reached; None where the target is too short for it."""
        return stage_elapsed(target_seconds, self.percent, self.offset_seconds)

    @property
    def changes_ticket(self) -> bool:
        """Whether it does more than tell and raise urgency."""
        return bool(self.reassign or self.tag)


def stage_elapsed(target_seconds: int, percent: int | None, offset_seconds: int | None) -> int | None:
    """Working seconds at which a stage of a clock with this target is reached.

    A share is rounded down to whole seconds. None where "so long before the target" lies before the start.
    """
    if percent is not None:
        return target_seconds * percent // 100
    seconds = target_seconds + (offset_seconds or 0)
    return seconds if seconds > 0 else None


@dataclass(frozen=True, slots=True)
class PlatformRule:
    """A deadline that a sales platform sets: after it the shop pays a penalty, or the money goes back by itself.

    It counts every hour of every day from ``starts``, and nothing pauses it.
    """

    code: str
    name: Label
    channels: tuple[str, ...]
    types: tuple[str, ...]  # empty: all
    starts: str  # of STARTS
    seconds: int
    met_by: str  # of MET_BY

    def fits(self, channel: str, type_code: str) -> bool:
        """Whether it binds a ticket of this channel and type."""
        return channel in self.channels and (not self.types or type_code in self.types)


@dataclass(frozen=True, slots=True)
class PauseStepRule:
    """What is done once, ``after_seconds`` of wall-clock time into a wait."""

    code: str
    status: Status  # the waiting state
    after_seconds: int
    action: str  # of PAUSE_ACTIONS
    text: Label | None = None  # what the customer is told


def parse_label(value: Mapping[str, str]) -> Label:
    """A name of a document. ``KeyError`` where a language is missing."""
    return Label(zh=value["zh"], en=value["en"])


def parse_stage(row: Mapping[str, Any]) -> Stage:
    """A stage of a document, unchecked."""
    return Stage(
        code=row["code"],
        percent=row.get("percent"),
        offset_seconds=row.get("offset_seconds"),
        urgency=row.get("urgency", 0),
        notify=tuple(row.get("notify", ())),
        reassign=row.get("reassign", ""),
        tag=row.get("tag", ""),
    )


def parse_platform_rule(row: Mapping[str, Any]) -> PlatformRule:
    """A platform's deadline of a document, unchecked."""
    return PlatformRule(
        code=row["code"],
        name=parse_label(row["name"]),
        channels=tuple(row["channels"]),
        types=tuple(row.get("types", ())),
        starts=row.get("starts", "ticket"),
        seconds=row["seconds"],
        met_by=row.get("met_by", "resolve"),
    )


def parse_pause_step(row: Mapping[str, Any]) -> PauseStepRule:
    """A step on a pause of a document, unchecked."""
    return PauseStepRule(
        code=row["code"],
        status=Status(row["status"]),
        after_seconds=row["after_seconds"],
        action=row["action"],
        text=parse_label(row["text"]) if row.get("text") else None,
    )


def in_order(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Shares first, by size; then those by minutes."""
    return tuple(sorted(stages, key=lambda stage: (stage.percent is None, stage.percent or stage.offset_seconds or 0)))


def check_stages(stages: tuple[Stage, ...]) -> None:
    """``Invalid`` names the first stage that no clock could live with. Codes are unique over all of a book's."""
    _check_codes("stage", [stage.code for stage in stages], MAX_STAGE_CODE)
    for stage in stages:
        by_share = _is_within(stage.percent, 1, MAX_PERCENT) and stage.offset_seconds is None
        by_minutes = _is_within(stage.offset_seconds, -MAX_SECONDS, MAX_SECONDS) and stage.percent is None
        fine = (
            (by_share or by_minutes)
            and _is_within(stage.urgency, 0, MAX_URGENCY)
            and all(who in NOTIFIABLE for who in stage.notify)
            and stage.reassign in REASSIGN
            and _is_tag(stage.tag)
        )
        _require(fine, f"stage {stage.code}")


def check_platform_rules(rules: tuple[PlatformRule, ...]) -> None:
    """``Invalid`` names the first rule that makes no sense."""
    _check_codes("platform_rule", [rule.code for rule in rules], MAX_CODE)
    for rule in rules:
        fine = (
            bool(rule.channels)
            and all(isinstance(one, str) for one in (*rule.channels, *rule.types))
            and rule.starts in STARTS
            and rule.met_by in MET_BY
            and _is_within(rule.seconds, 1, MAX_SECONDS)
            and _is_named(rule.name)
        )
        _require(fine, f"platform_rule {rule.code}")


def check_pause_steps(steps: tuple[PauseStepRule, ...]) -> None:
    """``Invalid`` names the first step that makes no sense: a customer is told in words, a wait can't end twice."""
    _check_codes("pause_step", [step.code for step in steps], MAX_CODE)
    for step in steps:
        fine = (
            step.status in PENDING
            and step.action in PAUSE_ACTIONS
            and _is_within(step.after_seconds, 1, MAX_SECONDS)
            and (step.text is None or _is_named(step.text))
            and (step.text is not None or step.action not in TELLS_CUSTOMER)
            and (step.action != "resolve" or step.status is Status.PENDING_CUSTOMER)  # its outcome is "no reply"
        )
        _require(fine, f"pause_step {step.code}")
    for status in PENDING:
        ends = [step.after_seconds for step in steps if step.status is status and step.action in ("resolve", "reopen")]
        last = max((step.after_seconds for step in steps if step.status is status), default=0)
        _require(not ends or ends == [last], f"pause_steps {status.value}")


def _check_codes(kind: str, codes: list[Any], longest: int) -> None:
    wrong = [code for code in codes if not isinstance(code, str) or not _CODE.fullmatch(code) or len(code) > longest]
    _require(not wrong, f"{kind} {wrong[:1]}")
    twice = sorted({code for code in codes if codes.count(code) > 1})
    _require(not twice, f"{kind} {', '.join(twice)}")
    _require(len(codes) <= MAX_RULES, kind)


def _is_within(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_tag(tag: object) -> bool:
    return isinstance(tag, str) and len(tag) <= MAX_TAG and tag == " ".join(tag.split())


def _is_named(label: Label) -> bool:
    return all(isinstance(words, str) and 0 < len(words.strip()) <= MAX_TEXT for words in (label.zh, label.en))


def _require(fine: bool, detail: str) -> None:
    if not fine:
        raise Invalid("rulebook.malformed", detail=detail)
