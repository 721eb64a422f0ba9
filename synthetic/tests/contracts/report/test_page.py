"""The page, read as a browser does: what it says first, what it shows, and that nothing a provider sends gets the upper hand."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from synthetic.contracts.report.document import Results, pair_without_result, together
from synthetic.contracts.report.page import page_of
from synthetic.tests.contracts.report.findings import IMPACTS, exchange, result, results_of, verification, wrong

HOSTILE = "</pre><script>alert('x')</script><img src=x onerror=alert(1)>\u202e"


class Page(HTMLParser):
    """Text, tags and attributes of a page."""

    def __init__(self, results: Results) -> None:
        super().__init__()
        self.source = page_of(results, docs="../..")
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside: list[str] = []
        self.scripts: list[str] = []
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._inside[-1:] == ["script"]:
            self.scripts.append(data)
        elif self._inside[-1:] != ["style"]:
            self.text += f" {data}"

    def having(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """The attributes of the tags that have these."""
        named = {name.replace("_", "-").strip("-"): value for name, value in attributes.items()}
        return [own for one, own in self.tags if one == tag and named.items() <= own.items()]

    @property
    def words(self) -> str:
        """The text on one line."""
        return " ".join(self.text.split())


def test_an_empty_run_says_so() -> None:
    """And how to get a result; it is not green."""
    page = Page(results_of())
    assert "Nothing was verified" in page.words
    assert "pytest contracts --provider NAME=URL" in page.words
    assert not page.having("form")
    assert 'class="verdict empty"' in page.source


def test_all_green_is_said_with_the_count() -> None:
    """And nobody is called."""
    page = Page(results_of(verification(result("an order"), result("a look-up"))))
    assert "All 2 interactions that were verified held" in page.words
    assert "on call" not in page.words
    assert "partial" not in page.words


def test_a_broken_interaction_shows_everything_that_on_call_needs() -> None:
    """The sentence, path, expected, actual, and the exchange; its details are open."""
    broken = result("a look-up of an order", wrong(), over=exchange('{"id":null}', "", "GET /orders/7"))
    page = Page(results_of(verification(broken, result("an order"))))
    assert "1 interaction broken at 1 boundary" in page.words
    sentence = "shop breaks buyer: orders can no longer be looked up; a retry does not help; call the shop's team."
    assert page.words.count(sentence) == 1
    assert "shop breaks buyer. Call the shop's team. orders can no longer be looked up ; a retry" in page.words
    assert '$.id "o-1" null Expected "o-1" but got null' in page.words
    assert "sent GET /orders/7 came 200" in page.words
    assert '{ "id": null }' in page.words
    assert [one.get("open", "closed") for one in page.having("details")] == [None, "closed"]
    assert page.having("a", href="../../docs/contracts.md")


def test_a_frame_is_no_status() -> None:
    """A message over a socket has none, and 0 would look like one."""
    over = replace(exchange('{"type":"pong"}', '{"type":"ping"}', "-> ping"), status=0)
    page = Page(results_of(verification(result("a ping", over=over))))
    assert 'sent -> ping { "type": "ping" } came a frame { "type": "pong" }' in page.words


def test_what_is_missing_is_called_missing() -> None:
    """An empty cell could be anything."""
    page = Page(results_of(verification(result("an order", wrong(actual="")))))
    assert '$.id "o-1" missing' in page.words


def test_left_out_and_could_not_be_judged_are_told_apart() -> None:
    """Both are not verified; only one is somebody's trouble."""
    blind = result("an order", reason="the provider is not reachable at h:1")
    page = Page(results_of(verification(blind, left_out="a refund")))
    assert "Nothing is known to be broken, but 1 interaction could not be judged" in page.words
    assert "Could not be judged: the provider is not reachable" in page.words
    assert "Left out: needs a provider state" in page.words
    assert "Nobody can tell whether shop still keeps what buyer expects" in page.words
    assert [one["data-worst"] for one in page.having("li") if "data-worst" in one] == ["unjudged", "left-out"]


