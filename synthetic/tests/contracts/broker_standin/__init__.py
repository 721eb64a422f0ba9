"""A small stand-in of the Pact Broker, for tests only: the HAL API that the `pact` binary and the verifier speak.

The real broker is a Ruby application (gem `pact_broker`) with a database; RubyGems and its container image can't be had everywhere
that these tests run, so a process that answers alike takes its place. What it answers follows the broker's sources and its
documentation (docs.pact.io): publishing with branch, deduplicated contents, main branches, consumer version selectors, pending and
work-in-progress pacts, verification results, environments, deployments and releases, the matrix behind `can-i-deploy`, webhooks.

It differs on purpose: everything is in memory, webhooks may go to http on loopback and are tried once, tags and labels are not
known (branches and environments are what this project uses), and tests may ask what came (`/_requests`) and have it all forgotten.
"""
