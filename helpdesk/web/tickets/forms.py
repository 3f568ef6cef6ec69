"""Shape of what is sent from the ticket page: lengths and whole numbers. Field names are those of the templates."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID, uuid4

from flask import request
from flask_babel import get_timezone
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateTimeLocalField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, Optional, ValidationError

from helpdesk.domain.escalation import MAX_TAG
from helpdesk.domain.problems import Invalid
from helpdesk.domain.rulebook import RuleBook
from helpdesk.domain.tickets import Outcome, Party, Priority, Status
from helpdesk.queries.choices import ListChoices
from helpdesk.services.assignment import MAX_REASON
from helpdesk.services.assists import MAX_ANSWER, MAX_QUESTION
from helpdesk.services.customers import MAX_REASON as MAX_REVEAL_REASON
from helpdesk.services.intake import MAX_NAME, MAX_NUMBER, MAX_PHONE, MAX_SUBJECT, MAX_TEXT, TicketRequest
from helpdesk.services.messages import Draft
from helpdesk.services.staging import NOTHING, Staged
from helpdesk.services.vips import MAX_REASON as MAX_VIP_REASON
from helpdesk.web.forms import (
    GREATEST_ID,
    Hidden,
    OneLine,
    Several,
    Text,
    Version,
    at_most,
    between,
    choices,
    chosen,
    required,
    row_id,
)
from helpdesk.web.tickets.staged import Kept
from helpdesk.wording import label

MAX_CODE = 60
MAX_AMOUNT = 20  # as it is typed
MOST_EVIDENCE = 30
MODES = ("reply", "note", "customer")

Code = TypeVar("Code", Status, Outcome, Party, Priority)


class Versioned(FlaskForm):
    """What every change carries: the version it was made on."""

    version = Version()


class TagForm(Versioned):
    tag = OneLine(validators=[required(), at_most(MAX_TAG)])


class VipForm(Versioned):
    reason = OneLine(validators=[required(), at_most(MAX_VIP_REASON)])


class ChecklistForm(FlaskForm):
    """``seen`` are the items that the page showed as done; the version is the list's."""

    done = Several(validate_choice=False)
    seen = Several(validate_choice=False)
    version = Version()


class AssignForm(Versioned):
    user_id = IntegerField(validators=[InputRequired(_("请选择。")), between(1, GREATEST_ID)])


class TransferForm(Versioned):
    queue = OneLine(validators=[chosen(), at_most(40)])
    reason = Text(validators=[required(), at_most(MAX_REASON)])


class MergeForm(Versioned):
    into = OneLine(validators=[chosen(), at_most(20)])
    reason = Text(validators=[required(), at_most(MAX_REASON)])


class LinkForm(Versioned):
    other = OneLine(validators=[required(), at_most(20)])
    relation = OneLine(validators=[chosen(), at_most(20)])


class AssistForm(Versioned):
    queue = OneLine(validators=[chosen(), at_most(40)])
    party = OneLine(validators=[at_most(40)])
    question = Text(validators=[required(), at_most(MAX_QUESTION)])


class AnswerForm(Versioned):
    answer = Text(validators=[required(), at_most(MAX_ANSWER)])


class WithdrawForm(Versioned):
    reason = Text(validators=[at_most(MAX_REASON)])


class TypeForm(Versioned):
    type = OneLine(validators=[chosen(), at_most(40)])


class PriorityForm(Versioned):
    priority = OneLine(validators=[chosen(), at_most(2)])


class OrderForm(Versioned):
    order_number = OneLine(validators=[chosen(), at_most(MAX_NUMBER)])


class StatusForm(Versioned):
    status = OneLine(validators=[chosen(), at_most(20)])
    pending_on = OneLine(validators=[at_most(40)])


class RevealForm(FlaskForm):
    reason = OneLine(validators=[required(), at_most(MAX_REVEAL_REASON)])


class ResolveForm(Versioned):
    outcome = OneLine(validators=[chosen(), at_most(20)])
    note = Text(validators=[at_most(1_000)])
    next = BooleanField()


