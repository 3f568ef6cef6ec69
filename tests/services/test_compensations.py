"""Money is proposed within limits, answered by those who are asked, and taken back in the open."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from helpdesk.domain.access import Role
from helpdesk.domain.compensation import MoneyFacts, after, options
from helpdesk.domain.problems import Conflict, Invalid, NotAllowed, NotFound, Stale
from helpdesk.models import (
    Absence,
    Compensation,
    CompensationApproval,
    Event,
    Membership,
    Note,
    Outbox,
    RuleBookRow,
    User,
)
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.services import approvals, compensations
from helpdesk.services.compensations import Proposal
from helpdesk.storage import session, unit_of_work
from tests import tickets as rows
from tests.factories import World
from tests.services.story import do, look

HOUR = timedelta(hours=1)
DAMAGED: dict[str, Any] = {"policy_code": "damaged_slight", "evidence": ("photo_item", "photo_package")}
"""20 % of what was paid; the agent's own limit for the type is 30.00, the supervisor's 150.00."""


@pytest.fixture
def number(world: World, now: datetime) -> str:
    return bought(world, now, "20261122001")


def bought(world: World, now: datetime, order: str, paid_fen: int = 80_000, **more: Any) -> str:
    """A broken thing of an order, in customer service's hands."""
    with unit_of_work():
        customer = more.pop("customer", None)
        of = rows.order(world, now, order, paid_fen=paid_fen)
        ticket = rows.ticket(
            world, now, type="damaged", order_id=of.id, owner=world.users.agent, customer_id=customer, **more
        )
        return ticket.number


def propose(
    world: World, number: str, fen: int, now: datetime, key: str = "k", who: str = "agent", **more: Any
) -> Compensation:
    actor = getattr(world.actors, who)
    wanted = Proposal(**{**DAMAGED, "amount_fen": fen, "key": key, **more})
    return row(do(compensations.propose, number, wanted, version=None, actor=actor, now=now))


def row(id: int) -> Compensation:
    return session().get_one(Compensation, id, populate_existing=True)


def told(code: str) -> list[Outbox]:
    return [one for one in session().scalars(select(Outbox).order_by(Outbox.id)) if one.payload.get("code") == code]


