"""责任归属: what has to be seen before somebody is blamed, which shares the rules propose, and who may dispute them.

Evidence is a list per type; somebody ticks each piece as seen or as missing. Rules look at that and at the order:
each rule that fits adds its weights by party, and the sum is cut into percent that add up to 100. Until the pieces
that a type needs are ticked, or where no rule fits, the proposal is ``undetermined``: the rules never guess.

Shares are integer percent, money is integer fen, instants are aware UTC datetimes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from helpdesk.domain.escalation import Label, parse_label
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed
from helpdesk.domain.tickets import Party, check_responsibility

APPEAL_WITHIN = timedelta(hours=48)
"""On the wall clock, from the moment the shares were said."""

SAID = ("ticket.responsibility", "ticket.responsibility_taken_back")
"""Events that say, or take back, who is responsible: the latest one's id is the revision that a form was made on."""

NO_EVIDENCE = "shares.evidence_unsaid"
NO_RULE = "shares.no_rule_fits"


@dataclass(frozen=True, slots=True)
class EvidenceList:
    """What a type asks to be seen; nothing is proposed until those it ``needs`` are ticked, either way."""

    codes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShareRule:
    """If all of this holds, add these weights. An empty condition always holds.

    ``present`` were seen, ``absent`` were looked for and are missing, ``order`` are statuses of the order,
    ``slowest`` is the code of the queue that overran its own targets by most.
    """

    code: str
    why: Label
    weights: Mapping[Party, int]
    types: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    slowest: str | None = None
    compensated: bool | None = None


@dataclass(frozen=True, slots=True)
class ShareRules:
    """The rule book's section. ``queues`` names the queue that is blamed with a party; others stand outside."""

    evidence: Mapping[str, Label] = field(default_factory=dict)
    lists: Mapping[str, EvidenceList] = field(default_factory=dict)  # by type
    rules: tuple[ShareRule, ...] = ()
    queues: Mapping[Party, str] = field(default_factory=dict)

    def asked_of(self, type_code: str) -> EvidenceList:
        """The type's list of evidence; an empty one where the book has none."""
        return self.lists.get(type_code, EvidenceList())

    def rule(self, code: str) -> ShareRule | None:
        return next((rule for rule in self.rules if rule.code == code), None)

    def type_codes(self) -> frozenset[str]:
        """Types that the section speaks of."""
        return frozenset(self.lists) | {code for rule in self.rules for code in rule.types}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a ticket. ``evidence`` holds what was ticked: True seen, False missing."""

    type: str
    order_status: str | None = None
    evidence: Mapping[str, bool] = field(default_factory=dict)
    slowest: str | None = None
    compensated: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """Shares that add up to 100, and why: codes of the rules that fitted, or ``NO_EVIDENCE`` or ``NO_RULE``.

    ``missing`` are the pieces of evidence that still have to be ticked.
    """

    shares: Mapping[Party, int]
    reasons: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def determined(self) -> bool:
        return Party.UNDETERMINED not in self.shares


def propose_shares(rules: ShareRules, facts: Facts) -> Proposal:
    """The shares that the rules give for these facts; ``undetermined`` while needed evidence isn't ticked."""
    nobody = MappingProxyType({Party.UNDETERMINED: 100})
    missing = tuple(code for code in rules.asked_of(facts.type).needs if code not in facts.evidence)
    if missing:
        return Proposal(nobody, (NO_EVIDENCE,), missing)
    fitting = [rule for rule in rules.rules if _fits(rule, facts)]
    weights: dict[Party, int] = {}
    for rule in fitting:
        for party, weight in rule.weights.items():
            weights[party] = weights.get(party, 0) + weight
    if not weights:
        return Proposal(nobody, (NO_RULE,))
    shares = {party: percent for party, percent in apportion(100, weights).items() if percent}
    return Proposal(MappingProxyType(shares), tuple(rule.code for rule in fitting))


