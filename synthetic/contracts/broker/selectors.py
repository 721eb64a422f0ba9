"""Which consumer versions a provider verifies. https://docs.pact.io/pact_broker/advanced_topics/consumer_version_selectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ConsumerVersions:
    """One selector; several are alternatives. Each field is the broker's own, and "" or False says nothing.

    `main_branch`: the latest of each consumer's main branch. `matching_branch`: of the branch called as the provider's own.
    `deployed_or_released`: what is deployed or released anywhere, or in `environment`. `consumer`: only this one's.
    """

    main_branch: bool = False
    matching_branch: bool = False
    deployed_or_released: bool = False
    branch: str = ""
    environment: str = ""
    consumer: str = ""

    @property
    def wire(self) -> dict[str, Any]:
        """As the broker reads it."""
        named = {
            "mainBranch": self.main_branch,
            "matchingBranch": self.matching_branch,
            "deployedOrReleased": self.deployed_or_released,
            "branch": self.branch,
            "environment": self.environment,
            "consumer": self.consumer,
        }
        return {name: value for name, value in named.items() if value}


RECOMMENDED = (
    ConsumerVersions(main_branch=True),
    ConsumerVersions(deployed_or_released=True),
    ConsumerVersions(matching_branch=True),
)
"""What the broker's authors recommend (https://docs.pact.io/provider/recommended_configuration)."""
