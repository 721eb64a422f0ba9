"""The providers of the contracts, by name."""

from collections.abc import Mapping

from synthetic.contracts.providers.cashier import CASHIER
from synthetic.contracts.providers.game_providers import GAME_PROVIDER_A, GAME_PROVIDER_B
from synthetic.contracts.providers.gateway import GAME_GATEWAY
from synthetic.contracts.providers.platform import PLATFORM
from synthetic.contracts.providers.provider import ContractError, Provider, SocketProvider
from synthetic.contracts.providers.psp_a import PSP_A
from synthetic.contracts.providers.psp_b import PSP_B
from synthetic.contracts.providers.wallet import WALLET

PROVIDERS: Mapping[str, Provider] = {
    provider.name: provider
    for provider in (
        PSP_A,
        PSP_B,
        CASHIER,
        WALLET,
        GAME_PROVIDER_A,
        GAME_PROVIDER_B,
        PLATFORM,
    )
}

SOCKET_PROVIDERS: Mapping[str, SocketProvider] = {provider.name: provider for provider in (GAME_GATEWAY,)}

__all__ = ["PROVIDERS", "SOCKET_PROVIDERS", "ContractError", "Provider", "SocketProvider"]
