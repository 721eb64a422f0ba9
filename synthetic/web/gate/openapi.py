"""The OpenAPI 3.1 document of the gate, made of the very calls and types that it serves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from synthetic.web.gate.calls import Call
from synthetic.web.gate.documents import ProblemOut

_REF = "#/components/schemas/{model}"
_IN_PATH = re.compile(r"\{(\w+)\}")
Mode = Literal["validation", "serialization"]
Schemas = Mapping[tuple[Any, Mode], dict[str, Any]]  # by type and whether it comes in or goes out
_REFUSED = {
    "401": "Without the gate's token.",
    "429": "Too many calls, or too many without the right token.",
    "503": "The gate itself is broken: its store can't be used.",
}
_MISREAD = {
    "413": "The body is too large.",
    "415": "The body is no JSON.",
    "422": "The body or the query can't be understood.",
}
DESCRIPTION = (
    "Verdicts of a rollout: `pass`, `fail` or `inconclusive` with its reason. A verdict is always 200, whatever it says; 4xx is "
    "the caller's mistake, 5xx a broken gate. Hooks of Flagger are answered by status."
)


def openapi(calls: Sequence[Call]) -> dict[str, Any]:
    """The document."""
    wanted: list[tuple[type[BaseModel], Mode]] = [*dict.fromkeys(_models(calls))]
    schemas, definitions = models_json_schema(wanted, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Synthetic rollout gate",
            "version": version("igaming-synthetic"),
            "description": DESCRIPTION,
        },
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "The token as the password, for Flagger."},
                "certificate": {"type": "mutualTLS"},
            },
        },
    }


def _models(calls: Sequence[Call]) -> Iterable[tuple[type[BaseModel], Mode]]:
    yield ProblemOut, "serialization"
    for call in calls:
        if call.body is not None:
            yield call.body, "validation"
        if call.query is not None:
            yield call.query, "validation"
        for _, document in call.answers.values():
            if document is not None:
                yield document, "serialization"


def _operation(call: Call, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{call.method.lower()}{call.path}").strip("_"),
        "summary": call.does,
        "responses": _responses(call, schemas),
        "security": [] if call.open else [{"bearer": []}, {"basic": []}, {"certificate": []}],
    }
    parameters = [*_path_parameters(call), *_query_parameters(call)]
    if parameters:
        operation["parameters"] = parameters
    if call.body is not None:
        schema = schemas[call.body, "validation"]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _path_parameters(call: Call) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _IN_PATH.findall(call.path)
    ]


def _query_parameters(call: Call) -> list[dict[str, Any]]:
    if call.query is None:
        return []
    schema = call.query.model_json_schema(ref_template=_REF)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": property_}
        for name, property_ in schema["properties"].items()
    ]


def _responses(call: Call, schemas: Schemas) -> dict[str, Any]:
    told = {str(status): _response(call, schemas, *answer) for status, answer in call.answers.items()}
    refused = {} if call.open else _REFUSED
    misread = _MISREAD if call.body is not None else {"422": _MISREAD["422"]} if call.query is not None else {}
    problem = {"application/json": {"schema": schemas[ProblemOut, "serialization"]}}
    for status, why in (refused | misread).items():
        told.setdefault(status, {"description": why, "content": problem})
    return dict(sorted(told.items()))


def _response(call: Call, schemas: Schemas, why: str, document: type[BaseModel] | None) -> dict[str, Any]:
    if document is None:
        return {"description": why, "content": {call.produces: {}}}
    return {"description": why, "content": {call.produces: {"schema": schemas[document, "serialization"]}}}
