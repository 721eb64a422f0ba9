"""Planted defects of the cell's own code. A harness is proven by the bugs that it catches: each has the check that has to."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault, Throw


def _defect(name: str, title: str, throws: tuple[Throw, ...], scenario: str, caught_by: str) -> Fault:
    return Fault(name, 0, title, throws, "platform", scenario, caught_by)


DEFECTS: dict[str, Fault] = {
    defect.name: defect
    for defect in (
        _defect(
            "credits_twice_on_retry",
            "a deposit that is sent again under its key is charged and credited again",
            (Throw("cell", "credits_replayed_deposit"),),
            "deposit-twice-same-key",
            "one-credit-per-deposit",
        ),
        _defect(
            "forgets_rollback",
            "a rollback is acknowledged, and nothing is posted",
            (Throw("cell", "forgets_rollback"),),
            "bet-rollback",
            "voided-bet-is-refunded",
        ),
        _defect(
            "accepts_second_rollback_id",
            "a rollback under another id refunds the same bet again",
            (Throw("cell", "refunds_every_rollback_id"),),
            "wallet-rollback-laws",
            "refund-at-most-stake",
        ),
        _defect(
            "late_bet_sticks",
            "a bet that arrives after its rollback is debited",
            (Throw("cell", "accepts_late_bet"),),
            "wallet-rollback-laws",
            "late-bet-never-sticks",
        ),
        _defect(
            "stale_balance",
            "the balance shown is an old one",
            (Throw("cell", "caches_balance"),),
            "deposit-bet-withdraw",
            "balance-equals-ledger",
        ),
        _defect(
            "accepts_bad_signature",
            "wallet calls with a wrong signature are obeyed",
            (Throw("cell", "accepts_bad_signature"),),
            "wallet-tampered-signature",
            "bad-signature-changes-nothing",
        ),
        _defect(
            "settles_nothing",
            "a won round is acknowledged, and nothing is posted",
            (Throw("cell", "settles_nothing"),),
            "steady-round",
            "won-round-pays",
        ),
        _defect(
            "pays_out_twice",
            "one withdrawal is paid out twice at the PSP",
            (Throw("cell", "pays_out_twice"),),
            "deposit-bet-withdraw",
            "psp-report-matches",
        ),
        _defect(
            "ignores_sso_state",
            "an answer of the identity provider to another browser's sign-in opens a session",
            (Throw("cell", "ignores_sso_state"),),
            "sso-state-mismatch",
            "step:tampered",
        ),
        _defect(
            "ignores_sso_nonce",
            "an id token that was made for another sign-in opens a session",
            (Throw("cell", "ignores_sso_nonce"),),
            "sso-nonce-mismatch",
            "step:tampered",
        ),
    )
}
