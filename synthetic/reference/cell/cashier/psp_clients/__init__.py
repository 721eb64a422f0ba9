"""The cell's clients of its PSPs: one small protocol, one client per style."""

from synthetic.reference.cell.cashier.psp_clients.intents import IntentsClient
from synthetic.reference.cell.cashier.psp_clients.notifications import NotificationsClient
from synthetic.reference.cell.cashier.psp_clients.protocol import (
    DepositOrder,
    OnUnknown,
    PayoutOrder,
    PspClient,
    PspError,
    PspFailed,
    PspPayment,
    PspRefund,
    PspRejected,
    PspUnknown,
    PspUnreachable,
)
from synthetic.reference.settings import PspAccount

__all__ = [
    "DepositOrder",
    "IntentsClient",
    "NotificationsClient",
    "OnUnknown",
    "PayoutOrder",
    "PspClient",
    "PspError",
    "PspFailed",
    "PspPayment",
    "PspRefund",
    "PspRejected",
    "PspUnknown",
    "PspUnreachable",
    "client_for",
]

_CLIENTS: dict[str, type[IntentsClient] | type[NotificationsClient]] = {
    "intents": IntentsClient,
    "notifications": NotificationsClient,
}


def client_for(account: PspAccount) -> PspClient:
    """The client of the account's style. Raises KeyError for a style that nobody wrote."""
    return _CLIENTS[account.style](account)
