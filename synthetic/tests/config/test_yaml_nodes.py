"""YAML as it is read here: strict about what is a number, bounded, and with the place of everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from synthetic.config import yaml_nodes
from synthetic.config.located import Mapped, Text
from synthetic.config.problems import Problems
from synthetic.config.yaml_nodes import SIZE_MAX_BYTES, parse, read_file


@pytest.fixture(params=["libyaml", "pure"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every claim holds with libyaml and without it."""
    if request.param == "pure":
        monkeypatch.setattr(yaml_nodes, "_LOADER", yaml.SafeLoader)


def read(text: str) -> tuple[Mapped | None, list[str]]:
    """What is read of a text, and what is told."""
    problems = Problems()
    data = parse(text, "f", problems)
    return data, [str(mistake) for mistake in problems.mistakes]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("y", "y"), ("NO", "NO"),
        ("true", True), ("false", False), ("True", True), ("TRUE", True), ("tRUE", "tRUE"),
        ("0", 0), ("12", 12), ("-3", -3), ("010", "010"), ("0x10", "0x10"), ("0o17", "0o17"), ("1_000", "1_000"), ("+5", "+5"),
        ("1.00", "1.00"), ("0.1", "0.1"), ("1e9", "1e9"), (".inf", ".inf"), (".nan", ".nan"), ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"), ("99999999999999999999", "99999999999999999999"), ("1.00 EUR", "1.00 EUR"),
        ("null", None), ("~", None), ("", None), ("'null'", "null"), ("'5'", "5"), ('"true"', "true"), ("=", "="), ("<<", "<<"),
    ],
)  # fmt: skip
def test_only_plain_numbers_and_truth_values_are_no_texts(written: str, meant: Any) -> None:
    """No YAML 1.1 surprise: a country stays a text, a decimal never becomes a float, an octal is none."""
    data, told = read(f"a: {written}")
    assert told == []
    assert data is not None
    assert data.value("a") == meant
    assert type(data.value("a")) in (type(meant), Text)


def test_everything_knows_its_place() -> None:
    """Keys, values, items, quoted contents and lines of blocks, also behind letters beyond ASCII."""
    data, _ = read("ä: é\nb: ['x', 5]\nc: |\n    foo\n")
    assert data is not None
    places = [(key.place.line, key.place.column) for key in data]
    assert places == [(1, 1), (2, 1), (3, 1)]
    assert (data.at("b").line, data.at("b").column) == (2, 4)
    assert (data.value("b").at(1).line, data.value("b").at(1).column) == (2, 10)
    assert (data.value("b")[0].inner.column, data.value("b")[0].place.column) == (6, 5)
    assert (data.value("c").inner.line, data.value("c").inner.column) == (4, 5)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3", "f:3:1: the key 'a' stands twice; first at line 1"),
        ("a: {b: 1, b: 2}", "f:1:11: the key 'b' stands twice; first at line 1"),
        ("", "f:1:1: the file is empty; its first key is scenario, platform or allow"),
        ("# nothing\n", "f:1:1: the file is empty; its first key is scenario, platform or allow"),
        ("- a", "f:1:1: expected a mapping (key: value), found a list"),
        ("scenario", "f:1:1: expected a mapping (key: value), found 'scenario'"),
        ("a: !!python/object:os.system x", "f:1:4: tags such as !!python/object:os.system are not used here"),
        ("a: !secret x", "f:1:4: tags such as !secret are not used here"),
        ("a: 1\n---\nb: 2", "f:2:1: a second document; one file holds one; remove the `---`"),
        ("a: *games", "f:1:4: the alias *games has no anchor &games before it"),
        ("a: &games [*games]", "f:1:12: the alias *games has no anchor &games before it"),
        ("[a]: 1", "f:1:1: a key has to be a text; a hole `${{ }}` needs quotes around it"),
        ("a: x\x00y", "f:1:5: a character that YAML forbids"),
        ("a: \ud800", "f:1:4: a character that YAML forbids"),
        ('a: "\\0"', "f:1:4: this text escapes to a character that YAML forbids"),
    ],
)  # fmt: skip
def test_what_is_no_plain_yaml_is_told(text: str, told: str) -> None:
    """In one line, with its place."""
    assert [
        line.partition(" (control")[0].partition(" (special")[0].partition(" (surrog")[0] for line in read(text)[1]
    ][:1] == [told]


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a:\n\tb: 1", "f:2:1", "indent with spaces"),
        ("a: b: c", "f:1:5", "a text with a colon and a space in it needs quotes"),
        ("a: [1", "f:", ""),
        ("a: 'x", "f:", ""),
    ],
)
def test_a_syntax_error_is_told_in_its_place(text: str, place: str, hint: str) -> None:
    """With what to do about it, where that can be said."""
    data, told = read(text)
    assert data is None
    assert len(told) == 1
    assert told[0].startswith(place)
    assert "this is not YAML" in told[0]
    assert hint in told[0]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{" * 100_000, "- " * 5_000, "? " * 5_000, "a: " + "[" * 50 + "]" * 50]
)
def test_depth_is_bounded(text: str) -> None:
    """Nesting that would exhaust the stack is a mistake, not a crash."""
    assert "nested more than 40 deep" in read(text)[1][0]


def test_a_bomb_of_aliases_is_a_mistake() -> None:
    """Nine levels of nine aliases each are a billion values; they are counted, not built."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    _, told = read("\n".join(lines))
    assert "it has over 100000 values; do its aliases (*name) multiply?" in told[0]


def test_an_alias_is_the_value_of_its_anchor() -> None:
    """A cells file may share its players."""
    data, told = read("a: &x {k: v}\nb: *x")
    assert told == []
    assert data is not None
    assert data.value("b") == {"k": "v"}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"a: 1\nb: \xff", "cells.yaml:2:4: this byte is not UTF-8; save the file as UTF-8"),
        (b"#" * (SIZE_MAX_BYTES + 1), "cells.yaml:1:1: the file is larger than 1024 KiB"),
    ],
)
def test_a_file_that_is_no_text_is_told(tmp_path: Path, raw: bytes, told: str) -> None:
    """With the place of the first bad byte."""
    path = tmp_path / "cells.yaml"
    path.write_bytes(raw)
    problems = Problems()
    assert read_file(path, problems) is None
    assert [str(mistake).removeprefix(f"{tmp_path}/") for mistake in problems.mistakes] == [told]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    """Some editors write one."""
    path = tmp_path / "cells.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    read_text = read_file(path, Problems())
    assert read_text is not None
    assert read_text[0] == "a: 1"


def test_a_file_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    """A missing file, a folder."""
    for path in (tmp_path / "none.yaml", tmp_path, Path("a\x00b")):
        problems = Problems()
        assert read_file(path, problems) is None
        assert len(problems.mistakes) == 1
