"""How much may travel for one answer: counted where bytes come in, so that a flood without an end ends, whatever it is made of."""

from __future__ import annotations

from contextvars import ContextVar

from synthetic.drivers.guard import CRUMB_BYTES, Limits
from synthetic.drivers.translate import BadAnswer


class Intake:
    """The bytes of one answer on the wire: first its head (with any number of 1xx before it), then its body as it is packed.

    `shared`: whoever reads such a connection reads what others asked for as well, so nothing is counted. The protocol bounds a
    head there, and a body has the limit of what it is unpacked.
    """

    def __init__(self, limits: Limits, *, shared: bool = False) -> None:
        self._shared = shared
        self._left = limits.head_bytes_max
        self._body_wire_bytes_max = limits.body_wire_bytes_max
        self._over = f"sent a head over the limit of {limits.head_bytes_max} bytes"

    def expect_body(self) -> None:
        """The head is complete."""
        self._left = self._body_wire_bytes_max
        self._over = f"sent a body over the limit of {self._body_wire_bytes_max} bytes on the wire"

    def take(self, size: int) -> None:
        """So many bytes came. Raises BadAnswer."""
        self._left -= size
        if self._left < 0 and not self._shared:
            raise BadAnswer(self._over)


def refuse_crumbs(chunk_count: int, size: int, limits: Limits) -> None:
    """Raises BadAnswer where a body came in too many chunks for what it holds as it travelled."""
    if chunk_count > limits.crumbs_max and size < chunk_count * CRUMB_BYTES:
        raise BadAnswer(f"sent a body in over {limits.crumbs_max} chunks of next to nothing")


def refuse_size(size: int, limits: Limits, *, unpacked: bool = False) -> None:
    """Raises BadAnswer where a body is larger than we take."""
    if size > limits.body_bytes_max:
        raise BadAnswer(f"sent a body over the limit of {limits.body_bytes_max} bytes{' unpacked' if unpacked else ''}")


# So much is read at a time: what is read is parsed in one go, and nothing else of our loop runs meanwhile.
READ_BYTES_MAX = 16 << 10

# One task, thread or greenlet performs one request at a time, and httpcore hands no state of a request down to its sockets.
INTAKE: ContextVar[Intake] = ContextVar("intake")
