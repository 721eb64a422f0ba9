"""The Pact Broker: pacts and verification results are kept there, and it says whether a version may be deployed.

Writing goes through the `pact` binary where it has a command, and through the broker's HAL API where it has none, or one that wants
a secret as an argument. Who we are and where the broker is comes from the environment only: no secret is an argument, or is shown.
"""
