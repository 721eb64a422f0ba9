"""The routes of both wallet dialects."""

from __future__ import annotations

from starlette.routing import BaseRoute

from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.wallet_api.desk import Knobs
from synthetic.reference.cell.wallet_api.dialect_a import DialectA
from synthetic.reference.cell.wallet_api.dialect_b import DialectB


def wallet_api_routes(context: CellContext, knobs_a: Knobs, knobs_b: Knobs) -> list[BaseRoute]:
    """`/wallet/a/*` and `/wallet/b/*`, for the game providers of this cell."""
    return [*DialectA(context, knobs_a).routes(), *DialectB(context, knobs_b).routes()]
