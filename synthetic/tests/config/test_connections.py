"""What a cells file says of certificates and HTTP/2 is looked at when it is read, and all mistakes are told at once."""

from __future__ import annotations

import datetime
import importlib.util
from pathlib import Path

import pytest
import trustme

from synthetic.config.cells import load_cells
from synthetic.core.errors import AuthorError
from synthetic.core.plan import CellPlan
from synthetic.tests.config.certificates import PASSPHRASE, cells_text, issue

MTLS = "mtls: {certificate: client.pem, key: client.key}"
DAY_S = 86_400
ENCRYPTED = "mtls: {certificate: client.pem, key: client.key, passphrase: 'env:KEY_PASSPHRASE'}"


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    """Signs all of them."""
    return trustme.CA()


def load(folder: Path, more: str, **written: str) -> CellPlan:
    """The cell of a file in this folder."""
    return load_cells(folder / "cells.yaml", text=cells_text(more, **written))["one"]


def told(folder: Path, more: str, **written: str) -> list[str]:
    """What is told of a file in this folder, from its line on."""
    with pytest.raises(AuthorError) as raised:
        load(folder, more, **written)
    return [
        str(mistake).removeprefix(f"{folder / 'cells.yaml'}:").replace(f"{folder}/", "")
        for mistake in raised.value.mistakes
    ]


def test_a_good_certificate_is_part_of_the_plan(tmp_path: Path, ca: trustme.CA) -> None:
    """By its paths and its end; the passphrase stays the reference that it was."""
    issue(tmp_path, ca, encrypted=True)
    mtls = load(tmp_path, ENCRYPTED).connection.mtls
    assert mtls is not None
    assert (mtls.certificate, mtls.key) == (str(tmp_path / "client.pem"), str(tmp_path / "client.key"))
    assert mtls.passphrase == "env:KEY_PASSPHRASE"
    assert 29 * DAY_S < mtls.ends_unix_s - datetime.datetime.now(datetime.UTC).timestamp() <= 30 * DAY_S


def test_an_expired_certificate_is_refused_with_its_end(tmp_path: Path, ca: trustme.CA) -> None:
    """A server would only hang up."""
    issue(tmp_path, ca, days=-1)
    (mistake,) = told(tmp_path, MTLS)
    assert mistake.startswith("12:25: the certificate 'client.pem' has expired: it was valid until 20")
    assert mistake.endswith("renew it; no server takes it any more")


def test_a_certificate_of_next_week_is_refused(tmp_path: Path, ca: trustme.CA) -> None:
    """Its beginning is told."""
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=7)
    issued = ca.issue_cert("runner.example", not_before=soon, not_after=soon + datetime.timedelta(days=7))
    issued.cert_chain_pems[0].write_to_path(tmp_path / "client.pem")
    issued.private_key_pem.write_to_path(tmp_path / "client.key")
    (mistake,) = told(tmp_path, MTLS)
    assert f"'client.pem' is not valid before {soon:%Y-%m-%d}" in mistake


def test_a_key_that_does_not_fit_is_refused(tmp_path: Path, ca: trustme.CA) -> None:
    """OpenSSL would say so when the first run begins."""
    issue(tmp_path, ca)
    issue(tmp_path, ca, name="other")
    (mistake,) = told(tmp_path, "mtls: {certificate: client.pem, key: other.key}")
    assert mistake.startswith("12:42: the key 'other.key' is not the certificate's; name the key")


def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path, ca: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    """None, a wrong one, one too many; none of them is ever told."""
    issue(tmp_path, ca, encrypted=True)
    assert told(tmp_path, MTLS)[0].startswith("12:42: the key 'client.key' is encrypted; write `passphrase: env:NAME`")
    monkeypatch.setenv("KEY_PASSPHRASE", "hunter2")
    wrong = told(tmp_path, ENCRYPTED)
    assert wrong == ["12:66: the key 'client.key' can't be opened with this passphrase"]
    monkeypatch.setenv("KEY_PASSPHRASE", PASSPHRASE)
    assert load(tmp_path, ENCRYPTED).connection.mtls is not None
    issue(tmp_path, ca)
    assert told(tmp_path, ENCRYPTED) == ["12:66: the key 'client.key' is not encrypted; take the passphrase out"]


def test_files_that_are_no_pem_are_told_all_at_once(tmp_path: Path) -> None:
    """Each in its own place."""
    for name in ("client.pem", "client.key", "ca.pem"):
        (tmp_path / name).write_text("hunter2")
    mistakes = told(tmp_path, f"ca_file: ca.pem\n{MTLS}")
    assert [mistake.partition(";")[0] for mistake in mistakes] == [
        "12:14: the CA bundle 'ca.pem' holds no PEM certificate",
        "13:25: the certificate 'client.pem' holds no PEM certificate",
        "13:42: the key 'client.key' holds no PEM key that can be used",
    ]


