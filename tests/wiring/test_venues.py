"""The table of venues: each name has a module that offers everything a session asks for, imported when it is named."""

import inspect
import subprocess
import sys

import pytest

from tradekit.config.brokers import BROKERS
from tradekit.errors import ConfigError
from tradekit.wiring.venues import VENUES, venue

PARAMETERS = {"broker": 3, "feed": 3, "instruments": 2, "account": 2, "findings": 2, "where": 1}


@pytest.mark.parametrize("name", VENUES)
def test_a_venue_offers_what_a_session_asks_for(name: str) -> None:
    offered = venue(name)
    takes = {what: len(inspect.signature(getattr(offered, what)).parameters) for what in PARAMETERS}
    assert takes == PARAMETERS


def test_a_name_that_is_none_is_told_the_nearest() -> None:
    with pytest.raises(
        ConfigError, match=r"no broker is called 'cxct' \(did you mean 'ccxt'\?\); there are paper, ccxt"
    ):
        venue("cxct")


def test_a_configuration_may_name_every_venue_and_no_other() -> None:
    assert set(BROKERS) == {"paper", *VENUES}


def test_what_is_in_the_house_is_no_venue() -> None:
    with pytest.raises(ConfigError, match="paper is in the house"):
        venue("paper")


@pytest.mark.process
def test_no_venue_is_imported_before_it_is_named() -> None:
    script = "import sys, tradekit.wiring.build; print([m for m in sys.modules if m.startswith('tradekit.brokers.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    rooms = {name.split(".")[2] for name in eval(done.stdout)}  # noqa: S307  a list of names
    assert rooms == {"paper"}
