"""The options of `synthetic conformance psp`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer


class Style(StrEnum):
    """How the PSP is spoken to."""

    INTENTS = "intents"


class Encoding(StrEnum):
    """How a body is written."""

    JSON = "json"
    FORM = "form"


def _instruments(text: str) -> Any:
    return typer.Option(help=text, metavar="ID", rich_help_panel="Instruments")


def _webhooks(text: str, metavar: str) -> Any:
    return typer.Option(help=text, metavar=metavar, rich_help_panel="Webhooks")


Url = Annotated[
    str, typer.Option(help="What /payment_intents is below, such as https://psp.example.com/v1.", metavar="URL")
]
StyleOption = Annotated[Style, typer.Option(help="The style of the PSP.")]
Key = Annotated[str | None, typer.Option(help="Our API key: env:NAME or file:PATH.", metavar="REF")]
Register = Annotated[
    str | None, typer.Option(help="At the reference PSP: be made a merchant of this name, with a key.", metavar="NAME")
]
EncodingOption = Annotated[Encoding, typer.Option(help="How bodies are written.")]
Currency = Annotated[str, typer.Option(help="The currency of the payments.", metavar="ISO")]
Amount = Annotated[str | None, typer.Option(help="What a payment is of (default: 100 minor units).", metavar="AMOUNT")]
AmountLimit = Annotated[
    str | None, typer.Option(help="The highest --amount (default: 1000 minor units).", metavar="AMOUNT")
]

Card = Annotated[str, _instruments("One that succeeds.")]
CardDeclined = Annotated[str | None, _instruments("One that the issuer declines.")]
CardFailing = Annotated[str | None, _instruments("One that fails while it is processed.")]
PayoutTo = Annotated[str | None, _instruments("One that may be paid out to; it really is.")]

WebhookListen = Annotated[str, _webhooks("Where webhooks are received here.", "HOST:PORT")]
WebhookUrl = Annotated[str | None, _webhooks("How the PSP reaches that place, as it is registered there.", "URL")]
WebhookSecret = Annotated[str | None, _webhooks("The secret that signs them: env:NAME or file:PATH.", "REF")]
SettlesWithin = Annotated[str, typer.Option(help="How long a payment, a payout or a webhook may take.", metavar="TIME")]
