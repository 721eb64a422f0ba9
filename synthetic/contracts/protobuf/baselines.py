"""Which former versions of the schema a change is held against, found in the repository itself.

The main branch, where this work left it: what main has learned since is nothing that a branch could break. On main itself
that is the last commit, which says nothing about the last commit, so its parent is asked too. In a clone without a main
branch it is `origin/main`, else HEAD's parent, which in CI is what a pull request is merged into.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

_MAINS = ("refs/heads/main", "refs/remotes/origin/main")
_TIMEOUT_S = 60.0


class BaselineUnknown(Exception):  # noqa: N818 - the domain's word
    """There was a former version, and this clone does not have it."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A commit to compare with. `name` says which one it is, in words."""

    name: str
    commit: str


def find_baselines(root: Path, against: str = "") -> list[Baseline]:
    """What to compare the work in `root` with; nothing where there is no history. `against`: this commit, and no other.

    Raises BaselineUnknown for an `against` that is not there, and in a shallow clone that is too shallow to tell.
    """
    if against:
        commit = _commit(root, against)
        if commit is None:
            raise BaselineUnknown(f"this repository has no commit {against!r}")
        return [Baseline(against, commit)]
    head = _commit(root, "HEAD")
    if head is None:
        _insist_on_no_history(root)
        return []
    found = [baseline for baseline in (_main(root, head), _parent(root, head)) if baseline is not None]
    if found and found[0].commit != head:
        return found[:1]
    if not found and _git(root, "rev-parse", "--is-shallow-repository") == b"true\n":
        message = (
            "this clone is too shallow to know the schema's former version: it has neither main nor origin/main nor HEAD's "
            "parent. Fetch one (git fetch --depth=1 origin main:refs/remotes/origin/main; actions/checkout with "
            "fetch-depth: 2), or say which commit to compare with"
        )
        raise BaselineUnknown(message)
    return found


def _insist_on_no_history(root: Path) -> None:
    """A schema that was compared with nothing, because Git can't tell, must not look as if it had been. Raises BaselineUnknown."""
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return
    why = "there is no git" if shutil.which("git") is None else _refusal(root)
    if why:
        raise BaselineUnknown(f"the schema's former version is unknown, as Git does not work here: {why}")


def _refusal(root: Path) -> str:
    """Why Git will have nothing to do with this repository; "" where it will."""
    command = [shutil.which("git") or "git", "-C", str(root), "rev-parse", "--git-dir"]
    done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False, text=True)  # noqa: S603 - Git
    return "" if done.returncode == 0 else done.stderr.strip()


@contextmanager
def exported(root: Path, baseline: Baseline, folder: str) -> Iterator[Path | None]:
    """The folder as it was in that commit, for as long as the block lasts; None where it did not exist. Raises BaselineUnknown.

    Buf can read Git by itself, but it clones for that, which fails in worktrees and in shallow clones.
    """
    listed = _git(root, "ls-tree", "-d", baseline.commit, "--", folder)
    if listed is None:
        raise BaselineUnknown(f"Git can't list {folder} of {baseline.name} ({baseline.commit})")
    if not listed:
        yield None
        return
    packed = _git(root, "archive", "--format=tar", baseline.commit, "--", folder)
    if packed is None:
        raise BaselineUnknown(f"Git can't give out {folder} of {baseline.name} ({baseline.commit})")
    with TemporaryDirectory(prefix="synthetic-schema-") as place, tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(place, filter="data")
        yield Path(place, folder)


def _main(root: Path, head: str) -> Baseline | None:
    for ref in _MAINS:
        tip = _commit(root, ref)
        if tip is not None:
            base = (_git(root, "merge-base", head, tip) or b"").decode().strip()
            return Baseline(ref.split("/", 2)[2], base or tip)
    return None


def _parent(root: Path, head: str) -> Baseline | None:
    commit = _commit(root, f"{head}^")
    return None if commit is None else Baseline("HEAD's parent", commit)


def _commit(root: Path, name: str) -> str | None:
    said = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return None if said is None else said.decode().strip()


def _git(root: Path, *arguments: str) -> bytes | None:
    """What Git says, None where it says no, where this is no repository, or where there is no Git."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603 - Git
    return done.stdout if done.returncode == 0 else None
