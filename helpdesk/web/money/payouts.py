"""Finance's payment files: what waits to be paid, a file of it, once, and what the bank or the platform made of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from flask import Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.adapters.tabular import Figure, write_csv
from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid, NotAllowed, NotFound, Problem
from helpdesk.queries import payouts as queries
from helpdesk.queries.keyset import parse_cursor
from helpdesk.queries.ledger import Sum
from helpdesk.queries.payouts import Batch, BatchRow, Due, ShopDue
from helpdesk.services import payouts as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.downloads import CSV, download
from helpdesk.web.forms import row_id, sent_version
from helpdesk.web.money import money
from helpdesk.web.money.presenting import policy_name, type_name
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.money import money_kind_label, payout_state_label

RESULTS = ("paid", "failed")


@money.get("/payouts")
@needs(Permission.MONEY_PAY)
def payouts() -> str:
    actor, book = current_actor(), rules()
    shops = queries.due_by_shop(actor)
    files, following = queries.batches(actor, parse_cursor(request.args.get("after", "")))
    return render_template(
        "money/payouts.html",
        total=_sum(shops),
        shops=shops,
        due=[_due(one, book) for one in queries.due(actor)],
        files=files,
        is_first="after" not in request.args,
        first_url=url_for("money.payouts"),
        next_url=url_for("money.payouts", after=str(following)) if following else "",
    )


@money.get("/payouts/new")
@needs(Permission.MONEY_PAY)
def new_payout() -> Response:
    return _confirmation(_shop(request.args.get("shop", "")))


@money.post("/payouts/new")
@needs(Permission.MONEY_PAY)
def make_payout() -> BaseResponse:
    """A file of what the confirmation showed. A second press, or a second window, finds the first one's file."""
    shop = _shop(request.form.get("shop", ""))
    key = _key(request.form.get("key", ""))
    known = queries.batch_of_key(key)
    if known is None and request.form.get("seen") != _seen(_sum(_of_shop(shop))):
        return _confirmation(shop, moved=True, status=409)
    try:
        with unit_of_work():
            made = services.export(key, shop_id=shop, actor=current_actor(), now=moment())
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return _confirmation(shop, error=problem_text(problem), status=problem.status)
    if known is None:
        flash(_("打款文件已生成。下载后交给银行或平台，再回来登记结果。"), "done")
    return redirect(url_for("money.payout", batch_id=made))


@money.get("/payouts/<id:batch_id>")
@needs(Permission.MONEY_PAY)
def payout(batch_id: int) -> Response:
    return _file_page(batch_id)


@money.get("/payouts/<id:batch_id>/file.csv")
@needs(Permission.MONEY_PAY)
def payout_file(batch_id: int) -> Response:
    """The file itself: the same bytes each time, whoever fetches it in whatever language."""
    found, rows = queries.batch(current_actor(), batch_id)
    with force_locale(current_app.config["BABEL_DEFAULT_LOCALE"]):
        content = write_csv(_file_headers(), [_file_line(found, row) for row in rows])
    return download(content, CSV, f"{found.number}.csv")


@money.post("/payouts/<id:batch_id>/settle")
@needs(Permission.MONEY_PAY)
def settle(batch_id: int) -> BaseResponse:
    """Which lines were paid and which failed; those without a word stay open."""
    _batch, rows = queries.batch(current_actor(), batch_id)
    open_rows = [row.id for row in rows if row.state == "exported"]
    everything = request.form.get("everything", "")
    said = {row: everything or request.form.get(f"result-{row}", "") for row in open_rows}
    if any(word and word not in RESULTS for word in said.values()):
        raise Invalid("input.bad_value", field="result")
    of = {result: [row for row, word in said.items() if word == result] for result in RESULTS}
    if not of["paid"] and not of["failed"]:
        flash(_("没有选结果，什么都没有登记。"), "info")
        return redirect(url_for("money.payout", batch_id=batch_id))
    try:
        with unit_of_work():
            services.settle(
                batch_id, of["paid"], of["failed"], version=sent_version(), actor=current_actor(), now=moment()
            )
    except (NotFound, NotAllowed):
        raise
    except Problem as problem:
        return _file_page(batch_id, error=problem_text(problem), said=said, status=problem.status)
    done = {result: len(rows) for result, rows in of.items()}
    flash(_("已登记：到账 %(paid)d 笔，失败 %(failed)d 笔。", **done), "done")
    return redirect(url_for("money.payout", batch_id=batch_id))


