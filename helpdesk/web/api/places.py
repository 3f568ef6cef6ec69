"""Codes and what they stand for: shops, channels, queues, types of tickets."""

from __future__ import annotations

from http import HTTPMethod

from helpdesk.domain.access import Permission
from helpdesk.domain.problems import Invalid
from helpdesk.models.rulebooks import published_rulebook
from helpdesk.queries import api_places as queries
from helpdesk.queries.api_places import Place, Where
from helpdesk.web.api.operations import Answer, Call, operation
from helpdesk.web.api.shapes import Klass, Named, Told
from helpdesk.wording import label

TAG = "places"
GET = HTTPMethod.GET


class ShopOut(Named):
    active: bool
    timezone: str


class ChannelOut(Named):
    """``sends``: replies go out by themselves; otherwise a person carries them over."""

    active: bool
    sends: bool


class QueueOut(Named):
    active: bool


class TypeOut(Named):
    """``class``: A money, B information, C goods. ``system``: only monitors give it."""

    klass: Klass
    queue: str
    system: bool


class Shops(Told):
    items: list[ShopOut]


class Channels(Told):
    items: list[ChannelOut]


class Queues(Told):
    items: list[QueueOut]


class Types(Told):
    items: list[TypeOut]


@operation(GET, "/shops", TAG, "Shops", permission=Permission.QUEUES_READ, scope=None, answers={200: Shops})
def list_shops(call: Call) -> Answer:
    """The shops that the token reaches. Any token may read them."""
    found = queries.shops(call.actor)
    return Answer(Shops(items=[ShopOut(**_named(one), active=one.active, timezone=one.timezone) for one in found]))


@operation(GET, "/channels", TAG, "Channels", permission=Permission.QUEUES_READ, scope=None, answers={200: Channels})
def list_channels(_call: Call) -> Answer:
    """Where the shops sell and buyers write."""
    found = queries.channels()
    return Answer(Channels(items=[ChannelOut(**_named(one), active=one.active, sends=one.sends) for one in found]))


@operation(GET, "/queues", TAG, "Queues", permission=Permission.QUEUES_READ, scope=None, answers={200: Queues})
def list_queues(_call: Call) -> Answer:
    """Where tickets wait for somebody to work on them."""
    return Answer(Queues(items=[QueueOut(**_named(one), active=one.active) for one in queries.queues()]))


@operation(GET, "/types", TAG, "Types of tickets", permission=Permission.RULES_READ, scope=None, answers={200: Types})
def list_types(_call: Call) -> Answer:
    """The types of the rules in force, with the queue that each goes to."""
    types = published_rulebook().types
    return Answer(
        Types(
            items=[
                TypeOut(code=code, name=label(one.name), klass=one.klass, queue=one.queue, system=one.system)
                for code, one in types.items()
            ]
        )
    )


def _named(one: Place) -> dict[str, str]:
    return {"code": one.code, "name": label(one.name)}


def place_of(shop: str | None, channel: str, call: Call) -> Where:
    """The ids of these codes, or ``Invalid``."""
    found = queries.where(shop, channel, call.actor)
    if found is None:
        raise Invalid("api.unknown_place", field="shop")
    return found
