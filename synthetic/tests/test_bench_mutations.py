"""The mutation benchmark: what each mutation does, which of them a suite kills, and how that is scored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bench.mutations.__main__ import main
from bench.mutations.agreed import Operation, addresses, operations
from bench.mutations.behaviours import behaviour_mutants
from bench.mutations.catalogue import contracts, mutants_of, pact_for
from bench.mutations.fields import FIELD_KINDS, field_mutants
from bench.mutations.frames import frame_mutants
from bench.mutations.harmless import harmless_mutants
from bench.mutations.hop import Answer, HungUpError
from bench.mutations.judging import Said
from bench.mutations.memory import remember, verified_from
from bench.mutations.mutants import Mutant
from bench.mutations.playing import Boundary, Played, with_laws
from bench.mutations.requests import request_mutants
from bench.mutations.scoring import score
from bench.mutations.senders import sender_mutants
from bench.mutations.wholes import WHOLE_KINDS, whole_mutants
from synthetic.contracts.pacts import PactFile
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.states import WRONG_SEAL
from synthetic.contracts.verifying import Target
from synthetic.reference.psp import intents
from synthetic.reference.psp.signing import sign_stripe
from synthetic.tests.contracts.shop import order, pact, shop

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


def test_a_suite_kills_what_it_reads_and_lets_pass_what_it_does_not() -> None:
    """The real verification, of the answers that a real provider gave: a mutation that nobody reads survives."""
    agreed = pact(order(answer={"id": "o-1", "total": 100}))
    everything = [*field_mutants("b", operation_of(agreed)), *harmless_mutants("b", operations(agreed))]
    with shop(lambda *_: (201, {"id": "o-9", "total": 100, "note": "x"})) as url:
        memory = remember(agreed, Target(url))
    assert memory.verification.held
    said = dict(zip((one.name for one in everything), verified_from(memory, agreed, everything), strict=True))
    assert {one.name for one in everything if said[one.name].killed} == {
        one.name for one in everything if not one.kind.harmless
    }
    assert "$.total is 101, expected 100" in said["amount-one-off POST /orders 201 $.total"].sentence
    blind = pact(order(answer={"id": "o-1"}))
    unread = next(one for one in everything if one.name == "amount-one-off POST /orders 201 $.total")
    with shop(lambda *_: (201, {"id": "o-9", "total": 100})) as url:
        (saw_nothing,) = verified_from(remember(blind, Target(url)), blind, [unread])
    assert (saw_nothing.killed, saw_nothing.acted) == (False, 1)


def test_what_a_state_gave_is_remembered_for_each_interaction() -> None:
    """Two of them in one state, which gives another value each time; unchanged answers hold."""
    promised = {"promised": {"$.id": "${order}"}}
    agreed = pact(order("a look", "an order", **promised), order("another look", "an order", **promised))
    given = count(1)
    now: list[str] = []

    def state(_params: Mapping[str, Any]) -> Mapping[str, Any]:
        now[:] = [f"o-{next(given)}"]
        return {"order": now[0]}

    with shop(lambda *_: (201, {"id": now[0], "total": 100})) as url:
        memory = remember(agreed, Target(url, states={"an order": state}))
    assert memory.verification.held
    (mutant,) = [one for one in harmless_mutants("b", operations(agreed)) if one.kind.name == "white-space"]
    (said,) = verified_from(memory, agreed, [mutant])
    assert (said.killed, said.acted) == (False, 2)


def played(*, killed: bool, harmless: bool = False, laws: bool | None = None, counts: bool = True) -> Played:
    return Played(
        "b",
        "drop-field",
        "gone",
        "$.id",
        is_listed=True,
        is_harmless=harmless,
        counts=counts,
        by_pact=killed,
        by_laws=laws,
        sentence="held: an order",
    )


def scored(*ones: Played, red: str = "") -> bool:
    return score([Boundary("b", 1, ones, red)]).passed


def test_the_bar_is_all_killed_most_of_them_by_pact_alone_and_no_false_alarm() -> None:
    """What the laws kill counts for both, a mutant that changes nothing for neither, and a red suite proves nothing."""
    kill, alarm = played(killed=True), played(killed=True, harmless=True)
    survivor, by_laws = played(killed=False), played(killed=False, laws=True)
    assert scored(kill, played(killed=False, harmless=True), played(killed=False, counts=False))
    assert not scored(kill, survivor)
    assert scored(*[kill] * 9, by_laws)
    assert not scored(*[kill] * 3, by_laws)
    assert not scored(kill, alarm)
    assert not scored(kill, red="broken")
    assert not scored()


def test_what_the_laws_say_is_told_of_the_same_mutant() -> None:
    """By its name."""
    boundary = with_laws(
        Boundary("b", 1, (played(killed=False),)),
        {"drop-field $.id": Said(killed=True, acted=1, sentence="a law: broken")},
    )
    assert (boundary.played[0].by_laws, boundary.played[0].law) == (True, "a law: broken")


def test_every_mutation_of_the_reference_is_played_somewhere_and_many_of_our_own() -> None:
    """The list of the reference, by the names that the benchmark gives them."""
    every = [mutant for one in contracts().values() for mutant in mutants_of(one, pact_for(one))]
    listed = {mutant.kind.name for mutant in every if mutant.kind.listed}
    own = {mutant.kind.name for mutant in every if not mutant.kind.listed and not mutant.kind.harmless}
    assert set(REFERENCE) <= listed
    assert len(own) >= 20
    assert {mutant.boundary for mutant in every} == set(contracts())


REFERENCE: Sequence[str] = (
    *("drop-field", "rename-field", "change-type", "other-success-status", "other-error-status", "error-for-success"),
    *("200-with-error", "200-with-error-body", "unknown-enum-value", "major-units", "other-currency"),
    *("signature-header-dropped", "signature-header-renamed", "other-payload-signed", "stale-signature-accepted"),
    *("missing-idempotency", "replay-other-id", "other-body-accepted", "unknown-rollback-fails"),
    *("second-rollback-refunds", "win-after-rollback-accepted", "closed-round-takes-bets"),
    *("expired-token-blocks-rollback", "balance-before", "null-for-value", "array-for-object"),
    *("event-renamed", "seq-skipped", "req-id-not-echoed", "request-field-refused", "request-field-wanted"),
    *("optional-field", "optional-field-nested", "field-order", "optional-request-field", "extra-headers", "longer-id"),
)


def test_a_frame_is_mutated_like_an_answer_and_in_its_number() -> None:
    """`seq` skips one, `req_id` is somebody else's, and a request is answered with an error."""
    name = next(one for one in contracts() if one.startswith("game-client"))
    mutants = {one.name: one for one in frame_mutants(name, pact_for(contracts()[name]))}
    pong = {"type": "pong", "seq": 2, "req_id": "r-1"}

    def heard(mutant: str) -> Any:
        asked = Outgoing("<-", "pong", {}, b'{"type": "ping", "req_id": "r-1"}')
        return json.loads(mutants[mutant].rig.change(asked, lambda _: Answer(200, (), json.dumps(pong).encode())).body)

    assert heard("seq-skipped <- pong 200 $.seq") == pong | {"seq": 3}
    assert heard("req-id-not-echoed <- pong 200 $.req_id") == pong | {"req_id": "of-nobody"}
    assert heard("request-field-wanted -> ping client_version")["type"] == "error"