class TestProposing:
    def test_within_ones_own_limit_it_holds_at_once(self, world: World, now: datetime, number: str) -> None:
        made = propose(world, number, 3_000, now)
        assert (made.state, made.approval, made.decided_by_id) == ("approved", "none", world.users.agent.id)
        assert (made.kind, made.is_remedy, made.rule_version) == ("partial_refund", False, 1)
        assert made.basis["code"] == "compensation.percent_of_paid"
        assert told("money.asked") == []

    def test_beyond_it_the_queues_supervisor_is_asked_and_told_once(
        self, world: World, now: datetime, number: str
    ) -> None:
        made = propose(world, number, 3_001, now, why="整箱都压坏了")
        assert (made.state, made.approval, made.asked) == ("proposed", "supervisor", "supervisor")
        assert made.ask_until == now + 2 * HOUR
        assert session().get_one(Note, made.note_id).text == "整箱都压坏了"
        [notice] = told("money.asked")
        assert notice.payload["notify"] == ["supervisor"]
        assert "压坏" not in str(notice.payload)

    def test_what_is_reserved_leaves_less_room_for_the_next(self, world: World, now: datetime, number: str) -> None:
        first = propose(world, number, 2_000, now, "a")
        assert propose(world, number, 1_500, now, "b").approval == "supervisor"
        do(approvals.withdraw, first.id, version=1, actor=world.actors.agent, now=now)
        assert propose(world, number, 1_501, now, "c").approval == "supervisor"  # b still stands
        do(approvals.withdraw, first.id + 2, version=1, actor=world.actors.agent, now=now)
        assert propose(world, number, 1_500, now, "d").approval == "none"

    def test_the_same_press_twice_is_one_proposal_and_another_amount_is_refused(
        self, world: World, now: datetime, number: str
    ) -> None:
        assert propose(world, number, 500, now).id == propose(world, number, 500, now).id
        with pytest.raises(Invalid, match="key_used"):
            propose(world, number, 501, now)

    @pytest.mark.parametrize(
        ("wanted", "problem"),
        [
            ({"fen": 0}, "amount_not_positive"),
            ({"fen": -5}, "amount_not_positive"),
            ({"fen": 10_000_001}, "above_cap"),
            ({"policy_code": "wrong_item_resend"}, "not_offered"),
            ({"evidence": ("photo_item",)}, "evidence_missing"),
            ({"evidence": ("photo_item", "photo_package", "made_up")}, "bad_value"),
            ({"why": "长" * 501}, "too_long"),
            ({"key": ""}, "bad_value"),
        ],
    )
    def test_what_cannot_be_offered_is_refused_and_nothing_is_stored(
        self, world: World, now: datetime, number: str, wanted: dict[str, Any], problem: str
    ) -> None:
        with pytest.raises(Invalid, match=problem):
            propose(world, number, **{"fen": 500, "now": now, **wanted})
        assert session().scalars(select(Compensation)).all() == []

    def test_the_platforms_ceiling_is_not_to_be_passed_by_anybody(self, world: World, now: datetime) -> None:
        number = bought(world, now, "large", paid_fen=400_000)
        with pytest.raises(Invalid, match="above_cap") as refusal:
            propose(world, number, 50_001, now)
        assert refusal.value.params == {"limit_fen": 50_000}
        for key in "abcde":
            propose(world, number, 100, now, key)
        with pytest.raises(Conflict, match="payouts_used_up"):
            propose(world, number, 100, now, "f")

    def test_a_share_of_what_was_paid_ends_there_in_one_piece_or_several(self, world: World, now: datetime) -> None:
        number = bought(world, now, "small", paid_fen=10_000)
        with pytest.raises(Invalid, match="above_cap") as refusal:
            propose(world, number, 2_001, now)
        assert refusal.value.params == {"limit_fen": 2_000}
        propose(world, number, 1_500, now, "a")
        with pytest.raises(Invalid, match="above_cap") as refusal:
            propose(world, number, 501, now, "b")
        assert refusal.value.params == {"limit_fen": 500}
        rest = propose(world, number, 500, now, "c")
        with pytest.raises(Conflict, match="policy_used_up"):
            propose(world, number, 1, now, "d")
        do(approvals.withdraw, rest.id, version=1, actor=world.actors.agent, now=now)
        assert propose(world, number, 1, now, "e").state == "approved"

    def test_what_was_paid_is_given_back_once_whichever_policy_says_so(self, world: World, now: datetime) -> None:
        number = bought(world, now, "o1", paid_fen=10_000)
        full: dict[str, Any] = {"policy_code": "damaged_refund", "evidence": evidence_of("damaged_refund", world)}
        propose(world, number, 10_000, now, "a", **full)
        with unit_of_work():
            about = look(number)
            other = rows.ticket(world, now, type="lost_parcel", order_id=about.order_id, owner=world.users.agent).number
        lost: dict[str, Any] = {
            "policy_code": "lost_parcel_refund",
            "evidence": evidence_of("lost_parcel_refund", world),
        }
        with pytest.raises(Conflict, match="policy_used_up"):
            propose(world, other, 1, now, "b", **lost)

    def test_the_facts_after_a_proposal_are_those_the_page_reckoned_with(self, world: World, now: datetime) -> None:
        """``still 还可补`` in the form and in the store come from one function."""
        with unit_of_work():
            customer = rows.customer(world).id
        number = bought(world, now, "o1", customer=customer)
        book = published_rulebook()

        def facts() -> MoneyFacts:
            return compensations.facts_of(look(number), world.users.agent.id, book, now)

        before = facts()
        option = next(
            one for one in options(book, "damaged", before, Role.AGENT) if one.policy_code == "damaged_slight"
        )
        propose(world, number, 1_234, now)
        assert facts() == after(before, option, 1_234)

    def test_a_customer_who_got_much_already_is_looked_at_by_the_next_rung(self, world: World, now: datetime) -> None:
        with unit_of_work():
            session().get_one(RuleBookRow, 1).status = "retired"
            session().flush()
            document = {**world.rulebook.document, "customer_cap": {"days": 90, "fen": 5_000}}
            session().add(
                RuleBookRow(
                    version=2,
                    status="published",
                    hash="a customer's cap of 50 yuan",
                    document=document,
                    created_at=now,
                    published_at=now,
                )
            )
            customer = rows.customer(world).id
        first, second = (bought(world, now, order, customer=customer) for order in ("o1", "o2"))
        assert propose(world, first, 2_500, now, "a").approval == "none"
        assert propose(world, second, 2_500, now, "b").approval == "none"
        assert propose(world, second, 1, now, "c").approval == "supervisor"
        later = bought(world, now + timedelta(days=91), "o3", customer=customer)
        assert propose(world, later, 2_500, now + timedelta(days=91), "d").approval == "none"

    def test_somebody_elses_ticket_an_admin_and_an_ended_ticket(self, world: World, now: datetime, number: str) -> None:
        with pytest.raises(NotFound):
            propose(world, number, 100, now, who="outsider")
        for who in ("admin", "auditor"):
            with pytest.raises(NotAllowed, match="no_right"):
                propose(world, number, 100, now, who=who)
        ended = bought(world, now, "gone", status="resolved", resolved_at=now)
        with pytest.raises(Conflict, match="not_active"):
            propose(world, ended, 100, now)

    def test_a_ticket_that_moved_on_is_not_written_to(self, world: World, now: datetime, number: str) -> None:
        wanted = Proposal(**DAMAGED, amount_fen=100, key="k")
        with pytest.raises(Stale):
            do(compensations.propose, number, wanted, version=9, actor=world.actors.agent, now=now)
        assert session().scalars(select(Compensation)).all() == []

    def test_it_waits_for_approval_only_when_nothing_else_is_left_to_do(
        self, world: World, now: datetime, number: str
    ) -> None:
        propose(world, number, 5_000, now, "a")
        assert look(number).status == "open"
        made = propose(world, number, 5_000, now, "b", wait=True)
        session().rollback()
        assert look(number).status == "pending_approval"
        for waiting in (made.id - 1, made.id):
            do(approvals.approve, waiting, version=1, actor=world.actors.supervisor, now=now)
        assert look(number).status == "open"