def apportion(total: int, weights: Mapping[Party, int]) -> dict[Party, int]:
    """``total`` (not negative) cut by weight into whole numbers that add up to it, by largest remainder.

    Each differs from its exact part by less than one. Equal remainders go by the order of ``Party``, so that the
    same question has the same answer. ``Invalid`` for weights that are negative or sum to nothing.
    """
    whole = sum(weights.values())
    if total < 0 or whole <= 0 or any(weight < 0 for weight in weights.values()):
        raise Invalid("ticket.shares_must_be_100")
    parties = [party for party in Party if party in weights]
    parts = {party: total * weights[party] // whole for party in parties}
    by_remainder = sorted(parties, key=lambda party: -(total * weights[party] % whole))
    for party in by_remainder[: total - sum(parts.values())]:
        parts[party] += 1
    return parts


def split_fen(amount_fen: int, shares: Mapping[Party, int]) -> dict[Party, int]:
    """An amount (fen, not negative) by shares that add up to 100: exact, not a fen more or less."""
    check_responsibility(shares)
    return apportion(amount_fen, shares)


def _fits(rule: ShareRule, facts: Facts) -> bool:
    return (
        (not rule.types or facts.type in rule.types)
        and all(facts.evidence.get(code) is True for code in rule.present)
        and all(facts.evidence.get(code) is False for code in rule.absent)
        and (not rule.order or facts.order_status in rule.order)
        and (rule.slowest is None or facts.slowest == rule.slowest)
        and (rule.compensated is None or facts.compensated is rule.compensated)
    )


# ---- appeals


def appeal_until(settled_at: datetime) -> datetime:
    """The last instant at which shares said at ``settled_at`` can be disputed."""
    return settled_at + APPEAL_WITHIN


def check_appeal(
    *, percent: int, settled_at: datetime | None, open_already: bool, decided_percent: int | None, now: datetime
) -> None:
    """Raise ``Conflict`` unless the party's share can be disputed now.

    ``decided_percent`` is what its last decided appeal left of the share: what was decided isn't disputed again,
    unless more is charged than that.
    """
    if open_already:
        raise Conflict("appeal.open_already")
    if settled_at is None or now > appeal_until(settled_at):
        raise Conflict("appeal.too_late")
    if decided_percent is not None and percent <= decided_percent:
        raise Conflict("appeal.decided_already")


@dataclass(frozen=True, slots=True)
class Judge:
    """What of somebody decides over an appeal. ``in_queue``: he is a member of the queue that appeals.

    ``alone``: nobody else could decide it either way.
    """

    reaches: bool  # the ticket's queue, or everything
    appealed: bool
    said_the_shares: bool
    in_queue: bool
    alone: bool = False


def check_judge(judge: Judge, *, uphold: bool) -> None:
    """Raise ``NotAllowed`` for who would decide in his own favour.

    Who appealed never decides. Who said the shares may give in, but not turn down what is said against him; a
    member of the queue that appeals may turn it down, but not clear his own queue. Where nobody else is there, as in a
    small house with one supervisor, both may decide: else it would wait for good.
    """
    if not judge.reaches:
        raise NotAllowed("access.denied", permission="shares:decide")
    if judge.appealed:
        raise NotAllowed("appeal.your_own")
    if judge.alone:
        return
    if judge.said_the_shares and not uphold:
        raise NotAllowed("appeal.your_shares")
    if judge.in_queue and uphold:
        raise NotAllowed("appeal.your_queue")


def check_upheld(party: Party, percent: int, shares: Mapping[Party, int]) -> None:
    """Raise ``Invalid`` unless the new shares are whole and charge the party with less than it disputed."""
    check_responsibility(shares)
    if shares.get(party, 0) >= percent:
        raise Invalid("appeal.share_not_lowered", percent=percent)


# ---- the document

PARTY_QUEUES: Mapping[str, str] = MappingProxyType({"warehouse": "warehouse", "customer_service": "customer_service"})
"""Where a document names none."""


def parse_share_rules(document: Mapping[str, Any]) -> ShareRules:
    """The section ``responsibility``; an empty one proposes nothing. ``Invalid`` for codes that it doesn't explain.

    Raises ``KeyError``, ``TypeError`` or ``ValueError`` for a wrong shape, which ``parse_rulebook`` words.
    """
    rules = ShareRules(
        evidence=MappingProxyType({row["code"]: parse_label(row["name"]) for row in document.get("evidence", ())}),
        lists=MappingProxyType(
            {
                code: EvidenceList(tuple(row["evidence"]), tuple(row.get("needs", ())))
                for code, row in document.get("types", {}).items()
            }
        ),
        rules=tuple(_rule(row) for row in document.get("rules", ())),
        queues=MappingProxyType(
            {Party(party): str(queue) for party, queue in document.get("queues", PARTY_QUEUES).items()}
        ),
    )
    _check(rules)
    return rules


def _rule(row: Mapping[str, Any]) -> ShareRule:
    return ShareRule(
        code=row["code"],
        why=parse_label(row["why"]),
        weights=MappingProxyType({Party(party): weight for party, weight in row["weights"].items()}),
        types=tuple(row.get("types", ())),
        present=tuple(row.get("present", ())),
        absent=tuple(row.get("absent", ())),
        order=tuple(row.get("order", ())),
        slowest=row.get("slowest"),
        compensated=row.get("compensated"),
    )


def _check(rules: ShareRules) -> None:
    """What a document can say and no ticket could be judged by."""
    codes = [rule.code for rule in rules.rules]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise Invalid("rulebook.malformed", detail=", ".join(twice))
    wrong = [rule.code for rule in rules.rules if not rule.weights or not all(map(_is_weight, rule.weights.items()))]
    if wrong:
        raise Invalid("rulebook.malformed", detail=", ".join(wrong))
    named = {code for one in rules.lists.values() for code in (*one.codes, *one.needs)}
    unknown = _unknown([*named, *(code for rule in rules.rules for code in (*rule.present, *rule.absent))], rules)
    outside = [code for one in rules.lists.values() for code in one.needs if code not in one.codes]
    if unknown or outside:
        raise Invalid("rulebook.malformed", detail=", ".join(sorted({*unknown, *outside})))


def _is_weight(item: tuple[Party, object]) -> bool:
    party, weight = item
    return party is not Party.UNDETERMINED and type(weight) is int and 0 < weight <= 100


def _unknown(codes: Iterable[str], rules: ShareRules) -> list[str]:
    return [code for code in codes if code not in rules.evidence]
