"""The laws of the game gateway's WebSocket, tried as a player: numbers, echoes, acknowledgements, results, resumes."""

from synthetic.contracts.laws.gateway.target import GatewayTarget

__all__ = ["GatewayTarget"]
