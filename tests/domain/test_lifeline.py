"""Whose time it was: the line of a ticket's life, and who is to blame for a broken promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.domain import clocks as engine
from helpdesk.domain.calendars import Calendar, open_seconds
from helpdesk.domain.clocks import ClockState, Pause
from helpdesk.domain.lifeline import (
    APPROVAL,
    BEFORE,
    CLOSED,
    CUSTOMER,
    RESOLVED,
    Move,
    QueueUse,
    Segment,
    Stay,
    attribution,
    held_by,
    life,
    seconds_by_who,
    shared,
)
from helpdesk.domain.tickets import Status

T0 = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday, 10:00 in Shanghai."""
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SERVICE, WAREHOUSE, FINANCE = "customer_service", "warehouse", "finance"

EVER = Calendar("Asia/Shanghai", hours=dict.fromkeys(range(7), ((0, 86400),)))
OFFICE = Calendar("Asia/Shanghai", hours=dict.fromkeys(range(5), ((9 * 3600, 18 * 3600),)))


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def line(segments: tuple[Segment, ...]) -> list[tuple[str, float]]:
    """Who, and for how many hours."""
    return [(segment.who, segment.length / HOUR) for segment in segments]


def test_a_ticket_that_one_queue_has_is_its_time() -> None:
    found = life(T0, at(3), [], [Stay(SERVICE, T0, None)], {SERVICE: EVER})
    assert line(found) == [(SERVICE, 3)]


def test_a_transfer_hands_the_time_over() -> None:
    stays = [Stay(SERVICE, T0, at(1)), Stay(WAREHOUSE, at(1), None)]
    assert line(life(T0, at(3), [], stays, {})) == [(SERVICE, 1), (WAREHOUSE, 2)]


def test_waiting_for_the_customer_and_for_an_approval_is_theirs() -> None:
    moves = [
        Move(at(1), Status.PENDING_CUSTOMER),
        Move(at(3), Status.OPEN),
        Move(at(4), Status.PENDING_APPROVAL),
        Move(at(5), Status.OPEN),
    ]
    found = life(T0, at(6), moves, [Stay(SERVICE, T0, None)], {})
    assert line(found) == [(SERVICE, 1), (CUSTOMER, 2), (SERVICE, 1), (APPROVAL, 1), (SERVICE, 1)]
    assert {segment.queue for segment in found} == {SERVICE}


def test_outside_the_hours_of_the_queue_that_has_it_nobody_works() -> None:
    """18:00 to 9:00; the warehouse's night isn't customer service's."""
    stays = [Stay(WAREHOUSE, T0, at(10)), Stay(SERVICE, at(10), None)]
    found = life(T0, at(12), [], stays, {WAREHOUSE: OFFICE, SERVICE: EVER})
    assert line(found) == [(WAREHOUSE, 8), (CLOSED, 2), (SERVICE, 2)]
    assert found[1].queue == WAREHOUSE


def test_a_customer_is_awaited_by_night_too() -> None:
    moves = [Move(at(1), Status.PENDING_CUSTOMER)]
    assert line(life(T0, at(24), moves, [Stay(WAREHOUSE, T0, None)], {WAREHOUSE: OFFICE}))[-1] == (CUSTOMER, 23)


def test_the_queue_that_is_asked_for_help_has_the_time_while_the_ticket_waits_for_it() -> None:
    stays = [Stay(SERVICE, T0, None), Stay(WAREHOUSE, at(1), at(4), assist=True)]
    moves = [Move(at(2), Status.PENDING_INTERNAL, WAREHOUSE), Move(at(3), Status.OPEN)]
    assert line(life(T0, at(5), moves, stays, {})) == [(SERVICE, 2), (WAREHOUSE, 1), (SERVICE, 2)]


