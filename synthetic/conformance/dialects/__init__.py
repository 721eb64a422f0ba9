"""How game providers speak to wallets: one module a dialect, all behind one protocol."""

from __future__ import annotations

from synthetic.conformance.dialects.hub88 import Hub88
from synthetic.conformance.dialects.protocol import Dialect
from synthetic.conformance.dialects.softswiss import Softswiss

DIALECTS: dict[str, type[Hub88] | type[Softswiss]] = {"hub88": Hub88, "softswiss": Softswiss}

__all__ = ["DIALECTS", "Dialect"]
