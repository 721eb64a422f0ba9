"""Loads cells files: the deployments that take traffic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from synthetic.config.allow import is_allowed, split_pattern, target_of
from synthetic.config.connections import link_connection
from synthetic.config.files import load_mapping
from synthetic.config.limits import money_limits
from synthetic.config.located import Listed, Mapped, Text
from synthetic.config.models import CellModel, CellsModel, PlayerModel
from synthetic.config.positions import read_model
from synthetic.config.problems import Problems
from synthetic.config.secret_refs import REFERENCE_HINT, is_reference, is_well_formed, needs_reference
from synthetic.core.expressions import did_you_mean
from synthetic.core.money import MoneyError, exponent
from synthetic.core.plan import CellPlan, PlayerPlan
from synthetic.core.plan_serving import sounds_like_production

_ENDPOINT_HINT = "write scheme://host:port/path; who logs in is the mapping's business"


def load_cells(path: Path, *, text: str | None = None) -> dict[str, CellPlan]:
    """Load a cells file; with `text`, that is read in place of the file. Raises AuthorError with all mistakes."""
    problems = Problems()
    file = load_mapping(path, problems, text)
    model = read_model(CellsModel, file.data, problems) if file is not None else None
    plans = link_cells(model, path, problems) if model is not None else {}
    problems.raise_any()
    return plans


def link_cells(model: CellsModel, path: Path, problems: Problems) -> dict[str, CellPlan]:
    """Link what was read; mistakes go to `problems`."""
    _check_patterns(model, problems)
    if model.has("cells") and not model.source.get_mapped("cells"):
        problems.add(model.at("cells"), "a cells file needs at least one cell")
    plans = {str(name): _link_cell(name, cell, model, path, problems) for name, cell in model.cells.items()}
    for cell in model.cells.values():
        _check_wallets(cell, model, problems)
    return plans


def _check_patterns(model: CellsModel, problems: Problems) -> None:
    for pattern in model.allow:
        host, port = split_pattern(pattern)
        if not host or "/" in pattern or "*" in host.removeprefix("*.") or not (port in ("", "*") or port.isdecimal()):
            message = f"'{pattern}' is no pattern of the allow-list"
            problems.add(pattern.place, message, "write host, host:port, host:* or *.example.com")


def _link_cell(name: Text, cell: CellModel, model: CellsModel, path: Path, problems: Problems) -> CellPlan:
    _check_endpoints(cell, model, problems)
    _check_baseline(name, cell, model, problems)
    known_currency = _is_currency(cell.currency, problems)
    limits = money_limits(cell.limits)
    for kind, limit in limits.items():
        if known_currency and limit.currency != cell.currency:
            problems.add(
                cell.source.get_mapped("limits").at(kind), f"{limit} is not in {cell.currency}, the cell's currency"
            )
    return CellPlan(
        name=str(name),
        place=name.place,
        track=cast("Literal['canary', 'baseline']", str(cell.track)),
        environment=str(cell.environment),
        brand=str(cell.brand),
        market=str(cell.market),
        version=str(cell.version),
        currency=str(cell.currency),
        platform=str(cell.platform),
        endpoints={str(key): str(url) for key, url in cell.endpoints.items()},
        allow=tuple(map(str, model.allow)),
        psps=tuple(map(str, cell.psps)),
        providers=tuple(map(str, cell.providers)),
        games=_plain(cell.games),
        limits=limits,
        secrets=_link_secrets(cell, problems),
        players=_link_players(cell, problems),
        baseline=str(cell.baseline or ""),
        wallet=str(cell.wallet or name),
        connection=link_connection(cell, tuple(map(str, model.allow)), path, problems),
        python=tuple(map(str, model.python)),
        load=_may_take_load(cell, problems),
    )


def _may_take_load(cell: CellModel, problems: Problems) -> bool:
    """Where the cell's owner says so. Load in production would be an outage with real money, so the file is refused."""
    if not cell.load:
        return False
    if sounds_like_production(cell.environment):
        message = (
            f"`load: true` in production: load is never played where real players are (environment: {cell.environment})"
        )
        problems.add(cell.at("load"), message, "take the line out, and play load on a cell of its own")
    return True


