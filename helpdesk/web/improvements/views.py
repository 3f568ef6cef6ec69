"""The board, and one improvement."""

from __future__ import annotations

from datetime import date

from flask import render_template

from helpdesk.domain.access import Actor, Permission, Scope
from helpdesk.domain.improvements import State
from helpdesk.models.scope import own_types
from helpdesk.queries import improvements as queries
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.improvements import improvements
from helpdesk.web.improvements.presenting import SUGGESTED_DAYS, card, channel_names, page, suggested, suggested_period
from helpdesk.web.locale import shop_zone
from helpdesk.wording.improvements import improvement_state_label


def today() -> date:
    """On the shop's wall."""
    return moment().astimezone(shop_zone()).date()


def writable_types(actor: Actor) -> frozenset[str]:
    """Types whose improvements the actor writes."""
    match actor.scope(Permission.IMPROVEMENTS_MANAGE):
        case Scope.ALL:
            return frozenset(rules().types)
        case Scope.OWN:
            return own_types(actor)
        case _:
            return frozenset()


@improvements.get("/improvements")
@needs(Permission.REPORTS_READ)
def index() -> str:
    actor, names = current_actor(), channel_names()
    board = queries.board(actor, today())
    return render_template(
        "improvements/index.html",
        columns=[
            (state.value, improvement_state_label(state), [card(one, names) for one in board[state]]) for state in State
        ],
        any=any(board.values()),
        suggestions=[suggested(one, names) for one in queries.suggestions(suggested_period(today()), actor)],
        days=SUGGESTED_DAYS,
        can_manage=actor.may(Permission.IMPROVEMENTS_MANAGE),
    )


@improvements.get("/improvements/<id:item_id>")
@needs(Permission.REPORTS_READ)
def item(item_id: int) -> str:
    actor = current_actor()
    measured = queries.item(item_id, actor, today())
    writes = measured.item.type in writable_types(actor)
    return render_template("improvements/item.html", item=page(measured, channel_names()), writes=writes)
