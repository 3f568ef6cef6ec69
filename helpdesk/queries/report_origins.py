"""Where one value's hours came from: the warehouse or courier that stands out beside its share of everything."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from functools import lru_cache

from sqlalchemy import Integer, case, func, literal, select

from helpdesk.domain.access import Actor
from helpdesk.domain.report_headline import Origin
from helpdesk.domain.reports import Dimension, Question, Side, Sums
from helpdesk.models import ReportFact
from helpdesk.queries.report_figures import in_sight, of_side, of_value, of_values
from helpdesk.storage import session

CUTS = (Dimension.WAREHOUSE, Dimension.COURIER)


def origin(question: Question, value: str, actor: Actor, *, whole: Sums, today: date) -> Origin | None:
    """The origin of a value of the question's cut that stands out most; None where none does.

    Kept for the day under the ``whole`` it was found in: a look at every fact of the period for one half-sentence
    should not be paid for by each reader. One statement, or none.
    """
    in_sight(actor)  # refuses
    return _known(replace(question, against=None), value, actor, whole, today)


@lru_cache(maxsize=256)
def _known(question: Question, value: str, actor: Actor, _whole: Sums, _today: date) -> Origin | None:
    mine = of_value(question.by, value)
    seconds, one = ReportFact.wall_seconds, literal(1, Integer)
    rows = session().execute(
        select(
            ReportFact.warehouse,
            ReportFact.courier,
            func.sum(seconds),
            func.sum(case((mine, seconds), else_=0)),
            func.sum(case((mine, one), else_=0)),
        )
        .where(of_side(Side.RESOLVED, question.period), *in_sight(actor), *of_values(question.only))
        .group_by(ReportFact.warehouse, ReportFact.courier)
    )
    told = {question.by, *(cut for cut, _value in question.only)}
    amounts = {cut: _Amounts() for cut in CUTS if cut not in told}
    for warehouse, courier, *of_pair in rows:
        for cut, name in zip(CUTS, (warehouse, courier), strict=True):
            if cut in amounts:
                amounts[cut].add(name, *map(int, of_pair))
    found = [one for cut, sums in amounts.items() for one in sums.origins(cut) if one.stands_out]
    return max(found, key=lambda one: (one.part / one.base, one.value), default=None)


class _Amounts:
    """Seconds of all, seconds and tickets of the value, by name."""

    def __init__(self) -> None:
        self.whole, self.part, self.tickets = Counter[str](), Counter[str](), Counter[str]()

    def add(self, name: str, whole: int, part: int, tickets: int) -> None:
        self.whole[name] += whole
        self.part[name] += part
        self.tickets[name] += tickets

    def origins(self, cut: Dimension) -> list[Origin]:
        """Of each name that is known."""
        of_all, of_it = self.whole.total(), self.part.total()
        return [
            Origin(cut.value, name, part / of_it, self.whole[name] / of_all, self.tickets[name])
            for name, part in self.part.items()
            if name and part
        ]
