"""The wallet as a provider of contracts: how its requests are sealed, and how its states are reached, here and elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.contracts.boundaries.game_provider_a_wallet import CONTRACT
from synthetic.contracts.pacts import pact_of
from synthetic.contracts.providers.game_providers import GAME_PROVIDER_A
from synthetic.contracts.providers.provider import ContractError, Provider
from synthetic.contracts.providers.seats import CellSeats, GivenSeats
from synthetic.contracts.providers.wallet import GAMES, WALLET, Dialect, speaking_a, speaking_b, target_at
from synthetic.contracts.providers.wallet_states import WalletStates, with_salt
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.verifying import Target, verify
from synthetic.reference.cell.wallet_api.signatures import verify_hmac, verify_rsa
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.reference.world.keys import Keys
from synthetic.reference.world.world import World, WorldSettings

KEYS = Keys(0)
SEATS = GivenSeats("p", "s", "steady-dice")
BODY = b'{"user":"pact-key-nobody","amount":1}'
WRONG = ("another key", "another payload", "the payload written anew", "none")


WALLET_B = target_at("http://127.0.0.1:9", {"b": speaking_b("secret", SEATS)})
GAMES_A = GAME_PROVIDER_A.at(
    "http://127.0.0.1:9",
    {f"SYNTHETIC_GAME_PROVIDER_A_{name}": "x" for name in ("KEY", "OPERATOR", "PLAYER", "SESSION", "GAME")},
)


def asked(dialect: str) -> Outgoing:
    return Outgoing("POST", f"/wallet/{dialect}/bet", {"content-type": "application/json"}, BODY)


def verifies(dialect: str, request: Outgoing) -> bool:
    if dialect == "a":
        return verify_rsa(KEYS.rsa_public_pem(), request.body, request.headers.get("X-Hub88-Signature", ""))
    return verify_hmac("secret", request.body, request.headers.get("X-REQUEST-SIGN", ""))


def speaking(dialect: str, root: str) -> Dialect:
    if dialect == "a":
        return speaking_a(KEYS.rsa_private_pem(), SEATS, root)
    return speaking_b("secret", SEATS, root)


@pytest.mark.parametrize("dialect", ["a", "b"])
def test_a_request_is_signed_as_it_is_sent(dialect: str) -> None:
    """The signature is over the very bytes that go out, with this verification's keys and under the wallet's own path."""
    target = target_at("http://127.0.0.1:9", {dialect: speaking(dialect, "/seamless")})
    sealed = target.seal(asked(dialect), "")
    assert verifies(dialect, sealed)
    assert sealed.path == "/seamless/bet"
    assert sealed.body != BODY


@pytest.mark.parametrize("how", WRONG)
@pytest.mark.parametrize("dialect", ["a", "b"])
def test_a_wrong_seal_is_wrong(dialect: str, how: str) -> None:
    """No way of sealing wrongly makes a signature that holds by chance."""
    target = target_at("http://127.0.0.1:9", {dialect: speaking(dialect, f"/wallet/{dialect}")})
    assert not verifies(dialect, target.seal(asked(dialect), how))


@pytest.mark.parametrize("target", [WALLET_B, GAMES_A], ids=["wallet", "game provider"])
def test_a_wrong_that_nobody_knows_is_refused(target: Target) -> None:
    """It would pass for a right seal, or for another kind of wrong one."""
    with pytest.raises(ValueError, match="is wrong by 'anohter key'"):
        target.seal(asked("b"), "anohter key")


def test_a_clients_suffix_makes_the_same_id_before_and_after_the_salt() -> None:
    """The id of a win is its bet's with a suffix, for the state's client and for the request of the pact."""
    assert with_salt("pact-key-bet", "0f") + "-win" == with_salt("pact-key-bet-win", "0f")


@pytest.mark.parametrize(
    ("provider", "variable"),
    [(WALLET, "SYNTHETIC_WALLET_A_PRIVATE_KEY_FILE"), (GAME_PROVIDER_A, "SYNTHETIC_GAME_PROVIDER_A_KEY")],
)
def test_what_the_environment_lacks_is_asked_for(provider: Provider, variable: str) -> None:
    """Without a key nothing can be verified, and the message names the variable."""
    with pytest.raises(ContractError, match=variable):
        provider.at("http://127.0.0.1:9", {})


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with world_in_a_thread(WorldSettings(cells=1)) as started:
        yield started


@pytest.fixture
def seats(world: World) -> Iterator[CellSeats]:
    (cell,) = world.cells
    opened = CellSeats(cell, world.listeners[cell.name].url)
    yield opened
    opened.close()


def test_a_player_is_brought_to_a_balance(world: World, seats: CellSeats) -> None:
    """By lost and by won rounds, whatever he had before."""
    (cell,) = world.cells
    line = speaking_a(world.wallet_key_pem, seats).line(world.listeners[cell.name].url)
    seat = seats.take(GAMES["a"], 1)
    for balance_minor in (300, 700, 700):
        line.level(seat, balance_minor)
        assert line.do(lambda client, to: client.balance(to, seat)).balance_minor == balance_minor


def test_a_state_that_the_wallet_refuses_says_why(world: World, seats: CellSeats) -> None:
    """The refusal is in the error, which the failing interaction will show."""
    (cell,) = world.cells
    line = speaking_a(world.wallet_key_pem, seats).line(world.listeners[cell.name].url)
    handlers = WalletStates({"a": line}).handlers()
    handlers["a player"]({"dialect": "a", "balance_minor": 100})
    with pytest.raises(RuntimeError, match="refused insufficient_funds"):
        handlers["a bet"]({"bet": "pact-key-bet", "round": "pact-key-round", "stake_minor": 101})


def test_a_wallet_that_runs_elsewhere_is_verified_with_a_session_of_the_environment(
    world: World, seats: CellSeats, tmp_path: Path
) -> None:
    """What needs a player that nobody has given is left out; all else is judged, and holds."""
    (cell,) = world.cells
    seat = seats.take(GAMES["a"], 3)
    key = tmp_path / "key.pem"
    key.write_text(world.wallet_key_pem, encoding="utf-8")
    prefix = "SYNTHETIC_WALLET_A"
    environment = {
        f"{prefix}_PRIVATE_KEY_FILE": str(key),
        f"{prefix}_PLAYER": seat.player,
        f"{prefix}_SESSION": seat.session,
        f"{prefix}_GAME": seat.game,
    }
    pact = pact_of(CONTRACT)
    bets = pact.only(one for one in pact.interactions if str(one["description"]).startswith("a bet in "))
    verification = verify(bets, WALLET.at(world.listeners[cell.name].url, environment))
    assert verification.held, verification.told()
    assert dict(verification.left_out)["a bet in an expired session"] == "needs expired sessions"
    assert "a bet in another currency" in {result.description for result in verification.results}