def test_an_answered_assist_gives_the_time_back_though_the_ticket_still_waits() -> None:
    stays = [Stay(SERVICE, T0, None), Stay(WAREHOUSE, at(1), at(2), assist=True)]
    moves = [Move(at(1), Status.PENDING_INTERNAL, WAREHOUSE)]
    assert line(life(T0, at(3), moves, stays, {})) == [(SERVICE, 1), (WAREHOUSE, 1), (SERVICE, 1)]


def test_waiting_for_somebody_who_was_not_asked_stays_with_the_queue() -> None:
    stays = [Stay(SERVICE, T0, None), Stay(FINANCE, at(1), None, assist=True)]
    moves = [Move(at(1), Status.PENDING_INTERNAL, WAREHOUSE)]
    assert line(life(T0, at(2), moves, stays, {})) == [(SERVICE, 2)]


def test_after_the_resolve_it_is_nobodys_until_the_next_cycle_begins() -> None:
    """The new stay began when the customer wrote, though we heard of it an hour later."""
    stays = [Stay(SERVICE, T0, at(2)), Stay(SERVICE, at(5), None)]
    moves = [Move(at(2), Status.RESOLVED), Move(at(6), Status.OPEN)]
    assert line(life(T0, at(7), moves, stays, {})) == [(SERVICE, 2), (RESOLVED, 3), (SERVICE, 2)]


def test_a_resolve_that_was_undone_took_no_time() -> None:
    moves = [Move(at(2), Status.RESOLVED), Move(at(3), Status.OPEN)]
    found = life(T0, at(4), moves, [Stay(SERVICE, T0, None)], {})
    assert line(found) == [(SERVICE, 2), (RESOLVED, 1), (SERVICE, 1)]


def test_the_line_ends_where_it_is_told_to() -> None:
    stays = [Stay(SERVICE, T0, at(2))]
    assert line(life(T0, at(2), [Move(at(2), Status.RESOLVED)], stays, {})) == [(SERVICE, 2)]


def test_a_transfer_that_was_undone_leaves_the_time_where_the_ticket_was() -> None:
    stays = [Stay(SERVICE, T0, None), Stay(WAREHOUSE, at(1), at(2))]
    assert line(life(T0, at(3), [], stays, {})) == [(SERVICE, 1), (WAREHOUSE, 1), (SERVICE, 1)]


def test_of_two_moves_at_one_instant_the_last_counts() -> None:
    moves = [Move(at(1), Status.OPEN), Move(at(1), Status.PENDING_CUSTOMER)]
    assert line(life(T0, at(2), moves, [Stay(SERVICE, T0, None)], {})) == [(SERVICE, 1), (CUSTOMER, 1)]


def test_without_a_stay_or_without_length_there_is_no_line() -> None:
    assert life(T0, at(1), [], [], {}) == ()
    assert life(T0, T0, [], [Stay(SERVICE, T0, None)], {}) == ()


def test_seconds_are_added_up_by_who() -> None:
    moves = [Move(at(1), Status.PENDING_CUSTOMER), Move(at(2), Status.OPEN)]
    found = life(T0, at(4), moves, [Stay(SERVICE, T0, None)], {})
    assert seconds_by_who(found) == {SERVICE: 3 * 3600, CUSTOMER: 3600}


# ---- blame


def late_clock(hours: float = 6, target: float = 4) -> ClockState:
    return engine.stop(engine.start(T0, int(target * 3600)), at(hours))


def test_the_queue_that_overran_its_own_target_by_most_is_to_blame() -> None:
    """Though customer service used more of the customer's time."""
    stays = [Stay(SERVICE, T0, at(3.5)), Stay(WAREHOUSE, at(3.5), at(6))]
    segments = life(T0, at(6), [], stays, {})
    clocks = [QueueUse(SERVICE, 12_600, 12_000), QueueUse(WAREHOUSE, 9_000, 3_600)]
    found = attribution(late_clock(), EVER, segments, clocks, at(9))
    assert found.blame == WAREHOUSE
    assert (found.counted_seconds, found.over_seconds) == (6 * 3600, 2 * 3600)
    assert [(share.who, share.seconds, share.over_seconds) for share in found.shares] == [
        (SERVICE, 12_600, 4_200),
        (WAREHOUSE, 9_000, 3_000),
    ]


