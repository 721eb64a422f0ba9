"""The cookies of a run, as RFC 6265 has them for one host."""

from __future__ import annotations

import pytest

from synthetic.core.cookies import CookieJar

LOGIN = "https://cell.test/auth/login"


def jar(*headers: str, url: str = LOGIN) -> CookieJar:
    made = CookieJar()
    made.take(url, headers)
    return made


@pytest.mark.parametrize(
    ("header", "sent"),
    [
        ("sid=abc; Path=/", "sid=abc"),
        ("sid=abc; Path=/; HttpOnly; SameSite=Lax; Priority=High; Partitioned", "sid=abc"),
        ("sid=abc;path=/;SECURE", "sid=abc"),
        ("sid=a=b==; Path=/", "sid=a=b=="),
        ('sid="quoted"; Path=/', 'sid="quoted"'),
        ('sid={"json":1}; Path=/', 'sid={"json":1}'),
        ("  sid = abc ; Path=/", "sid=abc"),
        ("sid=abc; Path=/; Expires=Wed, 21 Oct 2099 07:28:00 GMT", "sid=abc"),
        ("sid=abc; Path=/; Max-Age=3600", "sid=abc"),
        ("sid=abc; Path=/; Max-Age=soon", "sid=abc"),
    ],
)
def test_a_cookie_is_sent_back_as_it_was_set(header: str, sent: str) -> None:
    """Name and value as they came; attributes, known or not, are never taken for cookies (5.2)."""
    assert jar(header).header("https://cell.test/wallet/balance") == sent


@pytest.mark.parametrize(
    ("cookie_path", "request_path", "sent"),
    [
        ("/", "/wallet", True),
        ("/", "", True),
        ("/wallet", "/wallet", True),
        ("/wallet", "/wallet/balance", True),
        ("/wallet/", "/wallet/balance", True),
        ("/wallet/", "/wallet", False),
        ("/wallet", "/wallets", False),
        ("/wallet", "/", False),
        ("", "/auth/totp", True),
        ("", "/wallet", False),
        ("relative", "/auth/totp", True),
    ],
)
def test_a_cookie_goes_where_its_path_matches(cookie_path: str, request_path: str, *, sent: bool) -> None:
    """Path match of 5.1.4; without a path of its own, the folder of the answer that set it."""
    header = jar(f"sid=abc; Path={cookie_path}").header(f"https://cell.test{request_path}")
    assert header == ("sid=abc" if sent else "")


def test_a_cookie_without_a_path_belongs_to_the_folder_that_set_it() -> None:
    """Default path of 5.1.4: of `/auth/login` it is `/auth`, of `/login` it is `/`."""
    assert jar("sid=abc").header("https://cell.test/auth/refresh") == "sid=abc"
    assert jar("sid=abc").header("https://cell.test/wallet") == ""
    assert jar("sid=abc", url="https://cell.test/login").header("https://cell.test/wallet") == "sid=abc"
    assert jar("sid=abc", url="https://cell.test").header("https://cell.test/wallet") == "sid=abc"


@pytest.mark.parametrize(
    "url", ["https://other.test/", "https://sub.cell.test/", "https://test/", "https://evilcell.test/"]
)
def test_a_cookie_never_goes_to_another_host(url: str) -> None:
    """Cookies are host-only here, whatever `Domain` says: a session must not leak beside the platform."""
    assert jar("sid=abc; Path=/; Domain=test").header(url) == ""


@pytest.mark.parametrize(("scheme", "sent"), [("https", True), ("wss", True), ("http", False), ("ws", False)])
def test_a_secure_cookie_goes_over_tls_only(scheme: str, *, sent: bool) -> None:
    """And it goes to WebSockets over TLS, too."""
    assert jar("sid=abc; Path=/; Secure").header(f"{scheme}://cell.test/") == ("sid=abc" if sent else "")


@pytest.mark.parametrize(
    "deletion",
    ["sid=; Path=/", "sid=x; Path=/; Max-Age=0", "sid=deleted; path=/; max-age=-1", "sid=x; Path=/; Max-Age=00"],
)
def test_a_deleted_cookie_is_not_sent_again(deletion: str) -> None:
    """An empty value or a Max-Age of 0 or less takes the cookie away, and is itself no secret."""
    made = jar("sid=abc; Path=/", "keep=yes; Path=/")
    assert made.take(LOGIN, [deletion]) == []
    assert made.header("https://cell.test/") == "keep=yes"


def test_a_deletion_under_another_path_deletes_nothing() -> None:
    """A cookie is its name, host and path (5.3)."""
    made = jar("sid=abc; Path=/")
    made.take(LOGIN, ["sid=; Path=/auth"])
    assert made.header("https://cell.test/") == "sid=abc"


def test_a_newer_value_replaces_the_older() -> None:
    """A rotated session id is sent alone."""
    made = jar("sid=old; Path=/")
    made.take(LOGIN, ["sid=new; Path=/"])
    assert made.header("https://cell.test/") == "sid=new"


def test_the_cookie_with_the_longer_path_comes_first() -> None:
    """Order of 5.4."""
    made = jar("wide=1; Path=/", "narrow=2; Path=/wallet")
    assert made.header("https://cell.test/wallet/x") == "narrow=2; wide=1"


@pytest.mark.parametrize("header", ["", ";", "nonsense", "=value", "; Path=/", "=", "\x00"])
def test_a_header_that_sets_nothing_is_ignored(header: str) -> None:
    """A platform's odd header breaks no run."""
    made = CookieJar()
    assert made.take(LOGIN, [header]) == []
    assert made.header(LOGIN) == ""


def test_the_values_are_handed_out_to_be_tainted() -> None:
    """They are secrets, with and without the quotes around them."""
    assert CookieJar().take(LOGIN, ["sid=abc-1; Path=/", 'b="quoted"']) == ["abc-1", "quoted"]
