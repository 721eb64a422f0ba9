"""The drivers of a service across reloads: a renewed certificate is shown by the next run, and a broken one changes nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trustme

from synthetic.cli.serving.drivers import Drivers
from synthetic.config.cells import load_cells
from synthetic.core.errors import AuthorError
from synthetic.core.plan import CellPlan
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.lag import LagMeter
from synthetic.tests.config.certificates import cells_text, issue


def test_a_renewed_certificate_gets_a_driver_and_a_broken_one_leaves_what_was(tmp_path: Path) -> None:
    """Nothing but the files behind the references has changed; runs of the driver before play on."""
    ca = trustme.CA()
    text = cells_text("mtls: {certificate: 'file:client.pem', key: 'file:client.key'}")

    def cells() -> dict[str, CellPlan]:
        return load_cells(tmp_path / "cells.yaml", text=text)

    async def main() -> None:
        clock = SystemClock()
        drivers = Drivers(clock, LagMeter(clock))
        issue(tmp_path, ca)
        drivers.fit(cells())
        first = drivers("one")
        drivers.fit(cells())
        assert drivers("one") is first
        issue(tmp_path, ca)
        drivers.fit(cells())
        renewed = drivers("one")
        assert renewed is not first
        (tmp_path / "client.key").unlink()
        with pytest.raises(AuthorError, match=r"the key 'client\.key' can't be read"):
            drivers.fit(cells())
        assert drivers("one") is renewed
        await drivers.aclose()

    asyncio.run(main())
