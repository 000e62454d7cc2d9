"""Tokens for others: minted once, kept as hashes in a private file, taken back."""

from pathlib import Path

import pytest

from tradekit.bridge.access import Tokens
from tradekit.bridge.minted import MintedTokens, token_hash
from tradekit.bridge.protocol import Grant
from tradekit.core.clock import ManualClock
from tradekit.errors import ConfigError, NotFoundError

HOUR_S = 3600.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_670_889_600_000_000_000)


@pytest.fixture
def minted(tmp_path: Path, clock: ManualClock) -> MintedTokens:
    return MintedTokens(tmp_path / "paper.tokens", clock=clock)


def test_a_minted_token_opens_what_its_scopes_say(minted: MintedTokens) -> None:
    token = minted.mint("risk-desk", frozenset({"operate"}))
    grant = Tokens(minted=minted).check(token)
    assert grant == Grant("risk-desk", frozenset({"read", "operate"}), token_hash(token))
    assert Tokens(minted=minted).check(token + "x") is None


def test_a_running_session_sees_a_token_that_is_minted_later(minted: MintedTokens, tmp_path: Path) -> None:
    running = Tokens(minted=MintedTokens(minted.path))
    assert running.check("nothing-is-minted-yet") is None
    first, second = minted.mint("a", frozenset({"read"})), minted.mint("b", frozenset({"read"}))
    assert [running.check(token) is not None for token in (first, second)] == [True, True]


def test_the_file_is_private_and_holds_no_token(minted: MintedTokens) -> None:
    token = minted.mint("a", frozenset({"read"}))
    assert minted.path.stat().st_mode & 0o777 == 0o600
    assert token not in minted.path.read_text(encoding="utf-8")


def test_a_token_is_good_for_its_life_only(minted: MintedTokens, clock: ManualClock) -> None:
    tokens = Tokens(minted=minted)
    token = minted.mint("a", frozenset({"read"}), life_s=HOUR_S)
    grant = tokens.check(token)
    assert grant is not None
    clock.advance(HOUR_S - 1)
    assert tokens.still(grant)
    clock.advance(1)
    assert tokens.check(token) is None
    assert not tokens.still(grant)
    assert minted.all() == []


def test_a_revoked_token_opens_nothing_and_others_stay(minted: MintedTokens) -> None:
    tokens = Tokens(minted=minted)
    a, b = minted.mint("a", frozenset({"read"})), minted.mint("b", frozenset({"read"}))
    grant = tokens.check(a)
    assert grant is not None
    assert minted.revoke("a") == 1
    assert tokens.check(a) is None
    assert not tokens.still(grant)
    assert tokens.check(b) is not None
    with pytest.raises(NotFoundError, match="no token of 'a' here; tokens were minted for b"):
        minted.revoke("a")


def test_the_sessions_own_token_is_not_touched_by_the_file(minted: MintedTokens) -> None:
    own = Grant("local", frozenset({"read"}))
    tokens = Tokens({"t" * 32: own}, minted=minted)
    minted.path.write_text("[]")
    minted.path.chmod(0o644)
    assert tokens.check("t" * 32) == own
    assert tokens.still(own)


def test_a_file_that_others_may_read_lets_nobody_in(
    minted: MintedTokens, caplog: pytest.LogCaptureFixture
) -> None:
    token = minted.mint("a", frozenset({"read"}))
    minted.path.chmod(0o644)
    assert Tokens(minted=minted).check(token) is None
    assert "chmod 600" in caplog.text


def test_a_damaged_file_says_what_to_do(minted: MintedTokens) -> None:
    minted.path.write_text("{")
    minted.path.chmod(0o600)
    with pytest.raises(ConfigError, match="remove it and mint the tokens anew"):
        minted.all()


@pytest.mark.parametrize(
    ("user", "scopes", "life_s", "told"),
    [
        ("a", {"all"}, None, "scope 'all' is none of read, operate, trade"),
        ("", {"read"}, None, "is no name"),
        ("a\nb", {"read"}, None, "is no name"),
        ("a", {"read"}, -1.0, "good for nothing"),
    ],
)
def test_what_cannot_be_minted_is_refused(
    minted: MintedTokens, user: str, scopes: set[str], life_s: float | None, told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        minted.mint(user, frozenset(scopes), life_s=life_s)
    assert not minted.path.exists()
