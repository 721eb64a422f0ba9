"""psp-b -> cashier: the signed calls verifyuser, authorize, transfer, cancel and debit, made by the simulator's own code."""

from __future__ import annotations

from synthetic.contracts.boundaries.psp_at_work import PLAYER
from synthetic.contracts.boundaries.psp_b_calls import (
    AUTHORIZE,
    AUTHORIZE_OUT,
    CANCEL,
    CANCEL_OUT,
    COME_BACK,
    DEBIT,
    TRANSFER,
    TRANSFER_OUT,
    VERIFY,
    Call,
)
from synthetic.contracts.boundaries.psp_b_exercises import (
    CAN_PAY,
    REFERENCE,
    YES,
    answered,
    brings_the_code,
    deposit,
    ends,
    forged,
    refused,
    withdrawal,
)
from synthetic.contracts.boundaries.psp_relay import AUTH_CODE
from synthetic.contracts.interactions import Contract, State

EXCLUDED_PLAYER = "excluded_player"
"""A need: the cashier has a player who has excluded himself."""

# Each with a txId like an idempotency key: the cashier remembers what it has answered about a transaction.
_UNKNOWN_FACTS = {"userId": PLAYER, "merchantTxId": REFERENCE, "attributes": {"reference": REFERENCE}}
_PAID = ends("successful")

