"""Release Health in Chromium: live, by keyboard, on a phone, in the dark, from disk, and for a screen reader."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from bench.release_health.showing import TRACES, Played, played_app
from synthetic.drivers.clocks import SystemClock
from synthetic.report.health import RunView, build_health
from synthetic.tests.report.health.seen import failed, watched
from synthetic.tests.report.recorded import record
from synthetic.tests.sli.streams import failing
from synthetic.tests.web.health.browser import CHROMIUM, PHONE, WITHIN_MS, chromium, opened, served
from synthetic.tests.web.health.kept import TOKEN
from synthetic.tests.web.health.test_page import EVIL, evil
from synthetic.web.health.export import export_of, exported
from synthetic.web.health.page import static_root

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: `make chromium` does that, as root"),
]
expect.set_options(timeout=WITHIN_MS)

BAD = "broken-psp"
EARLY_S = 60.0
VIEWS = ("list", "rollout", "run", "login", "export")


@pytest.fixture(scope="module")
def played() -> Played:
    """A release whose deposits fail by one PSP, and one that is fine."""
    return Played([BAD, "young"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def address(played: Played) -> Iterator[str]:
    """The pages, open to everybody."""
    with served(played_app(played, SystemClock())) as where:
        yield where


@pytest.fixture(scope="module")
def closed(played: Played) -> Iterator[str]:
    """The pages behind a token."""
    with served(played_app(played, SystemClock(), token=TOKEN)) as where:
        yield where


@pytest.fixture(scope="module")
def export(played: Played, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of an exported file on disk."""
    with ThreadPoolExecutor(1) as thread:  # Playwright has a loop of its own in this one
        text = thread.submit(asyncio.run, exported(played, BAD, trace_url=TRACES)).result()
    assert text is not None
    path = tmp_path_factory.mktemp("export") / "release.html"
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


@pytest.fixture(autouse=True)
def _at_its_end(played: Played) -> None:
    played.at_s.clear()


@pytest.fixture
def address_of(address: str, closed: str, export: str) -> dict[str, str]:
    """Where each view is."""
    rollout = f"{address}/rollouts/{BAD}"
    return {"list": address, "rollout": rollout, "run": rollout, "login": closed, "export": export}


def go(page: Page, view: str, where: dict[str, str]) -> None:
    """Open a view and wait until it shows what it is for."""
    page.goto(where[view])
    if view == "run":
        page.locator("#failing a").first.click()
        expect(page.get_by_role("heading", name="Waterfall")).to_be_visible()
    expect(page.locator("h1")).to_be_visible()


def test_a_change_reaches_an_open_page(browser: Browser, address: str, played: Played) -> None:
    """Verdict, evidence and the tab's title follow the gate, and a screen reader says so; nobody reloads."""
    played.at_s[BAD] = EARLY_S
    with opened(browser) as page:
        page.goto(f"{address}/rollouts/{BAD}")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Hold")
        expect(page.get_by_role("status")).to_have_text("Live")
        played.at_s.clear()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Roll back")
        expect(page).to_have_title(re.compile("^✕ Roll back"))
        expect(page.locator("#announced")).to_have_text("Roll back: regression")
        expect(page.locator("#failing article")).to_have_count(1)


def test_a_change_leaves_the_reader_where_he_was(browser: Browser, address: str, played: Played) -> None:
    """What is unfolded stays unfolded, and the focus stays on its link, though the part was built anew."""
    played.at_s[BAD] = 300.0
    with opened(browser) as page:
        page.goto(f"{address}/rollouts/{BAD}")
        page.locator("#evidence-table summary").click()
        link = page.locator("#failing a").first
        link.focus()
        chosen = link.get_attribute("id")
        before = page.locator("#failing .count").first.text_content()
        played.at_s[BAD] = 320.0
        expect(page.locator("#failing .count").first).not_to_have_text(before or "")
        assert page.evaluate("document.activeElement.id") == chosen
        expect(page.locator("#evidence-table table")).to_be_visible()


def test_a_page_that_hears_nothing_says_so(browser: Browser, played: Played) -> None:
    """Old figures are never shown as if they were live."""
    with opened(browser) as page:
        with served(played_app(played, SystemClock())) as where:
            page.goto(f"{where}/rollouts/{BAD}")
            expect(page.get_by_role("status")).to_have_text("Live")
        expect(page.get_by_role("status")).to_contain_text("Disconnected")