def _check_endpoints(cell: CellModel, model: CellsModel, problems: Problems) -> None:
    allow = tuple(map(str, model.allow))
    for name, url in cell.endpoints.items():
        if target_of(url) is None:
            shown = f": '{url}'" if "@" not in url else ""  # there may be a password before it
            problems.add(
                url.place, f"the endpoint '{name}' is no http, https, ws or wss address{shown}", _ENDPOINT_HINT
            )
        elif model.has("allow") and not is_allowed(url, allow):
            message = f"the endpoint '{name}' ({url}) is not on this file's allow-list"
            problems.add(url.place, message, "add its host:port to `allow`, if traffic may really go there")


def _check_baseline(name: Text, cell: CellModel, model: CellsModel, problems: Problems) -> None:
    if cell.baseline is None:
        return
    other = model.cells.get(cell.baseline)
    if other is None:
        if cell.baseline not in model.source.get_mapped("cells"):
            baselines = [known for known in model.cells if known != name]
            problems.add(
                cell.baseline.place,
                f"unknown cell '{cell.baseline}'",
                did_you_mean(cell.baseline, list(map(str, baselines))),
            )
    elif cell.baseline == name:
        problems.add(cell.baseline.place, f"cell '{name}' can't be compared with itself")
    elif other.track != "baseline" and not other.track.stands_in:
        problems.add(cell.baseline.place, f"cell '{cell.baseline}' is of track {other.track}, not baseline")


def _check_wallets(cell: CellModel, model: CellsModel, problems: Problems) -> None:
    """Whether a canary and a baseline with the same players have one wallet can't be guessed: both have to say it."""
    if cell.baseline is None:
        return
    other = model.cells.get(cell.baseline)
    if other is None or other.track != "baseline" or (cell.wallet is not None and other.wallet is not None):
        return
    shared = next((one for one in other.players if any(_are_one(one, player) for player in cell.players)), None)
    if shared is not None:
        problems.add(
            cell.baseline.place,
            f"this cell and '{cell.baseline}' have the player '{shared.id}', and not both say `wallet:`",
            "write the same `wallet:` into both where they share one, else two runs play on one account; or two names",
        )


def _are_one(one: PlayerModel, other: PlayerModel) -> bool:
    """The same id, and the same name or the same reference to a password to sign in with."""
    signs_in, others = ({str(name): str(value) for name, value in player.attributes.items()} for player in (one, other))
    same = [signs_in.get(name) == others.get(name) for name in ("username", "password")]
    return one.id == other.id and any(same)


def _is_currency(currency: Text, problems: Problems) -> bool:
    if currency.stands_in:
        return False
    try:
        exponent(currency)
    except MoneyError as error:
        problems.add(currency.place, str(error))
        return False
    return True


def _link_secrets(cell: CellModel, problems: Problems) -> Mapping[str, str]:
    """References as texts that still know their places: what they lead to is looked up when a run needs it."""
    for name, ref in cell.secrets.items():
        if not is_well_formed(ref):
            problems.add(
                ref.place, f"the secret '{name}' has to be a reference, never the secret itself", REFERENCE_HINT
            )
    return {str(name): ref for name, ref in cell.secrets.items()}


def _link_players(cell: CellModel, problems: Problems) -> tuple[PlayerPlan, ...]:
    seen: dict[str, Text] = {}
    for player in cell.players:
        first = seen.setdefault(str(player.id), player.id)
        if first is not player.id and not player.id.stands_in:
            message = f"a second player with the id '{player.id}'"
            problems.add(player.id.place, message, f"the first is at line {first.place.line}")
    return tuple(_link_player(player, problems) for player in cell.players)


def _link_player(player: PlayerModel, problems: Problems) -> PlayerPlan:
    plain: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for name, value in player.attributes.items():
        if is_reference(value):
            secrets[str(name)] = value
            if not is_well_formed(value):
                problems.add(value.place, f"'{name}' is no well-formed reference", REFERENCE_HINT)
        else:
            plain[str(name)] = str(value)
            if needs_reference(name):
                problems.add(value.place, f"'{name}' has to be a reference, never the secret itself", REFERENCE_HINT)
    return PlayerPlan(str(player.id), str(player.pool), plain, secrets)


def _plain(value: Any) -> Any:
    match value:
        case Text():
            return str(value)
        case Mapped():
            return {str(key): _plain(item) for key, item in value.items()}
        case Listed():
            return [_plain(item) for item in value]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case _:
            return value