def test_a_sender_is_mutated_in_what_it_sends() -> None:
    """The event's name, and its signature header; the receiver's answer is left alone."""
    mutants = {one.kind.name: one for one in sender_mutants("b", addresses(pact_for(contracts()["psp-a-cashier"])))}
    event = Outgoing("POST", "/cashier/webhooks/psp-a", {"Stripe-Signature": "t=1"}, b'{"type": "payout.paid"}')

    def sent(kind: str) -> Outgoing:
        kept: list[Outgoing] = []

        def forward(request: Outgoing) -> Answer:
            kept.append(request)
            return Answer(200, (), b"")

        assert mutants[kind].rig.sender
        assert mutants[kind].rig.change(event, forward) == Answer(200, (), b"")
        return kept[0]

    assert json.loads(sent("event-renamed").body) == {"type": "payout_paid"}
    assert sent("signature-header-dropped").headers == {}
    assert sent("signature-header-renamed").headers == {"X-Stripe-Signature-2": "t=1"}
    assert sent("sender-path-moved").path == "/cashier/webhooks/psp-a/v2"


def test_another_payload_is_signed_while_the_mutation_is_planted_and_no_longer() -> None:
    """The simulator's own signing is as it was afterwards."""
    everything = addresses(pact_for(contracts()["psp-a-cashier"]))
    (mutant,) = [one for one in sender_mutants("psp-a-cashier", everything) if one.kind.name == "other-payload-signed"]
    now, right = datetime.now(UTC), sign_stripe
    with mutant.rig.plant():
        assert vars(intents)["sign_stripe"]("k", b"{}", now) == right("k", b"{} ", now)
    assert vars(intents)["sign_stripe"] is right