def test_a_silent_gate_is_told_until_it_is_heard_again(browser: Browser, played: Played) -> None:
    """A connection that looks open and brings nothing for 25 s is as good as none; a beat says that all is well."""
    with opened(browser) as page, served(played_app(played, SystemClock(), beat_every_s=1.5)) as where:
        page.clock.install()
        page.goto(f"{where}/rollouts/{BAD}")
        expect(page.get_by_role("status")).to_have_text("Live")
        told = "window.told = []; new MutationObserver(() => told.push(document.getElementById('live').textContent))"
        page.evaluate(told + ".observe(document.getElementById('live'), { childList: true })")
        page.clock.fast_forward(40_000)
        page.wait_for_function("() => window.told.length >= 2")
        assert page.evaluate("window.told.slice(0, 2)") == [
            "No word from the gate: what you see is getting old",
            "Live",
        ]


def test_a_failing_run_is_two_steps_away(browser: Browser, address: str) -> None:
    """From the verdict to what was sent, expected and came, and back."""
    with opened(browser) as page:
        page.goto(f"{address}/rollouts/{BAD}")
        page.locator("#failing a").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("deposit-bet-withdraw[psp-b")
        expect(page.locator("details[open] pre")).to_contain_text("psp_unreachable")
        assert page.locator(".failed .mark").first.evaluate("mark => mark.getBoundingClientRect().width") > 10
        page.get_by_role("link", name="Back to the rollout").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Roll back")


def test_a_keyboard_is_enough(browser: Browser, address: str) -> None:
    """Skip link, theme, a failing run: by Tab and Enter, and one always sees where one is."""
    with opened(browser) as page:
        page.goto(f"{address}/rollouts/{BAD}")
        expect(page.locator("#failing a").first).to_be_visible()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the verdict"
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        for _ in range(7):  # five parts, the file to save, the newest failing run
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id").startswith("run-")
        assert page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Waterfall")).to_be_visible()


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_wider_than_a_phone(browser: Browser, address_of: dict[str, str], view: str) -> None:
    """360 px, and no scrolling sideways."""
    with opened(browser, width=PHONE["width"]) as page:
        go(page, view, address_of)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_light_and_dark_follow_the_system_until_one_chooses(browser: Browser, address: str) -> None:
    """And the choice is kept."""
    paper = "getComputedStyle(document.body).backgroundColor"
    with opened(browser) as bright, opened(browser, dark=True) as dim:
        for page in (bright, dim):
            page.goto(f"{address}/rollouts/{BAD}")
        light, dark = bright.evaluate(paper), dim.evaluate(paper)
        assert light != dark
        dim.get_by_role("button", name="Switch between light and dark").click()
        assert dim.evaluate(paper) == light
        dim.reload()
        assert dim.evaluate(paper) == light


def test_charts_are_drawn_in_the_colours_of_the_theme(browser: Browser, address: str) -> None:
    """A canvas knows no style sheet: after a change of the theme it is drawn anew."""
    pixels = "[...document.querySelectorAll('#evidence canvas')].map(canvas => canvas.toDataURL()).join()"
    with opened(browser) as page:
        page.goto(f"{address}/rollouts/{BAD}")
        expect(page.locator("#evidence canvas").first).to_be_visible()
        light = page.evaluate(pixels)
        page.locator("#theme").click()
        page.wait_for_function("light => " + pixels + " !== light", arg=light)


def test_a_page_that_stays_open_keeps_no_old_charts(browser: Browser, address: str, played: Played) -> None:
    """For hours, at a change every few seconds: as many listeners as there are charts, however many were drawn before."""
    count = "window.listening = 0; const add = window.addEventListener, remove = window.removeEventListener;"
    count += "window.addEventListener = (...all) => { window.listening += 1; add.apply(window, all) };"
    count += "window.removeEventListener = (...all) => { window.listening -= 1; remove.apply(window, all) };"
    played.at_s[BAD] = 300.0
    with opened(browser) as page:
        page.add_init_script(count)
        page.goto(f"{address}/rollouts/{BAD}")
        page.wait_for_function("() => document.querySelectorAll('canvas').length > 10")
        before = page.evaluate("window.listening")
        counted = page.locator("#facts strong").first.text_content()
        played.at_s[BAD] = 310.0
        expect(page.locator("#facts strong").first).not_to_have_text(counted or "")
        page.wait_for_function("() => document.querySelectorAll('canvas').length > 10")
        assert page.evaluate("window.listening") <= before


