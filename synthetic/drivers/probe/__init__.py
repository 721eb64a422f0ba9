"""The probe transport: HTTP/1.1 over a reader of its own, which knows by the kernel when each answer came (docs/transport.md)."""

from synthetic.drivers.probe.transport import TIMES, ProbeTransport

__all__ = ["TIMES", "ProbeTransport"]
