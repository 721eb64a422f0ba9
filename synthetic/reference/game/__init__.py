"""Game providers: a shared round engine behind two seamless-wallet dialects. Shared by the cells, as in production."""

from synthetic.reference.game.dialect_a import build_provider_a
from synthetic.reference.game.dialect_b import build_provider_b
from synthetic.reference.game.operators import Operator
from synthetic.reference.game.pace import Pace
from synthetic.reference.game.switches import PROVIDER_SWITCHES

__all__ = ["PROVIDER_SWITCHES", "Operator", "Pace", "build_provider_a", "build_provider_b"]