class ComposeForm(Versioned):
    mode = OneLine()
    text = Text(validators=[required(), at_most(MAX_TEXT)])
    status = OneLine(validators=[at_most(20)])
    solution = BooleanField()
    next = BooleanField()
    template_id = Hidden(validators=[at_most(MAX_CODE)])
    template_version = Version()
    rank = Hidden()
    suggested_id = Hidden(validators=[at_most(MAX_CODE)])
    suggested_version = Version()
    amount = OneLine(validators=[at_most(MAX_AMOUNT)])
    reason = Text(validators=[at_most(MAX_REASON)])
    key = Hidden(validators=[at_most(36)])
    occurred_at = DateTimeLocalField(validators=[Optional()])
    last_message_id = Version()
    last_reply_id = Version()
    cross_newer = BooleanField()

    def validate_mode(self, field: OneLine) -> None:
        if field.data not in MODES:
            raise ValidationError(_("请选择。"))

    def kept(self) -> Kept:
        """What was left of the staged actions."""
        return Kept(
            places=frozenset(request.form.getlist("action")),
            amount=self.amount.data,
            evidence=tuple(dict.fromkeys(request.form.getlist("evidence")[:MOST_EVIDENCE])),
            reason=self.reason.data,
        )

    def draft(self, filled: str | None = None, actions: Staged = NOTHING) -> Draft:
        """The reply as it was written; ``filled``: the words of its template, if it is one that the actor may use."""
        return Draft(
            text=self.text.data,
            last_message_id=max(self.last_message_id.data, 0),
            last_reply_id=max(self.last_reply_id.data, 0),
            is_solution=self.solution.data,
            status_after=code(Status, self.status.data) if self.status.data else None,
            template_code=self.template_id.data if filled is not None else None,
            template_version=self.template_version.data if filled is not None else None,
            cross_newer=self.cross_newer.data,
            actions=actions,
            filled=filled,
            rank=int(self.rank.data) if self.rank.data in {"1", "2", "3"} else None,
            suggested_code=self.suggested_id.data or None,
            suggested_version=self.suggested_version.data if self.suggested_version.data > 0 else None,
        )


class NewTicketForm(FlaskForm):
    shop = SelectField(coerce=row_id, validators=[chosen()])
    channel = SelectField(coerce=row_id, validators=[chosen()])
    order_number = OneLine(validators=[at_most(MAX_NUMBER)])
    customer_name = OneLine(validators=[at_most(MAX_NAME)])
    phone = OneLine(validators=[at_most(MAX_PHONE)])
    subject = OneLine(validators=[at_most(MAX_SUBJECT)])
    text = Text(validators=[required(), at_most(MAX_TEXT)])
    created_at = DateTimeLocalField(validators=[Optional()])
    type = SelectField(validators=[Optional()])
    priority = RadioField(default=Priority.P2.value, validators=[chosen()])
    external_id = Hidden(default=lambda: str(uuid4()))

    def offer(self, offered: ListChoices, book: RuleBook) -> None:
        """Fill in what can be chosen; monitors' types are theirs alone."""
        types = ((kind.code, label(kind.name)) for kind in book.types.values() if not kind.system)
        self.shop.choices = choices((shop.id, label(shop.name)) for shop in offered.shops)
        self.channel.choices = choices((channel.id, label(channel.name)) for channel in offered.channels)
        self.type.choices = choices([("", _("自动判定")), *types])
        self.priority.choices = choices(
            ((Priority.P1.value, _("P1 紧急")), (Priority.P2.value, _("P2 一般")), (Priority.P3.value, _("P3 可缓")))
        )

    def validate_external_id(self, field: Hidden) -> None:
        try:
            UUID(field.data)
        except ValueError:
            raise ValidationError(_("请从“新建工单”重新进入。")) from None

    def request(self) -> TicketRequest:
        """What was typed, as the event that it is. The hidden id makes a second click the same event."""
        return TicketRequest(
            text=self.text.data,
            source=f"form:{self.shop.data}:{self.channel.data}",
            external_id=self.external_id.data,
            shop_id=self.shop.data,
            channel_id=self.channel.data,
            subject=self.subject.data,
            order_number=self.order_number.data,
            customer_name=self.customer_name.data,
            phone=self.phone.data,
            created_at=instant(self.created_at.data),
            type=self.type.data or None,
            priority=code(Priority, self.priority.data),
        )


def code(codes: type[Code], value: str) -> Code:
    """The member of this code; ``Invalid`` where there is none."""
    try:
        return codes(value)
    except ValueError:
        raise Invalid("input.bad_value") from None


def instant(local: datetime | None) -> datetime | None:
    """What a clock on the shop's wall showed, as an instant (UTC)."""
    return None if local is None else local.replace(tzinfo=get_timezone()).astimezone(UTC)


def problems_of(form: FlaskForm) -> str:
    """What is wrong with a form, in one line: panels have no place beside each field."""
    return " ".join(dict.fromkeys(str(error) for errors in form.errors.values() for error in errors))
