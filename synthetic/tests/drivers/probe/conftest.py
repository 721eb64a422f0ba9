"""A kernel that stamps."""

from __future__ import annotations

import socket
import time

import pytest

from synthetic.drivers.probe.stamps import ANCILLARY_BYTES, stamp_what_comes


@pytest.fixture(scope="session", autouse=True)
def _stamping() -> None:
    """The kernel begins to stamp a little after the first socket wants it; from then on it does for the life of the process."""
    deadline = time.monotonic() + 30
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as near:
        stamp_what_comes(near)
        near.connect(listener.getsockname())
        far, _ = listener.accept()
        with far:
            stamped = False
            while not stamped:
                assert time.monotonic() < deadline, "the kernel never began to stamp"
                far.send(b"x")
                stamped = bool(near.recvmsg(100, ANCILLARY_BYTES)[1])
