"""Whatever is pressed in whatever order: no limit is passed, nothing is paid twice, nobody agrees to his own."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from helpdesk.domain.problems import Problem
from helpdesk.models import Compensation, CompensationApproval, Payout, PayoutBatch
from helpdesk.models.promised import STANDING
from helpdesk.queries.ledger import LedgerFilter, totals
from helpdesk.services import approvals, compensations, payouts
from helpdesk.services.compensations import Proposal
from helpdesk.storage import savepoint, session, unit_of_work
from tests import tickets as rows
from tests.factories import World
from tests.services.test_compensations import DAMAGED

PAID, AGENTS, SUPERVISORS, PLATFORM, MOST_PAYOUTS = 80_000, 3_000, 15_000, 50_000, 5
"""The type's own limits bound the agent and the supervisor, what was paid the platform's payouts."""

SHARES = {"damaged_slight": 16_000, "damaged_half": 40_000}
"""What each policy gives on the order: 20 and 50 % of what was paid."""

PEOPLE = ("agent", "agent2", "supervisor", "finance", "ops", "admin")
DEEDS = (
    "propose",
    "propose",
    "propose",
    "approve",
    "approve",
    "reject",
    "withdraw",
    "reverse",
    "export",
    "settle",
    "time_out",
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(DEEDS),
        st.sampled_from(PEOPLE),
        st.integers(0, 5),
        st.one_of(st.integers(1, 4_000), st.sampled_from([3_000, 3_001, 15_000, 16_000, 16_001, 40_000])),
    ),
    min_size=5,
    max_size=25,
)


class Undone(Exception):  # noqa: N818  ends an example
    """What an example did is not stored."""


def press(world: World, numbers: list[str], step: tuple[str, str, int, int], now: datetime) -> None:
    deed, who, n, fen = step
    by: dict[str, Any] = {"actor": getattr(world.actors, who), "now": now}
    made = session().scalars(select(Compensation).order_by(Compensation.id)).all()
    one = made[n % len(made)] if made else None
    if deed == "propose":
        policy = tuple(SHARES)[n // 3]
        wanted = Proposal(**{**DAMAGED, "policy_code": policy}, amount_fen=fen, key=f"k{n}-{fen}")
        compensations.propose(numbers[n % 2], wanted, version=None, **by)
    elif deed == "export":
        payouts.export(f"press{n}", **by)
    elif deed == "time_out":
        approvals.escalate_overdue(now + timedelta(days=30 * (n + 1)), 100, actor=world.actors.system)
    elif deed == "settle":
        batch = session().scalars(select(PayoutBatch).order_by(PayoutBatch.id.desc())).first()
        if batch is not None:
            ids = session().scalars(select(Payout.id).where(Payout.batch_id == batch.id)).all()
            payouts.settle(batch.id, *([ids, []] if n % 2 else [[], ids]), version=batch.version, **by)
    elif one is not None and deed in {"reject", "reverse"}:
        getattr(approvals, deed)(one.id, "不合适", version=one.version, **by)
    elif one is not None:
        getattr(approvals, deed)(one.id, version=one.version, **by)


def check(world: World) -> None:
    session().expire_all()
    made = session().scalars(select(Compensation).where(Compensation.reverses_id.is_(None))).all()
    standing = [one for one in made if one.state in STANDING]
    agents = {world.users.agent.id, world.users.agent2.id}
    alone = [one for one in standing if one.approval == "none" and one.proposed_by_id in agents]
    below = [one for one in standing if one.approval in {"none", "supervisor"} and one.proposed_by_id in agents]
    assert sum(one.amount_fen for one in alone) <= AGENTS
    assert sum(one.amount_fen for one in below) <= SUPERVISORS
    assert sum(one.amount_fen for one in standing) <= PLATFORM
    for policy, share in SHARES.items():
        assert sum(one.amount_fen for one in standing if one.policy_code == policy) <= share
    assert len(standing) <= MOST_PAYOUTS
    by_id = {one.id: one for one in made}
    for agreed in session().scalars(select(CompensationApproval)):
        assert agreed.user_id != by_id[agreed.compensation_id].proposed_by_id
        assert agreed.user_id != world.users.admin.id
    lines = session().scalars(select(Payout)).all()
    assert max(Counter(line.compensation_id for line in lines if line.state != "failed").values(), default=0) <= 1
    for line in lines:
        assert line.amount_fen == by_id[line.compensation_id].amount_fen
        if line.state == "paid":
            assert by_id[line.compensation_id].state in {"paid", "reversed"}
    taken_back = set(session().scalars(select(Compensation.reverses_id).where(Compensation.reverses_id.is_not(None))))
    assert taken_back == {one.id for one in made if one.state == "reversed"}
    assert totals(world.actors.finance, LedgerFilter()).promised.fen == sum(one.amount_fen for one in standing)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
@example(steps=[("propose", "ops", 0, 4_000), *[("time_out", "ops", n, 1) for n in (0, 1)], ("approve", "ops", 0, 1)])
@example(steps=[("propose", "finance", n, 3_000) for n in range(6)])
def test_no_order_of_presses_passes_a_limit_pays_twice_or_lets_one_agree_to_his_own(
    world: World, now: datetime, steps: list[tuple[str, str, int, int]]
) -> None:
    with suppress(Undone), unit_of_work():
        order = rows.order(world, now, "o1", paid_fen=PAID)
        about: dict[str, Any] = {"type": "damaged", "order_id": order.id, "owner": world.users.agent}
        numbers = [rows.ticket(world, now, **about).number for _ in range(2)]
        for step in steps:
            with suppress(Problem):  # refused: it changed nothing, as other tests hold
                with savepoint():
                    press(world, numbers, step, now)
                check(world)
        raise Undone