class TestAnswering:
    def test_the_supervisor_agrees_and_the_proposer_hears_of_it(self, world: World, now: datetime, number: str) -> None:
        made = propose(world, number, 5_000, now)
        assert do(approvals.approve, made.id, version=1, actor=world.actors.supervisor, now=now + HOUR) == "approved"
        agreed = row(made.id)
        assert (agreed.decided_by_id, agreed.decided_at) == (world.users.supervisor.id, now + HOUR)
        [notice] = told("money.decided")
        assert notice.payload["notify"] == [f"user:{world.users.agent.id}"]
        with pytest.raises(Stale):
            do(approvals.approve, made.id, version=1, actor=world.actors.supervisor, now=now + HOUR)

    def test_a_no_needs_a_reason_and_frees_the_amount(self, world: World, now: datetime, number: str) -> None:
        made = propose(world, number, 14_000, now)
        with pytest.raises(Invalid, match="reason_required"):
            do(approvals.reject, made.id, "  ", version=1, actor=world.actors.supervisor, now=now)
        do(approvals.reject, made.id, "照片看不清", version=1, actor=world.actors.supervisor, now=now)
        assert session().get_one(Note, row(made.id).reason_note_id).text == "照片看不清"
        assert propose(world, number, 3_000, now, "again").approval == "none"

    def test_nobody_answers_his_own_proposal(self, world: World, now: datetime, number: str) -> None:
        made = propose(world, number, 15_500, now, who="supervisor")
        assert made.asked == "finance"
        for who, why in (("supervisor", "own_proposal"), ("agent", "not_asked"), ("admin", "not_asked")):
            with pytest.raises(NotAllowed, match=why):
                do(approvals.approve, made.id, version=1, actor=getattr(world.actors, who), now=now)
        assert do(approvals.approve, made.id, version=1, actor=world.actors.finance, now=now) == "approved"

    def test_the_last_rung_takes_finance_and_ops_both(self, world: World, now: datetime) -> None:
        number = bought(world, now, "dear", paid_fen=200_000)
        made = propose(world, number, 50_000, now, policy_code="damaged_half", who="agent")
        with unit_of_work():
            row(made.id).asked = "finance_and_ops"
        assert do(approvals.approve, made.id, version=1, actor=world.actors.finance, now=now) == "proposed"
        with pytest.raises(NotAllowed, match="agreed_already"):
            do(approvals.approve, made.id, version=2, actor=world.actors.finance, now=now)
        assert do(approvals.approve, made.id, version=2, actor=world.actors.ops, now=now) == "approved"
        parts = session().execute(select(CompensationApproval.part, CompensationApproval.user_id)).all()
        assert set(parts) == {("finance", world.users.finance.id), ("ops", world.users.ops.id)}

    def test_a_stand_in_answers_in_the_place_of_who_is_away_and_it_is_written_down(
        self, world: World, now: datetime, number: str
    ) -> None:
        made, later = (propose(world, number, 5_000, now, key) for key in "ab")
        with unit_of_work():
            session().add(
                Absence(
                    user_id=world.users.supervisor.id,
                    stand_in_id=world.users.agent2.id,
                    starts_at=now - HOUR,
                    ends_at=now + HOUR,
                    kind="leave",
                )
            )
        assert do(approvals.approve, made.id, version=1, actor=world.actors.agent2, now=now) == "approved"
        [part] = session().scalars(select(CompensationApproval))
        assert (part.user_id, part.stands_in_for_id) == (world.users.agent2.id, world.users.supervisor.id)
        with pytest.raises(NotAllowed, match="not_asked"):  # he is back
            do(approvals.approve, later.id, version=1, actor=world.actors.agent2, now=now + 2 * HOUR)

    def test_who_has_no_business_with_it_does_not_even_learn_that_it_exists(
        self, world: World, now: datetime, number: str
    ) -> None:
        made = propose(world, number, 5_000, now)
        with unit_of_work():
            away = {"starts_at": now - HOUR, "ends_at": now + HOUR, "kind": "leave"}
            session().add(Absence(user_id=world.users.supervisor.id, stand_in_id=world.users.admin.id, **away))
        with pytest.raises(NotAllowed, match="not_asked"):  # an admin never decides over money
            do(approvals.approve, made.id, version=1, actor=world.actors.admin, now=now)
        for id in (made.id, made.id + 1):
            with pytest.raises(NotFound):
                do(approvals.approve, id, version=1, actor=world.actors.outsider, now=now)


