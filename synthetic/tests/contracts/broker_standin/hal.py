"""Addresses and links of the stand-in: the relations by which its clients find their way."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode

from synthetic.tests.contracts.broker_standin.records import JSON, Environment, Publication, Verification
from synthetic.tests.contracts.broker_standin.selection import Chosen


def link(href: str, title: str = "", *, name: str | None = None, templated: bool = False) -> JSON:
    """One HAL link."""
    named = {} if name is None else {"name": name}
    return {"href": href, **({"title": title} if title else {}), **named, **({"templated": True} if templated else {})}


@dataclass(frozen=True, slots=True)
class Metadata:
    """What rides in a pact's address from the question to the result: why it was verified."""

    consumer_version: str
    wip: bool

    def encode(self) -> str:
        """For a path, as the broker's: base64 of a query string."""
        return urlsafe_b64encode(
            urlencode({"cvn": self.consumer_version, "w": str(self.wip).lower()}).encode()
        ).decode()

    @classmethod
    def decode(cls, text: str) -> Metadata:
        """Back from the path."""
        values = parse_qs(urlsafe_b64decode(text).decode())
        return cls(values["cvn"][0], values["w"][0] == "true")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Everything's address under the base URL."""

    base: str

    def at(self, *segments: str) -> str:
        """An address of these path segments, each quoted."""
        return "/".join((self.base, *(quote(segment, safe="{}") for segment in segments)))

    def pacticipant(self, name: str) -> str:
        """An application's."""
        return self.at("pacticipants", name)

    def version(self, name: str, number: str) -> str:
        """A version's."""
        return self.at("pacticipants", name, "versions", number)

    def pact(self, pact: Publication) -> str:
        """The pact of a consumer version."""
        pair = ("pacts", "provider", pact.provider, "consumer", pact.consumer)
        return self.at(*pair, "version", pact.consumer_version)

    def content(self, pact: Publication, *, wip: bool = False) -> str:
        """A pact's content, with where it came from."""
        pair = ("pacts", "provider", pact.provider, "consumer", pact.consumer)
        return self.at(*pair, "pact-version", pact.sha, "metadata", Metadata(pact.consumer_version, wip).encode())

    def result(self, result: Verification) -> str:
        """A verification result's."""
        pair = ("pacts", "provider", result.provider, "consumer", result.consumer)
        return self.at(*pair, "pact-version", result.sha, "verification-results", str(result.number))

    def index(self) -> JSON:
        """The links of the index resource."""
        links = {
            "self": link(self.base, "Index"),
            "pb:publish-contracts": link(self.at("contracts", "publish"), "Publish contracts"),
            "pb:pacticipants": link(self.at("pacticipants"), "Pacticipants"),
            "pb:environments": link(self.at("environments"), "Environments"),
            "pb:webhooks": link(self.at("webhooks"), "Webhooks"),
        }
        templates = {
            "pb:pacticipant": ("pacticipants", "{pacticipant}"),
            "pb:pacticipant-version": ("pacticipants", "{pacticipant}", "versions", "{version}"),
            "pb:pacticipant-branch-version": (
                "pacticipants",
                "{pacticipant}",
                "branches",
                "{branch}",
                "versions",
                "{version}",
            ),
            "pb:provider-pacts-for-verification": ("pacts", "provider", "{provider}", "for-verification"),
            "pb:latest-provider-pacts": ("pacts", "provider", "{provider}", "latest"),
            "pb:webhook": ("webhooks", "{uuid}"),
            "pb:environment": ("environments", "{uuid}"),
        }
        return links | {name: link(self.at(*path), templated=True) for name, path in templates.items()}

    def of_pacticipant(self, name: str) -> JSON:
        """The links of an application."""
        here = self.pacticipant(name)
        return {
            "self": link(here),
            "pb:versions": link(f"{here}/versions"),
            "pb:version": link(f"{here}/versions/{{version}}", templated=True),
            "pb:branch-version": link(f"{here}/branches/{{branch}}/versions/{{version}}", templated=True),
        }

    def of_version(self, name: str, number: str, environments: list[Environment]) -> JSON:
        """The links of a version, with one to record its presence in each environment."""
        here = self.version(name, number)

        def record(kind: str) -> list[JSON]:
            return [
                link(f"{here}/{kind}-versions/environment/{one.uuid}", f"Record to {one.display_name}", name=one.name)
                for one in environments
            ]

        return {
            "self": link(here, "Version", name=number),
            "pb:pacticipant": link(self.pacticipant(name), "Pacticipant", name=name),
            "pb:record-deployment": record("deployed"),
            "pb:record-release": record("released"),
        }

    def of_pact(self, pact: Publication, *, wip: bool = False) -> JSON:
        """The links of a pact: what the verifier follows to name its provider's branch and to publish its result."""
        return {
            "self": link(self.content(pact, wip=wip), "Pact", name=f"Pact between {pact.consumer} and {pact.provider}"),
            "pb:consumer": link(self.pacticipant(pact.consumer), "Consumer", name=pact.consumer),
            "pb:provider": link(self.pacticipant(pact.provider), "Provider", name=pact.provider),
            "pb:consumer-version": link(
                self.version(pact.consumer, pact.consumer_version), "Consumer version", name=pact.consumer_version
            ),
            "pb:publish-verification-results": link(
                f"{self.content(pact, wip=wip)}/verification-results", "Publish verification results"
            ),
        }

    def chosen(self, one: Chosen, provider: str, branch: str | None, *, tells_pending: bool) -> JSON:
        """A pact to verify, with the notices that the verifier prints."""
        url = self.content(one.publication, wip=one.wip)
        notices = [{"when": "before_verification", "text": _why(one, url)}]
        properties: JSON = {"notices": notices}
        if tells_pending or one.wip:
            properties["pending"] = one.pending
            notices.append({"when": "before_verification", "text": _pending(one, provider, branch)})
        if one.wip:
            properties["wip"] = True
        name = f"Pact between {one.publication.consumer} ({one.publication.consumer_version}) and {provider}"
        return {
            "shortDescription": one.short,
            "verificationProperties": properties,
            "_links": {"self": link(url, name=name)},
        }


def _why(one: Chosen, url: str) -> str:
    because = f"The pact at {url} is being verified because"
    if one.wip:
        return f"{because} it is a 'work in progress' pact (ie. it is the pact for {one.reasons[0]})."
    listed = "\n".join(f"    * {reason}" for reason in one.reasons)
    criteria = "criterion" if len(one.reasons) == 1 else "criteria"
    return f"{because} the pact content belongs to the consumer version matching the following {criteria}:\n{listed}"


def _pending(one: Chosen, provider: str, branch: str | None) -> str:
    version = f"a version of {provider} from branch '{branch}'" if branch else provider
    if one.pending:
        return (
            f"This pact is in pending state for this version of {provider} because a successful verification result for"
            f" {version} has not yet been published. If this verification fails, it will not cause the overall build to fail."
        )
    return f"This pact has previously been successfully verified by {version}. If this verification fails, it will fail the build."
