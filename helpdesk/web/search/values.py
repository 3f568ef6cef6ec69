"""What the filters of the search box take, by every name: for reading a query, and for completing one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from helpdesk.domain.access import Actor
from helpdesk.domain.search_query import FILTERS, FLAGS
from helpdesk.domain.text import findable
from helpdesk.domain.ticket_filter import ME, NOBODY
from helpdesk.domain.tickets import Priority, Status, TicketClass
from helpdesk.queries.choices import Choice, list_choices
from helpdesk.queries.tags import tag_names
from helpdesk.web.access import rules
from helpdesk.wording import label, status_label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.catalog import locale_code
from helpdesk.wording.labels import STATUSES

Named = Iterable[tuple[str, str]]


def names_of_values(actor: Actor) -> dict[str, dict[str, str]]:
    """For each filter its values' codes by their names, in both languages, and by themselves."""
    known = {filter_: dict(named) for filter_, named in _named(actor)}
    return {filter_: {code: code for code in names.values()} | names for filter_, names in known.items()}


def filter_name(filter_: str) -> str:
    """The filter as it is written in the reader's language."""
    return FILTERS[filter_][locale_code() == "en"]


def value_name(filter_: str, code: str, names: Mapping[str, Mapping[str, str]]) -> str:
    """A value as the reader would write it. ``filter_`` may be one of the flags."""
    if filter_ in FLAGS:
        return FLAGS[filter_][locale_code() == "en"]
    if filter_ == "status":
        return status_label(code)
    own = [name for name, value in names.get(filter_, {}).items() if value == code and name != code]
    return own[locale_code() == "en" and len(own) > 1] if own else code


def completions(actor: Actor) -> list[dict[str, Any]]:
    """Every filter with every value, as it can be put into the box; ``words`` is what it is found by."""
    names = names_of_values(actor)
    offered = [(filter_, code) for filter_, values in names.items() for code in dict.fromkeys(values.values())]
    offered += [("is", flag) for flag in FLAGS]
    return [
        _completion(filter_, value_name(code if filter_ == "is" else filter_, code, names)) for filter_, code in offered
    ]


def _completion(filter_: str, value: str) -> dict[str, str]:
    name = filter_name(filter_)
    written = f'{name}:"{value}"' if " " in value else f"{name}:{value}"
    return {"text": written, "words": f"{written} {findable(value)} {findable(name)}".lower()}


def _named(actor: Actor) -> Iterator[tuple[str, Named]]:
    choices = list_choices(actor)
    yield "type", _both((code, kind.name) for code, kind in rules().types.items())
    yield "class", [(klass.value, klass.value) for klass in TicketClass]
    yield "status", _statuses()
    yield "queue", _both(_labelled(choices.queues))
    yield "owner", [(_("我"), ME), ("我", ME), (_("未分派"), NOBODY), ("未分派", NOBODY), *_people(choices.people)]
    yield "priority", [(one.value, one.value) for one in Priority]
    yield "channel", _both(_labelled(choices.channels))
    yield "shop", _both(_labelled(choices.shops))
    yield "tag", [(tag, tag) for tag in tag_names()]


def _statuses() -> Iterator[tuple[str, str]]:
    for status in Status:
        yield STATUSES[status], status.value
        yield status_label(status.value), status.value


def _people(people: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for person in people:
        yield person.name, str(person.id)


def _labelled(choices: Iterable[Choice]) -> Iterator[tuple[str, Any]]:
    for one in choices:
        yield one.code, one.name


def _both(named: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    for code, name in named:
        yield name.zh, code
        yield name.en or label(name), code
