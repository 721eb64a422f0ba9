"""Fail-closed preflight: nothing is played unless every cell can be reached and every scenario fits its cell."""

from __future__ import annotations

from collections.abc import Sequence

from synthetic.config.scenarios import bind
from synthetic.core.effects import FaultKind, TransportFault
from synthetic.core.errors import AuthorError, Mistake, RefusedByPolicy, TargetUnreachable
from synthetic.core.plan import CellPlan
from synthetic.runner.session import Session
from synthetic.runner.specs import Turn

REACH_WITHIN_S = 5.0
_UNKNOWN_AUTHORITY = ("self-signed certificate", "self signed certificate", "unable to get local issuer certificate")


def check_fit(turns: Sequence[Turn]) -> None:
    """Hold each scenario against the cell that it will be played on. Raises AuthorError with all mistakes."""
    mistakes: list[Mistake] = []
    seen: set[tuple[str, str]] = set()
    for turn in turns:
        for part in turn.parts:
            if (part.plan.name, part.cell.name) not in seen:
                seen.add((part.plan.name, part.cell.name))
                mistakes += bind(part.plan, part.cell)
    if mistakes:
        raise AuthorError(mistakes)


async def check_reach(session: Session, cells: Sequence[CellPlan]) -> None:
    """Connect to each address of each cell. Raises RefusedByPolicy off the allow-list, TargetUnreachable where nobody answers."""
    for cell in cells:
        for name, url in cell.endpoints.items():
            fault = await session.driver(cell.name).reach(url, REACH_WITHIN_S)
            if fault is None:
                continue
            where = f"cell {cell.name!r}, endpoint {name!r} ({url})"
            if fault.kind is FaultKind.OFF_ALLOW_LIST:
                raise RefusedByPolicy(f"{where}: {fault.detail}")
            raise TargetUnreachable(f"{where} can't be reached: {fault.kind}: {fault.detail}{_hint(fault)}")


def _hint(fault: TransportFault) -> str:
    """What the author of the cells file can do about it, where that is known."""
    unknown = any(reason in fault.detail for reason in _UNKNOWN_AUTHORITY)
    return "; a server of your own authority needs `ca_file` of the cell" if unknown else ""
