"""Faults of payments (domain reference 7, 1-16 and 26): PSPs, their webhooks, and what a cashier makes of them."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault, Throw

_FLOW = "deposit-bet-withdraw"

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
        "webhook_never_comes",
        3,
        "a PSP captures, but never tells: deposits stay pending",
        (Throw("psps", "withholds_webhooks"),),
        "psp",
        _FLOW,
        "step:deposit",
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
)
