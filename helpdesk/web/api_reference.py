"""The reference of the API for people: a page of our own, made from the same declarations as the document."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, json, render_template, request

from helpdesk.domain.access import Permission
from helpdesk.services.idempotency import KEEP_ANSWERS
from helpdesk.web.access import needs
from helpdesk.web.api.operations import OPERATIONS, Operation
from helpdesk.web.api.spec import document, path_of
from helpdesk.wording.api_reference import described, summary, tag_label
from helpdesk.wording.catalog import gettext as _
from helpdesk.wording.exchange import scope_label

api_reference = Blueprint("api_reference", __name__)


@api_reference.get("/api")
@needs(Permission.ACCOUNT_OWN)
def index() -> str:
    settings = current_app.config["UNSNAG"]
    base = settings.base_url or request.url_root.rstrip("/")
    shown = [_shown(one, base) for one in OPERATIONS]
    return render_template(
        "api_reference/index.html",
        groups=[
            {"code": tag, "name": tag_label(tag), "operations": [one for one in shown if one["tag"] == tag]}
            for tag in dict.fromkeys(one.tag for one in OPERATIONS)
        ],
        base=base,
        most_a_minute=settings.api_calls_a_minute,
        kept_hours=KEEP_ANSWERS.total_seconds() // 3600,
    )


def _shown(one: Operation, base: str) -> dict[str, Any]:
    spec = document()["paths"][path_of(one)][one.method.value.lower()]
    known = document()["components"]["schemas"]
    body = spec.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return {
        "name": one.name,
        "method": one.method.value,
        "path": path_of(one),
        "tag": one.tag,
        "summary": summary(one.name),
        "text": described(one.name),
        "scope": one.scope.value if one.scope else "",
        "scope_name": scope_label(one.scope) if one.scope else "",
        "parameters": [_field(each["name"], each["schema"], each["required"], known) for each in spec["parameters"]],
        "fields": _fields(body, known),
        "answers": [(status, _fields(_schema(answer), known)) for status, answer in spec["responses"].items()],
        "curl": _curl(one, base, _example(body, known)),
    }


def _schema(answer: dict[str, Any]) -> dict[str, Any] | None:
    found = answer.get("content", {}).get("application/json", {}).get("schema")
    return found if isinstance(found, dict) else None


def _fields(schema: dict[str, Any] | None, known: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of an object, one line each; those of the objects in it behind theirs."""
    if not schema:
        return []
    whole = _resolved(schema, known)
    required = whole.get("required", ())
    return [_field(name, each, name in required, known) for name, each in whole.get("properties", {}).items()]


def _field(name: str, schema: dict[str, Any], required: bool, known: dict[str, Any]) -> dict[str, Any]:
    kinds = [_resolved(each, known) for each in schema.get("anyOf", [schema])]
    kind = next((each for each in kinds if each.get("type") != "null"), {})
    inner = _resolved(kind["items"], known) if "items" in kind else kind
    limits = [f"{sign} {kind[key]}" for key, sign in LIMITS.items() if kind.get(key)]
    return {
        "name": name,
        "kind": f"{inner.get('type', 'string')}[]" if "items" in kind else kind.get("type", "string"),
        "nullable": len(kinds) > 1,
        "format": kind.get("format", ""),
        "limits": limits,
        "choices": kind.get("enum", []),
        "required": required,
        "fields": _fields(inner, known) if inner.get("properties") else [],
    }


LIMITS = {"minimum": "≥", "maximum": "≤", "maxLength": "≤", "maxItems": "≤"}


def _resolved(schema: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return known[reference.rsplit("/", 1)[1]] | {"$ref": None} if reference else schema


def _examples() -> dict[str, Any]:
    """Values that read like a shop's, by field, in the reader's language."""
    return {
        "external_id": "shop-1001",
        "text": _("收到的杯子碎了"),
        "shop": "main",
        "channel": "tmall",
        "order_number": "T20261122001",
        "version": 3,
        "priority": "P1",
        "status": "open",
        "paid_fen": 12900,
        "lines": [{"name": _("马克杯"), "quantity": 2, "sku": "CUP-1", "unit_fen": 6450}],
        "parcels": [{"tracking_number": "SF1234567890", "carrier": _("顺丰")}],
    }


def _example(schema: dict[str, Any] | None, known: dict[str, Any]) -> str:
    if not schema:
        return ""
    names = _resolved(schema, known).get("properties", {})
    examples = _examples()
    return json.dumps({name: examples[name] for name in names if name in examples}, ensure_ascii=False)


PLACES = {
    "{number}": "EX-261122-0042",
    "{code}": "apology",
    "{file_id}": "17",
    "{shop}": "main",
    "{order_number}": "T20261122001",
}


def _curl(one: Operation, base: str, body: str) -> str:
    path = path_of(one)
    for place, value in PLACES.items():
        path = path.replace(place, value)
    method = "" if one.method.value == "GET" else f"-X {one.method.value} "
    asked = "?ticket=EX-261122-0042" if one.name == "render_template" else ""
    lines = [f"curl {method}'{base}/api/v1{path}{asked}'", '  -H "Authorization: Bearer $TOKEN"']
    if one.keeps_answer:
        lines.append('  -H "Idempotency-Key: $(uuidgen)"')
    if body:
        lines += ["  -H 'Content-Type: application/json'", f"  -d '{body}'"]
    return " \\\n".join(lines)
