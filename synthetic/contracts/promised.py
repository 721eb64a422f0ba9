"""Values of an answer that only the provider's state knows, such as the id of the payment that a replay has to answer.

Pact's verifier fills a state's values into requests, not into expected answers. So the file says it with a ProviderState generator
of the response, Pact is asked for the type only, and the value is compared here.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from synthetic.contracts.holes import HOLE
from synthetic.contracts.json_paths import found_at
from synthetic.contracts.results import Mismatch
from synthetic.contracts.sealing import Exchanged


def promises_of(one: Mapping[str, Any]) -> dict[str, str]:
    """The JSON paths of the interaction's answer whose values come from its state, and the expressions for them."""
    body = one.get("response", {}).get("generators", {}).get("body", {})
    return {path: rule["expression"] for path, rule in body.items() if rule["type"] == "ProviderState"}


def by_type(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """The interaction with the promised values loosened to their types."""
    promised = promises_of(one)
    if not promised:
        return one
    loose: dict[str, Any] = copy.deepcopy(dict(one))
    rules = loose["response"].setdefault("matchingRules", {}).setdefault("body", {})
    for path in promised:
        rules.setdefault(path, {"combine": "AND", "matchers": [{"match": "type"}]})
        del loose["response"]["generators"]["body"][path]
    return loose


def broken_promises(one: Mapping[str, Any], exchange: Exchanged) -> Iterator[Mismatch]:
    """The promised values that the answer does not have."""
    promised = promises_of(one)
    body = json.loads(exchange.body) if promised else None
    for path, expression in promised.items():
        expected = HOLE.sub(lambda hole: str(exchange.values.get(hole[1], hole[0])), expression)
        actual = found_at(body, path)
        if str(actual) != expected:
            text = f"expected {expected!r}, which is what the provider had answered before, but was {actual!r}"
            yield Mismatch(path, json.dumps(expected), json.dumps(actual), text)
