"""Whatever becomes of a file's text, the answer is a plan or an AuthorError: never another exception."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthetic.config.anything import load_anything
from synthetic.config.shipped import shipped_root
from synthetic.core.errors import AuthorError
from synthetic.core.plan import PlatformPlan

ROOT = shipped_root()
FILES = sorted(
    [*ROOT.glob("fixtures/platforms/*.yaml"), *ROOT.glob("fixtures/cells/*.yaml"), *ROOT.glob("scenarios/**/*.yaml")]
)
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text() for path in FILES}
FRAGMENTS = [
    "", ":", "-", "{", "}", "[", "]", "'", '"', "${{", "}}", "|", ">", "&a", "*a", "!!int", "#", "\t", "\x00", "\ud7ff", "é", "🎰",
    "null", "true", "0", "-1", "1.00 EUR", "1.005 EUR", "99999999999999999999", "1e9", "0x10", "[[[[", "{a: {b: {c: 1}}}",
    "? ", "<<: *games", "---", "%YAML 1.1", "steps", "operations", "cells", "out.state", "body.x", "'", "a.b.c.d", "matches('(')",
    "\\", "[1, 2]", "{}", "[]", "~", ".inf", "env:", "file:", "env:A B", "999999h", "0s", "pool:", "none", "GET", "http://[",
    "\u2028",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str]:
    """A shipped file's text with a few lines and characters deleted, doubled or replaced."""
    name = draw(st.sampled_from(sorted(TEXTS)))
    text = TEXTS[name]
    for _ in range(draw(st.integers(1, 4))):
        text = draw(st.sampled_from([_line, _characters]))(draw, text)
    return name, text


def _line(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    index = draw(st.integers(0, len(lines) - 1))
    change = draw(st.sampled_from(["delete", "double", "swap", "indent"]))
    match change:
        case "delete":
            del lines[index]
        case "double":
            lines.insert(index, lines[index])
        case "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[index], lines[other] = lines[other], lines[index]
        case _:
            lines[index] = " " + lines[index]
    return "\n".join(lines)


def _characters(draw: st.DrawFn, text: str) -> str:
    start = draw(st.integers(0, len(text)))
    end = start + draw(st.integers(0, 12))
    return text[:start] + draw(st.sampled_from(FRAGMENTS)) + text[end:]


@given(mutated())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_broken_file_gives_mistakes_and_nothing_else(reference: PlatformPlan, change: tuple[str, str]) -> None:
    """A mutated file loads, or raises AuthorError with places in that file."""
    name, text = change
    try:
        load_anything(Path(name), platform=reference, text=text)
    except AuthorError as error:
        for mistake in error.mistakes:
            assert mistake.place.file == name
            assert mistake.place.line >= 1
            assert mistake.place.column >= 1
            assert mistake.message


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("key", ["scenario", "platform", "allow"])
def test_arbitrary_text_gives_mistakes_and_nothing_else(reference: PlatformPlan, key: str, text: str) -> None:
    """Any text behind a telling key, too."""
    with contextlib.suppress(AuthorError):
        load_anything(Path("x.yaml"), platform=reference, text=f"{key}: x\n{text}")
