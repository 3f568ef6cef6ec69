"""The shape of what a webhook is told: JSON with known fields of the right types, or a problem that names one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from helpdesk.domain.problems import Invalid, Problem
from helpdesk.services import intake
from helpdesk.services.hearing import Said
from helpdesk.services.intake import TicketRequest
from helpdesk.services.webhook_calls import Door

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST_KEY = 40


def _sensible(moment: datetime) -> datetime:
    if moment < EARLIEST:
        raise ValueError("long before any shop")
    return moment


class Body(BaseModel):
    """What a customer said, as the other system tells it. Only ``external_id`` and ``text`` must be there."""

    model_config = ConfigDict(extra="forbid", strict=True)

    event: Literal["message"]
    external_id: Annotated[str, Field(min_length=1, max_length=intake.MAX_EXTERNAL_ID)]
    text: Annotated[str, Field(max_length=intake.MAX_TEXT)]
    subject: Annotated[str, Field(max_length=intake.MAX_SUBJECT)] = ""
    order_number: Annotated[str, Field(max_length=intake.MAX_NUMBER)] = ""
    buyer_id: Annotated[str, Field(max_length=intake.MAX_NAME)] = ""
    customer_name: Annotated[str, Field(max_length=intake.MAX_NAME)] = ""
    phone: Annotated[str, Field(max_length=intake.MAX_PHONE)] = ""
    ticket: Annotated[str, Field(pattern=r"^([A-Z0-9-]{1,20})?$")] = ""
    created_at: Annotated[AwareDatetime, AfterValidator(_sensible)] | None = None

    def said(self, door: Door) -> Said:
        """The same as words that came in by this door."""
        return Said(
            TicketRequest(
                text=self.text,
                source=door.source,
                external_id=self.external_id,
                shop_id=door.shop_id,
                channel_id=door.channel_id,
                subject=self.subject,
                order_number=self.order_number,
                customer_name=self.customer_name,
                buyer_id=self.buyer_id,
                phone=self.phone,
                created_at=self.created_at,
            ),
            number=self.ticket,
        )


def read_body(content: bytes, door: Door) -> Said | Problem:
    """What stands in the body, or the first thing that is wrong with it."""
    try:
        return Body.model_validate_json(content).said(door)
    except ValidationError as error:
        return _problem(error)


def _problem(error: ValidationError) -> Problem:
    first = error.errors(include_url=False, include_context=True, include_input=False)[0]
    if not first["loc"]:
        return Problem("webhook.bad_json")
    key = str(first["loc"][0])[:LONGEST_KEY]
    match first["type"]:
        case "missing":
            return Invalid("webhook.missing_field", field=key, key=key)
        case "extra_forbidden":
            return Invalid("webhook.unknown_field", field=key, key=key)
        case "string_too_long":
            return Invalid("input.too_long", field=key, limit=first["ctx"]["max_length"])
        case _:
            return Invalid("webhook.bad_field", field=key, key=key)