def test_a_partial_run_says_what_is_missing() -> None:
    """Green numbers of half a run must not be taken for a whole one."""
    whole = verification(result("an order"))
    page = Page(results_of(whole, incomplete=("the run was interrupted",), not_asked=("buyer -> bank",)))
    assert "This is a partial result" in page.words
    assert "the run was interrupted" in page.words
    assert "not asked for: buyer -> bank" in page.words


def test_versions_stand_side_by_side() -> None:
    """Also where an interaction is new in one of them."""
    old = results_of(verification(result("an order"), version="v1"))
    new = results_of(verification(result("an order", wrong()), result("a refund"), version="v2"), minutes=5)
    page = Page(together([new, old]))
    assert "an order ✓ held v1 ✗ broken v2" in page.words
    assert "a refund – no such interaction then v1 ✓ held v2" in page.words


@pytest.mark.parametrize("place", ["sent", "body", "line", "path", "actual", "reason", "description", "version"])
def test_hostile_text_stays_text(place: str) -> None:
    """Markup in what a provider sends is shown, never obeyed; nor does it turn the direction of the text."""
    at = {place: HOSTILE}
    over = exchange(at.get("body", ""), at.get("sent", ""), at.get("line", "GET /"))
    different = wrong(at.get("path", "$.id"), actual=at.get("actual", "null"))
    found = result(
        at.get("description", "an order"),
        *([] if "reason" in at else [different]),
        reason=at.get("reason", ""),
        over=over,
    )
    harmless = Page(results_of(verification(result("an order", wrong(), over=exchange()), version="v")))
    page = Page(results_of(verification(found, version=at.get("version", "v"))))
    assert "alert(1)" in page.text
    assert page.scripts == harmless.scripts
    assert not page.having("img")
    assert not [own for _, own in page.tags if any(name.startswith("on") for name in own)]
    if place != "description":  # which is the contract's own
        assert "\u202e" not in page.source


def test_the_page_needs_nothing_else_and_runs_only_its_own_script() -> None:
    """No asset, no request; the policy names the hash of the one script."""
    page = Page(results_of(verification(result("an order", wrong(), over=exchange()))))
    assert not page.having("img")
    assert [own["href"] for own in page.having("link")] == ["data:,"]
    assert not [own for _, own in page.tags if "src" in own]
    assert "@import" not in page.source
    assert "url(" not in page.source
    policy = next(own["content"] for own in page.having("meta") if "http-equiv" in own) or ""
    assert policy.startswith("default-src 'none'")
    digest = base64.b64encode(hashlib.sha256("".join(page.scripts).encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


def test_links_inside_the_page_lead_somewhere() -> None:
    """Each anchor has its place, and each place one name."""
    page = Page(results_of(verification(result("an order", wrong()))))
    places = [own["id"] for _, own in page.tags if "id" in own]
    assert len(places) == len(set(places))
    wanted = {str(own["href"])[1:] for own in page.having("a") if str(own["href"]).startswith("#")}
    assert wanted <= set(places)


def test_what_most_interactions_say_comes_first() -> None:
    """Each trouble once, with how many interactions show it."""
    broken = [result(name, wrong()) for name in ("a look-up", "a repeat", "an order", "an order by cash")]
    page = Page(results_of(verification(*broken)))
    first = page.words.index("orders fail (2 interactions); a retry does not help.")
    assert first < page.words.index("orders are paid twice ; do not order again.")


def test_a_contract_without_a_result_is_told_once() -> None:
    """With the reason, and not once for each interaction."""
    lost = pair_without_result("buyer", "shop", ("an order", "a refund"), "set SHOP_KEY", IMPACTS)
    page = Page(results_of().model_copy(update={"pairs": (lost,)}))
    assert page.words.count("verify again once that is mended") == 3
    told = page.words[: page.words.index("Matrix")]
    assert told.count("Nobody can tell whether shop still keeps what buyer expects: set SHOP_KEY;") == 1
    assert "version unknown" in page.words


def test_many_sentences_of_one_boundary_are_cut() -> None:
    """Ten things broken at once are one trouble; all of them stay in the matrix."""
    results = [result(f"an order of kind {n}", reason=f"the provider said {n}") for n in range(9)]
    page = Page(results_of(verification(*results)))
    assert "And 4 more, below." in page.words
    assert len(re.findall("Could not be judged: the provider said", page.words)) == 9