def test_two_short_overruns_of_a_queue_count_together() -> None:
    segments = life(T0, at(6), [], [Stay(SERVICE, T0, None)], {})
    clocks = [QueueUse(WAREHOUSE, 500, 100), QueueUse(SERVICE, 700, 200), QueueUse(WAREHOUSE, 300, 100)]
    assert attribution(late_clock(), EVER, segments, clocks, at(9)).blame == WAREHOUSE


def test_where_every_queue_kept_its_own_target_who_used_most_is_to_blame() -> None:
    stays = [Stay(SERVICE, T0, at(4)), Stay(WAREHOUSE, at(4), None)]
    segments = life(T0, at(6), [], stays, {})
    assert attribution(late_clock(), EVER, segments, [QueueUse(WAREHOUSE, 7_200, 14_400)], at(9)).blame == SERVICE


def test_an_approval_that_used_most_is_named_as_such() -> None:
    moves = [Move(at(1), Status.PENDING_APPROVAL)]
    segments = life(T0, at(6), moves, [Stay(SERVICE, T0, None)], {})
    found = attribution(late_clock(), EVER, segments, [], at(9))
    assert found.blame == APPROVAL
    assert [share.who for share in found.shares] == [APPROVAL, SERVICE]


def test_in_time_nobody_is_to_blame() -> None:
    segments = life(T0, at(4), [], [Stay(SERVICE, T0, None)], {})
    found = attribution(late_clock(hours=4), EVER, segments, [QueueUse(SERVICE, 99_999, 1)], at(9))
    assert (found.blame, found.over_seconds) == (None, 0)


def test_a_clock_without_a_target_is_never_late() -> None:
    segments = life(T0, at(4), [], [Stay(SERVICE, T0, None)], {})
    assert attribution(engine.start(T0, None), EVER, segments, [], at(4)).blame is None


def test_what_the_customers_clock_counts_at_night_is_the_queues_that_has_it() -> None:
    """Customer service's calendar runs until midnight; the warehouse went home at six with the ticket."""
    segments = life(T0, at(12), [], [Stay(WAREHOUSE, T0, None)], {WAREHOUSE: OFFICE})
    found = attribution(engine.start(T0, 3600), EVER, segments, [], at(12))
    assert [(share.who, share.seconds) for share in found.shares] == [(WAREHOUSE, 12 * 3600)]


def test_waiting_for_the_customer_is_in_nobodys_share() -> None:
    moves = [Move(at(1), Status.PENDING_CUSTOMER), Move(at(5), Status.OPEN)]
    segments = life(T0, at(6), moves, [Stay(SERVICE, T0, None)], {})
    clock = ClockState(T0, 3600, (Pause(at(1), at(5)),))
    assert [share.seconds for share in attribution(clock, EVER, segments, [], at(6)).shares] == [2 * 3600]


def test_what_a_platforms_clock_counted_before_there_was_a_ticket_is_nobodys_here() -> None:
    segments = life(T0, at(2), [], [Stay(SERVICE, T0, None)], {})
    found = attribution(engine.start(at(-5), 3600), EVER, segments, [], at(2))
    assert [(share.who, share.seconds) for share in found.shares] == [(BEFORE, 5 * 3600), (SERVICE, 2 * 3600)]
    assert found.blame == BEFORE
    assert attribution(engine.start(at(-9), 3600), EVER, segments, [], at(-7)).shares[0].seconds == 2 * 3600


def test_a_first_response_is_owed_by_those_who_answer_whoever_has_the_ticket() -> None:
    segments = life(T0, at(2), [], [Stay(WAREHOUSE, T0, None)], {})
    found = attribution(engine.start(T0, 3600), EVER, held_by(SERVICE, segments), [], at(2))
    assert (found.blame, len(found.shares)) == (SERVICE, 1)


