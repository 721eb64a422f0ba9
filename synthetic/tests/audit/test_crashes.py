"""A law over any sequence of appends and crashes: what was durable stays, what a crash left is named, and the chain holds."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from synthetic.audit.anchor import read_anchor
from synthetic.audit.chain import Chain
from synthetic.tests.audit.writing import START_NS, chain_of, damage, fact, facts, lines

pytestmark = pytest.mark.slow  # every step is on the disk
KEY = b"a key"
SEGMENT_BYTES = 2500


class Crashes(RuleBasedStateMachine):
    """A worker that appends, ends in order, or ends anywhere between its writes; `durable`: what an append has returned for."""

    @initialize()
    def begin(self) -> None:
        """An audit of its own."""
        self.folder = Path(tempfile.mkdtemp(prefix="synthetic-audit-"))
        self.chain = self.opened()
        self.number = 0
        self.durable: list[str] = []

    def teardown(self) -> None:
        """Nothing stays behind."""
        if hasattr(self, "chain"):
            self.chain.close()
            shutil.rmtree(self.folder)

    def opened(self) -> Chain:
        """The next process of the same name."""
        return chain_of(self.folder, key=KEY, segment_bytes=SEGMENT_BYTES)

    def group(self, size: int) -> list[str]:
        """Append so many facts at once."""
        numbers = range(self.number, self.number + size)
        self.number += size
        self.chain.append([(START_NS + number, fact(number)) for number in numbers])
        return [f"run-{number}" for number in numbers]

    @rule(size=st.integers(1, 6))
    def append(self, size: int) -> None:
        """It is durable when it returns."""
        self.durable += self.group(size)

    @rule()
    def end_in_order(self) -> None:
        """And start again."""
        self.chain.close()
        self.chain = self.opened()

    @rule()
    def seal(self) -> None:
        """Finish the segment."""
        self.chain.seal()

    @rule(size=st.integers(1, 4), kept=st.integers(0, 5000), garbage=st.binary(max_size=40))
    def crash_while_appending(self, size: int, kept: int, garbage: bytes) -> None:
        """The anchor is not written any more, and of the file only a part of what was new is there, with rubbish behind it."""
        anchor = self.folder / "w1.anchor.json"
        if not list((self.folder / "w1").glob("*.jsonl")):
            self.append(1)
        anchored = anchor.read_bytes()
        segment = max((self.folder / "w1").glob("*.jsonl"))
        before = segment.stat().st_size
        count = read_anchor(anchor, "w1", KEY).head.count
        group = self.group(size)
        self.chain.close()
        if max((self.folder / "w1").glob("*.jsonl")) != segment or segment.stat().st_mode & 0o222 == 0:
            self.durable += group  # it went into a new segment: then the anchor was written in between
        else:
            anchor.write_bytes(anchored)
            data = segment.read_bytes()
            segment.write_bytes(data[: before + kept % (len(data) - before + 1)] + garbage)
            whole = [line for line in lines(self.folder) if line["seq"] >= count and line["kind"] == "intent"]
            self.durable += [line["run"] for line in whole]
        self.chain = self.opened()

    @invariant()
    def everything_durable_is_there_once_and_in_order(self) -> None:
        """And nothing else."""
        if hasattr(self, "chain"):
            assert facts(self.folder) == self.durable

    @invariant()
    def the_chain_holds(self) -> None:
        """To the auditor, with the key."""
        if hasattr(self, "chain") and self.number:
            assert damage(self.folder, key=KEY) == ""


TestCrashes = Crashes.TestCase
TestCrashes.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
