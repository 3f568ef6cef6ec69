"""The rule book's words, one at a time: taken up, retired, and back again; and what the job counted of them.

Each change is a new version of the rules with an event that says which word. The way back is a change like any
other, on the rules as they are by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, select, update

from helpdesk.domain.access import Actor, Permission
from helpdesk.domain.phrases import Found
from helpdesk.domain.problems import Conflict, Invalid, NotFound
from helpdesk.domain.word_health import Health, dropped, restored, weight_of, with_word, without_word
from helpdesk.models import Event, PhraseProposal, RuleBookRow, WordHealth
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.models.words import ADOPTED, RETIRED, TAKEN_BACK
from helpdesk.services import rulebooks
from helpdesk.services.events import record
from helpdesk.storage import insert_all_once, session


def adopt(type_code: str, phrase: str, weight: str, *, expected_version: int, actor: Actor, now: datetime) -> int:
    """Make the phrase a word of the type, at one of ``lexicon.POINTS``' weights; returns the rules' new version.

    ``Stale`` if the rules are no longer at ``expected_version``; ``Conflict`` for a word that the type has;
    ``Invalid`` for one that no text could light, a type that only monitors open, or the like.
    """
    _check_type(type_code)
    version = rulebooks.publish_lexicon(
        lambda words: with_word(words, type_code, phrase, weight),
        expected_version=expected_version,
        actor=actor,
        now=now,
    )
    _mark_proposal(type_code, phrase, "adopted", actor, now)
    _record(ADOPTED, version, type_code, phrase, weight, actor, now)
    return version


def retire(type_code: str, phrase: str, *, expected_version: int, actor: Actor, now: datetime) -> int:
    """Let the phrase no longer speak for the type; returns the rules' new version. ``Conflict`` if it doesn't."""
    _check_type(type_code)
    weight = weight_of(_lexicon(), type_code, phrase)
    version = rulebooks.publish_lexicon(
        lambda words: without_word(words, type_code, phrase), expected_version=expected_version, actor=actor, now=now
    )
    _record(RETIRED, version, type_code, phrase, weight, actor, now)
    return version


def take_back(event_id: int, *, actor: Actor, now: datetime) -> int:
    """Undo a word's adoption or retirement, once; everything else that changed since stays. Returns the new version.

    ``NotFound`` if the event is no such change, ``Conflict`` if the word went the same way again or was taken back.
    """
    actor.require(Permission.RULES_MANAGE)
    event = session().get(Event, event_id)
    if event is None or event.code not in (ADOPTED, RETIRED):
        raise NotFound("words.no_such_change")
    if _taken_back(event):
        raise Conflict("words.taken_back_already", word=event.params["phrase"])
    type_code, phrase, weight = (event.params[name] for name in ("type", "phrase", "weight"))
    version = rulebooks.publish_lexicon(
        lambda words: (
            dropped(words, type_code, phrase) if event.code == ADOPTED else restored(words, type_code, phrase, weight)
        ),
        expected_version=published_rulebook().version,
        actor=actor,
        now=now,
    )
    if event.code == ADOPTED:
        _mark_proposal(type_code, phrase, "open", None, None)
    _record(TAKEN_BACK, version, type_code, phrase, weight, actor, now, event=event_id)
    return version


def dismiss(type_code: str, phrase: str, *, actor: Actor, now: datetime) -> None:
    """Never propose this phrase for this type again, until ``reopen``. ``Conflict`` unless it is proposed."""
    actor.require(Permission.RULES_MANAGE)
    _move_proposal(type_code, phrase, "open", "dismissed", actor, now)
    record("words.dismissed", actor=actor, now=now, type=type_code, phrase=phrase)


def reopen(type_code: str, phrase: str, *, actor: Actor, now: datetime) -> None:
    """Take a dismissal back. ``Conflict`` unless the phrase was dismissed."""
    actor.require(Permission.RULES_MANAGE)
    _move_proposal(type_code, phrase, "dismissed", "open", None, None)
    record("words.reopened", actor=actor, now=now, type=type_code, phrase=phrase)


def keep_health(words: Mapping[tuple[str, str], Health], *, now: datetime) -> None:
    """Replace what was counted before by what was counted by ``now`` (UTC)."""
    session().execute(delete(WordHealth))
    insert_all_once(
        WordHealth,
        [
            {
                "type": type_code,
                "word": word,
                "fired": health.fired,
                "accepted": health.accepted,
                "corrected": health.corrected,
                "last_seen_at": health.last_seen_at,
                "counted_at": now,
            }
            for (type_code, word), health in words.items()
        ],
    )


def keep_proposals(found: Iterable[Found], *, now: datetime) -> int:
    """Replace what nobody has decided about; what somebody did stays decided. Returns how many are open."""
    session().execute(delete(PhraseProposal).where(PhraseProposal.state == "open"))
    decided = {(row.type, row.phrase) for row in session().execute(select(PhraseProposal.type, PhraseProposal.phrase))}
    fresh = [one for one in found if (one.type, one.phrase) not in decided]
    insert_all_once(
        PhraseProposal,
        [
            {
                "type": one.type,
                "phrase": one.phrase,
                "seen": one.seen,
                "elsewhere": one.elsewhere,
                "state": "open",
                "counted_at": now,
            }
            for one in fresh
        ],
    )
    return len(fresh)


def _check_type(type_code: str) -> None:
    if published_rulebook().type(type_code).system:
        raise Invalid("ticket.system_type", type=type_code)


def _lexicon() -> Mapping[str, object]:
    document = session().execute(select(RuleBookRow.document).where(RuleBookRow.status == "published")).scalar_one()
    lexicon: Mapping[str, object] = document["lexicon"]
    return lexicon


def _taken_back(event: Event) -> bool:
    back = select(Event.id).where(Event.code == TAKEN_BACK, Event.params["event"].as_integer() == event.id)
    return session().execute(back.where(Event.ticket_id.is_(None)).limit(1)).first() is not None


def _mark_proposal(type_code: str, phrase: str, state: str, actor: Actor | None, now: datetime | None) -> None:
    """The proposal, if the phrase is one: an adopted word need not have been proposed."""
    session().execute(
        update(PhraseProposal)
        .where(PhraseProposal.type == type_code, PhraseProposal.phrase == phrase)
        .values(state=state, decided_by_id=actor.id if actor else None, decided_at=now)
    )


def _move_proposal(type_code: str, phrase: str, old: str, new: str, actor: Actor | None, now: datetime | None) -> None:
    moved = session().execute(
        update(PhraseProposal)
        .where(PhraseProposal.type == type_code, PhraseProposal.phrase == phrase, PhraseProposal.state == old)
        .values(state=new, decided_by_id=actor.id if actor else None, decided_at=now)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("words.proposal_moved", word=phrase[:60])


def _record(
    code: str, version: int, type_code: str, phrase: str, weight: str | None, actor: Actor, now: datetime, **more: int
) -> None:
    record(code, actor=actor, now=now, version=version, type=type_code, phrase=phrase, weight=weight, **more)