def test_a_value_that_nobody_reads_is_no_mutant_of_the_derived_pact_and_one_elsewhere() -> None:
    """Agreed by its type only, and judged by no check; where a check judges it, it is killed by the laws."""
    loose = replace(played(killed=False), boundary="synthetic-runner-platform", is_loose=True)
    for one, laws, counts in ((loose, False, False), (loose, True, True), (replace(loose, boundary="b"), False, True)):
        said = {one.name: Said(killed=laws, acted=1, sentence="")}
        assert with_laws(Boundary("b", 1, (one,)), said).played[0].counts is counts


def test_a_survivor_makes_it_fail_and_names_who_should_have_seen_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1, and the sentence; with all killed exit 0."""
    ones: list[Played] = [played(killed=False)]
    monkeypatch.setattr("bench.mutations.__main__._play", lambda *_: [Boundary("b", 1, tuple(ones))])
    options = ["--out", str(tmp_path / "mutations.json")]
    assert main(options) == 1
    told = capsys.readouterr().out
    assert "SURVIVED b: drop-field $.id: gone. Should have been seen by what held: an order" in told
    assert told.splitlines()[-1] == "NOT PASSED"
    ones[:] = [played(killed=True)]
    assert main(options) == 0
    assert json.loads((tmp_path / "mutations.json").read_text(encoding="utf-8"))["passed"] is True


def test_an_unknown_boundary_has_a_did_you_mean(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything starts."""
    assert main(["--boundary", "cashier-psp-aa"]) == 2
    assert "did you mean 'cashier-psp-a'?" in capsys.readouterr().err


@pytest.mark.slow
def test_it_plays_one_mutation_at_a_real_boundary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By Pact and by the laws, in processes of their own; a harmless change is no alarm."""
    out = tmp_path / "mutations.json"
    wanted = ["--mutation", "drop-field POST /v1/payouts 200 $.status", "--mutation", "white-space"]
    assert main(["--boundary", "cashier-psp-a", *wanted, "--jobs", "2", "--out", str(out)]) == 0
    (boundary,) = json.loads(out.read_text(encoding="utf-8"))["boundaries"]
    found: Mapping[str, Any] = {one["kind"]: one for one in boundary["played"]}
    assert (found["drop-field"]["by_pact"], found["drop-field"]["by_laws"]) == (True, True)
    assert (found["white-space"]["by_pact"], found["white-space"]["by_laws"]) == (False, False)
    assert capsys.readouterr().out.splitlines()[-1] == "PASSED"
