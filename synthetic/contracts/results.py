"""What a verification found, as data: reports, tests and the broker read it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from synthetic.contracts.sealing import Exchanged


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One way in which an answer is not as agreed. `path` is where: a JSON path, `status`, or a header's name."""

    path: str
    expected: str
    actual: str
    text: str


@dataclass(frozen=True, slots=True)
class InteractionResult:
    """One interaction, verified. `reason`: why it could not be judged by its answer (state, connection); then it has failed too."""

    consumer: str
    provider: str
    description: str
    states: tuple[str, ...]
    mismatches: tuple[Mismatch, ...] = ()
    reason: str = ""
    exchange: Exchanged | None = None

    @property
    def held(self) -> bool:
        """Whether the provider does what the consumer expects."""
        return not self.mismatches and not self.reason

    @property
    def sentence(self) -> str:
        """What somebody on call needs: who breaks whom, where, and by what."""
        what = f"{self.provider} keeps what {self.consumer} expects"
        if self.held:
            return f"{what}: {self.description}"
        if self.reason:
            return f"{self.provider} could not be verified for {self.consumer}, {self.description}: {self.reason}"
        first, more = self.mismatches[0], len(self.mismatches) - 1
        others = f" (and {more} more)" if more else ""
        return (
            f"{self.provider} breaks {self.consumer}, {self.description}: {first.path} is {first.actual or 'missing'}, "
            f"expected {first.expected}{others}"
        )


@dataclass(frozen=True, slots=True)
class Verification:
    """One pact against one provider. `left_out`: interactions that this provider was not asked for, with the reason."""

    consumer: str
    provider: str
    version: str
    results: tuple[InteractionResult, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def held(self) -> bool:
        """Whether every interaction held, and there was one."""
        return bool(self.results) and all(result.held for result in self.results)

    def told(self) -> str:
        """All that failed, for a test's message."""
        lines, all_ = [], len(self.results)
        for reason, count in Counter(result.reason for result in self.results if result.reason).items():
            if count > 1:
                lines.append(
                    f"{self.provider} could not be verified for {self.consumer}, in {count} of {all_}: {reason}"
                )
        told = {line.split(": ", 1)[1] for line in lines}
        for result in self.results:
            if not result.held and result.reason not in told:
                lines.append(result.sentence)
                lines += [f"    {one.path}: {one.text}" for one in result.mismatches]
        if not self.results:
            lines.append(f"{self.provider}: nothing could be verified for {self.consumer}")
            lines += [f"    {description}: {why}" for description, why in self.left_out]
        return "\n".join(lines)
