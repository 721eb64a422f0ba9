"""The files of a report: `contracts.json`, `contracts.html` and `contracts.prom`, each whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from synthetic.contracts.providers import ContractError
from synthetic.contracts.report.document import Results, State
from synthetic.contracts.report.metrics import metrics_text
from synthetic.contracts.report.page import page_of

JSON_NAME = "contracts.json"
PAGE_NAME = "contracts.html"
METRICS_NAME = "contracts.prom"  # node_exporter reads what ends so


def write_reports(results: Results, out: Path, *, root: Path) -> None:
    """All three, into the folder. `root`: where the project's documentation is, for links."""
    write_atomically(out / JSON_NAME, results.model_dump_json(indent=2) + "\n")
    write_atomically(out / METRICS_NAME, metrics_text(results))
    write_atomically(out / PAGE_NAME, page_of(results, docs=_docs(root, out, os.environ)))


def _docs(root: Path, out: Path, environment: Mapping[str, str]) -> str:
    """Where links to documentation lead: into the checkout, or to the commit's files on the server of GitHub Actions."""
    server, names = environment.get("GITHUB_SERVER_URL", ""), ("GITHUB_REPOSITORY", "GITHUB_SHA")
    repository, commit = (environment.get(name, "") for name in names)
    if server.startswith("https://") and repository and commit:
        return f"{server}/{repository}/blob/{commit}"
    return Path(os.path.relpath(root, out)).as_posix()


def read_results(path: Path) -> Results:
    """A `contracts.json`. Raises ContractError where it is none, or one of another version."""
    try:
        return Results.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ContractError(f"{path} can't be read: {error.strerror}; `pytest contracts` writes it") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ContractError(f"{path} is no result of this version: {place}: {first['msg']}") from None


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that nobody sees half of it. Makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(text, encoding="utf-8")
    half.replace(path)


def closing_line(results: Results) -> str:
    """`contracts: 24 held, 1 broken, 3 unverified`."""
    counts = ", ".join(f"{results.count(state)} {state}" for state in State)
    return f"contracts: {counts}{' (incomplete)' if results.incomplete else ''}"