def test_without_a_line_nobody_has_a_share() -> None:
    found = attribution(late_clock(), EVER, (), [], at(9))
    assert (found.shares, found.blame, found.over_seconds) == ((), None, 7_200)


# ---- properties

HOURS = st.floats(min_value=0, max_value=200, allow_nan=False, allow_infinity=False)
STATUSES = st.sampled_from([status for status in Status if status is not Status.NEW])
QUEUES = st.sampled_from([SERVICE, WAREHOUSE, FINANCE])
MOVES = st.lists(st.builds(Move, HOURS.map(at), STATUSES, st.none() | QUEUES), max_size=12).map(
    lambda moves: sorted(moves, key=lambda move: move.at)
)
STAYS = st.lists(
    st.builds(
        lambda queue, entered, stayed, assist: Stay(
            queue, at(entered), None if stayed is None else at(entered + stayed), assist
        ),
        QUEUES,
        HOURS,
        st.none() | HOURS,
        st.booleans(),
    ),
    max_size=8,
)
CALENDARS = st.fixed_dictionaries({}, optional={queue: st.just(OFFICE) for queue in (SERVICE, WAREHOUSE, FINANCE)})


@given(end=HOURS, moves=MOVES, stays=STAYS, calendars=CALENDARS)
def test_segments_touch_never_overlap_and_cover_the_whole_life(
    end: float, moves: list[Move], stays: list[Stay], calendars: dict[str, Calendar]
) -> None:
    stays = [Stay(SERVICE, T0, None), *stays]
    found = life(T0, at(end), moves, stays, calendars)
    assert bool(found) is (at(end) > T0)
    for segment in found:
        assert segment.start < segment.end
    for one, other in pairwise(found):
        assert one.end == other.start
        assert (one.who, one.queue) != (other.who, other.queue)
    if found:
        assert (found[0].start, found[-1].end) == (T0, at(end))


@given(end=HOURS, moves=MOVES, stays=STAYS, calendars=CALENDARS)
def test_a_working_queue_only_has_hours_in_which_it_is_open(
    end: float, moves: list[Move], stays: list[Stay], calendars: dict[str, Calendar]
) -> None:
    for segment in life(T0, at(end), moves, [Stay(SERVICE, T0, None), *stays], calendars):
        calendar = calendars.get(segment.queue)
        if calendar is not None and segment.who in (segment.queue, CLOSED):
            open_here = open_seconds(calendar, segment.start, segment.end)
            expected = 0 if segment.who == CLOSED else segment.length // timedelta(seconds=1)
            assert abs(open_here - expected) <= 1


@given(end=HOURS, moves=MOVES, stays=STAYS, target=st.integers(0, 400_000), calendar=st.sampled_from([EVER, OFFICE]))
def test_shares_add_up_to_what_the_clock_counted_and_to_the_overrun(
    end: float, moves: list[Move], stays: list[Stay], target: int, calendar: Calendar
) -> None:
    segments = life(T0, at(end), moves, [Stay(SERVICE, T0, None), *stays], {})
    found = attribution(engine.start(T0, target), calendar, segments, [], at(end))
    if segments:
        assert sum(share.seconds for share in found.shares) == found.counted_seconds
        assert sum(share.over_seconds for share in found.shares) == found.over_seconds
    assert (found.blame is not None) is (found.over_seconds > 0)


@given(total=st.integers(0, 10**6), weights=st.dictionaries(QUEUES, st.timedeltas(timedelta(), timedelta(days=9))))
def test_nothing_is_lost_to_rounding(total: int, weights: dict[str, timedelta]) -> None:
    parts = shared(total, weights)
    if any(weights.values()):
        assert sum(parts.values()) == total
        assert all(part >= 0 for part in parts.values())
        assert all(parts[who] == 0 for who, weight in weights.items() if not weight)
    else:
        assert parts == {}