def _confirmation(shop: int | None, *, moved: bool = False, error: str = "", status: int = 200) -> Response:
    shops = _of_shop(shop)
    total = _sum(shops)
    page = render_template(
        "money/payout_new.html",
        shop=shop,
        shops=shops,
        total=total,
        seen=_seen(total),
        key=request.form.get("key") or str(uuid4()),
        moved=moved,
        error=error,
    )
    return make_response(page, status)


def _file_page(batch_id: int, *, error: str = "", said: dict[int, str] | None = None, status: int = 200) -> Response:
    book = rules()
    found, rows = queries.batch(current_actor(), batch_id)
    page = render_template(
        "money/payout.html",
        file=found,
        rows=[_line(row, book, said or {}) for row in rows],
        sums=_by_state(found, rows),
        error=error,
    )
    return make_response(page, status)


def _by_state(found: Batch, rows: tuple[BatchRow, ...]) -> dict[str, Sum]:
    sums = {"all": Sum(found.rows, found.total_fen)}
    for state in ("exported", *RESULTS):
        own = [row.amount_fen for row in rows if row.state == state]
        sums[state] = Sum(len(own), sum(own))
    return sums


def _of_shop(shop: int | None) -> tuple[ShopDue, ...]:
    return tuple(one for one in queries.due_by_shop(current_actor()) if shop is None or one.id == shop)


def _sum(shops: tuple[ShopDue, ...]) -> Sum:
    return sum((Sum(shop.count, shop.fen) for shop in shops), Sum())


def _seen(total: Sum) -> str:
    """What the confirmation showed, as the form carries it."""
    return f"{total.count}:{total.fen}"


def _shop(text: str) -> int | None:
    if not text:
        return None
    try:
        return row_id(text)
    except ValueError:
        raise Invalid("input.bad_value", field="shop") from None


def _key(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise Invalid("input.bad_value", field="key") from None


def _file_headers() -> list[str]:
    return [
        *(_("文件编号"), _("打款编号"), _("店铺代码"), _("渠道代码"), _("订单号"), _("工单号"), _("方式")),
        _("金额（元）"),
    ]


def _file_line(found: Batch, row: BatchRow) -> list[str]:
    """Only what never changes: codes for names, and nothing of what became of it."""
    yuan = Figure(f"{row.amount_fen // 100}.{row.amount_fen % 100:02}")
    return [
        *(found.number, str(row.id), row.shop_code, row.channel_code, row.order or "", row.ticket),
        money_kind_label(row.kind),
        yuan,
    ]


def _due(one: Due, book: Any) -> dict[str, Any]:
    return {
        "ticket": one.ticket,
        "order": one.order,
        "place": _("%(shop)s，%(channel)s", shop=one.shop, channel=label(one.channel)),
        "policy": policy_name(one.policy, book),
        "type": type_name(one.type, book),
        "kind": money_kind_label(one.kind),
        "amount_fen": one.amount_fen,
        "at": one.decided_at,
        "proposer": one.proposer,
    }


def _line(row: BatchRow, book: Any, said: dict[int, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "ticket": row.ticket,
        "order": row.order,
        "place": _("%(shop)s，%(channel)s", shop=row.shop, channel=label(row.channel)),
        "policy": policy_name(row.policy, book),
        "kind": money_kind_label(row.kind),
        "amount_fen": row.amount_fen,
        "state": row.state,
        "state_name": payout_state_label(row.state),
        "said": said.get(row.id, ""),
        "settled_at": row.settled_at,
        "settled_by": row.settled_by,
    }
