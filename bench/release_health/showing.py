"""The played releases behind the real pages, at any instant of their lives."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bench.release_health.releases import RELEASES, STARTED_NS
from bench.release_health.watching import Watching
from synthetic.core.ports import Clock
from synthetic.report.health import ReleaseHealth, RolloutLine, build_health
from synthetic.report.records import RunRecord, utc
from synthetic.web.health import Door, Live, page_routes
from synthetic.web.health.live import BEAT_EVERY_S

TRACES = "https://traces.example/trace/{trace_id}"


class Played:
    """Releases, as the pages ask for them. `at_s`: where each is in its life (seconds); its end where it is not there."""

    def __init__(self, names: Sequence[str] = tuple(RELEASES)) -> None:
        self.names = tuple(names)
        self.at_s: dict[str, float] = {}
        self._watched: dict[str, Watching] = {}
        self._built: dict[tuple[str, float | None], ReleaseHealth] = {}

    async def rollouts(self) -> Sequence[RolloutLine]:
        """One line for each of them."""
        return [self._line(name, self._health(name)) for name in self.names]

    async def health(self, rollout: str) -> ReleaseHealth | None:
        """As of its instant."""
        return self._health(rollout) if rollout in self.names else None

    async def run(self, rollout: str, run_id: str) -> RunRecord | None:
        """A run that has been played."""
        return self.watching(rollout).records.get(run_id) if rollout in self.names else None

    def watching(self, name: str) -> Watching:
        """The release, played once."""
        if name not in self._watched:
            self._watched[name] = Watching.of(RELEASES[name])
        return self._watched[name]

    def _health(self, name: str) -> ReleaseHealth:
        key = name, self.at_s.get(name)
        if key not in self._built:
            self._built[key] = build_health(self.watching(name).at(key[1]))
        return self._built[key]

    def _line(self, name: str, health: ReleaseHealth) -> RolloutLine:
        rollout, verdict = health.rollout, health.verdict
        return RolloutLine(
            id=name,
            cell=rollout.cell,
            baseline=rollout.baseline,
            version=rollout.version,
            weight=rollout.weight,
            verdict=verdict.verdict,
            reason=verdict.reason,
            started_at=utc(STARTED_NS),
        )


def played_app(played: Played, clock: Clock, *, token: str = "", beat_every_s: float = BEAT_EVERY_S) -> Starlette:
    """The pages and their stream, as `synthetic gate serve` has them."""
    live = Live(played, look_every_s=0.1, beat_every_s=beat_every_s)
    door = Door(token, clock)

    async def events(request: Request) -> Response:
        if not door.admits(request):
            return PlainTextResponse("sign in first\n", 401)
        return await live.events(request, request.path_params["rollout"])

    routes = [Route("/v1/rollouts/{rollout}/events", events), *page_routes(played, door, clock, trace_url=TRACES)]
    return Starlette(routes=routes)
