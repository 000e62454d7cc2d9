"""`tradekit token`: a token for somebody else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tradekit.bridge.access import Tokens
from tradekit.bridge.minted import MintedTokens

Cli = Callable[..., "Said"]  # noqa: F821 - tests/cli/conftest.py
Start = Callable[..., "Session"]  # noqa: F821


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    """What the session of this folder would let in."""
    return Tokens(minted=MintedTokens(tmp_path / "paper.tokens"))


def test_a_token_is_printed_once_and_is_good_for_looking(cli: Cli, session: Start, tokens: Tokens) -> None:
    session("paper")
    said = cli("token", "paper", "--user", "risk-desk")
    assert said.code == 0
    assert "a token of risk-desk for ws://127.0.0.1" in said.err
    grant = tokens.check(said.out.strip())
    assert grant is not None
    assert (grant.user, grant.scopes) == ("risk-desk", {"read"})


def test_scopes_and_life_are_as_asked_for(cli: Cli, session: Start, tokens: Tokens) -> None:
    session("paper")
    told = cli("token", "paper", "--user", "a", "--scope", "operate", "--for", "8h", "--json").json
    assert told["scopes"] == ["operate", "read"]
    assert tokens.check(told["token"]) is not None
    [row] = cli("token", "paper", "--list", "--json").json
    assert (row["user"], row["scopes"]) == ("a", "operate read")
    assert "token" not in row


def test_a_revoked_token_opens_nothing(cli: Cli, session: Start, tokens: Tokens) -> None:
    session("paper")
    token = cli("token", "paper", "--user", "a").out.strip()
    said = cli("token", "paper", "--revoke", "a")
    assert (said.code, said.err) == (0, "paper: 1 token of a revoked\n")
    assert tokens.check(token) is None
    assert "no token was minted" in cli("token", "paper", "--list").err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "say who the token is for"),
        (["--user", "a", "--for", "soon"], "--for 'soon' is not understood"),
        (["--user", "a b"], "is no name"),
        (["--revoke", "b"], "no token of 'b' here"),
    ],
)
def test_bad_input_mints_nothing(
    cli: Cli, session: Start, words: list[str], told: str, tmp_path: Path
) -> None:
    session("paper")
    said = cli("token", "paper", *words)
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert not (tmp_path / "paper.tokens").exists()
