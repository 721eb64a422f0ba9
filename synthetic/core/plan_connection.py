"""How a cell is connected to, beside its addresses: the certificate that is shown there, and the proxy on the way.

Secrets are references here, as everywhere in a plan; who makes the drivers looks them up.
"""

from __future__ import annotations

from dataclasses import dataclass

from synthetic.core.errors import Place


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What we show to servers that ask who calls (mutual TLS): paths of PEM files, and a reference where the key is encrypted.

    `ends_unix_s`: the last second in which all of its chain is valid; 0 where that is not known, as its file was not there.
    """

    place: Place
    certificate: str
    key: str
    passphrase: str = ""
    ends_unix_s: int = 0


@dataclass(frozen=True, slots=True)
class ProxyPlan:
    """The HTTP proxy that a cell is reached through. `username` and `password`: references, or "" where it asks for none."""

    place: Place
    url: str
    username: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionPlan:
    """How a cell is connected to. `ca_file`: authorities that are trusted beside the public ones.

    `digest`: of what the PEM files held when they were read, so that a renewed certificate is another plan.
    """

    ca_file: str = ""
    mtls: ClientCertificate | None = None
    http2: bool = False
    proxy: ProxyPlan | None = None
    digest: str = ""

    @property
    def pem_files(self) -> tuple[str, ...]:
        """The files that its TLS is made of."""
        shown = () if self.mtls is None else (self.mtls.certificate, self.mtls.key)
        return (*((self.ca_file,) if self.ca_file else ()), *shown)
