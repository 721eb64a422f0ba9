"""Whether the command line accepts what a manifest, a unit or a runbook has it called with: parsed in full, and not run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer.main

from synthetic.cli.main import app

# Typer carries its own click, and shows of its errors only this one's child.
_USAGE_ERROR: Any = typer.BadParameter.__base__


def refusal(arguments: Sequence[str]) -> str:
    """Why `synthetic ARGUMENTS` is not accepted: an unknown verb or option, a value of the wrong kind. "" where it is."""
    command: Any = typer.main.get_command(app)
    context = command.context_class(command, info_name="synthetic")
    rest = list(arguments)
    while hasattr(command, "get_command") and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        if found is None:
            return f"{context.command_path} has no verb {rest[0]!r}"
        command, context = found, found.context_class(found, info_name=rest.pop(0), parent=context)
    try:
        command.parse_args(context, rest)
    except typer.Exit:
        return ""
    except _USAGE_ERROR as error:
        return f"{context.command_path}: {error.format_message()}"
    return ""
