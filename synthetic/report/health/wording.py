"""The words that lead a release manager from a reason to what to do; the paragraph of the decision itself says why."""

from __future__ import annotations

from synthetic.gate.decision import Reason, Verdict
from synthetic.gate.policy import Objective

HEADLINES: dict[Verdict, str] = {
    "pass": "Go on",
    "fail": "Roll back",
    "inconclusive": "Hold",
}

ENDINGS = {"promoted": "Promoted", "rolled_back": "Rolled back", "aborted": "Aborted"}
ENDED = "Ended"
NOTHING_TO_DO = "Nothing more: this rollout has ended. What follows is what was known of it."

WHAT_TO_DO: dict[Reason, str] = {
    Reason.CLEAN: "The next step may be taken. The release stays under watch until its rollout has ended.",
    Reason.MONEY_LAW: (
        "Take the traffic off the canary now; one breach is proof. The failing run below holds what finance will ask for."
    ),
    Reason.HARD_STOP: "Take the traffic off the canary now, then find out from the failing runs below what the signal means.",
    Reason.REGRESSION: (
        "Take the traffic off the canary now. What broke is in the failing runs below: start with the newest one that the "
        "canary had alone."
    ),
    Reason.PAUSE: (
        "Do not go on yet. Probes are denser for a while, so the answer comes within minutes; read the failing runs meanwhile."
    ),
    Reason.INSUFFICIENT: "Wait: nothing speaks against the release, there is only too little of it yet.",
    Reason.NOT_COMPARABLE: (
        "See that both cells are probed in the same flows and by the same PSPs; without that nothing can be said."
    ),
    Reason.SHARED_FAULT: (
        "Leave the release where it is: rolling back would not help. Look at what both cells share, such as a PSP or a provider."
    ),
    Reason.STALE: "No fresh pairs: see whether the runner is up, whether its probes are due, and the kill switch below.",
    Reason.HARNESS: "The harness itself could not measure. Look at the runner's health before you judge the release.",
    Reason.UNKNOWN: "Nothing is known of this rollout yet. See that its cells have the names that the runner knows.",
}

_ADVICE = (" Roll back.", " Go on.", " Wait.")


def without_advice(explanation: str) -> str:
    """A decision's paragraph without what it tells one to do: of a rollout that has ended nobody is to do it."""
    for advice in _ADVICE:
        explanation = explanation.removesuffix(advice)
    return explanation


_SPELT_OUT = {"ws": "WebSocket", "rtt": "round trip", "psp": "PSP", "sso": "SSO"}


def title_of(name: str, value: str = "") -> str:
    """A name in words: `ws_rtt_p95` is `WebSocket round trip p95`, and of a value it is `deposit success: psp-a`."""
    words = " ".join(_SPELT_OUT.get(word, word) for word in name.split("_"))
    return f"{words}: {value}" if value else words


def promise_of(objective: Objective) -> str:
    """What an objective promises: `at least 99.9 %`, or `95 % within 400 ms`."""
    share = f"{objective.target * 100:.6g} %"
    return f"{share} within {objective.threshold_ms:g} ms" if objective.measure == "latency" else f"at least {share}"