class TestTakingBack:
    def test_the_proposer_withdraws_until_somebody_agreed(self, world: World, now: datetime, number: str) -> None:
        made = propose(world, number, 5_000, now)
        with pytest.raises(NotAllowed, match="not_yours"):
            do(approvals.withdraw, made.id, version=1, actor=world.actors.agent2, now=now)
        do(approvals.withdraw, made.id, version=1, actor=world.actors.agent, now=now)
        assert row(made.id).state == "withdrawn"
        agreed = propose(world, number, 5_000, now, "b")
        do(approvals.approve, agreed.id, version=1, actor=world.actors.supervisor, now=now)
        with pytest.raises(Conflict, match="decided"):
            do(approvals.withdraw, agreed.id, version=2, actor=world.actors.agent, now=now)

    def test_a_reversal_is_a_row_of_its_own_and_frees_the_amount(
        self, world: World, now: datetime, number: str
    ) -> None:
        made = propose(world, number, 3_000, now)
        with pytest.raises(NotAllowed):
            do(approvals.reverse, made.id, "客户不要了", version=1, actor=world.actors.agent, now=now)
        back = row(do(approvals.reverse, made.id, "客户不要了", version=1, actor=world.actors.supervisor, now=now))
        assert (back.reverses_id, back.amount_fen, row(made.id).state) == (made.id, 3_000, "reversed")
        with pytest.raises(Conflict):
            do(approvals.reverse, made.id, "再来", version=2, actor=world.actors.supervisor, now=now)
        assert propose(world, number, 3_000, now, "again").approval == "none"

    def test_a_coupon_is_marked_as_issued_and_money_is_not(self, world: World, now: datetime, number: str) -> None:
        made = propose(world, number, 3_000, now)
        with pytest.raises(Conflict, match="paid_by_file"):
            do(approvals.mark_fulfilled, made.id, version=1, actor=world.actors.agent, now=now)
        resent = propose(
            world, number, 15_900, now, "r", policy_code="damaged_resend", evidence=evidence_of("damaged_resend", world)
        )
        do(approvals.mark_fulfilled, resent.id, version=1, actor=world.actors.agent, now=now)
        assert row(resent.id).state == "paid"


