"""The contracts, one module a boundary: what a consumer needs of a provider, exercised by its real client."""

from synthetic.contracts.boundaries.cashier_psp_a import CONTRACT as CASHIER_PSP_A
from synthetic.contracts.boundaries.cashier_psp_b import CONTRACT as CASHIER_PSP_B
from synthetic.contracts.boundaries.game_client_gateway import CONTRACT as GAME_CLIENT_GATEWAY
from synthetic.contracts.boundaries.game_provider_a_wallet import CONTRACT as GAME_PROVIDER_A_WALLET
from synthetic.contracts.boundaries.game_provider_b_wallet import CONTRACT as GAME_PROVIDER_B_WALLET
from synthetic.contracts.boundaries.gateway_game_provider import CONTRACT_A as GATEWAY_GAME_PROVIDER_A
from synthetic.contracts.boundaries.gateway_game_provider import CONTRACT_B as GATEWAY_GAME_PROVIDER_B
from synthetic.contracts.boundaries.psp_a_cashier import CONTRACT as PSP_A_CASHIER
from synthetic.contracts.boundaries.psp_b_cashier import CONTRACT as PSP_B_CASHIER
from synthetic.contracts.boundaries.runner_platform import CONTRACT as RUNNER_PLATFORM
from synthetic.contracts.interactions import Contract
from synthetic.contracts.messages import MessageContract

PSP_CONTRACTS: tuple[Contract, ...] = (
    CASHIER_PSP_A,
    CASHIER_PSP_B,
    PSP_A_CASHIER,
    PSP_B_CASHIER,
)
GAME_PROVIDER_CONTRACTS: tuple[Contract, ...] = (
    GAME_PROVIDER_A_WALLET,
    GAME_PROVIDER_B_WALLET,
    GATEWAY_GAME_PROVIDER_A,
    GATEWAY_GAME_PROVIDER_B,
)
PLATFORM_CONTRACTS: tuple[Contract, ...] = (RUNNER_PLATFORM,)
CONTRACTS: tuple[Contract, ...] = (
    *PSP_CONTRACTS,
    *GAME_PROVIDER_CONTRACTS,
    *PLATFORM_CONTRACTS,
)
GATEWAY_CONTRACTS: tuple[MessageContract, ...] = (GAME_CLIENT_GATEWAY,)
