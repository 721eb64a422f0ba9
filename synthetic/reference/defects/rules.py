"""Planted defects of a cell's rules: who may log in, deposit, play, claim and withdraw. Each has its negative path."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault
from synthetic.reference.defects.planting import defect

DEFECTS: tuple[Fault, ...] = (
    defect(
        "accepts_wrong_password",
        "any password opens an account",
        "accepts_wrong_password",
        "wrong-password",
        "step:wrong",
    ),
    defect(
        "never_locks_out", "passwords may be guessed for ever", "never_locks_out", "lockout-and-recovery", "step:shut"
    ),
    defect(
        "accepts_any_code",
        "any one-time code is taken for the right one",
        "accepts_any_code",
        "totp-wrong",
        "step:wrong",
    ),
    defect(
        "accepts_replayed_totp",
        "a one-time code works twice",
        "accepts_used_code",
        "totp-replayed",
        "one-time-code-works-once",
    ),
    defect(
        "accepts_skewed_totp",
        "a one-time code of some minutes ago works",
        "accepts_skewed_code",
        "totp-skewed",
        "step:behind",
    ),
    defect(
        "ignores_self_exclusion",
        "a self-excluded player deposits",
        "ignores_self_exclusion",
        "self-excluded-deposit",
        "self-excluded-is-kept-out",
    ),
    defect("ignores_geo", "a player in a blocked country logs in", "ignores_geo", "geo-blocked-login", "step:blocked"),
    defect(
        "ignores_kyc", "a player who is not verified withdraws", "ignores_kyc", "kyc-pending-withdraw", "step:withdraw"
    ),
    defect(
        "ignores_deposit_limit",
        "a player deposits more than his limit",
        "ignores_deposit_limit",
        "deposit-over-limit",
        "lowest-limit-applies",
    ),
    defect(
        "delays_lower_limits",
        "a lower deposit limit holds tomorrow only",
        "delays_lower_limits",
        "limit-lowered-then-deposit",
        "lowest-limit-applies",
    ),
    defect(
        "credits_dead_deposits",
        "what a declined payment captures after all is credited",
        "credits_dead_deposits",
        "deposit-late-success",
        "one-credit-per-deposit",
    ),
    defect(
        "claims_twice",
        "a promotion that is given once is given again under another key",
        "claims_twice",
        "promo-claimed-twice",
        "step:again",
    ),
    defect(
        "gives_promo_per_click",
        "of claims at the same moment each is given",
        "gives_promo_per_click",
        "promo-claimed-at-once",
        "concurrent-duplicates-move-once",
    ),
    defect(
        "gives_promo_to_anyone",
        "a player who is not verified gets a promotion",
        "gives_promo_to_anyone",
        "promo-ineligible",
        "step:claim",
    ),
    defect(
        "takes_any_withdrawal",
        "a withdrawal of more than there is is taken, and never paid",
        "takes_any_withdrawal",
        "withdraw-above-balance",
        "step:withdraw",
    ),
    defect(
        "pays_to_any_instrument",
        "a withdrawal goes to a card that is not the player's",
        "pays_to_any_instrument",
        "withdraw-to-foreign-instrument",
        "step:elsewhere",
    ),
    defect(
        "says_cancelled",
        "a payout that has left is said to be cancelled, and is paid",
        "says_cancelled",
        "withdraw-cancelled-mid-payout",
        "step:cancel",
    ),
    defect(
        "exports_synthetic_players",
        "synthetic play is in the exports to GGR, AML, CRM, tax and affiliates",
        "exports_synthetic_players",
        "synthetic-in-no-export",
        "no-synthetic-row-in-sinks",
    ),
)
