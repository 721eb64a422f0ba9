"""What a browser gets: pages with their document inside, files that never change, and headers that keep it all at home."""

from __future__ import annotations

import json

import httpx
import pytest

from synthetic.tests.web.health.kept import Kept, asked
from synthetic.tests.web.health.test_page import Elements
from synthetic.web.health.page import FILES, PAGE_POLICY, static_root

PAGE = "/rollouts/cashier-2.4.0"


def got(path: str, kept: Kept | None = None) -> httpx.Response:
    return asked(kept or Kept(), lambda client: client.get(path))


def data_of(answer: httpx.Response) -> dict[str, object]:
    loaded = json.loads(Elements(answer.text).data)
    assert isinstance(loaded, dict)
    return loaded


def test_a_rollouts_page_holds_its_document() -> None:
    """The first sight needs no second request; the stream goes on from there."""
    kept = Kept()
    assert kept.now is not None
    answer = got(PAGE, kept)
    data = data_of(answer)
    assert data["health"] == kept.now.model_dump(mode="json")
    assert data["events"] == "/v1/rollouts/cashier-2.4.0/events"
    assert "<title>Hold – cashier-2.4.0" in answer.text


def test_the_verdict_is_told_without_javascript() -> None:
    """Its paragraph, and what to do."""
    text = got(PAGE).text
    told = text[text.index("<noscript>") : text.index("</noscript>")]
    assert "Hold (inconclusive: insufficient). 1 pair: too few to be sure." in told


def test_a_runs_page_holds_its_waterfall() -> None:
    """With the way back, and its trace."""
    data = data_of(got(f"{PAGE}/runs/run-2"))
    run = data["run"]
    assert isinstance(run, dict)
    assert data["back"] == PAGE
    assert run["trace_url"].startswith("https://traces.example/0af7")


def test_a_rollout_can_be_saved_as_one_file() -> None:
    """The download is the whole page, and holds the waterfalls of its failing runs."""
    answer = got(f"{PAGE}/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="release-health-cashier-2.4.0.html"'
    assert list(data_of(answer)["runs"]) == ["run-2"]  # type: ignore[call-overload]
    assert "src=" not in answer.text.partition("<body>")[0]


def test_a_saved_files_name_is_of_our_own_making() -> None:
    """Whatever a rollout is called, its name adds no header and no path."""
    kept = Kept(name='a"; x\r\nb')
    answer = asked(kept, lambda client: client.get("/rollouts/a%22%3B%20x%0D%0Ab/export"))
    assert answer.headers["content-disposition"] == 'attachment; filename="release-health-a-x-b.html"'


def test_the_list_holds_every_rollout() -> None:
    """And the instant that it was made at; without JavaScript it is their number."""
    data = data_of(got("/"))
    assert "<p>1 rollout</p>" in got("/").text
    assert [line["id"] for line in data["rollouts"]] == ["cashier-2.4.0"]  # type: ignore[attr-defined]
    assert "now" in data


@pytest.mark.parametrize(
    "path",
    [
        "/rollouts/nope",
        "/rollouts/nope/export",
        f"{PAGE}/runs/nope",
        "/rollouts/nope/runs/run-2",
        f"{static_root()}/page.html",
    ],
)
def test_what_is_not_there_is_404(path: str) -> None:
    """In words, and without repeating what was asked for."""
    answer = got(path)
    assert answer.status_code == 404
    assert "nope" not in answer.text


@pytest.mark.parametrize("name", ["../door.py", "..%2Fdoor.py", "uplot/../page.html", "js/", ""])
def test_only_the_files_of_the_page_are_served(name: str) -> None:
    """A path leads nowhere else."""
    assert got(f"{static_root()}/{name}").status_code == 404


@pytest.mark.parametrize("path", ["/", PAGE, f"{PAGE}/runs/run-2", "/login?next=/x"])
def test_pages_allow_nothing_from_elsewhere_and_are_not_kept(path: str) -> None:
    """A strict policy on each of them, also in a cache."""
    headers = asked(Kept(token="t"), lambda client: client.get(path, headers={"Authorization": "Bearer t"})).headers
    if path.startswith("/login"):
        headers = got(path, Kept(token="t")).headers
    assert headers["content-security-policy"] == PAGE_POLICY
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_files_are_kept_for_ever_at_an_address_of_their_content() -> None:
    """Each with its type; a script that came as a text would not run under `nosniff`."""

    async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
        return [await client.get(f"{static_root()}/{name}") for name in FILES]

    answers = asked(Kept(), ask)
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["cache-control"] for answer in answers} == {"public, max-age=31536000, immutable"}
    assert [answer.headers["content-type"].split(";")[0] for answer in answers] == list(FILES.values())