_ON_PLAYERS = (
    answered("is a player known", VERIFY, YES, _PAID, State("a player"), needs=()),
    refused(
        "is a player known who is not",
        Call("verifyuser", "deposit", {"userId": PLAYER}),
        "UNKNOWN_USER",
        ends("failed", "UNKNOWN_USER"),
    ),
    refused(
        "is a player known who has excluded himself",
        VERIFY,
        "SELF_EXCLUDED",
        ends("failed", "SELF_EXCLUDED"),
        State("a player who has excluded himself"),
        needs=(EXCLUDED_PLAYER,),
    ),
)
_ON_DEPOSITS = (
    answered("may a deposit be captured", AUTHORIZE, CAN_PAY, brings_the_code, deposit()),
    answered(
        "may a deposit be captured, asked again",
        AUTHORIZE,
        CAN_PAY,
        brings_the_code,
        deposit(AUTHORIZE),
        promised={"authCode": "${auth_code}"},
    ),
    refused(
        "may a deposit be captured, asked again with other facts",
        AUTHORIZE,
        "DUPLICATE_TX",
        ends("failed", "DUPLICATE_TX"),
        deposit(AUTHORIZE.having(txName="another")),
    ),
    refused(
        "may a deposit be captured of another amount than was asked for",
        AUTHORIZE,
        "WRONG_AMOUNT",
        ends("failed", "WRONG_AMOUNT"),
        deposit(amount_minor=200),
    ),
    refused(
        "may a deposit be captured that is declined",
        AUTHORIZE,
        "NOT_PENDING",
        ends("failed", "NOT_PENDING"),
        deposit(CANCEL),
    ),
    refused(
        "may a deposit be captured that nobody asked for",
        AUTHORIZE.having(**_UNKNOWN_FACTS, txId="pact-key-deposit-of-nobody"),
        "UNKNOWN_TX",
        ends("failed", "UNKNOWN_TX"),
    ),
    refused(
        "may a deposit be captured whose amount is missing",
        AUTHORIZE.having(**_UNKNOWN_FACTS, txId="pact-key-deposit-without-amount").without("txAmount"),
        "INVALID_REQUEST",
        ends("failed", "INVALID_REQUEST"),
    ),
    answered("a captured deposit", TRANSFER, YES, _PAID, deposit(AUTHORIZE)),
    answered("a captured deposit, told again", TRANSFER, YES, _PAID, deposit(AUTHORIZE, TRANSFER)),
    refused(
        "a captured deposit with a code that was not given",
        TRANSFER.having(authCode=AUTH_CODE),
        "INVALID_AUTH_CODE",
        _PAID,
        deposit(AUTHORIZE),
    ),
    answered(
        "a deposit that the issuer declined",
        CANCEL,
        YES,
        ends("failed", "insufficient_funds"),
        deposit(AUTHORIZE),
        instrument="card_insufficient_funds",
    ),
    answered(
        "a deposit that the issuer declined, told again",
        CANCEL,
        YES,
        ends("failed", "insufficient_funds"),
        deposit(AUTHORIZE, CANCEL),
        instrument="card_insufficient_funds",
    ),
    answered(
        "a deposit that the player's bank took back",
        DEBIT,
        YES,
        _PAID,
        deposit(AUTHORIZE, TRANSFER),
        instrument="card_disputed",
    ),
    answered(
        "a deposit that the player's bank took back, told again",
        DEBIT,
        YES,
        _PAID,
        deposit(AUTHORIZE, TRANSFER, DEBIT),
        instrument="card_disputed",
    ),
)
_ON_WITHDRAWALS = (
    refused(
        "may a withdrawal be paid, asked again with other facts",
        AUTHORIZE_OUT,
        "DUPLICATE_TX",
        ends("failed", "DUPLICATE_TX"),
        withdrawal(AUTHORIZE_OUT.having(txName="another")),
    ),
    answered(
        "a withdrawal that failed before it was paid, told again",
        CANCEL_OUT,
        YES,
        ends("failed", "processing_error"),
        withdrawal(AUTHORIZE_OUT, CANCEL_OUT),
        instrument="card_processing_error",
    ),
    answered(
        "a withdrawal that came back after it was paid, told again",
        COME_BACK,
        YES,
        ends("failed", "account_closed"),
        withdrawal(AUTHORIZE_OUT, TRANSFER_OUT, COME_BACK),
        instrument="card_returns_payouts",
    ),
    answered("may a withdrawal be paid", AUTHORIZE_OUT, CAN_PAY, brings_the_code, withdrawal()),
    answered(
        "may a withdrawal be paid, asked again",
        AUTHORIZE_OUT,
        CAN_PAY,
        brings_the_code,
        withdrawal(AUTHORIZE_OUT),
        promised={"authCode": "${auth_code}"},
    ),
    refused(
        "may a withdrawal be paid of another amount than was asked for",
        AUTHORIZE_OUT,
        "WRONG_AMOUNT",
        ends("failed", "WRONG_AMOUNT"),
        withdrawal(amount_minor=200),
    ),
    refused(
        "may a withdrawal be paid that has failed",
        AUTHORIZE_OUT,
        "NOT_PENDING",
        ends("failed", "NOT_PENDING"),
        withdrawal(CANCEL_OUT),
    ),
    refused(
        "may a withdrawal be paid that nobody asked for",
        AUTHORIZE_OUT.having(**_UNKNOWN_FACTS, txId="pact-key-payout-of-nobody"),
        "UNKNOWN_TX",
        ends("failed", "UNKNOWN_TX"),
    ),
    answered("a paid withdrawal", TRANSFER_OUT, YES, _PAID, withdrawal(AUTHORIZE_OUT)),
    refused(
        "a paid withdrawal with a code that was not given",
        TRANSFER_OUT.having(authCode=AUTH_CODE),
        "INVALID_AUTH_CODE",
        _PAID,
        withdrawal(AUTHORIZE_OUT),
    ),
    answered("a paid withdrawal, told again", TRANSFER_OUT, YES, _PAID, withdrawal(AUTHORIZE_OUT, TRANSFER_OUT)),
    answered(
        "a withdrawal that failed before it was paid",
        CANCEL_OUT,
        YES,
        ends("failed", "processing_error"),
        withdrawal(AUTHORIZE_OUT),
        instrument="card_processing_error",
    ),
    answered(
        "a withdrawal that came back after it was paid",
        COME_BACK,
        YES,
        ends("failed", "account_closed"),
        withdrawal(AUTHORIZE_OUT, TRANSFER_OUT),
        instrument="card_returns_payouts",
    ),
)
# What a PSP tells is refused too; it has its answer then, and tells no more.
_OF_NOBODY = (
    refused(
        "a captured deposit that nobody asked for",
        TRANSFER.having(**_UNKNOWN_FACTS, txId="pact-key-transfer-of-nobody", authCode=AUTH_CODE),
        "UNKNOWN_TX",
        _PAID,
    ),
    refused(
        "a captured deposit without the PSP's id",
        TRANSFER.having(**_UNKNOWN_FACTS, authCode=AUTH_CODE).without("txId"),
        "INVALID_REQUEST",
        _PAID,
    ),
    refused(
        "a declined deposit that nobody asked for",
        CANCEL.having(**_UNKNOWN_FACTS, txId="pact-key-cancel-of-nobody"),
        "UNKNOWN_TX",
        ends("failed", "insufficient_funds"),
        instrument="card_insufficient_funds",
    ),
    refused(
        "a deposit that a bank took back and nobody asked for",
        DEBIT.having(**_UNKNOWN_FACTS, txId="pact-key-debit-of-nobody"),
        "UNKNOWN_TX",
        _PAID,
        instrument="card_disputed",
    ),
    refused(
        "a paid withdrawal that nobody asked for",
        TRANSFER_OUT.having(**_UNKNOWN_FACTS, txId="pact-key-transfer-out-of-nobody", authCode=AUTH_CODE),
        "UNKNOWN_TX",
        _PAID,
    ),
    refused(
        "a failed withdrawal that nobody asked for",
        CANCEL_OUT.having(**_UNKNOWN_FACTS, txId="pact-key-cancel-out-of-nobody"),
        "UNKNOWN_TX",
        ends("failed", "processing_error"),
        instrument="card_processing_error",
    ),
)
# A cashier that obeys one of these answers with 200, also where it does not know the payment.
_GIVEN_UP = ends("failed", "MERCHANT_UNREACHABLE")
_DECLINED = ends("failed", "insufficient_funds")
_ON_FORGERIES = (
    *forged(VERIFY.having(userId=PLAYER), _GIVEN_UP),
    *forged(AUTHORIZE.having(**_UNKNOWN_FACTS, txId="pact-key-forged-authorize"), _GIVEN_UP),
    *forged(TRANSFER.having(**_UNKNOWN_FACTS, txId="pact-key-forged-transfer", authCode=AUTH_CODE), _PAID),
    *forged(CANCEL.having(**_UNKNOWN_FACTS, txId="pact-key-forged-cancel"), _DECLINED, "card_insufficient_funds"),
    *forged(DEBIT.having(**_UNKNOWN_FACTS, txId="pact-key-forged-debit"), _PAID, "card_disputed"),
)

CONTRACT = Contract("psp-b", "cashier", (*_ON_PLAYERS, *_ON_DEPOSITS, *_ON_WITHDRAWALS, *_OF_NOBODY, *_ON_FORGERIES))
