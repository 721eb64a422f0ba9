"""The exchanges that an operation is made of, HTTP and WebSocket, as they will be sent and read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from synthetic.core.errors import Place
from synthetic.core.expressions import Expression
from synthetic.core.templates import Template, Tree, deriving_in

NamedTemplates = tuple[tuple[str, Template], ...]
CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Save:
    """A value kept for later operations as `session.<name>`; a secret one is tainted where it is captured."""

    name: str
    value: Expression
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """When an answer means "no, and nothing happened", and with which code."""

    when: Expression
    code: Expression


@dataclass(frozen=True, slots=True)
class Sign:
    """A signature over the exact bytes of the body, put into a header.

    `method`: `hmac-sha256-hex`, `hmac-sha256-base64` or `rsa-sha256-base64` (then `key` is a PEM private key).
    """

    method: str
    key: Template
    header: str


@dataclass(frozen=True, slots=True)
class HttpPlan:
    """One HTTP request and how to read its answer. `body_kind`: `json`, `form`, `raw` or `none`.

    `money`: it is the exchange that moves the operation's money, so it carries the intent and the idempotency key.
    `content_type`: what the header of its body says, "" where there is none or `headers` say it. `deriving`: what its body
    computes out of secrets.
    """

    place: Place
    method: str
    url: Template
    ok: Expression
    query: NamedTemplates = ()
    headers: NamedTemplates = ()
    body_kind: Literal["json", "form", "raw", "none"] = "none"
    body: Tree = None
    basic: tuple[Template, Template] | None = None
    bearer: Template | None = None
    sign: Sign | None = None
    refused: tuple[Refusal, ...] = ()
    save: tuple[Save, ...] = ()
    timeout_s: float = 10.0
    redirects: int = 0  # how many 3xx answers to follow
    money: bool = False
    content_type: str = field(init=False, repr=False, compare=False)
    deriving: tuple[Expression, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        said = any(name.lower() == "content-type" for name, _ in self.headers)
        object.__setattr__(self, "content_type", "" if said else CONTENT_TYPES.get(self.body_kind, ""))
        object.__setattr__(self, "deriving", tuple(deriving_in(self.body)))


@dataclass(frozen=True, slots=True)
class OpenPlan:
    """Open a WebSocket under a name of the mapping's `connections`."""

    place: Place
    connection: str
    url: Template
    headers: NamedTemplates = ()
    subprotocols: tuple[str, ...] = ()
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class SendPlan:
    """Send one frame: JSON, or with `raw` a text as it stands. `money`: as in `HttpPlan`."""

    place: Place
    connection: str
    body: Tree
    money: bool = False
    raw: Template | None = None


@dataclass(frozen=True, slots=True)
class ReceivePlan:
    """Wait for the first frame for which `when` holds; others are kept for later waits."""

    place: Place
    connection: str
    when: Expression
    within_s: float
    refused: tuple[Refusal, ...] = ()
    save: tuple[Save, ...] = ()


@dataclass(frozen=True, slots=True)
class ClosePlan:
    """Close a WebSocket."""

    place: Place
    connection: str


ExchangePlan = HttpPlan | OpenPlan | SendPlan | ReceivePlan | ClosePlan
