"""Replies by HTTP: one signed POST each, to a program of the shop's that knows the channel.

The answer decides: any 2xx took it, and so did 409, which says that it was there already. 429 asks for rest, 5xx and
silence for another try; any other answer is final.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from helpdesk.adapters.net_guard import Answer, Guard
from helpdesk.adapters.senders import Delivery, SendFailed
from helpdesk.domain.signatures import sign

TAKEN_BEFORE, TOO_MANY = 409, 429
REST_SECONDS = 60
LONGEST_REST_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class HttpSender:
    """Posts to ``settings["url"]``, signed with ``secret["sign"]`` as docs/senders.md tells."""

    guard: Guard

    def send(self, delivery: Delivery) -> None:
        answer = self.answer(delivery)
        if 200 <= answer.status < 300 or answer.status == TAKEN_BEFORE:
            return
        if answer.status == TOO_MANY:
            raise SendFailed("channel.too_many", retry_after=_rest_seconds(answer))
        raise SendFailed(f"channel.answered:{answer.status}", final=answer.status < 500)

    def answer(self, delivery: Delivery) -> Answer:
        """What the other side says to it."""
        body = json.dumps(document(delivery), ensure_ascii=False, sort_keys=True).encode()
        timestamp = int(delivery.now.timestamp())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": delivery.id,
            "X-Unsnag-Timestamp": str(timestamp),
            "X-Unsnag-Signature": sign(delivery.secret.get("sign", ""), timestamp, body),
        }
        return self.guard.send(delivery.settings.get("url", ""), body, headers)


def document(delivery: Delivery) -> dict[str, str]:
    """What the program gets to know: what it needs to hand the words over, and no more."""
    return {
        "id": delivery.id,
        "channel": delivery.channel,
        "shop": delivery.shop,
        "ticket": delivery.ticket,
        "order_number": delivery.order_number,
        "buyer_id": delivery.buyer_id,
        "text": delivery.text,
        "sent_at": delivery.sent_at.isoformat(),
    }


def _rest_seconds(answer: Answer) -> int:
    """Its own wish in seconds, within reason; a date or nonsense is as good as none."""
    wish = answer.headers.get("retry-after", "").strip()
    return min(max(int(wish), 1), LONGEST_REST_SECONDS) if wish.isascii() and wish.isdigit() else REST_SECONDS
