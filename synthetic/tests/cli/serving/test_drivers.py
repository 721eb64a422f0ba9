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
        with pytest.raises(AuthorError, match=r"the key '.*client\.key' can't be read"):
            drivers.fit(cells())
        assert drivers("one") is renewed
        await drivers.aclose()

    asyncio.run(main())


def test_a_rotated_password_of_a_proxy_gets_a_driver(tmp_path: Path) -> None:
    """The file says the same; what its reference leads to is other."""
    proxy = "proxy: {url: 'http://far.example:3128', username: 'file:user', password: 'file:password'}"
    text = cells_text(proxy, endpoints="{api: 'https://far.example'}", head=', "far.example:*"')
    (tmp_path / "user").write_text("synthetic")

    async def main() -> None:
        clock = SystemClock()
        drivers = Drivers(clock, LagMeter(clock))

        def fitted(password: str) -> object:
            (tmp_path / "password").write_text(password)
            drivers.fit(load_cells(tmp_path / "cells.yaml", text=text))
            return drivers("one")

        first = fitted("sesame")
        assert fitted("sesame") is first
        assert fitted("sesame-opens") is not first
        assert "sesame" not in repr(drivers)
        await drivers.aclose()

    asyncio.run(main())
