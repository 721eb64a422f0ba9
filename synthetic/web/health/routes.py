"""The pages: the list of rollouts, one rollout, one run, the form that asks for the token, and the files beside them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from synthetic.core.ports import Clock
from synthetic.report.health import RunView
from synthetic.report.records import utc
from synthetic.web.health.door import Door, form_of, own_page
from synthetic.web.health.export import exported
from synthetic.web.health.page import FILES, PAGE_POLICY, asset, login_page, served_page, static_root
from synthetic.web.health.releases import Releases
from synthetic.web.health.wording import title_of, told_of

_SECURE = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PAGE = _SECURE | {"Cache-Control": "no-store"}
_FILE = _SECURE | {"Cache-Control": "public, max-age=31536000, immutable"}


def page_routes(releases: Releases, door: Door, clock: Clock, *, trace_url: str = "") -> list[Route]:
    """The routes of all pages. `trace_url`: an address with `{trace_id}` in it, for the link of a run to its trace."""
    pages = Pages(releases, door, clock, trace_url)
    return [
        Route("/", pages.rollouts),
        Route("/login", pages.ask, methods=["GET"]),
        Route("/login", pages.sign_in, methods=["POST"]),
        Route("/rollouts/{rollout}", pages.rollout),
        Route("/rollouts/{rollout}/export", pages.export),
        Route("/rollouts/{rollout}/runs/{run}", pages.run),
        Route(static_root() + "/{name:path}", pages.file),
    ]


class Pages:
    """What a browser gets."""

    def __init__(self, releases: Releases, door: Door, clock: Clock, trace_url: str) -> None:
        self._releases = releases
        self._door = door
        self._clock = clock
        self._trace_url = trace_url

    async def rollouts(self, request: Request) -> Response:
        """`GET /`: all rollouts, those under way first."""
        if not self._door.admits(request):
            return _to_login(request)
        lines = [line.model_dump(mode="json") for line in await self._releases.rollouts()]
        now = utc(self._clock.wall_ns()).isoformat()
        return _page(
            "Rollouts – Release Health",
            f"{len(lines)} rollout{'' if len(lines) == 1 else 's'}",
            {"rollouts": lines, "now": now},
        )

    async def rollout(self, request: Request) -> Response:
        """`GET /rollouts/{rollout}`: one rollout, live."""
        if not self._door.admits(request):
            return _to_login(request)
        rollout = request.path_params["rollout"]
        health = await self._releases.health(rollout)
        if health is None:
            return _missing("There is no such rollout.")
        events = f"/v1/rollouts/{quote(rollout, safe='')}/events"
        data = {"health": health.model_dump(mode="json"), "events": events}
        return _page(title_of(health), told_of(health), data)

    async def export(self, request: Request) -> Response:
        """`GET /rollouts/{rollout}/export`: the page as one file, for a ticket."""
        if not self._door.admits(request):
            return _to_login(request)
        rollout = request.path_params["rollout"]
        text = await exported(self._releases, rollout, trace_url=self._trace_url)
        if text is None:
            return _missing("There is no such rollout.")
        # A name of our own making: an id may hold whatever its caller likes.
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", rollout)[:80]
        return HTMLResponse(
            text, headers=_PAGE | {"Content-Disposition": f'attachment; filename="release-health-{name}.html"'}
        )

    async def run(self, request: Request) -> Response:
        """`GET /rollouts/{rollout}/runs/{run}`: one run as a waterfall."""
        if not self._door.admits(request):
            return _to_login(request)
        rollout = request.path_params["rollout"]
        record = await self._releases.run(rollout, request.path_params["run"])
        if record is None:
            return _missing(
                "There is no record of that run: it is written a moment after its end, and the store keeps the newest ones."
            )
        view = RunView.of(record, trace_url=self._trace_url)
        data = {"run": view.model_dump(mode="json"), "back": f"/rollouts/{quote(rollout, safe='')}"}
        return _page(f"{view.name} {view.outcome} – Release Health", view.attribution or view.outcome, data)

    async def ask(self, request: Request) -> Response:
        """`GET /login`: the form."""
        after = own_page(request.query_params.get("next", ""))
        return (
            RedirectResponse(after, 303)
            if self._door.admits(request)
            else HTMLResponse(login_page(after=after), headers=_PAGE)
        )

    async def sign_in(self, request: Request) -> Response:
        """`POST /login`: with the token of the form on to the page; 403 with a wrong one, 429 after too many of those."""
        form = await form_of(request)
        after = own_page(form.get("next", ""))
        if self._door.opens_with(form.get("token", "")):
            return self._door.sign_in(request, after)
        if self._door.held_up(request):
            problem, status = "Too many wrong tokens: wait a minute.", 429
        else:
            problem, status = "That is not the token.", 403
        return HTMLResponse(login_page(problem=problem, after=after), status, headers=_PAGE)

    async def file(self, request: Request) -> Response:
        """The style sheet, the charts' library and the page's own modules."""
        name = request.path_params["name"]
        if name not in FILES:
            return PlainTextResponse("not found\n", 404)
        return Response(asset(name), media_type=FILES[name], headers=_FILE)


def _page(title: str, told: str, data: dict[str, Any]) -> Response:
    return HTMLResponse(served_page(title, told, data), headers=_PAGE)


def _missing(message: str) -> Response:
    return PlainTextResponse(f"{message}\n", 404, headers=_PAGE)


def _to_login(request: Request) -> Response:
    return RedirectResponse(
        f"/login?next={quote(request.url.path, safe='/')}", 303, headers={"Cache-Control": "no-store"}
    )
