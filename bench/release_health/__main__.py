"""`python -m bench.release_health`: looks at the played releases. Pictures for the docs, or a service to look at by hand.

python -m bench.release_health                 # docs/images/release-health*.png, by the machine's Chromium
python -m bench.release_health --serve 8099    # http://127.0.0.1:8099, until interrupted
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from bench.release_health.showing import Played, played_app
from synthetic.drivers.clocks import SystemClock
from synthetic.web import serving

IMAGES = Path("docs/images")


@dataclass(frozen=True, slots=True)
class Picture:
    """One view of one release, cut to `height` from the top of what `at` selects."""

    name: str
    release: str
    width: int
    height: int
    dark: bool = False
    at: str = "body"
    run: bool = False


PICTURES = (
    Picture("release-health", "broken-psp", 1160, 1210),
    Picture("release-health-latency", "slow", 1160, 740, at="#latency"),
    Picture("release-health-phone", "psp-down", 390, 1000, dark=True),
    Picture("release-health-run", "broken-psp", 1160, 860, dark=True, run=True),
)


async def draw(folder: Path) -> None:
    """Write every picture."""
    played = Played(sorted({picture.release for picture in PICTURES}))
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    async with serving(played_app(played, SystemClock())) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for picture in PICTURES:
            path = folder / f"{picture.name}.png"
            await _draw(browser, address, picture, path)
            print(f"{path}  {path.stat().st_size // 1024} KiB")
        await browser.close()


async def _draw(browser: Browser, address: str, picture: Picture, path: Path) -> None:
    page = await browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.dark else "light",
    )
    await page.goto(f"{address}/rollouts/{picture.release}")
    await page.locator("#latency canvas").last.wait_for()
    if picture.run:
        await page.locator("#failing a").first.click()
        await page.get_by_role("heading", name="Waterfall").wait_for()
    await _settled(page)
    top = await page.locator(picture.at).first.evaluate("node => node.getBoundingClientRect().top + scrollY")
    clip = {"x": 0, "y": max(0, top - 14), "width": picture.width, "height": picture.height}
    await page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]
    await page.close()


async def _settled(page: Page) -> None:
    """Two frames after the last change: what is drawn by then is what stays."""
    await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


async def serve(port: int) -> None:
    """Serve the pages until interrupted."""
    async with serving(played_app(Played(), SystemClock()), port=port) as address:
        print(f"{address}  (Ctrl-C ends it)")
        await asyncio.Event().wait()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.release_health", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--serve", type=int, metavar="PORT", help="serve instead")
    parser.add_argument(
        "--to", type=Path, default=IMAGES, metavar="DIR", help="where pictures go (default: docs/images)"
    )
    options = parser.parse_args()
    if options.serve is None:
        options.to.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(draw(options.to) if options.serve is None else serve(options.serve))
    except KeyboardInterrupt:
        print("ended")


if __name__ == "__main__":
    main()
