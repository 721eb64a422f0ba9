"""The game gateway: launches, the WebSocket that games are played over, and the player's view of his rounds."""

from synthetic.reference.cell.gateway.routes import gateway_routes
from synthetic.reference.cell.gateway.switches import CELL_SWITCHES_GATEWAY

__all__ = ["CELL_SWITCHES_GATEWAY", "gateway_routes"]
