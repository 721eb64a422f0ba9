"""Verdicts for whoever polls: `GET /v1/verdict` in our words (Argo's web provider), `POST /v1/judge` in Kayenta's."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from synthetic.gate.decision import Decision, Weighed
from synthetic.rollouts.desk import KEPT_MAX, Desk
from synthetic.rollouts.holding import unknown
from synthetic.rollouts.judge import Asked
from synthetic.rollouts.watch import Judged
from synthetic.web.calls import BadCall
from synthetic.web.gate.answers import counts_of, verdict_of
from synthetic.web.gate.calls import FRESH, answered, encoded
from synthetic.web.gate.cells import Cells
from synthetic.web.gate.documents import Asking, JudgeOut, JudgeRequest, MetricResult, ScoreOut
from synthetic.web.gate.guard import body_of, query_of

JUDGE_NAME = "synthetic-gate-v1"


@dataclass(slots=True)
class Verdicts:
    """Answers polls. What was encoded once is sent again until somebody decides anew."""

    desk: Desk
    cells: Cells
    _encoded: OrderedDict[Asked, tuple[Judged, bytes]] = field(default_factory=OrderedDict)

    async def verdict(self, request: Request) -> Response:
        """`GET /v1/verdict?rollout=ID` or `?cell=..&baseline=..`: 200 with a verdict, whatever it is."""
        asked = asked_of(query_of(request, Asking))
        judged = await self._judged(asked)
        return Response(self._document(asked, judged), headers=FRESH, media_type="application/json")

    def _document(self, asked: Asked, judged: Judged) -> bytes:
        known = self._encoded.get(asked)
        if known is not None and known[0] is judged:
            return known[1]
        document = encoded(verdict_of(judged, asked, slo=self.desk.judge.policy().name))
        self._encoded[asked] = (judged, document)
        if len(self._encoded) > KEPT_MAX:
            self._encoded.popitem(last=False)
        return document

    async def _judged(self, asked: Asked) -> Judged:
        """Cells that are no pair are told so here: they are no work for the judge, which keeps what it decides."""
        nobody = self.cells.not_paired(asked.cell, asked.baseline) if asked.cell else ""
        if nobody and not asked.rollout:
            return Judged(unknown(nobody), self.desk.clock.wall_ns())
        return await self.desk.verdict(Asked(rollout=asked.rollout) if nobody else asked)

    async def judge(self, request: Request) -> Response:
        """`POST /v1/judge`: the same evidence and the same verdict as a score."""
        wanted = await body_of(request, JudgeRequest)
        thresholds = wanted.thresholds
        if thresholds.marginal >= thresholds.pass_:
            raise BadCall(422, "`thresholds.marginal` is below `thresholds.pass`")
        asked = asked_of(Asking(rollout=wanted.rollout, cell=wanted.cell, baseline=wanted.baseline))
        decision = (await self._judged(asked)).decision
        return answered(
            JudgeOut(
                judge_name=JUDGE_NAME,
                score=_score(decision, thresholds.marginal, thresholds.pass_),
                results=[_result(weighed) for weighed in decision.streams],
            )
        )


def asked_of(query: Asking) -> Asked:
    """What a poll asks of. Raises BadCall where it names nothing, or a canary without a baseline."""
    if not query.rollout and not query.cell:
        raise BadCall(422, "name a `rollout`, or a `cell` and its `baseline`")
    if bool(query.cell) != bool(query.baseline):
        raise BadCall(422, "a `cell` is judged beside a `baseline`: name both")
    if query.cell and query.cell == query.baseline:
        raise BadCall(422, "`cell` and `baseline` are two cells")
    return Asked(query.rollout, query.cell, query.baseline)


def _score(decision: Decision, marginal: float, passing: float) -> ScoreOut:
    """Pass 100, fail 0; what is not known yet lies between the two thresholds, nearer to a pass as its evidence is."""
    reason = f"{decision.reason}: {decision.explanation}"
    if decision.verdict == "pass":
        return ScoreOut(score=100.0, classification="Pass", classification_reason=reason)
    if decision.verdict == "fail":
        return ScoreOut(score=0.0, classification="Fail", classification_reason=reason)
    score = marginal + (passing - marginal) * 0.99 * _progress(decision)
    return ScoreOut(score=round(score, 2), classification="Marginal", classification_reason=reason)


def _progress(decision: Decision) -> float:
    """0 to 1: how far the stream that is furthest from a pass has come, in logarithms of its odds."""
    shares = [
        math.log(max(weighed.e_pass, 1.0)) / math.log(max(weighed.e_pass_needed, math.e))
        for weighed in decision.streams
    ]
    return min(1.0, *shares) if shares else 0.0


def _result(weighed: Weighed) -> MetricResult:
    classification: Literal["Pass", "High", "Nodata"] = "Nodata"
    reason = f"{weighed.counts.pairs} pairs are too few to say"
    if weighed.regressed:
        classification = "High"
        reason = f"{weighed.counts.canary_only} of {weighed.counts.pairs} pairs failed on the canary alone"
    elif weighed.counts.pairs and weighed.e_pass >= weighed.e_pass_needed:
        classification, reason = "Pass", f"{weighed.counts.pairs} pairs: the failures are below the margin"
    return MetricResult(
        name=weighed.stream,
        classification=classification,
        classification_reason=reason,
        groups=[weighed.objective],
        critical=True,
        counts=counts_of(weighed),
    )
