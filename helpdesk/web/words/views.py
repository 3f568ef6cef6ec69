"""Word health: what is proposed, what misleads, what sleeps; each change is tried on stored messages first."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from helpdesk.domain.access import Permission
from helpdesk.domain.phrases import MIN_CUSTOMERS
from helpdesk.domain.problems import Conflict, Invalid, NotFound, Problem
from helpdesk.domain.word_health import LONGEST_WORD
from helpdesk.queries import words as queries
from helpdesk.services import words as services
from helpdesk.storage import unit_of_work
from helpdesk.web.access import current_actor, moment, needs, rules
from helpdesk.web.forms import GREATEST_ID
from helpdesk.web.words import words
from helpdesk.web.words.forms import DEFAULT_WEIGHT, WEIGHTS, ProposalForm, WordForm
from helpdesk.wording import label, problem_text
from helpdesk.wording.catalog import gettext as _

DEEDS = ("adopt", "retire")
JUDGEMENTS = ("dismiss", "reopen")
MOST_DEAD = 200
MOST_LINKS = 20


@words.get("/words")
@needs(Permission.WORDS_READ)
def index() -> str:
    actor, book = current_actor(), rules()
    counted = queries.counted()
    return render_template(
        "words/index.html",
        counted=counted,
        proposals=queries.proposals(actor),
        harmful=queries.harmful(actor),
        changes=queries.changes(actor),
        names=_names(),
        min_customers=MIN_CUSTOMERS,
        enough=queries.ENOUGH_LIT,
        dead=_dead_by_type() if counted.lit >= queries.ENOUGH_LIT else {},
        version=book.version,
    )


@words.get("/words/all")
@needs(Permission.WORDS_READ)
def listed() -> str:
    type_code = _type()
    page = queries.busiest(current_actor(), type_code=type_code, after=_after())
    more = None
    if page.more:
        fired, last_type, word = page.more
        more = url_for("words.listed", type=type_code or None, fired=fired, last=last_type, word=word)
    return render_template("words/listed.html", rows=page.rows, more=more, names=_names(), chosen=type_code)


@words.get("/words/dead")
@needs(Permission.WORDS_READ)
def dead() -> str:
    """Words of one type that were lit nowhere."""
    type_code = _type() or next(iter(_names()))
    found = queries.dead(current_actor(), rules(), type_code)
    return render_template(
        "words/dead.html",
        rows=[word.written for word in found[:MOST_DEAD]],
        total=len(found),
        names=_names(),
        chosen=type_code,
        counted=queries.counted(),
        enough=queries.ENOUGH_LIT,
        longest=LONGEST_WORD,
    )


@words.get("/words/<deed>")
@needs(Permission.RULES_MANAGE)
def preview(deed: str) -> Response:
    """What it would do, before it is done; without a phrase the page asks for one."""
    _one_of(deed, DEEDS)
    form = WordForm(request.args, meta={"csrf": False})
    if "phrase" not in request.args:
        form.phrase.data, form.weight.data = "", DEFAULT_WEIGHT
        form.type.data = _type()
        return _page(deed, form)
    if form.weight.data in (None, "None", ""):
        form.weight.data = DEFAULT_WEIGHT
    if not form.validate():
        return _page(deed, form, status=422)
    try:
        tried = queries.preview(current_actor(), deed, form.type.data, form.phrase.data, form.weight.data)
    except (Invalid, Conflict) as problem:
        return _page(deed, form, error=problem_text(problem), status=problem.status)
    return _page(deed, form, tried)


@words.post("/words/<deed>")
@needs(Permission.RULES_MANAGE)
def carry_out(deed: str) -> BaseResponse:
    _one_of(deed, DEEDS)
    form = WordForm()
    if not form.validate():
        return _page(deed, form, status=422)
    common: dict[str, Any] = {"expected_version": form.version.data, "actor": current_actor(), "now": moment()}
    try:
        with unit_of_work():
            if deed == "adopt":
                services.adopt(form.type.data, form.phrase.data, form.weight.data, **common)
            else:
                services.retire(form.type.data, form.phrase.data, **common)
    except Problem as problem:
        return _page(deed, form, error=problem_text(problem), status=problem.status)
    done = _("已添加“%(word)s”。") if deed == "adopt" else _("已停用“%(word)s”。")
    flash(done % {"word": form.phrase.data}, "done")
    return redirect(url_for("words.index"))


@words.post("/words/changes/<id:event_id>/take-back")
@needs(Permission.RULES_MANAGE)
def take_back(event_id: int) -> BaseResponse:
    def deed() -> None:
        services.take_back(event_id, actor=current_actor(), now=moment())

    return _told(deed, _("已撤回，规则有了新版本。"))


@words.post("/words/proposals/<deed>")
@needs(Permission.RULES_MANAGE)
def judge(deed: str) -> BaseResponse:
    _one_of(deed, JUDGEMENTS)
    form = ProposalForm()
    if not form.validate():
        flash(_("请从列表里选一个词。"), "problem")
        return redirect(url_for("words.index"))

    def do() -> None:
        service = services.dismiss if deed == "dismiss" else services.reopen
        service(form.type.data, form.phrase.data, actor=current_actor(), now=moment())

    return _told(do, _("不再提议这个词。") if deed == "dismiss" else _("已放回候选。"))


def _told(deed: Any, done: str) -> BaseResponse:
    """Do it and say so on the page of words, or why not."""
    try:
        with unit_of_work():
            deed()
    except NotFound:
        raise
    except Problem as problem:
        flash(problem_text(problem), "problem")
    else:
        flash(done, "done")
    return redirect(url_for("words.index"))


def _page(
    deed: str, form: WordForm, tried: queries.Preview | None = None, *, error: str = "", status: int = 200
) -> Response:
    names = _names()
    groups = Counter((one.before, one.after, one.verdict) for one in tried.effects) if tried else Counter()
    page = render_template(
        "words/preview.html",
        deed=deed,
        form=form,
        names=names,
        weights=WEIGHTS,
        tried=tried,
        groups=[
            {
                "before": names.get(before, before),
                "after": names.get(after, after),
                "verdict": verdict,
                "count": count,
                "numbers": [
                    one.number
                    for one in (tried.effects if tried else ())
                    if (one.before, one.after, one.verdict) == (before, after, verdict)
                ][:MOST_LINKS],
            }
            for (before, after, verdict), count in groups.most_common()
        ],
        error=error,
    )
    return make_response(page, status)


def _one_of(deed: str, known: tuple[str, ...]) -> None:
    """There is no page of another name."""
    if deed not in known:
        abort(404)


def _names() -> dict[str, str]:
    """Types that a word may speak for, in the order of the rules."""
    return {code: label(kind.name) for code, kind in rules().types.items() if not kind.system}


def _type() -> str:
    """The type in the address; "" for none, ``Invalid`` for one that there is not."""
    code = request.args.get("type", "")
    return rules().type(code).code if code else ""


def _after() -> tuple[int, str, str] | None:
    """Where the page begins; ``Invalid`` for a place that can't be."""
    if "fired" not in request.args:
        return None
    fired = request.args.get("fired", type=int)
    last, word = request.args.get("last", ""), request.args.get("word", "")
    if fired is None or not 0 <= fired <= GREATEST_ID or "\0" in last + word:
        raise Invalid("paging.bad_cursor")
    return fired, last[:40], word[:LONGEST_WORD]


def _dead_by_type() -> dict[str, int]:
    """How many words of each type sleep, for those with any."""
    actor, book = current_actor(), rules()
    counts = Counter(word.type for word in queries.dead(actor, book))
    return {code: counts[code] for code in _names() if counts[code]}
