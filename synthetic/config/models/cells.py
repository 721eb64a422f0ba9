"""A cells file: the deployments that take traffic, what may be reached, and with which players and secrets."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, StrictBool
from pydantic_core import CoreSchema

from synthetic.config.fields import AnyText, HiddenText, Identifier, MoneyText, Name, Shorthand, Title, one_of, wrong
from synthetic.config.located import Mapped, Text
from synthetic.config.positions import Node
from synthetic.config.problems import Problems

_PLAYER_KEYS = ("id", "pool", "attributes")


class PlayerModel(Node):
    """A player that a run may lease. Every key beside `id` and `pool` is an attribute: `player.<name>`."""

    noun: ClassVar[str] = "a player"
    id: Title = Field(description="The platform's id of the player.")
    pool: Name = Field(description="The pool that scenarios lease from.")
    attributes: dict[Identifier, HiddenText] = Field(
        default_factory=dict,
        description="What the mapping reads as `player.<name>`; one that starts with env: or file: is a secret reference.",
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """As it is written: attributes stand beside `id` and `pool`."""
        reference = handler(schema)
        written = handler.resolve_ref_schema(reference)
        written["properties"].pop("attributes")
        written["additionalProperties"] = {"type": "string"}
        return reference

    @classmethod
    def widened(cls, value: Mapped, problems: Problems) -> Mapped:  # noqa: ARG003
        """Gather the attributes."""
        if "attributes" in value:
            return value
        named = value.without({key for key in value if key not in _PLAYER_KEYS})
        others = value.without(set(_PLAYER_KEYS))
        return named.with_value(Text("attributes", value.place), others, value.place)


class ClientCertificateModel(Node):
    """The certificate that is shown to servers which ask for one (mutual TLS). Paths are relative to the file's folder."""

    noun: ClassVar[str] = "mtls"
    certificate: HiddenText = Field(
        description="The certificate with its chain, a PEM file; file:path where it need not be there yet."
    )
    key: HiddenText = Field(description="The key of it, a PEM file; file:path where it need not be there yet.")
    passphrase: HiddenText | None = Field(
        None, description="Where the key is encrypted: a reference, env:NAME or file:path."
    )


class ProxyModel(Node):
    """An HTTP proxy; its address alone will do."""

    noun: ClassVar[str] = "a proxy"
    url: HiddenText = Field(
        description="Its address, such as http://proxy.example:3128, without a username or password."
    )
    username: HiddenText | None = Field(None, description="Who we are to it: a reference, env:NAME or file:path.")
    password: HiddenText | None = Field(None, description="The password: a reference, env:NAME or file:path.")


def _as_certificate(value: Any) -> Any:
    """A certificate without its key shows nothing. What was written is not told: it may be a key."""
    if isinstance(value, Text):
        raise wrong(
            "expected the files of a certificate and of its key", "write `mtls: {certificate: PATH, key: PATH}`"
        )
    return value


_ALWAYS_VERIFIED = "verification can't be switched off; a server of your own authority needs `ca_file`"
_CA_FILE, _MTLS = "did you mean 'ca_file'?", "did you mean 'mtls'? It has a `certificate` and its `key`"
_OTHER_WORDS = {
    **dict.fromkeys(("verify", "ssl_verify", "tls_verify", "verify_ssl", "insecure", "skip_verify"), _ALWAYS_VERIFIED),
    **dict.fromkeys(("ca", "cacert", "ca_cert", "ca_bundle", "cafile"), _CA_FILE),
    **dict.fromkeys(("cert", "certificate", "client_cert", "client_certificate", "key"), _MTLS),
}
"""What other tools call what is said of TLS here."""


class CellModel(Node):
    """One deployment that takes traffic."""

    noun: ClassVar[str] = "a cell"
    environment: Name = Field(description="Such as production or staging.")
    brand: AnyText = Field(description="The brand whose players it serves.")
    market: AnyText = Field(description="The market, such as MT.")
    track: Annotated[Text, one_of("canary", "baseline")] = Field(description="canary or baseline.")
    version: AnyText = Field(description="The version that runs there.")
    currency: AnyText = Field(description="The ISO 4217 currency of its runs.")
    platform: Name = Field(description="The platform mapping that fits it.")
    baseline: Name | None = Field(None, description="The cell that a canary is compared with.")
    wallet: Name | None = Field(
        None, description="The wallet database that its players' money is in; cells that share one say the same name."
    )
    endpoints: dict[AnyText, AnyText] = Field(description="Addresses by name: http, https, ws or wss.")
    psps: list[AnyText] = Field(default_factory=list, description="Its payment service providers.")
    providers: list[AnyText] = Field(default_factory=list, description="Its game providers.")
    games: dict[AnyText, Any] = Field(default_factory=dict, description="Games by provider and use, as `cell.games`.")
    limits: dict[Identifier, MoneyText] = Field(
        default_factory=dict,
        description="The most that one step may move, by kind; no scenario may allow more or move another kind.",
    )
    secrets: dict[AnyText, HiddenText] = Field(
        default_factory=dict, description="Secrets by name, each a reference: env:NAME or file:path."
    )
    players: list[PlayerModel] = Field(default_factory=list, description="The players that runs may lease.")
    load: StrictBool | None = Field(
        None, description="true: load may be played here, not only single runs. Never where real players are."
    )
    ca_file: Title | None = Field(
        None, description="A PEM file of certificate authorities that are trusted beside the public ones."
    )
    mtls: Annotated[ClientCertificateModel, BeforeValidator(_as_certificate)] | None = Field(
        None, description="The client certificate that is shown to servers which ask for one."
    )
    proxy: Annotated[ProxyModel, Shorthand("url")] | None = Field(
        None, description="The HTTP proxy that everything to this cell goes through; it has to be on `allow`."
    )
    http2: StrictBool | None = Field(
        None, description="true: HTTP/2 is spoken where a server takes it. Needs the extra `http2`."
    )

    @classmethod
    def hint_for(cls, key: str) -> str:
        """As other tools call it, or as it may be misspelt."""
        return _OTHER_WORDS.get(key) or super().hint_for(key)


class CellsModel(Node):
    """A cells file."""

    noun: ClassVar[str] = "a cells file"
    allow: list[AnyText] = Field(
        description="Where connections may go: host, host:port, host:* or *.example.com; nothing else is ever contacted."
    )
    python: list[Title] = Field(
        default_factory=list, description="Python modules that a mapping may take operations from."
    )
    cells: dict[Name, CellModel] = Field(description="The cells by name.")
