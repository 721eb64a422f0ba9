"""Let a judge verify the broker's pacts, and tell the broker what it has found."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from synthetic.contracts.broker.hal import Hal
from synthetic.contracts.broker.judges import Judge
from synthetic.contracts.broker.reading import PactToVerify
from synthetic.contracts.broker.results import publish_result
from synthetic.contracts.broker.settings import Build
from synthetic.contracts.report.masking import masked
from synthetic.contracts.results import Verification


@dataclass(frozen=True, slots=True)
class Verified:
    """One pact of the broker, verified. `result_url`: where the broker keeps the result; "" where it was not published."""

    asked: PactToVerify
    found: Verification
    result_url: str = ""

    @property
    def breaks(self) -> bool:
        """Whether it fails the provider's build: a pending pact never does."""
        return not self.found.held and not self.asked.pending


def verify_pacts(
    hal: Hal,
    asked: Sequence[PactToVerify],
    judge: Judge,
    build: Build,
    *,
    publishes: bool = True,
    hear: Callable[[Verified], None] = lambda _: None,
) -> tuple[Verified, ...]:
    """Verify each pact and publish its result at once; `hear` is told of each. Raises BrokerRefused, TargetUnreachable.

    Where the provider could be asked for nothing (`needs`, states out of reach) there is no result, and none is published. Nothing
    secret is in what is published or heard.
    """
    verified = []
    for one in asked:
        found = masked(judge(one.pact), os.environ)
        url = publish_result(hal, one, found, build) if publishes and found.results else ""
        verified.append(Verified(one, found, url))
        hear(verified[-1])
    return tuple(verified)
