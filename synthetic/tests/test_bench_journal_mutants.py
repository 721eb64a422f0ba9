"""The broken journals of the bench: what they break is mended again, the simulation sees it, and the table tells it."""

from __future__ import annotations

import pytest

from bench.journal_mutants.catalogue import MUTANTS
from bench.journal_mutants.hunting import Caught, clean, hunt
from bench.journal_mutants.table import table
from synthetic.tests.representative import one_in

QUICK = {
    "writes intents lazily": "intent-before-effect",
    "commits nothing that is shared": "intent-before-effect",
    "takes a live lease": "live-leases",
    "recovery plays on": "recovery-moves-nothing-new",
}
SLOWER = {
    "retries under a new key": "one-effect-per-step",
    "undoes twice": "one-undo-per-effect",
    "the epoch does not rise": "one-owner",
    "postponing frees the account": "one-owner",
    "forgets what it undid": "nothing-stranded",
    "settles what it should undo": "journal-is-ledger",
    "reserves nothing before it sends": "budgets-hold",
    "ignores the kill switch": "kill-stops-admissions",
    "a slot is claimed twice": "every-slot-counts",
}


def test_there_are_enough_of_them_and_each_has_a_name_of_its_own() -> None:
    """At least fifteen."""
    assert len(MUTANTS) >= 15
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_what_a_mutant_breaks_is_mended_again() -> None:
    """Every attribute is what it was before, or is gone again where there was none."""
    for mutant in MUTANTS:
        before = [(patch, vars(patch.owner).get(patch.name)) for patch in mutant.patches]
        with mutant.alive():
            assert all(vars(patch.owner)[patch.name] is not was for patch, was in before), mutant.name
        assert all(vars(patch.owner).get(patch.name) is was for patch, was in before), mutant.name


@pytest.mark.parametrize(("name", "law"), QUICK.items())
def test_a_mutant_is_caught_by_the_law_that_it_breaks(name: str, law: str) -> None:
    """Within few seeds; unbroken, the first one breaks nothing."""
    caught = hunt(name, seeds_max=10, law=law)
    assert law in caught.laws
    assert clean(1) == ()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", one_in(2, SLOWER))
def test_more_mutants_are_caught(name: str) -> None:
    """A kind of mistake for each law."""
    law = SLOWER[name]
    caught = hunt(name, seeds_max=150, law=law)
    assert law in caught.laws, caught


def test_the_table_names_survivors() -> None:
    """What nothing has seen stands out."""
    caught = [Caught("lost fence", "a promise", 5, ("one-owner",), "w2 closed it"), Caught("harmless", "nothing", 0)]
    told = "\n".join(table(caught, used=50, broken=0, took_s=12.0))
    assert "lost fence         5  one-owner: w2 closed it" in told
    assert "harmless    SURVIVES" in told
    assert "2 mutants, 1 caught, 1 survive; the unbroken code breaks a law in 0 of the same 50 seeds (12 s)" in told
