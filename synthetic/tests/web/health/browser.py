"""Chromium as the machine has it, driven by Playwright, and the pages served for it from another thread."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager

from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette

from synthetic.web import serving

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
WITHIN_MS = 20_000
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1200, "height": 900}
_STARTED_WITHIN_S = 30.0


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser. Without its sandbox, which containers do not have; it sees our own pages only."""
    assert CHROMIUM is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, *, width: int = DESKTOP["width"], dark: bool = False, offline: bool = False
) -> Iterator[Page]:
    """A page of a window of its own. Fails, at its end, where a script of it has failed or its policy had to refuse something."""
    window = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light", offline=offline
    )
    window.set_default_timeout(WITHIN_MS)
    page = window.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    try:
        yield page
        assert wrong == []
    finally:
        window.close()


def served(app: Starlette) -> AbstractContextManager[str]:
    """The app's address; it is gone at the end of the block."""
    return elsewhere(lambda: serving(app))


@contextmanager
def elsewhere(up: Callable[[], AbstractAsyncContextManager[str]]) -> Iterator[str]:
    """The address of what is up in a thread of its own: Playwright has the loop of this one."""
    ready, done = threading.Event(), threading.Event()
    address = ""

    async def serve() -> None:
        nonlocal address
        async with up() as where:
            address = where
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="pages")
    thread.start()
    try:
        assert ready.wait(_STARTED_WITHIN_S)
        yield address
    finally:
        done.set()
        thread.join(_STARTED_WITHIN_S)
