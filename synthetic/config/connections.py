"""Links how a cell is connected to: the authorities it is verified by, the certificate that is shown to it, HTTP/2, a proxy."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

from synthetic.config.allow import is_allowed, target_of
from synthetic.config.located import Text
from synthetic.config.models import CellModel, ClientCertificateModel
from synthetic.config.problems import Problems
from synthetic.config.secret_refs import REFERENCE_HINT, BadReference, is_reference, is_well_formed, resolve
from synthetic.core.plan_connection import ClientCertificate, ConnectionPlan, ProxyPlan

_PROXY = re.compile(r"http://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[1-9][0-9]{0,4})?/?")
_PATH_CHARS_MAX = 255
_SECURE = ("https://", "wss://")
_LOAD_HINT = "write a cell of its own for load, without this key"


def link_connection(cell: CellModel, allow: tuple[str, ...], path: Path, problems: Problems) -> ConnectionPlan:
    """How a cell of this file is connected to; mistakes go to `problems`. Its PEM files are looked at now."""
    plan = ConnectionPlan(
        ca_file=_link_ca_file(cell, path, problems),
        mtls=_link_mtls(cell, path, problems),
        http2=_link_http2(cell, problems),
        proxy=_link_proxy(cell, allow, problems),
    )
    if not plan.pem_files:
        return plan
    from synthetic.config.certificates import digest_of  # noqa: PLC0415 - see `_link_ca_file`

    return replace(plan, digest=digest_of(map(Path, plan.pem_files)))


def _link_ca_file(cell: CellModel, path: Path, problems: Problems) -> str:
    """The bundle of authorities that is trusted beside the public ones; "" for none."""
    if cell.ca_file is None:
        return ""
    found = path.parent / cell.ca_file
    if not _is_there(found, cell.ca_file, problems):
        return str(found)
    # cryptography takes long to import, and most cells files need none of it.
    from synthetic.config.certificates import Unreadable, authorities_in  # noqa: PLC0415

    try:
        authorities_in(found)
    except Unreadable as error:
        problems.add(cell.ca_file.place, f"the CA bundle '{cell.ca_file}' {error}", "name a file with PEM certificates")
    return str(found)


def _link_mtls(cell: CellModel, path: Path, problems: Problems) -> ClientCertificate | None:
    """The certificate that is shown, whose files are looked at now: in a run a server would only hang up."""
    model = cell.mtls
    if model is None:
        return None
    if not _speaks_tls(cell):
        problems.add(
            model.source.place, "no endpoint of this cell speaks TLS, so nobody would ask for the certificate",
            "write https:// or wss:// addresses, or take `mtls` out",
        )  # fmt: skip
    certificate, key = (_pem_file(written, path.parent, problems) for written in (model.certificate, model.key))
    known = _passphrase(model, path.parent, problems)
    here = certificate if _is_file(certificate) else None, key if _is_file(key) else None
    ends_unix_s = 0
    if any(here):
        from synthetic.config.certificates import end_of, flaws  # noqa: PLC0415 - see `_link_ca_file`

        ends_unix_s = end_of(here[0]) if here[0] else 0
        for flaw in flaws(*here, known, encrypted=model.passphrase is not None):
            problems.add(model.at(flaw.key), flaw.message, flaw.hint)
    passphrase = "" if model.passphrase is None else model.passphrase
    return ClientCertificate(model.source.place, str(certificate), str(key), passphrase, ends_unix_s)


def _link_http2(cell: CellModel, problems: Problems) -> bool:
    """Whether HTTP/2 is offered: where what speaks it is installed, and a server could take it."""
    if not cell.http2:
        return False
    if importlib.util.find_spec("h2") is None:
        problems.add(cell.at("http2"), "HTTP/2 is not installed here", 'pip install "igaming-synthetic[http2]"')
    if not any(url.startswith("https://") for url in cell.endpoints.values()):
        message = "HTTP/2 is agreed on within TLS, and no endpoint of this cell is an https:// address"
        problems.add(cell.at("http2"), message, "write https:// addresses, or take `http2` out")
    if cell.load:
        problems.add(cell.at("http2"), "load users speak HTTP/1.1 only, and this cell takes load", _LOAD_HINT)
    return True


def _link_proxy(cell: CellModel, allow: tuple[str, ...], problems: Problems) -> ProxyPlan | None:
    model = cell.proxy
    if model is None:
        return None
    _check_proxy_url(model.url, allow, problems)
    for name, ref in (("username", model.username), ("password", model.password)):
        if ref is not None and not is_well_formed(ref):
            message = f"the {name} of a proxy has to be a reference, never the {name} itself"
            problems.add(ref.place, message, REFERENCE_HINT)
    if (model.username is None) != (model.password is None):
        problems.add(model.source.place, "a proxy gets a username and a password, or neither", "write both, or none")
    if cell.load:
        problems.add(
            model.source.place, "load users go through no proxy, and this cell takes load: the proxy would be under load",
            _LOAD_HINT,
        )  # fmt: skip
    return ProxyPlan(model.source.place, str(model.url), model.username or "", model.password or "")


def _check_proxy_url(url: Text, allow: tuple[str, ...], problems: Problems) -> None:
    """No message shows an address that may have a password in it."""
    if url.stands_in:
        return
    if "@" in url:
        hint = "write `proxy: {url: ..., username: env:NAME, password: env:NAME}`"
        problems.add(url.place, "there is a username or a password in the address of the proxy", hint)
    elif _PROXY.fullmatch(url) is None or target_of(url) is None:
        hint = "HTTPS to the proxy itself, SOCKS and PAC files are not spoken"
        problems.add(url.place, "expected an HTTP proxy such as http://proxy.example:3128", hint)
    elif allow and not is_allowed(url, allow):
        message = f"the proxy ({url}) is not on this file's allow-list"
        problems.add(url.place, message, "add its host:port to `allow`, if everything may really go through it")


def _speaks_tls(cell: CellModel) -> bool:
    return any(url.startswith(_SECURE) for url in cell.endpoints.values())


def _pem_file(written: Text, folder: Path, problems: Problems) -> Path:
    """The file that is named. A reference, `file:path`, need not lead anywhere yet: where a checkout is validated, no keys are."""
    if not is_reference(written):
        _is_there(folder / written, written, problems)
        return folder / written
    kind, _, name = written.partition(":")
    if _is_content(name):
        _refuse_content(written, problems)
    elif kind == "env":
        message = f"'{written}' is a variable, and a certificate or a key is a file"
        problems.add(written.place, message, "write file:path, or a path relative to this file")
    return folder / name


def _is_there(found: Path, written: Text, problems: Problems) -> bool:
    if written.stands_in or _is_file(found):
        return not written.stands_in
    if _is_content(written):
        _refuse_content(written, problems)
    else:
        hint = "write the path itself: this is no secret" if is_reference(written) else ""
        problems.add(written.place, f"there is no file '{written}' beside this one", hint)
    return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long for any file
        return False


def _is_content(written: str) -> bool:
    """Whether somebody has pasted what is in a file where its path belongs: a key, as likely as not."""
    return "\n" in written or "-----BEGIN" in written or len(written) > _PATH_CHARS_MAX


def _refuse_content(written: Text, problems: Problems) -> None:
    message = (
        "expected the path of a PEM file, and this is none; what is written here is not shown, since it may be a key"
    )
    problems.add(written.place, message, "keep what it holds in a file of its own, and write the path of that")


def _passphrase(model: ClientCertificateModel, folder: Path, problems: Problems) -> str | None:
    """What the reference leads to, where it does so on this machine: files are also looked at where no secrets are."""
    if model.passphrase is None:
        return None
    if not is_well_formed(model.passphrase):
        message = "the passphrase of the key has to be a reference, never the passphrase itself"
        problems.add(model.passphrase.place, message, REFERENCE_HINT)
        return None
    try:
        return resolve(model.passphrase, folder)
    except BadReference:
        return None
