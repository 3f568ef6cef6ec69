"""The reference of the API: for programs as an OpenAPI document, for people as a page of our own."""

from __future__ import annotations

from flask import Response, json

from helpdesk.web.access import public
from helpdesk.web.api import api
from helpdesk.web.api.spec import document


@api.get("/openapi.json")
@public
def openapi() -> Response:
    """What the API is, for any program: it says nothing of this shop."""
    return Response(json.dumps(document(), sort_keys=False), content_type="application/json")
