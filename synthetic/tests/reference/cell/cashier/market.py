"""A cell with its three PSPs, all on real loopback sockets; for the tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from synthetic.reference.cell.app import build_cell
from synthetic.reference.cell.cashier.cashier import CashierTiming
from synthetic.reference.cell.cashier.routes import cashier_routes
from synthetic.reference.cell.cashier.switches import CELL_SWITCHES_CASHIER
from synthetic.reference.cell.switches import CELL_SWITCHES_CORE
from synthetic.reference.ledger import open_ledger
from synthetic.reference.psp.intents import PSP_INTENTS_SWITCHES, build_intents_psp
from synthetic.reference.psp.notifications import PSP_NOTIFICATIONS_SWITCHES, build_notifications_psp
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.signing import body_signature, stripe_signature
from synthetic.reference.psp.webhooks import DeliveryPolicy
from synthetic.reference.settings import PspAccount
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.reference.tls import client_tls
from synthetic.tests.reference.cell.running import RunningCell, cell_settings, fresh_database
from synthetic.tests.reference.psp.serving import serving, wait_until

PSPS = ("psp-a", "psp-b")
SECRET = "whsec-canary"
QUIET = DeliveryPolicy(duplicate_every=10**9, jitter_s=0.001)


@dataclass
class Market:
    """A running cell and the boards of its PSPs."""

    cell: RunningCell
    boards: dict[str, Switchboard]
    accounts: dict[str, PspAccount]
    player: str = "ada"

    def __post_init__(self) -> None:
        self.auth = self.cell.login(self.player)

    def clear(self) -> None:
        """Reset every switch."""
        for board in (self.cell.context.board, *self.boards.values()):
            board.clear()

    def deposit(self, psp: str = "psp-a", *, key: str = "k-1", **changes: Any) -> httpx.Response:
        """`POST /cashier/deposits` of 1.00 EUR with a good card."""
        return self.post("/cashier/deposits", psp, key, changes)

    def withdraw(self, psp: str = "psp-a", *, key: str = "w-1", **changes: Any) -> httpx.Response:
        """`POST /cashier/withdrawals` of 1.00 EUR to a good card."""
        return self.post("/cashier/withdrawals", psp, key, changes)

    def post(self, path: str, psp: str, key: str, changes: dict[str, Any]) -> httpx.Response:
        """A money call of the player."""
        body = {"amount_minor": 100, "currency": "EUR", "psp": psp, "instrument": "card_ok"} | changes
        return self.cell.client.post(path, json=body, headers={**self.auth, "Idempotency-Key": key})

    def refund(self, deposit_id: str, key: str = "r-1") -> httpx.Response:
        """`POST /cashier/deposits/{id}/refund`."""
        headers = {**self.auth, "Idempotency-Key": key}
        return self.cell.client.post(f"/cashier/deposits/{deposit_id}/refund", headers=headers)

    def cancel(self, withdrawal_id: str) -> httpx.Response:
        """`POST /cashier/withdrawals/{id}/cancel`."""
        return self.cell.client.post(f"/cashier/withdrawals/{withdrawal_id}/cancel", headers=self.auth)

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """A read of the player."""
        answer = self.cell.client.get(path, headers=self.auth, params=params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def state(self, what: str, id_: str) -> str:
        """The state of a deposit or a withdrawal (`deposits`, `withdrawals`)."""
        return str(self.get(f"/cashier/{what}/{id_}")["state"])

    def settled(self, what: str, id_: str, state: str) -> None:
        """Wait until the payment has this state."""
        wait_until(lambda: self.state(what, id_) == state)

    def deposited(self, psp: str = "psp-a", **changes: Any) -> str:
        """The id of a deposit that has succeeded."""
        deposit_id = self.deposit(psp, **changes).json()["id"]
        self.settled("deposits", deposit_id, "succeeded")
        return str(deposit_id)

    def postings(self, kind: str) -> list[dict[str, Any]]:
        """The player's postings of this kind."""
        return [entry for entry in self.get("/wallet/ledger")["entries"] if entry["kind"] == kind]

    def cash(self) -> int:
        """The player's cash; 1000 at the start."""
        return self.cell.cash(self.player)

    def locked(self) -> int:
        """The player's reserved money."""
        return self.cell.context.ledger.balance(self.player).locked_minor

    def report(self, psp: str) -> list[tuple[str, str, str]]:
        """The PSP's settlement of the player: (kind, amount, reference)."""
        path, name = ("/v1/report", "player") if psp == "psp-a" else ("/api/report", "userId")
        entries = self.at_psp(psp, path, **{name: self.player})["entries"]
        return [(entry["kind"], str(entry["amount"]), entry["reference"]) for entry in entries]

    def kinds(self, psp: str) -> list[str]:
        """The kinds of the PSP's settlement of the player."""
        return [kind for kind, _, _ in self.report(psp)]

    def at_psp(self, psp: str, path: str, **params: str) -> dict[str, Any]:
        """A read of the merchant at the PSP."""
        account = self.accounts[psp]
        headers = {"Authorization": f"Bearer {account.api_key}"}
        answer = self.cell.client.get(account.url + path, params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def tell_intents(self, kind: str, **subject: Any) -> httpx.Response:
        """A genuine style A event about an object, sent to the cell by the test."""
        raw = json.dumps({"id": "evt_1", "type": kind, "data": {"object": subject}}).encode()
        return self.deliver("psp-a", raw, {"Stripe-Signature": stripe_signature(SECRET, raw, datetime.now(UTC))})

    def tell_notifications(self, call: str, **body: Any) -> httpx.Response:
        """A genuine style B call, made to the cell by the test."""
        stamp = int(datetime.now(UTC).timestamp())
        raw = json.dumps({"userId": self.player, "txAmountCy": "EUR", "timestamp": stamp} | body).encode()
        return self.deliver(f"psp-b/{call}", raw, {"X-Signature": body_signature(SECRET, raw)})

    def deliver(self, path: str, raw: bytes, headers: dict[str, str]) -> httpx.Response:
        """Bytes to a webhook address of the cell."""
        return self.cell.client.post(f"/cashier/webhooks/{path}", content=raw, headers=headers)

    def throw(self, where: str, switch: str, **params: Any) -> None:
        """Throw a switch of the cell or of a PSP."""
        board = self.cell.context.board if where == "cell" else self.boards[where]
        board.throw(Switch(switch, params=params))


@contextmanager
def open_market(
    folder: Path,
    *,
    pace: Pace | None = None,
    delivery: DeliveryPolicy = QUIET,
    timing: CashierTiming | None = None,
    player: str = "ada",
    psps: tuple[PspAccount, ...] = (),
    db_url: str | None = None,
    **settings: Any,
) -> Iterator[Market]:
    """Serve psp-a, psp-b and a cell that is a merchant of both (and of psp-x, where nobody listens, and of `psps`)."""
    boards = {"psp-a": Switchboard(PSP_INTENTS_SWITCHES), "psp-b": Switchboard(PSP_NOTIFICATIONS_SWITCHES)}
    builders = {"psp-a": build_intents_psp, "psp-b": build_notifications_psp}
    with ExitStack() as stack:
        accounts = {}
        for psp, style in (("psp-a", "intents"), ("psp-b", "notifications")):
            url = stack.enter_context(serving(builders[psp](psp, boards[psp], pace=pace, delivery=delivery)))
            accounts[psp] = PspAccount(psp, style, url, "m-canary", f"key-{psp}", SECRET)
        nobody = PspAccount("psp-x", "intents", "http://127.0.0.1:1", "m-canary", "key", SECRET)
        db_url = db_url or fresh_database(folder)
        ledger = open_ledger(db_url)
        stack.callback(ledger.close)
        app = build_cell(
            cell_settings(db_url, psps=(*accounts.values(), nobody, *psps), **settings),
            ledger,
            Switchboard(CELL_SWITCHES_CORE | CELL_SWITCHES_CASHIER),
            modules=[partial(cashier_routes, timing=timing)],
        )
        url = stack.enter_context(serving(app))
        for account in accounts.values():
            register(account, url)
        client = stack.enter_context(httpx.Client(base_url=url, timeout=30, verify=client_tls(), trust_env=False))
        yield Market(RunningCell(app, client), boards, accounts, player)


def register(account: PspAccount, cell_url: str) -> None:
    """Make the cell a merchant of the PSP."""
    merchant = {
        "cell": "canary",
        "api_key": account.api_key,
        "webhook_url": f"{cell_url}/cashier/webhooks/{account.psp}",
        "webhook_secret": account.webhook_secret,
    }
    answer = httpx.put(f"{account.url}/_merchants/{account.merchant}", json=merchant)
    assert answer.status_code == 200, answer.text
