"""The stand-in's resources: a page of HTTP over the store, the selection, the matrix and the webhooks."""

from __future__ import annotations

import asyncio
import json
import secrets
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from urllib.parse import unquote
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from synthetic.tests.contracts.broker_standin import views
from synthetic.tests.contracts.broker_standin.delivery import BadWebhook, deliver, read_webhook, show_webhook
from synthetic.tests.contracts.broker_standin.hal import Addresses, Metadata
from synthetic.tests.contracts.broker_standin.matrix import BadQuery, Query, rule
from synthetic.tests.contracts.broker_standin.records import JSON, Environment, Pacticipant, Publication
from synthetic.tests.contracts.broker_standin.selection import BadSelector, Question, choose
from synthetic.tests.contracts.broker_standin.store import Conflict, Store

NOT_FOUND = 404


class HalResponse(JSONResponse):
    """JSON under the media type of the broker."""

    media_type = "application/hal+json;charset=utf-8"


def refused(status: int, *errors: str) -> HalResponse:
    """The broker's errors, with the notices that the `pact` binary shows."""
    return HalResponse({"errors": list(errors), "notices": [{"type": "error", "text": e} for e in errors]}, status)


@dataclass
class Broker:
    """The resources over one store. `authorization`: the header that lets in, "" for anybody. `asked`: every request, for tests."""

    authorization: str = ""
    store: Store = field(default_factory=Store)
    asked: list[JSON] = field(default_factory=list)
    delivered: list[JSON] = field(default_factory=list)
    _deliveries: set[asyncio.Task[None]] = field(default_factory=set)

    def app(self) -> ASGIApp:
        """The application; names may have slashes, so paths are matched as they came, still quoted."""
        starlette = Starlette(
            routes=[Route(path, self._guarded(handle), methods=[method]) for method, path, handle in self._resources()]
        )

        async def quoted(scope: Scope, receive: Receive, send: Send) -> None:
            path = {"path": scope["raw_path"].decode()} if scope["type"] == "http" else {}
            await starlette({**scope, **path}, receive, send)

        return quoted

    def _resources(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        pact = "/pacts/provider/{provider}/consumer/{consumer}"
        content = f"{pact}/pact-version/{{sha}}/metadata/{{metadata}}"
        version = "/pacticipants/{name}/versions/{number}"
        return [
            ("GET", "/", self.index),
            ("POST", "/contracts/publish", self.publish),
            ("GET", f"{pact}/version/{{number}}", self.pact),
            ("GET", content, self.content),
            ("POST", f"{content}/verification-results", self.verify),
            ("GET", f"{pact}/pact-version/{{sha}}/verification-results/{{result}}", self.result),
            ("GET", "/pacts/provider/{provider}/for-verification", self.for_verification_links),
            ("POST", "/pacts/provider/{provider}/for-verification", self.for_verification),
            ("POST", "/pacticipants", self.create_pacticipant),
            ("GET", "/pacticipants/{name}", self.pacticipant),
            ("PATCH", "/pacticipants/{name}", self.change_pacticipant),
            ("GET", version, self.version),
            ("PUT", "/pacticipants/{name}/branches/{branch}/versions/{number}", self.branch_version),
            ("POST", f"{version}/deployed-versions/environment/{{uuid}}", self.deployed),
            ("POST", f"{version}/released-versions/environment/{{uuid}}", self.released),
            ("GET", "/environments", self.environments),
            ("POST", "/environments", self.create_environment),
            ("GET", "/matrix", self.matrix),
            ("GET", "/webhooks", self.webhooks),
            ("POST", "/webhooks", self.create_webhook),
            ("GET", "/webhooks/{uuid}", self.webhook),
            ("PUT", "/webhooks/{uuid}", self.put_webhook),
            ("DELETE", "/webhooks/{uuid}", self.delete_webhook),
            ("GET", "/_requests", self.requests),
            ("GET", "/_deliveries", self.deliveries),
            ("POST", "/_forget", self.forget),
        ]

    def _guarded(self, handle: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Noted, and refused to who is not let in."""

        async def guarded(request: Request) -> Response:
            if not request.url.path.startswith("/_"):
                body = (await request.body()).decode()
                self.asked.append(
                    {"method": request.method, "path": request.url.path, "query": request.url.query, "body": body}
                )
            given = request.headers.get("authorization", "")
            if self.authorization and not secrets.compare_digest(given.encode(), self.authorization.encode()):
                return refused(401, "Unauthorized")
            try:
                return await handle(request)
            except (BadQuery, BadSelector, BadWebhook) as error:
                return refused(400, str(error))
            except Conflict as error:
                return refused(409, str(error))
            except LookupError:
                return refused(NOT_FOUND, "The requested document was not found on this server.")

        return guarded

    async def index(self, request: Request) -> Response:
        """Where everything is."""
        return HalResponse({"_links": _addresses(request).index()})

    async def publish(self, request: Request) -> Response:
        """Publish the pacts of a consumer version."""
        body: JSON = await request.json()
        consumer, number = body["pacticipantName"], body["pacticipantVersionNumber"]
        latest = self.store.latest(consumer, branch=body.get("branch"))
        before = latest and {p.provider: p.sha for p in self.store.publications if p.consumer_version == latest.number}
        self.store.ensure_version(consumer, number, branch=body.get("branch"), build_url=body.get("buildUrl"))
        published = []
        for contract in body["contracts"]:
            content = json.loads(b64decode(contract["content"]))
            pact = self.store.publish(consumer, number, contract["providerName"], content)
            published.append(pact)
            self._tell("contract_published", pact, request)
            if (before or {}).get(pact.provider) != pact.sha:
                self._tell("contract_content_changed", pact, request)
        return HalResponse(views.published(_addresses(request), self.store.versions[consumer, number], published))

    async def pact(self, request: Request) -> Response:
        """The pact of a consumer version."""
        found = self.store.publication(_part(request, "consumer"), _part(request, "number"), _part(request, "provider"))
        if found is None:
            raise LookupError
        return HalResponse({**self.store.contents[found.sha], "_links": _addresses(request).of_pact(found)})

    async def content(self, request: Request) -> Response:
        """A pact as it was asked for, with the links that the verifier follows."""
        pact, metadata = self._content(request)
        links = _addresses(request).of_pact(pact, wip=metadata.wip)
        return HalResponse({**self.store.contents[pact.sha], "_links": links})

    async def verify(self, request: Request) -> Response:
        """Keep a verification result."""
        pact, metadata = self._content(request)
        result = self.store.verify(pact, await request.json(), wip=metadata.wip)
        outcome = "succeeded" if result.success else "failed"
        for event in ("provider_verification_published", f"provider_verification_{outcome}"):
            self._tell(event, pact, request, result.provider_version)
        return HalResponse(views.result(_addresses(request), result), 201)

    async def result(self, request: Request) -> Response:
        """A verification result."""
        wanted = (_part(request, "sha"), int(_part(request, "result")))
        found = next((v for v in self.store.verifications if (v.sha, v.number) == wanted), None)
        if found is None:
            raise LookupError
        return HalResponse(views.result(_addresses(request), found))

    async def for_verification_links(self, request: Request) -> Response:
        """Where to POST the question: the verifier looks before it asks."""
        here = _addresses(request).at("pacts", "provider", _part(request, "provider"), "for-verification")
        return HalResponse({"_links": {"self": {"href": here, "title": "Pacts to be verified"}}})

    async def for_verification(self, request: Request) -> Response:
        """The pacts that a provider is to verify."""
        provider = _part(request, "provider")
        if provider not in self.store.pacticipants:
            raise LookupError
        question = Question.parse(provider, await request.json())
        addresses = _addresses(request)
        pacts = [
            addresses.chosen(one, provider, question.branch, tells_pending=question.pending)
            for one in choose(self.store, question)
        ]
        return HalResponse({"_embedded": {"pacts": pacts}, "_links": {"self": {"href": str(request.url)}}})

    async def pacticipant(self, request: Request) -> Response:
        """An application."""
        one = self.store.pacticipants[_part(request, "name")]
        return HalResponse(views.pacticipant(_addresses(request), one))

    async def create_pacticipant(self, request: Request) -> Response:
        """A new application."""
        body = await request.json()
        one = Pacticipant(body["name"], body.get("mainBranch"))
        self.store.pacticipants[one.name] = one
        return HalResponse(views.pacticipant(_addresses(request), one), 201)

    async def change_pacticipant(self, request: Request) -> Response:
        """Name its main branch."""
        name, body = _part(request, "name"), await request.json()
        one = self.store.ensure_pacticipant(name)
        self.store.pacticipants[name] = replace(one, main_branch=body.get("mainBranch", one.main_branch))
        return HalResponse(views.pacticipant(_addresses(request), self.store.pacticipants[name]))

    async def version(self, request: Request) -> Response:
        """A version, with where to record that it is somewhere."""
        one = self.store.versions[_part(request, "name"), _part(request, "number")]
        return HalResponse(views.version(_addresses(request), one, list(self.store.environments.values())))

    async def branch_version(self, request: Request) -> Response:
        """The version is of this branch."""
        name, number, branch = (_part(request, part) for part in ("name", "number", "branch"))
        one = self.store.ensure_version(name, number, branch=branch)
        return HalResponse(views.version(_addresses(request), one, list(self.store.environments.values())), 201)

    async def deployed(self, request: Request) -> Response:
        """The version is deployed, in the place of the one before."""
        return await self._enter(request, "deployed")

    async def released(self, request: Request) -> Response:
        """The version is released, beside the others."""
        return await self._enter(request, "released")

    async def _enter(self, request: Request, kind: str) -> Response:
        assert kind in {"deployed", "released"}
        version = self.store.versions[_part(request, "name"), _part(request, "number")]
        environment = next(e for e in self.store.environments.values() if e.uuid == _part(request, "uuid"))
        instance = (await request.json()).get("applicationInstance")
        entered = self.store.enter("deployed" if kind == "deployed" else "released", version, environment, instance)
        return HalResponse(views.presence(entered), 201)

    async def environments(self, request: Request) -> Response:
        """All environments."""
        shown = [views.environment(_addresses(request), one) for one in self.store.environments.values()]
        return HalResponse({"_embedded": {"environments": shown}, "_links": {"self": {"href": str(request.url)}}})

    async def create_environment(self, request: Request) -> Response:
        """One more environment."""
        body = await request.json()
        name = body["name"]
        one = Environment(str(uuid4()), name, body.get("displayName") or name, bool(body.get("production")))
        self.store.environments[name] = one
        return HalResponse(views.environment(_addresses(request), one), 201)

    async def matrix(self, request: Request) -> Response:
        """Whether it may be deployed, and why."""
        ruling = rule(self.store, Query.parse(request.query_params.multi_items()))
        return HalResponse(views.matrix(_addresses(request), self.store, ruling))

    async def webhooks(self, request: Request) -> Response:
        """All webhooks."""
        at = _addresses(request).at
        links = [{"href": at("webhooks", one.uuid), "name": one.description} for one in self.store.webhooks.values()]
        return HalResponse({"_links": {"self": {"href": at("webhooks")}, "pb:webhooks": links}})

    async def create_webhook(self, request: Request) -> Response:
        """A new webhook, under an id of ours."""
        return await self._keep_webhook(str(uuid4()), request)

    async def put_webhook(self, request: Request) -> Response:
        """The webhook of this id, new or changed."""
        return await self._keep_webhook(_part(request, "uuid"), request)

    async def _keep_webhook(self, uuid: str, request: Request) -> Response:
        status = 200 if uuid in self.store.webhooks else 201
        self.store.webhooks[uuid] = read_webhook(uuid, await request.json())
        return HalResponse(show_webhook(self.store.webhooks[uuid], _addresses(request).at("webhooks", uuid)), status)

    async def webhook(self, request: Request) -> Response:
        """A webhook, its secrets starred."""
        uuid = _part(request, "uuid")
        return HalResponse(show_webhook(self.store.webhooks[uuid], _addresses(request).at("webhooks", uuid)))

    async def delete_webhook(self, request: Request) -> Response:
        """Forget it."""
        del self.store.webhooks[_part(request, "uuid")]
        return Response(status_code=204)

    async def requests(self, _: Request) -> Response:
        """Every request that came, for tests."""
        return JSONResponse(self.asked)

    async def deliveries(self, _: Request) -> Response:
        """What became of the webhooks' requests, for tests."""
        return JSONResponse(self.delivered)

    async def forget(self, _: Request) -> Response:
        """Be as new, for the next test."""
        self.store, self.asked, self.delivered = Store(), [], []
        return Response(status_code=204)

    def _content(self, request: Request) -> tuple[Publication, Metadata]:
        metadata = Metadata.decode(_part(request, "metadata"))
        pair = (_part(request, "consumer"), metadata.consumer_version, _part(request, "provider"))
        pact = self.store.publication(*pair)
        if pact is None or pact.sha != _part(request, "sha"):
            raise LookupError
        return pact, metadata

    def _tell(self, event: str, pact: Publication, request: Request, provider_version: str = "") -> None:
        """Make the requests of this event's webhooks, in the background."""
        branches = self.store.versions[pact.consumer, pact.consumer_version].branches
        parameters = {
            "eventName": event,
            "pactUrl": _addresses(request).content(pact),
            "consumerName": pact.consumer,
            "providerName": pact.provider,
            "consumerVersionNumber": pact.consumer_version,
            "consumerVersionBranch": branches[-1] if branches else "",
            "providerVersionNumber": provider_version,
        }

        async def make(request_of: JSON) -> None:
            self.delivered.append(await deliver(request_of["webhook"], parameters))

        for webhook in self.store.webhooks.values():
            if webhook.is_for(event, pact.consumer, pact.provider):
                task = asyncio.create_task(make({"webhook": webhook}))
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)


def _addresses(request: Request) -> Addresses:
    return Addresses(str(request.base_url).rstrip("/"))


def _part(request: Request, name: str) -> str:
    return unquote(request.path_params[name])
