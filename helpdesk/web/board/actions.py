"""Acting from the board: one ticket or those that are ticked, each in a transaction of its own, told one by one."""

from __future__ import annotations

from typing import Any, cast
from uuid import uuid4

from flask import flash, redirect, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid, Problem
from helpdesk.domain.tickets import Priority
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import board as boards
from helpdesk.queries.board_lanes import By, Section
from helpdesk.services import assists, bulk, operations
from helpdesk.services.bulk import Assign, Deed, Remind, Row, SetPriority, Take
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, local_path, moment, needs
from helpdesk.web.board import board
from helpdesk.web.forms import row_id, sent_version, version_of
from helpdesk.wording import problem_text
from helpdesk.wording.catalog import gettext as _


@board.post("/board/assign")
@needs(Permission.BOARD_READ)
def assign() -> BaseResponse:
    person = request.form.get("user_id", "")
    try:
        deed = Assign(None if person == "none" else row_id(person))
    except ValueError:
        flash(_("请选一个人。"), "problem")
        return _back()
    done = _carry_out(deed, _rows("target"))
    return _told(done, lambda n: ngettext("已改派 %(num)d 张。", "已改派 %(num)d 张。", n))


@board.post("/board/take")
@needs(Permission.BOARD_READ)
def take() -> BaseResponse:
    done = _carry_out(Take(), _rows())
    return _told(done, lambda n: ngettext("已接手 %(num)d 张。", "已接手 %(num)d 张。", n))


@board.post("/board/priority")
@needs(Permission.BOARD_READ)
def set_priority() -> BaseResponse:
    wanted = request.args.get("to") or request.form.get("priority", "")
    if wanted not in list(Priority):
        raise Invalid("input.bad_value", field="priority")
    done = _carry_out(SetPriority(Priority(wanted)), _rows())
    return _told(
        done,
        lambda n: ngettext(
            "已把 %(num)d 张改为 %(priority)s，时限重新计算。",
            "已把 %(num)d 张改为 %(priority)s，时限重新计算。",
            n,
            priority=wanted,
        ),
    )


@board.post("/board/remind")
@needs(Permission.BOARD_READ)
def remind() -> BaseResponse:
    done = _carry_out(Remind(), _rows())
    return _told(done, lambda n: ngettext("已催办 %(num)d 张。", "已催办 %(num)d 张。", n))


@board.post("/board/remind-all")
@needs(Permission.BOARD_READ)
def remind_all() -> BaseResponse:
    """Everybody who has something overdue: the most urgent, as many as go at once."""
    late = boards.board(
        current_actor(), moment(), published_rulebook(), by=By.QUEUE, section=Section.OVERDUE, most_in_lane=bulk.MOST
    )
    cards = [card for lane in late.lanes for card in lane.cards if card.hands or card.owner]
    rows = [Row(card.number, card.version) for card in cards[: bulk.MOST]]
    done = _carry_out(Remind(), rows)
    return _told(
        done, lambda n: ngettext("已催办 %(num)d 张。", "已催办 %(num)d 张。", n), none=_("没有要催办的工单。")
    )


@board.post("/board/undo/<batch>")
@needs(Permission.BOARD_READ)
def undo(batch: str) -> BaseResponse:
    with unit_of_work():
        results = operations.undo_batch(batch[:36], actor=current_actor(), now=moment())
    back = sum(result.problem is None for result in results)
    if back:
        flash(ngettext("已撤销 %(num)d 张。", "已撤销 %(num)d 张。", back), "done")
    _tell_refused([(result.number, result.problem) for result in results if result.problem is not None])
    return _back()


@board.post("/board/assists/<id:stint_id>/answer")
@needs(Permission.TICKETS_WORK)
def answer(stint_id: int) -> BaseResponse:
    """Answer a question of another queue from its card. A refusal shows what was typed, to be copied."""
    version = request.form.get("version", "")
    with unit_of_work():
        number = assists.answer(
            stint_id,
            request.form.get("text", ""),
            actor=current_actor(),
            now=moment(),
            version=version_of(version) if version else None,
        )
    flash(_("已答复工单 %(number)s 的协助请求。", number=number), "done")
    return _back()


class Done:
    """What became of each: how many were done, why others weren't, and the mark under which it is taken back."""

    def __init__(self) -> None:
        self.batch = str(uuid4())
        self.undoable = False
        self.count = 0
        self.refused: list[tuple[str, Problem]] = []


def _rows(one: str = "only") -> list[Row]:
    """The ticket of the button that was pressed, else those that are ticked; each with the version that was shown."""
    wanted = [number for number in request.form.getlist(one) if number] or request.form.getlist("number")
    numbers = dict.fromkeys(number[:20] for number in wanted)
    return [Row(number, sent_version(f"version-{number}")) for number in numbers]


def _carry_out(deed: Deed, rows: list[Row]) -> Done:
    bulk.check(rows)
    done = Done()
    for row in rows:
        try:
            with unit_of_work():
                operation = bulk.carry_out(deed, row, batch=done.batch, actor=current_actor(), now=moment())
        except Problem as problem:
            done.refused.append((row.number, problem))
        else:
            done.count += 1
            done.undoable = done.undoable or operation is not None
    return done


def _told(done: Done, words: Any, none: str = "") -> BaseResponse:
    if done.count:
        text = words(done.count)
        flash(cast(str, {"text": text, "batch": done.batch} if done.undoable else text), "done")
    _tell_refused(done.refused)
    if not done.count and not done.refused:
        flash(none or _("没有勾选工单。"), "info")
    return _back()


def _tell_refused(refused: list[tuple[str, Problem]]) -> None:
    if not refused:
        return
    heading = ngettext("%(num)d 张没有做：", "%(num)d 张没有做：", len(refused))
    lines = [_("%(number)s：%(why)s", number=number, why=problem_text(problem)) for number, problem in refused]
    flash(cast(str, [heading, *lines]), "problem")


def _back() -> BaseResponse:
    return redirect(local_path(request.form.get("next")) or url_for("board.index"))
