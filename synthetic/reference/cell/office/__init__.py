"""The back office: what a brand's staff does to a player's account, and the statements that auditors read."""

from synthetic.reference.cell.office.routes import office_routes

__all__ = ["office_routes"]