@pytest.mark.parametrize("view", VIEWS)
def test_no_request_leaves(browser: Browser, address_of: dict[str, str], view: str) -> None:
    """Everything comes from the service itself; a file asks for nothing but itself."""
    with opened(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        go(page, view, address_of)
        sent = [url for url in asked if not url.startswith("data:")]
        assert {urlsplit(url).netloc for url in sent} == {urlsplit(address_of[view]).netloc}
        assert view != "export" or sent == [address_of[view]]


def test_a_share_is_rounded_and_only_all_of_it_is_a_hundred_percent(browser: Browser, address: str) -> None:
    """As one would round on paper; but one failure in a million is not none."""
    with opened(browser) as page:
        page.goto(address)
        shares = page.evaluate(
            "([module, shares]) => import(module).then(({ percent }) => shares.map((share) => percent(share)))",
            [f"{static_root()}/js/dom.js", [0.96671, 0.96665, 0.999999, 1, 0, 1.5, None]],
        )
        assert shares == ["96.7 %", "96.7 %", "99.9 %", "100 %", "0.0 %", "150.0 %", "–"]


def test_an_export_opens_from_disk(browser: Browser, export: str) -> None:
    """Without any network: verdict, charts, and the waterfall of a failing run, and back."""
    with opened(browser, offline=True) as page:
        page.goto(export)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Roll back")
        expect(page.get_by_role("status")).to_contain_text("Exported 2026-11-23")
        expect(page.locator("#facts")).not_to_contain_text("ago")
        expect(page.locator("#latency canvas").first).to_be_visible()
        page.locator("#failing a").first.click()
        expect(page.locator("details[open] pre")).to_contain_text("psp_unreachable")
        page.get_by_role("link", name="Back to the rollout").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Roll back")


def test_what_was_said_is_shown_and_never_run(browser: Browser, tmp_path: Path) -> None:
    """A reason that is a script is read as a reason."""
    path = tmp_path / "evil.html"
    path.write_text(export_of(evil(), {}), encoding="utf-8")
    with opened(browser) as page:
        page.add_init_script("window.alert = () => { window.ran = true }")
        page.goto(path.as_uri())
        expect(page.locator(".why")).to_have_text(EVIL)
        assert page.locator("main img, main script").count() == 0
        assert page.evaluate("window.ran") is None


def test_signing_in_opens_the_page_and_its_stream(browser: Browser, closed: str) -> None:
    """The form leads to where one wanted to go; the cookie opens the stream, too, and the token is in no address."""
    with opened(browser) as page:
        page.goto(f"{closed}/rollouts/{BAD}")
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_have_text("That is not the token.")
        page.get_by_label("Token").fill(TOKEN)
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("Live")
        assert page.url == f"{closed}/rollouts/{BAD}"


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(browser: Browser, address_of: dict[str, str], view: str) -> None:
    """In light and in dark: no serious or critical violation, among them contrast, names and roles."""
    with opened(browser) as page:
        go(page, view, address_of)
        page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        assert serious(page) == []
        page.emulate_media(color_scheme="dark")
        assert serious(page) == []


def serious(page: Page) -> list[str]:
    """What axe-core has found, with the first place of each."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert isinstance(found, list)
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
    ]


def test_an_export_links_only_the_runs_that_it_holds(browser: Browser, tmp_path: Path) -> None:
    """A run whose record was not at hand is listed, and no link leads nowhere."""
    health = build_health(watched(failed("canary", 1, run_id="run-1"), failed("canary", 2, run_id="run-2")))
    path = tmp_path / "some.html"
    path.write_text(export_of(health, {"run-2": RunView.of(record(failing()))}), encoding="utf-8")
    with opened(browser) as page:
        page.goto(path.as_uri())
        expect(page.locator("#failing tbody th")).to_have_count(2)
        assert page.locator("#failing tbody th a").evaluate_all("links => links.map(link => link.id)") == ["run-run-2"]
