"""Keys of ours that came back to us: every one that a run sends begins with the run's id, which nobody else can know before."""

from __future__ import annotations

from synthetic.core.history import Frame, History, Ledger

_ACKNOWLEDGED = ("bet_ack",)


def keys_told(history: History) -> list[str]:
    """The keys that acknowledgements and the last statement tell of, each once."""
    told = [frame.req_id for frame in history.of(Frame) if frame.type in _ACKNOWLEDGED]
    told += [entry.key for statement in history.of(Ledger)[-1:] for entry in statement.entries]
    return [key for key in dict.fromkeys(told) if key]


def lost_keys(history: History) -> list[str]:
    """Those that look like ours, and that this run has not sent, as far as it knows."""
    sent = {moved.key for moved in history.moved}
    return [key for key in keys_told(history) if history.run_id and key.startswith(history.run_id) and key not in sent]
