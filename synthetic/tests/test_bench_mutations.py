"""The mutation benchmark: what each mutation does, which of them a suite kills, and how that is scored."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bench.mutations.agreed import Operation, addresses, operations
from bench.mutations.behaviours import behaviour_mutants
from bench.mutations.fields import FIELD_KINDS, field_mutants
from bench.mutations.harmless import harmless_mutants
from bench.mutations.hop import Answer, HungUpError
from bench.mutations.mutants import Mutant
from bench.mutations.requests import request_mutants
from bench.mutations.wholes import WHOLE_KINDS, whole_mutants
from synthetic.contracts.pacts import PactFile
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.states import WRONG_SEAL
from synthetic.tests.contracts.shop import order, pact

RECEIPT = {
    "id": "o-1",
    "status": "paid",
    "total_minor": 1250,
    "price": "12.50",
    "currency": "EUR",
    "at": "2026-11-25T10:00:00Z",
    "gift": True,
    "buyer": {"name": "Ada"},
    "lines": [{"sku": "s-1"}],
}


def receipt() -> PactFile:
    """One order, whose whole answer is agreed on word by word."""
    one = order(answer=RECEIPT)
    one["response"]["matchingRules"] = {"body": {}}
    return pact(one)


def operation_of(agreed: PactFile) -> Operation:
    (operation,) = operations(agreed)
    return operation


def answered(mutant: Mutant, body: Any = RECEIPT, request: Outgoing | None = None) -> Answer:
    """What becomes of an answer."""
    said = Answer(201, (("content-type", "application/json"), ("x-trace", "t-1")), json.dumps(body).encode())
    asked = request or Outgoing("POST", "/orders", {"Idempotency-Key": "pact-key-order"}, b'{"key": "pact-key-order"}')
    return mutant.rig.change(asked, lambda _: said)


def body_of(mutant: Mutant) -> Any:
    return json.loads(answered(mutant).body)


FIELDS = {mutant.name: mutant for mutant in field_mutants("buyer-shop", operation_of(receipt()))}


@pytest.mark.parametrize(
    ("kind", "path", "now"),
    [
        ("change-type", "total_minor", "1250"),
        ("change-type", "price", 12.5),
        ("change-type", "gift", "true"),
        ("unknown-enum-value", "status", "not_in_the_contract"),
        ("major-units", "total_minor", 12.5),
        ("other-currency", "currency", "SEK"),
        ("null-for-value", "status", None),
        ("array-for-object", "buyer", [{"name": "Ada"}]),
        ("object-for-array", "lines", {"sku": "s-1"}),
        ("date-format", "at", "25/11/2026 10:00"),
        ("recase-value", "status", "PAID"),
        ("longer-word", "status", "paid_review"),
        ("padded-value", "id", " o-1 "),
        ("empty-value", "id", ""),
        ("other-id-format", "id", "?*!"),
        ("amount-one-off", "total_minor", 1251),
        ("amount-negated", "total_minor", -1250),
        ("flag-flipped", "gift", False),
        ("emptied-list", "lines", []),
        ("wrapped-value", "id", {"value": "o-1"}),
    ],
)
def test_a_mutation_of_a_value_changes_that_value_only(kind: str, path: str, now: Any) -> None:
    """All else is as it was."""
    assert body_of(FIELDS[f"{kind} POST /orders 201 $.{path}"]) == RECEIPT | {path: now}


@pytest.mark.parametrize(
    ("kind", "name"), [("drop-field", None), ("rename-field", "total_minor_renamed"), ("recase-field", "totalMinor")]
)
def test_a_mutation_of_a_name_takes_the_agreed_one_away(kind: str, name: str | None) -> None:
    """And its value is under the new name, where there is one."""
    rest = {key: value for key, value in RECEIPT.items() if key != "total_minor"}
    expected = rest if name is None else rest | {name: 1250}
    assert body_of(FIELDS[f"{kind} POST /orders 201 $.total_minor"]) == expected


def test_what_is_inside_of_lists_and_objects_is_mutated_there() -> None:
    """By its path."""
    assert body_of(FIELDS["drop-field POST /orders 201 $.lines[*].sku"])["lines"] == [{}]
    assert body_of(FIELDS["null-for-value POST /orders 201 $.buyer.name"])["buyer"] == {"name": None}


def test_every_kind_of_value_mutation_finds_a_place_and_changes_something() -> None:
    """None is vacuous."""
    assert {mutant.kind.name for mutant in FIELDS.values()} == {one.kind.name for one in FIELD_KINDS}
    assert all(body_of(mutant) != RECEIPT for mutant in FIELDS.values())


def test_an_answer_of_another_operation_is_left_alone() -> None:
    """By path, method and status."""
    mutant = FIELDS["drop-field POST /orders 201 $.id"]
    elsewhere = Outgoing("POST", "/orders/7/cancel", {}, b"")
    assert json.loads(answered(mutant, request=elsewhere).body) == RECEIPT
    said = Answer(402, (), json.dumps(RECEIPT).encode())
    assert mutant.rig.change(Outgoing("POST", "/orders", {}, b""), lambda _: said) == said


def test_a_place_that_is_agreed_by_its_type_is_not_mutated_within_its_type() -> None:
    """Any other text would be as good: such a mutant is none."""
    (mutant,) = [one for one in field_mutants("b", operation_of(pact(order()))) if one.kind.name == "change-type"][:1]
    names = {(one.kind.name, one.place) for one in field_mutants("b", operation_of(pact(order())))}
    assert ("change-type", mutant.place) in names
    assert ("unknown-enum-value", "POST /orders 201 $.id") not in names
    assert ("drop-field", "POST /orders 201 $.id") in names


def test_every_mutation_of_a_whole_answer_changes_status_headers_or_body() -> None:
    """Or closes the connection."""
    everything = [
        mutant
        for agreed in (receipt(), pact(refused()))
        for mutant in whole_mutants("buyer-shop", operation_of(agreed))
    ]
    assert {mutant.kind.name for mutant in everything} == {one.kind.name for one in WHOLE_KINDS}
    for mutant in everything:
        status = 402 if " 402" in mutant.place else 201
        said = Answer(status, (("content-type", "application/json"),), json.dumps(RECEIPT).encode())
        try:
            assert changed(mutant, said) != said, mutant.name
        except HungUpError:
            assert mutant.kind.name == "hung-up"


def changed(mutant: Mutant, said: Answer) -> Answer:
    return mutant.rig.change(Outgoing("POST", "/orders", {}, b""), lambda _: said)


def refused() -> dict[str, Any]:
    one = order("an order without money", answer={"error": "no_money"})
    one["response"] |= {"status": 402, "matchingRules": {"body": {}}}
    return one


def test_a_request_is_refused_for_what_it_has_and_for_what_it_lacks() -> None:
    """An agreed field or header, or a new one; all else is answered as ever."""
    (address,) = addresses(receipt())
    mutants = {mutant.name: mutant for mutant in request_mutants("buyer-shop", address)}
    statuses = {name: answered(mutant).status for name, mutant in mutants.items()}
    assert statuses["request-field-refused POST /orders $.key"] == 400
    assert statuses["request-field-wanted POST /orders device_fingerprint"] == 400
    assert statuses["request-header-refused POST /orders Idempotency-Key"] == 400
    assert statuses["request-header-wanted POST /orders X-Api-Version"] == 400
    assert statuses["path-moved POST /orders"] == 404
    other = Outgoing("POST", "/orders", {"X-Api-Version": "2"}, b'{"device_fingerprint": "f"}')
    taken = [answered(mutant, request=other).status for name, mutant in mutants.items() if "-field-" in name]
    assert taken == [201, 201]


def test_a_replay_answers_another_id_of_the_same_format() -> None:
    """And a retry goes out under a key that nobody has seen."""
    again = order("an order, sent again", "an order", promised={"$.id": "${order}"})
    mutants = {one.kind.name: one for one in behaviour_mutants("b", pact(again), operations(pact(again)))}
    other = json.loads(answered(mutants["replay-other-id"], {"id": "o-1", "total": 100}).body)
    assert other["id"] != "o-1"
    assert other["id"].startswith("o-")
    asked: list[Outgoing] = []

    def forward(request: Outgoing) -> Answer:
        asked.append(request)
        return Answer(201, (), b"{}")

    sent = Outgoing("POST", "/orders", {"Idempotency-Key": "k-1"}, b'{"key": "pact-key-order"}')
    mutants["missing-idempotency"].rig.change(sent, forward)
    assert asked[0].headers["Idempotency-Key"] != "k-1"
    assert json.loads(asked[0].body)["key"].startswith("pact-key-order-")


def test_a_provider_that_takes_a_wrong_seal_is_one_whose_requests_are_never_wrong() -> None:
    """In the way that it takes, and in no other."""
    stale = order("a stale order", WRONG_SEAL, params={"how": "stale"})
    (mutant,) = [
        one
        for one in behaviour_mutants("b", pact(stale), operations(pact(stale)))
        if one.kind.name == "stale-signature-accepted"
    ]
    wrongs: list[str] = []

    def seal(request: Outgoing, wrong: str) -> Outgoing:
        wrongs.append(wrong)
        return request

    for wrong in ("stale", "another key", ""):
        mutant.rig.seal(seal)(Outgoing("POST", "/orders", {}, b""), wrong)
    assert wrongs == ["", "another key", ""]


def test_no_harmless_change_takes_an_agreed_value_away() -> None:
    """Each changes the bytes or the headers, and all agreed values are where they were."""
    for mutant in harmless_mutants("buyer-shop", [operation_of(receipt())]):
        changed = answered(mutant)
        before = answered(replace(mutant, rig=replace(mutant.rig, change=lambda asked, forward: forward(asked))))
        body = json.loads(changed.body)
        assert changed != before, mutant.name
        assert {name: body[name] for name in ("id", "status", "total_minor")} == {
            name: RECEIPT[name] for name in ("id", "status", "total_minor")
        }, mutant.name
