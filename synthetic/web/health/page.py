"""The page's HTML: one template with its document inside; served with its files beside it, or with all of them in one file.

Whatever a target, an operator or a caller has said is inside the JSON block, whose `<` are escaped, and gets into the page as text
nodes; the few words of the template itself are escaped here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib import resources
from string import Template
from typing import Any

ASSETS = resources.files("synthetic.web.health") / "assets"
MODULES = ("dom", "charts", "compare", "health", "run", "rollouts", "app")
"""The page's own modules, each after those that it imports."""
FILES: Mapping[str, str] = {
    "page.css": "text/css",
    "uplot/uPlot.min.css": "text/css",
    "uplot/uPlot.iife.min.js": "text/javascript",
    **{f"js/{name}.js": "text/javascript" for name in MODULES},
}
"""What is served beside the page, with its type."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of what is served: nothing leaves for anywhere else, and nothing inline runs."""

_ICON = '<link rel="icon" href="data:,">'
_IMPORT = re.compile(r"^import .*?;\n", re.MULTILINE)


@cache
def asset(name: str) -> str:
    """A file of the page as text."""
    return ASSETS.joinpath(name).read_text(encoding="utf-8")


@cache
def static_root() -> str:
    """Where the files are served: their digest is in the address, so that they may be kept for ever."""
    digest = hashlib.sha256("\0".join(asset(name) for name in sorted(FILES)).encode()).hexdigest()
    return f"/health-static/{digest[:16]}"


def served_page(title: str, told: str, data: Mapping[str, Any]) -> str:
    """The page as it is served. `told`: what it says without JavaScript. `data`: JSON values for its script."""
    root = static_root()
    styles = "".join(f'<link rel="stylesheet" href="{root}/{name}">\n' for name in ("uplot/uPlot.min.css", "page.css"))
    scripts = f'<script src="{root}/uplot/uPlot.iife.min.js"></script>\n<script type="module" src="{root}/js/app.js"></script>'
    return _filled(title, told, data, head=styles + _ICON, home='<a href="/">Release Health</a>', scripts=scripts)


def exported_page(title: str, told: str, data: Mapping[str, Any]) -> str:
    """The same page as one file that needs no server and asks for nothing: by its policy nothing but its own text runs."""
    styles = [asset("uplot/uPlot.min.css"), asset("page.css")]
    scripts = [asset("uplot/uPlot.iife.min.js"), bundled()]
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_export_policy(styles, scripts))}">\n{_ICON}\n'
        + "\n".join(f"<style>{style}</style>" for style in styles)
    )
    inline = f'<script>{scripts[0]}</script>\n<script type="module">{scripts[1]}</script>'
    return _filled(title, told, data, head=head, home="Release Health", scripts=inline)


def bundled() -> str:
    """The page's modules as one: each top-level name is used once in all of them, so their imports can go."""
    return "\n".join(_IMPORT.sub("", asset(f"js/{name}.js")).replace("\nexport ", "\n") for name in MODULES)


def login_page(*, problem: str = "", after: str = "/") -> str:
    """The form that asks for the token."""
    told = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return Template(asset("login.html")).substitute(static=static_root(), problem=told, next=escape(after))


def _filled(title: str, told: str, data: Mapping[str, Any], *, head: str, home: str, scripts: str) -> str:
    return Template(asset("page.html")).substitute(
        head=head,
        title=escape(title),
        home=home,
        told=escape(told),
        data=in_script(data),
        scripts=scripts,
        skip=_first(data),
    )


def _first(data: Mapping[str, Any]) -> str:
    """What a page begins with, for the link that leads there."""
    return next((name for name in ("rollouts", "run") if name in data), "verdict")


def in_script(data: Mapping[str, Any]) -> str:
    """JSON that can stand in a script element: no text in it can end the element or begin a comment. Raises ValueError on NaN."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _export_policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    return (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hashes(texts: Sequence[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
