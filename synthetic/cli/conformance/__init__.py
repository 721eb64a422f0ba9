"""`synthetic conformance wallet | psp`: the laws of domain reference 6, tried against any endpoint."""

from __future__ import annotations

import typer

from synthetic.cli.conformance import psp, wallet

app = typer.Typer(
    help="Try the laws of wallets and PSPs against an endpoint, as its counterparty would.", no_args_is_help=True
)


app.command("wallet")(wallet.wallet)
app.command("psp")(psp.psp)
