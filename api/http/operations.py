"""The operations and parameters of the OpenAPI document."""

from collections.abc import Sequence
from typing import Any, Final

from api.http.calls import HTML, JSON, Call
from api.http.filters import FILTER_LANGUAGES
from api.http.negotiation import FORMS
from api.http.problems import PROBLEM_TYPE
from api.http.schemas import schema_ref
from api.http.tilesets import MVT
from api.http.whatif import EDITS_SCHEMA, WHATIF_PARAMETERS
from geo.words import LANGUAGES

__all__ = [
    "degrees",
    "file_operation",
    "get_operation",
    "parameter_ref",
    "parameters",
    "path_name",
    "refusal",
    "tile_operation",
    "whatif_operation",
]

_FORM: Final = {"style": "form", "explode": False}
_BBOX: Final = {
    "type": "array",
    "minItems": 4,
    "maxItems": 6,
    "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
    "items": {"type": "number"},
}
_INSTANT: Final = (
    r"[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
)
_DATETIME: Final = rf"^({_INSTANT}|{_INSTANT}/({_INSTANT}|\.\.)?|(\.\.)?/{_INSTANT})$"
_EXCEPTION: Final = {PROBLEM_TYPE: {"schema": schema_ref("exception")}}

_FAILURES: Final = {
    "400": "answer_bad",
    "401": "answer_needs_token",
    "403": "answer_forbidden",
    "404": "answer_none",
    "409": "answer_elsewhere",
    "413": "answer_large",
    "416": "answer_range",
    "422": "answer_unfit",
    "429": "answer_busy",
    "500": "answer_failed",
}


def get_operation(
    call: Call,
    operation_id: str,
    summary: str,
    *,
    schema: str | None = None,
    media: str = JSON,
    own: Sequence[dict[str, Any]] = (),
    tag: str | None = None,
) -> dict[str, Any]:
    """Return a path with its GET; `own` are its parameters besides `f` and `lang`.

    `schema` names the schema of the answer, None where it is not JSON of ours.
    """
    body: dict[str, Any] = {"type": "string"} if media == HTML else {"type": "object"}
    content = {media: {"schema": schema_ref(schema) if schema else body}}
    if media != HTML:
        content[HTML] = {"schema": {"type": "string"}}
    operation = {
        "operationId": operation_id,
        "summary": summary,
        "parameters": [*own, parameter_ref("f"), parameter_ref("lang")],
        "responses": {
            "200": {"description": call.word("answer_ok"), "content": content},
            "304": {"description": call.word("answer_unchanged")},
            **_failures(call),
        },
    }
    return {"get": operation if tag is None else {**operation, "tags": [tag]}}


def file_operation(
    call: Call, operation_id: str, summary: str, *, media: str, own: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Return a path that gives out a file, or a part of it."""
    content: dict[str, Any] = {media: {}}
    return {
        "get": {
            "operationId": operation_id,
            "summary": summary,
            "parameters": list(own),
            "responses": {
                "200": {"description": call.word("answer_ok"), "content": content},
                "206": {"description": call.word("answer_part"), "content": content},
                "304": {"description": call.word("answer_unchanged")},
                "416": refusal(call, "416"),
                **_failures(call),
            },
        }
    }


def tile_operation(
    call: Call, operation_id: str, *, own: Sequence[dict[str, Any]], tag: str
) -> dict[str, Any]:
    """Return a path that gives out a vector tile."""
    content = {MVT: {"schema": {"type": "string", "format": "binary"}}}
    return {
        "get": {
            "operationId": operation_id,
            "summary": call.word("tile"),
            "tags": [tag],
            "parameters": list(own),
            "responses": {
                "200": {"description": call.word("answer_ok"), "content": content},
                "204": {"description": call.word("answer_empty")},
                "304": {"description": call.word("answer_unchanged")},
                **_failures(call),
            },
        }
    }


def whatif_operation(call: Call) -> dict[str, Any]:
    """Return the path that tries out edits of sites and links."""
    own = [_query(call, name, {"type": "string", "minLength": 1}) for name in WHATIF_PARAMETERS]
    path = get_operation(call, "coverage", call.word("whatif"), schema="whatIf", own=own)
    answers = {code: path["get"]["responses"][code] for code in ("200", "400", "404", "429", "500")}
    del path["get"]["responses"]["304"]
    post = {
        "operationId": "coverage.post",
        "summary": call.word("whatif"),
        "parameters": [parameter_ref("f"), parameter_ref("lang")],
        "requestBody": {"required": True, "content": {JSON: {"schema": dict(EDITS_SCHEMA)}}},
        "responses": {
            **answers,
            "413": refusal(call, "413"),
        },
    }
    return {**path, "post": post}


def parameters(call: Call) -> dict[str, Any]:
    """Return the parameters that operations refer to."""
    limits = call.service.settings
    uris = [reference.uri for reference in call.dataset.references]
    systems = {"type": "string", "format": "uri", "enum": uris, "default": uris[0]}
    schemas: dict[str, dict[str, Any]] = {
        "f": {"type": "string", "enum": list(FORMS)},
        "lang": {"type": "string", "enum": list(LANGUAGES)},
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": limits.max_limit,
            "default": limits.default_limit,
        },
        "offset": {"type": "integer", "minimum": 0, "default": 0},
        "after": {"type": "string", "pattern": r"^[0-9]{1,12}\."},
        "bbox": _BBOX,
        "bbox-crs": systems,
        "crs": systems,
        "filter": {"type": "string", "minLength": 1},
        "filter-lang": {
            "type": "string",
            "enum": list(FILTER_LANGUAGES),
            "default": FILTER_LANGUAGES[0],
        },
        "filter-crs": systems,
        "skipGeometry": {"type": "boolean", "default": False},
        "datetime": {"type": "string", "pattern": _DATETIME},
    }
    return {name: _query(call, name, schema) for name, schema in schemas.items()}


def parameter_ref(name: str) -> dict[str, str]:
    """Return a reference to one of `parameters`."""
    return {"$ref": f"#/components/parameters/{name}"}


def degrees(call: Call, name: str, highest: float) -> dict[str, Any]:
    """Return a required parameter in degrees."""
    schema = {"type": "number", "minimum": -highest, "maximum": highest}
    return {**_query(call, name, schema), "required": True}


def path_name(name: str, description: str, choices: Sequence[str] = ()) -> dict[str, Any]:
    """Return a parameter of the path."""
    schema: dict[str, Any] = {"type": "string"}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {**schema, "enum": list(choices)} if choices else schema,
    }


def _query(call: Call, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": call.word(f"parameter_{name}".replace("-", "_")),
        "schema": schema,
        **_FORM,
    }


def refusal(call: Call, status: str) -> dict[str, Any]:
    """Return what a request that fails is answered."""
    return {"description": call.word(_FAILURES[status]), "content": _EXCEPTION}


def _failures(call: Call) -> dict[str, Any]:
    return {status: refusal(call, status) for status in ("400", "404", "429", "500")}
