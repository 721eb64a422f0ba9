"""The page as text: what is in it stays text, nothing in it points elsewhere, and its library is what it says it is."""

from __future__ import annotations

import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from synthetic.gate.decision import Decision, Reason
from synthetic.report.health import ReleaseHealth, RunView, build_health
from synthetic.tests.report.health.seen import failed, watched
from synthetic.tests.report.recorded import record
from synthetic.tests.sli.streams import failing
from synthetic.web.health.export import export_of
from synthetic.web.health.page import ASSETS, FILES, MODULES, asset, bundled, in_script, served_page
from synthetic.web.health.wording import told_of

EVIL = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>"


class Elements(HTMLParser):
    """Every element with its attributes, and the text of the data block."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""
        self._in_data = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._in_data = dict(attrs).get("id") == "data"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as the parser calls it
        self._in_data = False

    def handle_data(self, data: str) -> None:
        self.data += data if self._in_data else ""

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def evil() -> ReleaseHealth:
    """A document in which everything that somebody else has said is markup."""
    run = failed("canary", 1, reason=EVIL, row={"psp": EVIL}, market=EVIL, scenario=EVIL)
    return build_health(watched(run, decision=Decision("fail", Reason.REGRESSION, EVIL), kill=[EVIL]))


def test_the_skip_link_says_where_it_leads() -> None:
    """A list has no verdict to skip to."""
    for data, place in (({"rollouts": []}, "rollouts"), ({"run": {}}, "run"), ({"health": {}}, "verdict")):
        assert f'<a class="skip" href="#main">Skip to the {place}</a>' in served_page("title", "told", data)


@pytest.mark.parametrize("shown", ["served", "exported"])
def test_nothing_that_was_said_becomes_markup(shown: str) -> None:
    """A reason with a script in it is the text of a reason: no element comes of it, and the document is whole."""
    health = evil()
    data = {"health": health.model_dump(mode="json")}
    page = served_page(EVIL, told_of(health), data) if shown == "served" else export_of(health, {})
    elements = Elements(page)
    assert elements.of("img") == []
    assert len(elements.of("script")) == 3
    assert json.loads(elements.data)["health"]["verdict"]["explanation"] == EVIL


def test_the_data_can_not_end_its_element() -> None:
    """No `<`, no `>`, no `&` and no line separator in it; a reader gets them back."""
    text = in_script({"said": EVIL + "\u2028&"})
    assert not set(text) & {"<", ">", "&", "\u2028"}
    assert json.loads(text) == {"said": EVIL + "\u2028&"}


def test_data_without_a_number_is_refused() -> None:
    """NaN is no JSON: a page would show nothing."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        in_script({"ratio": float("nan")})


def test_the_served_page_takes_everything_from_its_own_server() -> None:
    """Addresses without a host, but for the empty icon."""
    elements = Elements(served_page("t", "t", {}))
    addresses = [one.get("href") or one.get("src") for tag in ("link", "script", "a") for one in elements.of(tag)]
    assert all(address is None or address.startswith(("/", "#", "data:,")) for address in addresses)


def test_the_exported_page_is_whole() -> None:
    """One file: no element asks for another one, its policy allows none, and only its own texts run."""
    elements = Elements(export_of(evil(), {}))
    assert [one for tag in ("script", "img", "iframe", "object") for one in elements.of(tag) if "src" in one] == []
    assert [one["href"] for one in elements.of("link")] == ["data:,"]
    (policy,) = [one["content"] or "" for one in elements.of("meta") if one.get("http-equiv")]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


def test_the_export_holds_the_waterfalls_of_its_failing_runs() -> None:
    """A ticket outlives the store of records."""
    view = RunView.of(record(failing()))
    data = json.loads(Elements(export_of(evil(), {"run-2": view})).data)
    assert data["runs"]["run-2"]["steps"][1]["bars"][0]["status"] == "202"


def test_the_modules_become_one_without_imports() -> None:
    """No import or export is left, and no top-level name is used twice."""
    text = bundled()
    assert re.findall(r"^(?:import|export)\b.*", text, re.MULTILINE) == []
    names = re.findall(r"^(?:async )?(?:const|let|function) (\w+)", text, re.MULTILINE)
    assert len(names) > 40
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_those_before_it(name: str) -> None:
    """In the order in which they become one; nothing from anywhere else."""
    imported = re.findall(r'from "(.*?)"', asset(f"js/{name}.js"))
    assert set(imported) <= {f"./{earlier}.js" for earlier in MODULES[: MODULES.index(name)]}


def test_every_module_is_served() -> None:
    """What is in the folder is in the lists."""
    found = {path.name for path in (ASSETS / "js").iterdir()}
    assert found == {f"{name}.js" for name in MODULES}
    assert {f"js/{name}" for name in found} <= set(FILES)


def test_modules_build_no_markup_from_text() -> None:
    """`innerHTML` and its like are not there to be misused, nor is anything that turns text into code."""
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc"
    assert re.findall(banned, bundled()) == []


@pytest.mark.parametrize("name", ["uPlot.iife.min.js", "uPlot.min.css", "LICENSE"])
def test_the_charts_library_is_the_published_one(name: str) -> None:
    """Its files have the sums that stand beside it: nobody has changed them here."""
    digest = hashlib.sha256((ASSETS / "uplot" / name).read_bytes()).hexdigest()
    assert f"{digest}  {name}" in asset("uplot/README.md")


def test_the_charts_library_says_which_version_it_is() -> None:
    """The version in its README is the one in its own first line."""
    version = re.search(r"uPlot \(v([\d.]+)\)", asset("uplot/uPlot.iife.min.js")[:400])
    assert version is not None
    assert f"uPlot {version[1]}\n" in asset("uplot/README.md")