def evidence_of(code: str, world: World) -> tuple[str, ...]:
    return next(tuple(one.get("evidence", ())) for one in world.rulebook.document["policies"] if one["code"] == code)


def test_who_does_not_answer_in_time_is_passed_over_rung_by_rung_each_once(
    world: World, now: datetime, number: str
) -> None:
    made = propose(world, number, 5_000, now)
    tick: dict[str, Any] = {"limit": 10, "actor": world.actors.system}
    assert do(approvals.escalate_overdue, now + 2 * HOUR, **tick) == 0
    for asked in ("finance", "finance_and_ops"):
        late = row(made.id).ask_until
        assert late is not None
        moment = late + timedelta(seconds=1)
        assert do(approvals.escalate_overdue, moment, **tick) == 1
        assert do(approvals.escalate_overdue, moment, **tick) == 0
        assert (row(made.id).asked, row(made.id).approval) == (asked, "supervisor")
    last = row(made.id).ask_until
    assert last is not None
    for moment in (last + timedelta(seconds=1), last + timedelta(days=9)):
        do(approvals.escalate_overdue, moment, **tick)
    assert [one.key for one in told("money.asked")] == [
        f"money:{made.id}:{rung}" for rung in ("supervisor", "finance", "finance_and_ops", "finance_and_ops:again")
    ]
    codes = ("compensation.escalated", "compensation.asked_again")
    events = session().scalars(select(Event.code).where(Event.code.in_(codes)).order_by(Event.id)).all()
    assert events == [codes[0], codes[0], codes[1]]
    assert row(made.id).passed == [{"rung": rung, "why": "late"} for rung in ("supervisor", "finance")]


class TestNobodyThere:
    """A rung on which nobody could answer isn't waited for."""

    def gone(self, *people: User) -> None:
        with unit_of_work():
            for user in people:
                session().get_one(User, user.id).active = False

    def test_without_a_supervisor_finance_is_asked_at_once_and_it_is_written_down(
        self, world: World, now: datetime, number: str
    ) -> None:
        self.gone(world.users.supervisor)
        made = propose(world, number, 5_000, now)
        assert (made.approval, made.asked) == ("supervisor", "finance")
        assert made.passed == [{"rung": "supervisor", "why": "empty"}]
        assert [one.payload["params"]["rung"] for one in told("money.asked")] == ["finance"]
        [event] = session().scalars(select(Event).where(Event.code == "compensation.passed_over"))
        assert (event.params["role"], event.params["compensation"]) == ("supervisor", made.id)
        do(approvals.approve, made.id, version=1, actor=world.actors.finance, now=now)
        assert row(made.id).state == "approved"

    def test_a_supervisor_of_another_queue_is_nobody_there(self, world: World, now: datetime, number: str) -> None:
        with unit_of_work():
            session().execute(delete(Membership).where(Membership.user_id == world.users.supervisor.id))
        assert propose(world, number, 5_000, now).asked == "finance"

    def test_where_nobody_is_left_the_last_rung_is_asked(self, world: World, now: datetime, number: str) -> None:
        finance = session().scalars(select(User).where(User.role == "finance")).all()
        self.gone(world.users.supervisor, *finance)
        made = propose(world, number, 5_000, now)
        assert made.asked == "finance_and_ops"
        assert [one["rung"] for one in made.passed] == ["supervisor", "finance"]

    def test_who_is_late_is_not_followed_by_nobody(self, world: World, now: datetime, number: str) -> None:
        made = propose(world, number, 5_000, now)
        self.gone(*session().scalars(select(User).where(User.role == "finance")))
        do(approvals.escalate_overdue, now + timedelta(days=9), limit=10, actor=world.actors.system)
        assert row(made.id).asked == "finance_and_ops"
        assert [(one["rung"], one["why"]) for one in row(made.id).passed] == [
            ("supervisor", "late"),
            ("finance", "empty"),
        ]
