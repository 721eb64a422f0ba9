"""The mutation benchmark as a whole: what a suite kills, how that is scored, and that every listed mutation is played."""

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
from bench.mutations.agreed import addresses, operations
from bench.mutations.catalogue import contracts, mutants_of
from bench.mutations.fields import field_mutants
from bench.mutations.frames import frame_mutants
from bench.mutations.harmless import harmless_mutants
from bench.mutations.hop import Answer
from bench.mutations.judging import Said
from bench.mutations.memory import remember, verified_from
from bench.mutations.playing import Boundary, Played, with_laws
from bench.mutations.scoring import score
from bench.mutations.senders import sender_mutants
from synthetic.contracts.messages import pact_for
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.verifying import Target
from synthetic.reference.psp import intents
from synthetic.reference.psp.signing import sign_stripe
from synthetic.tests.contracts.shop import order, pact, shop
from synthetic.tests.test_bench_mutations import operation_of

pytestmark = pytest.mark.slow


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
