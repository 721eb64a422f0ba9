"""Claims about the OpenAPI document: it is valid, and tells every call and no other."""

from __future__ import annotations

from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from synthetic.tests.web.gate.faces import Gate


def test_the_document_is_valid_openapi(gate: Gate) -> None:
    """Version 3.1; and it is open, as it tells nothing of any release."""
    answer = gate.asked(lambda client: client.get("/openapi.json", headers={"Authorization": ""}))
    assert answer.status_code == 200
    OpenAPIV31SpecValidator(answer.json()).validate()


def test_every_route_is_told_and_none_else(gate: Gate) -> None:
    """With its method; a call that was added without a word would be missed here."""
    app, document = gate.app(), gate.asked(lambda client: client.get("/openapi.json")).json()
    served = {
        (method, route.path)
        for route in app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert told == served
    assert len(told) == 16


def test_every_call_tells_what_it_reads_and_what_it_refuses(gate: Gate) -> None:
    """A caller must not find out by trying."""
    document = gate.asked(lambda client: client.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path == "/openapi.json":
                continue
            assert {"401", "429", "503"} <= operation["responses"].keys(), path
            assert ("requestBody" in operation) == (method == "post"), path
    hook = document["paths"]["/v1/flagger/rollback"]["post"]["responses"]
    assert {"200", "409", "412"} <= hook.keys()
