"""Who is responsible in the demo: evidence that was looked for, and three shares that the warehouse disputes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product

from helpdesk.domain.access import Actor
from helpdesk.domain.responsibility import Facts, ShareRules, propose_shares
from helpdesk.domain.tickets import Party
from helpdesk.models import Ticket
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import appeals, resolution, responsibility
from seeds.demo import money, people
from seeds.demo.steps import OWNER, Dispute, Hear, Judge, Resolve, Step
from seeds.demo.times import after_working

LOOKED_FOR = 0.4
"""How often the evidence was ticked before somebody was blamed."""

GREAT, ANY = 60, 30
"""Percent that the warehouse puts up with no more, usually and at the worst."""

DECIDED = (timedelta(days=24), timedelta(days=3))
WAITING = (timedelta(hours=46), timedelta(hours=1))
"""How long ago what was disputed had been solved."""

OPS = "xuning"
CLAIMS = (
    "出库时有复核照片，货和面单都对得上，问题应该出在运输途中。",
    "这单是系统改址后没有同步到仓库，我们按原地址发的，责任不在仓库。",
    "打包台有录像，件数是齐的，请再核对快递的称重。",
)
UPHELD = "看了复核照片和称重记录，出库时没有问题，改为快递主责。"
TURNED_DOWN = "复核照片只拍到外箱，看不出箱内商品，维持原判。"


def disputes(steps: Sequence[Step], now: datetime) -> Iterator[Step]:
    """One appeal that was upheld, one that was turned down, and one that waits for a decision."""
    decided = [step for step in _blamed(steps, GREAT) if DECIDED[1] <= now - step.at <= DECIDED[0]]
    lately = [step for step in _blamed(steps, ANY) if WAITING[1] <= now - step.at <= WAITING[0]]
    for step, claim, upheld in zip(decided[-2:], CLAIMS, (True, False), strict=False):
        filed = _filed(step, claim)
        shares = _relieved(dict(step.action.shares)) if upheld and isinstance(step.action, Resolve) else ()
        judged = after_working("warehouse", filed.at, 5 * 3600)
        yield filed
        yield Step(judged, step.ticket, Judge(OPS, shares, UPHELD if upheld else TURNED_DOWN))
    filed_by_now = [filed for step in lately if (filed := _filed(step, CLAIMS[-1])).at < now]
    yield from filed_by_now[-1:]


def _blamed(steps: Sequence[Step], least: int) -> list[Step]:
    """Where the warehouse was blamed with so much, and nothing came after."""
    later = {step.ticket for step in steps if isinstance(step.action, Hear)}
    found = [
        step
        for step in steps
        if isinstance(step.action, Resolve)
        and step.action.by == OWNER
        and dict(step.action.shares).get(Party.WAREHOUSE, 0) >= least
        and step.ticket not in later
    ]
    return sorted(found, key=lambda step: (step.at, step.ticket))


def _filed(step: Step, claim: str) -> Step:
    at = after_working("warehouse", step.at, 40 * 60)
    return Step(at, step.ticket, Dispute(people.logins("warehouse")[0], Party.WAREHOUSE, claim))


def _relieved(shares: Mapping[Party, int]) -> tuple[tuple[Party, int], ...]:
    """Most of what the warehouse had goes to the courier."""
    left = {**shares, Party.WAREHOUSE: shares[Party.WAREHOUSE] // 3}
    moved = 100 - sum(left.values())
    return tuple({**left, Party.COURIER: left.get(Party.COURIER, 0) + moved}.items())


def resolve(ticket: Ticket, action: Resolve, by: Actor, owner: Actor, now: datetime) -> None:
    """Solved by its owner, who looked for evidence before he blamed somebody; or by a job, which blames nobody."""
    shares = dict(action.shares) if by is owner else {}
    if shares:
        _look(ticket, shares, owner, now)
    money.issue(ticket, owner, now)
    resolution.resolve(ticket.number, outcome=action.outcome, shares=shares, version=ticket.version, actor=by, now=now)


def _look(ticket: Ticket, shares: Mapping[Party, int], actor: Actor, now: datetime) -> None:
    """Tick the evidence of the type so that it bears out what is going to be said; sometimes nobody looked."""
    dice = random.Random(f"evidence {ticket.id}")
    if ticket.cycle > 1 or dice.random() > LOOKED_FOR:
        return
    ticks = _ticks(published_rulebook().responsibility, ticket.type, tuple(sorted(shares.items())))
    if ticks:
        responsibility.mark_evidence(ticket.number, dict(ticks), seen={}, actor=actor, now=now)


def _ticks(rules: ShareRules, type_code: str, shares: tuple[tuple[Party, int], ...]) -> tuple[tuple[str, bool], ...]:
    """Those of which the rules make shares that come nearest to these; of nobody, what is seen says nothing."""
    codes = rules.asked_of(type_code).codes[:4]
    if Party.UNDETERMINED in dict(shares):
        return tuple((code, False) for code in codes[:1])
    every = (tuple(zip(codes, marks, strict=True)) for marks in product((True, False), repeat=len(codes)))
    return min(every, key=lambda ticks: _distance(rules, type_code, ticks, dict(shares)), default=())


def _distance(
    rules: ShareRules, type_code: str, ticks: tuple[tuple[str, bool], ...], shares: Mapping[Party, int]
) -> int:
    proposed = propose_shares(rules, Facts(type_code, evidence=dict(ticks))).shares
    return sum(abs(proposed.get(party, 0) - shares.get(party, 0)) for party in {*proposed, *shares})


def appeal(ticket: Ticket, action: Dispute | Judge, actor: Actor, now: datetime) -> None:
    """What the queue says against its share, and the answer; nothing where it isn't blamed after all."""
    by = {"actor": actor, "now": now}
    if isinstance(action, Dispute):
        if responsibility.said(ticket.id).get(action.party):
            revision = responsibility.revision_of(ticket.id)
            appeals.appeal(ticket.number, action.party, action.reason, revision=revision, **by)  # type: ignore[arg-type]
        return
    for row in responsibility.open_appeals(ticket.id):
        if action.shares:
            appeals.uphold(row.id, dict(action.shares), action.reason, version=row.version, **by)  # type: ignore[arg-type]
        else:
            appeals.reject(row.id, action.reason, version=row.version, **by)  # type: ignore[arg-type]
