"""The options that bound an examination and say where its answer goes; the same for wallets and PSPs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.conformance.options import Format

Only = Annotated[list[str] | None, typer.Option(help="Try only this law, by number or name.", metavar="LAW")]
Timeout = Annotated[str, typer.Option(help="How long an answer may take.", metavar="TIME")]
Within = Annotated[str, typer.Option(help="Begin no law after this time.", metavar="TIME")]
RequestsMax = Annotated[int, typer.Option(min=1, max=10_000, help="Begin no law after so many requests.")]
CaFile = Annotated[Path | None, typer.Option(help="PEM certificates to trust as well.", metavar="FILE")]
FormatOption = Annotated[Format, typer.Option(help="How it is told.")]
Out = Annotated[Path | None, typer.Option(help="Write there instead of to standard output.", metavar="FILE")]
