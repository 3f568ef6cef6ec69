"""Who is meant by ``@name`` in a note: a colleague's login or his name, with or without a space behind it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST = 10
"""People whom one note may mention."""
SIGN = re.compile(r"(?<![A-Za-z0-9._+-])[@＠]")
"""Not the one in the middle of a mail address."""
GOES_ON = re.compile(r"[A-Za-z0-9_]|[.-][A-Za-z0-9_]")


@dataclass(frozen=True, slots=True)
class Person:
    """One who can be mentioned."""

    id: int
    login: str
    name: str


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Whom a text names, in its order, each once. ``doubtful``: names that several people bear, with their logins."""

    people: tuple[Person, ...] = ()
    doubtful: Mapping[str, tuple[str, ...]] | None = None


def mentioned(text: str, people: Iterable[Person]) -> Mentioned:
    """Whom the text mentions. The longest login or name that fits counts; a login goes before somebody's name.

    What fits nobody is just text.
    """
    known = _words(people)
    longest = max(map(len, known), default=0)
    found: dict[int, Person] = {}
    doubtful: dict[str, tuple[str, ...]] = {}
    for sign in SIGN.finditer(text):
        bearers = _bearers(text, sign.end(), known, longest)
        if len(bearers) > 1:
            doubtful[bearers[0].name] = tuple(sorted(person.login for person in bearers))
        else:
            found |= {person.id: person for person in bearers}
    return Mentioned(tuple(found.values()), doubtful or None)


def _words(people: Iterable[Person]) -> Mapping[str, list[Person]]:
    everybody = list(people)
    words: defaultdict[str, list[Person]] = defaultdict(list)
    for person in everybody:
        words[person.name.casefold()].append(person)
    words.pop("", None)
    return words | {person.login.casefold(): [person] for person in everybody}


def _bearers(text: str, start: int, known: Mapping[str, list[Person]], longest: int) -> list[Person]:
    for end in range(min(len(text), start + longest), start, -1):
        bearers = known.get(text[start:end].casefold())
        if bearers and not (text[end - 1].isascii() and GOES_ON.match(text, end)):
            return bearers
    return []
