"""Who may read the pages."""

from __future__ import annotations

import httpx
import pytest

from synthetic.tests.web.health.kept import TOKEN, Kept, asked
from synthetic.web.health.door import COOKIE, SIGNED_IN_FOR_S, own_page

PAGE = "/rollouts/cashier-2.4.0"
READ = ("/", PAGE, f"{PAGE}/runs/run-2", f"{PAGE}/export")


async def sign_in(client: httpx.AsyncClient, token: str = TOKEN, after: str = PAGE) -> httpx.Response:
    return await client.post("/login", data={"token": token, "next": after})


@pytest.mark.parametrize("path", READ)
def test_without_a_token_there_is_only_the_form(path: str) -> None:
    """It leads back to where one wanted to go, and its address holds nothing else."""
    answer = asked(Kept(token=TOKEN), lambda client: client.get(path))
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?next={path}"


@pytest.mark.parametrize("path", READ)
def test_a_bearer_reads(path: str) -> None:
    """For scripts."""
    answer = asked(Kept(token=TOKEN), lambda client: client.get(path, headers={"Authorization": f"Bearer {TOKEN}"}))
    assert answer.status_code == 200


def test_signing_in_opens_the_pages() -> None:
    """The form answers with a cookie, and goes on to the page."""

    async def ask(client: httpx.AsyncClient) -> list[int | str]:
        answer = await sign_in(client)
        return [answer.status_code, answer.headers["location"], (await client.get(PAGE)).status_code]

    assert asked(Kept(token=TOKEN), ask) == [303, PAGE, 200]


def test_the_cookie_is_no_token_and_no_script_sees_it() -> None:
    """HttpOnly, not for foreign pages, for a shift; stolen, it opens pages until then and nothing else."""
    (cookie,) = asked(Kept(token=TOKEN), sign_in).headers.get_list("set-cookie")
    assert TOKEN not in cookie
    assert {"httponly", "samesite=lax", f"max-age={SIGNED_IN_FOR_S}"} <= {
        part.strip().lower() for part in cookie.split(";")
    }


def test_the_cookie_ends_with_the_shift() -> None:
    """Also for a browser that keeps it."""
    kept = Kept(token=TOKEN)

    async def ask(client: httpx.AsyncClient) -> list[int]:
        cookie = (await sign_in(client)).cookies[COOKIE]
        shown = {"Cookie": f"{COOKIE}={cookie}"}
        before = await client.get(PAGE, headers=shown)
        kept.clock.advance(SIGNED_IN_FOR_S * 1_000_000_000)
        return [before.status_code, (await client.get(PAGE, headers=shown)).status_code]

    assert asked(kept, ask) == [200, 303]


@pytest.mark.parametrize(
    "forged", ["", "9999999999.", "9999999999", "9999999999." + "0" * 64, "-1.x", "9" * 400 + ".x", "²³.x"]
)
def test_a_forged_cookie_opens_nothing(forged: str) -> None:
    """Neither a later end nor a number that is none."""
    shown = [(b"cookie", f"{COOKIE}={forged}".encode())]
    assert asked(Kept(token=TOKEN), lambda client: client.get(PAGE, headers=shown)).status_code == 303


def test_a_cookie_of_another_token_opens_nothing() -> None:
    """A new token signs everybody out."""
    cookie = asked(Kept(token="another-token"), lambda client: sign_in(client, "another-token")).cookies[COOKIE]
    shown = {"Cookie": f"{COOKIE}={cookie}"}
    assert asked(Kept(token=TOKEN), lambda client: client.get(PAGE, headers=shown)).status_code == 303


def test_a_wrong_token_is_told_and_guessing_is_held_up() -> None:
    """Ten in a minute; whoever has the right one is never held up."""

    async def ask(client: httpx.AsyncClient) -> tuple[list[int], int]:
        wrong = [(await sign_in(client, "guess")).status_code for _ in range(12)]
        return wrong, (await sign_in(client)).status_code

    assert asked(Kept(token=TOKEN), ask) == ([403] * 10 + [429] * 2, 303)


def test_without_a_configured_token_the_pages_are_open() -> None:
    """Whoever reaches the port reads; there is nothing to sign in to, and nothing opens with an empty token."""

    async def ask(client: httpx.AsyncClient) -> tuple[int, int]:
        return (await client.get(PAGE)).status_code, (await sign_in(client, "")).status_code

    assert asked(Kept(), ask) == (200, 403)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/rollouts/\\evil",
        "/rollouts/a\r\nX: y",
        "",
        "login",
    ],
)
def test_nobody_is_sent_elsewhere(address: str) -> None:
    """A link to our form is no way to another site."""
    assert own_page(address) == "/"


def test_an_overlong_form_is_read_no_further() -> None:
    """It is answered as a wrong token."""
    answer = asked(Kept(token=TOKEN), lambda client: client.post("/login", data={"token": "x" * 100_000}))
    assert answer.status_code == 403


def test_the_forms_next_page_is_text() -> None:
    """An address with markup in it stays an attribute."""

    async def ask(client: httpx.AsyncClient) -> str:
        return (await client.get("/login", params={"next": '/rollouts/"><script>alert(1)</script>'})).text

    assert "<script" not in asked(Kept(token=TOKEN), ask)
