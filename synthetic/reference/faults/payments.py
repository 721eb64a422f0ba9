"""Faults of payments (domain reference 7, 1-16 and 26): PSPs, their webhooks, and what a cashier makes of them."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault, Throw

_FLOW = "deposit-bet-withdraw"

_TWICE = "deposit-twice-same-key"
_WHO = "pending-payment-was-told"

FAULTS: tuple[Fault, ...] = (
    Fault(
        "duplicate_webhook_credits_twice",
        1,
        "the PSP delivers a webhook twice, and the cell credits both",
        (Throw("psps", "duplicates_webhooks"), Throw("cell", "credits_every_webhook")),
        "platform",
        _FLOW,
        "one-credit-per-deposit",
    ),
    Fault(
        "late_webhook_dropped",
        2,
        "the PSP tells of a capture late, and the cell has given the deposit up and keeps the money",
        (Throw("psps", "delays_webhooks"), Throw("cell", "gives_up_late_deposits")),
        "platform",
        _FLOW,
        "psp-report-matches",
    ),
    Fault(
        "webhook_never_comes",
        3,
        "a PSP captures, but never tells: deposits stay pending",
        (Throw("psps", "withholds_webhooks"),),
        "psp",
        _FLOW,
        _WHO,
        shared=True,
    ),
    Fault(
        "old_event_regresses_deposit",
        4,
        "the PSP delivers an old event after the last one, and the cell takes the deposit back to pending",
        (Throw("psps", "repeats_old_events"), Throw("cell", "obeys_old_events")),
        "platform",
        _FLOW,
        "step:kept",
    ),
    Fault(
        "webhook_key_rotated",
        6,
        "a PSP signs with a new key alone: whatever it tells is rejected",
        (Throw("psps", "rotates_webhook_key"),),
        "psp",
        _FLOW,
        _WHO,
        shared=True,
    ),
    Fault(
        "psp_timeout_second_capture",
        7,
        "the PSP times out after the capture, and the cell tries again under a new key",
        (Throw("psps", "times_out_after_capture"), Throw("cell", "retries_under_new_key")),
        "platform",
        _FLOW,
        "psp-report-matches",
    ),
    Fault(
        "stored_500_retry_storm",
        8,
        "the PSP answers 500 and replays it, and the cell sends the same request on and on",
        (Throw("psps", "answers_500"), Throw("cell", "storms_retries")),
        "platform",
        _FLOW,
        "no-retry-storm",
    ),
    Fault(
        "pruned_key_second_charge",
        9,
        "the PSP times out and has forgotten the key, and the cell retries instead of looking up",
        (
            Throw("psps", "times_out_after_capture"),
            Throw("psps", "prunes_keys"),
            Throw("cell", "retries_without_looking_up"),
        ),
        "platform",
        _FLOW,
        "psp-report-matches",
    ),
    Fault(
        "bin_declined",
        10,
        "a PSP declines every card of one BIN",
        (Throw("psps", "declines_bin", {"bin": "400000"}),),
        "psp",
        _FLOW,
        "step:deposit",
        shared=True,
    ),
    Fault(
        "error_body_taken_as_success",
        11,
        "the PSP answers 200 with an error body, and the cell credits without a capture",
        (Throw("psps", "answers_200_with_error"), Throw("cell", "takes_any_200_as_success")),
        "platform",
        _FLOW,
        "psp-report-matches",
    ),
    Fault(
        "html_instead_of_a_payment",
        12,
        "a PSP answers 200 with a page of HTML, and takes no payment",
        (Throw("psps", "answers_200_unreadable"),),
        "psp",
        _FLOW,
        "step:deposit",
        shared=True,
    ),
    Fault(
        "undecided_deposit_left_alone",
        12,
        "the PSP's answer is cut off after the capture, and the cell never finds out what became of the deposit",
        (
            Throw("psps", "answers_200_unreadable", {"form": "truncated", "captured": True}),
            Throw("cell", "leaves_undecided"),
        ),
        "platform",
        _FLOW,
        _WHO,
    ),
    Fault(
        "three_ds_hangs",
        13,
        "a PSP wants the player's action, and never comes to know that it was done",
        (Throw("psps", "hangs_in_3ds"),),
        "psp",
        _FLOW,
        _WHO,
        shared=True,
    ),
)