def test_a_certificate_is_told_with_its_folder(tmp_path: Path) -> None:
    """Several cells may each have a `client.pem`."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "client.pem").write_text("hunter2")
        (mistake,) = told(tmp_path, f"mtls: {{certificate: {folder}/client.pem, key: 'file:later.key'}}")
        assert f"the certificate '{folder}/client.pem' holds no PEM certificate" in mistake


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("verify: false", "verification can't be switched off; a server of your own authority needs `ca_file`"),
        ("insecure: true", "verification can't be switched off; a server of your own authority needs `ca_file`"),
        ("cacert: ca.pem", "did you mean 'ca_file'?"),
        ("cert: client.pem", "did you mean 'mtls'? It has a `certificate` and its `key`"),
        (
            "mtls: SESAME",
            "expected the files of a certificate and of its key; write `mtls: {certificate: PATH, key: PATH}`",
        ),
        (
            "ca_file: 'file:ca.pem'",
            "there is no file 'file:ca.pem' beside this one; write the path itself: this is no secret",
        ),
    ],
)
def test_what_other_tools_call_it_leads_to_our_key(tmp_path: Path, written: str, hint: str) -> None:
    """The nearest spelling of `verify` is `version`, which helps nobody."""
    (mistake,) = told(tmp_path, written)
    assert mistake.endswith(hint)
    assert "SESAME" not in mistake


def test_a_reference_may_lead_nowhere_until_something_is_played(tmp_path: Path, ca: trustme.CA) -> None:
    """A checkout has no keys, and can be validated; where the file is, it is looked at."""
    issue(tmp_path, ca, days=-1)
    (tmp_path / "client.key").unlink()
    by_reference = "mtls: {certificate: 'file:%s', key: 'file:client.key'}"
    mtls = load(tmp_path, by_reference % "later.pem").connection.mtls
    assert mtls is not None
    assert (mtls.certificate, mtls.key) == (str(tmp_path / "later.pem"), str(tmp_path / "client.key"))
    (mistake,) = told(tmp_path, by_reference % "client.pem")
    assert "'client.pem' has expired" in mistake
    (mistake,) = told(tmp_path, "mtls: {certificate: 'file:later.pem', key: 'env:KEY'}")
    assert mistake.startswith("12:48: 'env:KEY' is a variable, and a certificate or a key is a file; write file:path")


@pytest.mark.parametrize(
    "pasted",
    ["-----BEGIN PRIVATE KEY-----\\nSESAME\\n-----END PRIVATE KEY-----", "SESAME\\nSESAME", "SESAME" * 50],
    ids=["a key", "two lines", "too long for a path"],
)
@pytest.mark.parametrize("way", ["", "file:", "env:"])
def test_a_key_in_the_place_of_its_path_is_not_shown(tmp_path: Path, pasted: str, way: str) -> None:
    """The message would be in the logs of CI for ever. Nor is a path that no system takes a traceback."""
    mistakes = told(tmp_path, f'mtls: {{certificate: "{way}{pasted}", key: "{way}{pasted}"}}')
    assert len(mistakes) == 2
    for mistake in mistakes:
        assert "expected the path of a PEM file, and this is none" in mistake
        assert "SESAME" not in mistake


def test_a_bundle_in_the_place_of_its_path_is_told_as_one(tmp_path: Path) -> None:
    """As of keys."""
    (mistake,) = told(tmp_path, f"ca_file: {'x' * 300}")
    assert mistake.startswith("12:14: expected the path of a PEM file")


def test_a_proxy_has_a_port_that_can_be_connected_to(tmp_path: Path) -> None:
    """Port 0 is none."""
    for port in ("0", "00080", "99999"):
        (mistake,) = told(tmp_path, f"proxy: 'http://far.example:{port}'", head=', "far.example:*"')
        assert mistake.startswith("12:12: expected an HTTP proxy such as"), port


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path, ca: trustme.CA) -> None:
    """A path may lead to anything."""
    issue(tmp_path, ca)
    (tmp_path / "client.key").write_bytes(b"x" * ((1 << 20) + 1))
    assert told(tmp_path, MTLS) == ["12:42: the key 'client.key' is larger than 1024 KiB"]


def test_a_renewed_certificate_is_another_plan(tmp_path: Path, ca: trustme.CA) -> None:
    """So a reload makes new connections, though no YAML has changed."""
    issue(tmp_path, ca)
    before = load(tmp_path, MTLS)
    assert load(tmp_path, MTLS) == before
    issue(tmp_path, ca)
    assert load(tmp_path, MTLS) != before


def test_http2_without_what_speaks_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    assert load(tmp_path, "http2: true").connection.http2
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert told(tmp_path, "http2: true") == [
        '12:12: HTTP/2 is not installed here; pip install "igaming-synthetic[http2]"'
    ]
