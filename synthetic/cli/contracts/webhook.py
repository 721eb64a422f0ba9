"""`synthetic contracts webhook`: let the broker tell a repository when a pact has changed."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from synthetic.cli.screen import say
from synthetic.config.names import NOWHERE
from synthetic.contracts.broker.hal import talking_to
from synthetic.contracts.broker.settings import access_from
from synthetic.contracts.broker.webhooks import GITHUB_API, TOKEN_VARIABLE, keep_webhook
from synthetic.core.errors import AuthorError


def webhook(
    *,
    repository: Annotated[str, typer.Option(help="Whose workflow verifies the provider.", metavar="OWNER/NAME")],
    provider: Annotated[str, typer.Option(help="The provider, as the pacts call it.", metavar="NAME")],
    api: Annotated[str, typer.Option(help="GitHub's API.", metavar="URL")] = GITHUB_API,
) -> None:
    """Dispatch `pact_changed` to a repository whenever a pact with the provider gets new content.

    The repository's token comes from PACT_WEBHOOK_GITHUB_TOKEN. Saying it again changes the webhook and makes no second one.
    Exit: 0 kept, 1 the broker refused, 2 something is not set, 3 the broker can't be reached.
    """
    access = access_from(os.environ)
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        hint = "set it to a token that may dispatch events to the repository"
        raise AuthorError.at(NOWHERE, f"{TOKEN_VARIABLE} is not set", hint)
    with talking_to(access) as hal:
        say(f"kept: {keep_webhook(hal, repository, provider, token, api=api)}")
