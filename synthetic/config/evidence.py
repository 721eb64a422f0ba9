"""Links `evidence:` blocks: which facts an operation or a connection tells, each with the fields that its kind wants."""

from __future__ import annotations

from collections.abc import Mapping

from synthetic.config.located import Mapped, Text
from synthetic.config.problems import Problems
from synthetic.core.expressions import Kind
from synthetic.core.history import fields_of, required_of, type_of
from synthetic.core.money import Money
from synthetic.core.plan import EvidencePlan

_FACT_KINDS: Mapping[type, Kind] = {
    Money: Kind.MONEY,
    str: Kind.STRING,
    int: Kind.INT,
    bool: Kind.BOOL,
    tuple: Kind.LIST,
}


def link_evidence(
    written: Mapping[Text, Mapping[Text, Text]], source: Mapped, seen: Mapping[str, Kind], problems: Problems
) -> tuple[EvidencePlan, ...]:
    """The facts that something tells, each of the fields that its kind wants."""
    plans = []
    for kind, fields in written.items():
        wanted = {name: _FACT_KINDS[type_of(kind, name)] for name in fields_of(kind)}
        for name in fields:
            if name not in wanted:
                problems.unknown(name, f"field of the evidence '{kind}':", wanted)
        missing = [name for name in required_of(kind) if name not in source.get_mapped(kind)]
        if missing:
            problems.add(
                kind.place, f"the evidence '{kind}' has no {', '.join(missing)}", f"it has {', '.join(wanted)}"
            )
        linked = {str(name): problems.expression(text, seen, wanted.get(name)) for name, text in fields.items()}
        plans.append(EvidencePlan(str(kind), linked))
    return tuple(plans)
