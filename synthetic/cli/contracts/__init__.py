"""`synthetic contracts ...`: the loop of publishing, verifying and deploying with a Pact Broker."""

from __future__ import annotations

import typer

from synthetic.cli.contracts import deploying, publish, verify, webhook

app = typer.Typer(
    help="Contracts with a Pact Broker; where it is comes from PACT_BROKER_BASE_URL and PACT_BROKER_TOKEN.",
    no_args_is_help=True,
)
app.command("publish")(publish.publish)
app.command("verify")(verify.verify)
app.command("can-i-deploy")(deploying.can_i_deploy)
app.command("record-deployment")(deploying.record_deployment)
app.command("record-release")(deploying.record_release)
app.command("webhook")(webhook.webhook)
