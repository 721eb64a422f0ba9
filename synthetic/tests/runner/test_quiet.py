"""A process that serves keeps its own pauses away from what it measures, and gives everything back at its end."""

from __future__ import annotations

import gc
import sys
import weakref

from synthetic.runner.quiet import SWITCH_S, quiet_service


class Loop:
    """Something that only a collection can free."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_loaded_is_set_aside_and_what_comes_later_is_collected() -> None:
    """A full collection looks through nothing that stays; what a run leaves behind is freed all the same."""
    with quiet_service() as set_loaded_aside:
        set_loaded_aside()
        assert gc.get_freeze_count() > 10_000
        later = weakref.ref(Loop())
        gc.collect()
        assert later() is None
    assert gc.get_freeze_count() == 0


def test_what_a_reload_has_replaced_is_freed() -> None:
    """An older plan that was set aside is none that stays for ever."""
    with quiet_service() as set_loaded_aside:
        replaced = Loop()
        gone = weakref.ref(replaced)
        set_loaded_aside()
        del replaced
        gc.collect()
        assert gone() is not None, "it was set aside"
        set_loaded_aside()
        assert gone() is None


def test_no_thread_keeps_the_event_loop_waiting_for_long() -> None:
    """Python's own 5 ms add up: an event loop lets go of its turn at each read, write and wait."""
    usual_s = sys.getswitchinterval()
    with quiet_service():
        assert sys.getswitchinterval() == SWITCH_S < usual_s / 5
    assert sys.getswitchinterval() == usual_s
