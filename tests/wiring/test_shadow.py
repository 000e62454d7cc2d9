"""A rehearsal decides on the venue's live bars, and no order of it can leave the house."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local_venue import INTERVAL, LocalVenue
from tests.sessions import Project
from tests.wiring.conftest import put_together
from tradekit.config.check import check_runnable
from tradekit.config.load import load_config
from tradekit.errors import ConfigError
from tradekit.run.in_house import InHouse
from tradekit.wiring import ccxt
from tradekit.wiring.build import Parts
from tradekit.wiring.sessions import Session

ALTERNATING = '''
import tradekit as tk

class Alternating(tk.Strategy):
    """Is long after every other bar."""

    def on_start(self):
        self.count = 0

    def on_bar(self, bar):
        self.count += 1
        self.buy_to(0.01) if self.count % 2 else self.close()
'''


@pytest.fixture
def venue() -> Iterator[LocalVenue]:
    with LocalVenue() as opened:
        yield opened


def rehearsed(project: Project, venue: LocalVenue, mode: str, broker: str) -> None:
    """Make the project's session one of this mode on the venue's bars."""
    file = project.root / "strategies" / "idea.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(ALTERNATING, encoding="utf-8")
    project.write(
        session={"name": "paper", "mode": mode, "currency": "USDT", "cash": 10_000},
        strategy={"class": "strategies/idea.py:Alternating"},
        instruments=[{"id": "BTC-USDT"}],
        market_data={"source": "ccxt", "timeframes": [INTERVAL], "warmup_bars": 20},
        broker={"name": broker, "url": venue.venue.url, "fee": 0.001},
    )


@pytest.mark.parametrize(("mode", "broker"), [("shadow", "ccxt"), ("shadow", "paper"), ("paper", "paper")])
def test_the_simulated_exchange_fills_on_the_venues_bars_and_nothing_leaves(
    project: Project, host: Callable[..., Any], venue: LocalVenue, mode: str, broker: str
) -> None:
    rehearsed(project, venue, mode, broker)

    def play(session: Session) -> None:
        assert session.wait_for(lambda state: len(state.fills) >= 2, 30)

    host(play)
    (opened,) = project.events("session.opened")
    assert (opened.data.mode, opened.data.armed) == (mode, True)  # type: ignore[attr-defined]
    (spec,) = opened.data.instruments  # type: ignore[attr-defined]
    assert (str(spec.tick), str(spec.lot)) == ("0.01000000", "0.00001000")  # the venue's
    assert len(project.events("bar.closed")) > 20  # those before the start, and those since
    assert venue.orders == []
    assert venue.signed() == []
    assert [path for how, path, _ in venue.venue.requests if how != "GET"] == []


def test_bars_before_the_start_warm_up_and_are_not_traded_on(
    project: Project, host: Callable[..., Any], venue: LocalVenue
) -> None:
    rehearsed(project, venue, "shadow", "paper")
    host(lambda session: session.wait_for(lambda state: len(state.fills) >= 1, 30))
    opened = project.events("session.opened")[0]
    wished = project.events("order.submitted")[0]
    assert wished.ts >= opened.data.warm_until > 0  # type: ignore[attr-defined]


def test_an_instrument_is_held_back_until_something_of_this_moment_is_told_of_it(
    project: Project, host: Callable[..., Any], venue: LocalVenue
) -> None:
    rehearsed(project, venue, "shadow", "paper")
    host(lambda session: session.wait_for(lambda state: len(state.fills) >= 1, 30))
    first, second = project.events("hold.changed")[:2]
    assert (first.data.instrument, first.data.by) == ("BTC-USDT", "feed")  # type: ignore[attr-defined]
    assert "no price since the start" in first.data.reason  # type: ignore[attr-defined]
    assert second.data.reason == ""  # type: ignore[attr-defined]
    assert project.events("order.submitted")[0].seq > second.seq


@pytest.mark.parametrize("mode", ["shadow", "paper"])
def test_no_broker_is_made_for_orders_that_stay(
    project: Project, venue: LocalVenue, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guarantee itself: where no broker is made, there is no `submit` that an order could reach."""

    def never(*_: Any) -> None:
        raise AssertionError("a broker was made")

    monkeypatch.setattr(ccxt, "ccxt_broker", never)
    rehearsed(project, venue, mode, "paper" if mode == "paper" else "ccxt")
    check_runnable(load_config(project.config))
    with put_together(project) as parts:
        assert type(parts.execution) is InHouse
    with pytest.raises(AssertionError, match="a broker was made"), made_live(project):
        pass  # and the guard stands where a live session would pass


def made_live(project: Project) -> Any:
    project.write(session={"name": "paper", "mode": "live", "currency": "USDT"})
    return put_together(project, **{"broker__name": "ccxt", "event_bus__event_log_file": "logs/live.log"})


def test_a_journal_of_another_mode_is_not_gone_on_with(project: Project, venue: LocalVenue) -> None:
    def begun(parts: Parts) -> None:
        parts.journal.append(parts.execution.take(parts.opened, 1), critical=True)

    rehearsed(project, venue, "shadow", "paper")
    with put_together(project) as parts:
        begun(parts)
    rehearsed(project, venue, "paper", "paper")
    said = r"events\.log was begun by a session in mode shadow: name another file for mode paper"
    with pytest.raises(ConfigError, match=said), put_together(project):
        pass


def test_the_shipped_rehearsal_can_be_run() -> None:
    file = Path(__file__).resolve().parents[2] / "config" / "shadow.yaml"
    config = load_config(file)
    check_runnable(config)
    assert (config.session.mode, config.session.armed, config.broker.key_from) == ("shadow", True, None)
