import logging
from decimal import Decimal
from pathlib import Path

import pytest

from tests.sessions import Project
from tests.wiring.conftest import BARS, live, put_together
from tradekit.core.open import open_journal
from tradekit.errors import ConfigError, JournalLockedError, StrategyError
from tradekit.model.account import AccountType
from tradekit.model.instrument import Kind
from tradekit.model.session import CommandReceived, RiskChanged
from tradekit.state.shape import fingerprint
from tradekit.wiring.build import CONFIG_USER
from tradekit.wiring.journals import fold_until

SOURCE = '''
import tradekit as tk

class Idea(tk.Strategy):
    """Holds a unit on every {n}th bar."""

    def on_start(self):
        self.count = 0

    def on_bar(self, bar):
        self.count += 1
        if self.count % {n} == 0:
            self.buy_to(1)
        else:
            self.close()
'''


def idea(project: Project, n: int) -> None:
    """A strategy file of the project's own."""
    file = project.root / "strategies" / "idea.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(SOURCE.format(n=n), encoding="utf-8")
    project.write(strategy={"class": "strategies/idea.py:Idea"})


def hashes(project: Project) -> tuple[str, str, str]:
    """Of the engine's state, of the store's, and of the fold of the journal."""
    with put_together(project) as parts:
        folded = fold_until(parts.journal, parts.journal.last_seq)
        return fingerprint(parts.execution.engine.state), parts.store.hash(), fingerprint(folded)


def test_a_new_session_starts_from_nothing(project: Project) -> None:
    with put_together(project) as parts:
        assert (parts.journal.last_seq, parts.store.seq, parts.journal.epoch) == (0, 0, 1)
        assert parts.opened.params == {"fast": 10, "slow": 20, "qty": 0.5}
        assert parts.opened.armed
        assert parts.changed == {}
        assert parts.gate.reason == ""


def test_an_account_and_its_instrument_are_as_the_configuration_says(project: Project) -> None:
    project.write(
        session={"name": "desk", "account_type": "margin", "hedging": True},
        instruments=[{"id": "BTCUSDT", "kind": "perpetual", "margin": "0.1", "base": "BTC"}],
        broker={"borrow_rate": 0.01},
    )
    with put_together(project) as parts:
        spec = parts.opened.instruments[0]
        assert (parts.opened.account_type, parts.opened.hedging) == (AccountType.MARGIN, True)
        assert (spec.kind, spec.margin, spec.margined) == (Kind.PERPETUAL, Decimal("0.1"), True)
        assert parts.execution.cycle.clearing.nightly


def test_snapshot_and_tail_the_whole_journal_and_the_replayed_engine_are_one_state(project: Project) -> None:
    live(project, 100, snapshot_at=60)
    assert len(project.events("order.filled")) > 2
    assert len(set(hashes(project))) == 1


def test_a_session_in_two_lives_has_the_fills_of_one(project: Project, tmp_path: Path) -> None:
    live(project)
    whole = [event.data for event in project.events("order.filled")]
    other = Project(tmp_path / "other", **project.sections)
    for count in (1, 30, 71, BARS):
        live(other, count, snapshot_at=count // 2)
    assert [event.data for event in other.events("order.filled")] == whole
    assert len(whole) >= 6


def test_a_damaged_snapshot_is_passed_over(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    live(project, 100, snapshot_at=60)
    (snapshot,) = (project.root / "data" / "state" / "paper").glob("*.snapshot")
    body = bytearray(snapshot.read_bytes())
    body[len(body) // 2] ^= 1
    snapshot.write_bytes(body)
    assert len(set(hashes(project))) == 1
    assert "its checksum does not hold" in caplog.text


def test_a_sound_snapshot_of_another_state_is_passed_over(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    parts = live(project, 100, snapshot_at=60)
    state = parts.store.state
    state.account.cash["USD"] = state.account.cash.get("USD", 0) + 1
    parts.snapshots.write(state.seq, state)
    assert len(set(hashes(project))) == 1
    assert "another state than its journal" in caplog.text


def test_a_snapshot_that_does_not_fit_the_state_is_passed_over(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    parts = live(project, 100, snapshot_at=60)
    parts.snapshots.write(80, b'{"seq":"eighty"}')
    assert len(set(hashes(project))) == 1
    assert "snapshot at event 80 is not used" in caplog.text


def test_without_replay_only_a_snapshot_of_the_last_event_will_do(project: Project) -> None:
    live(project, 50, clean=True)
    project.write(state_store={"replay_events_on_restore": False})
    with put_together(project) as parts:
        assert parts.store.seq == parts.journal.last_seq > 50
    live(project, 10)
    with (
        pytest.raises(ConfigError, match=r"newest snapshot is at event \d+, the journal at \d+"),
        put_together(project),
    ):
        pass


def test_without_restore_a_new_journal_begins_and_the_old_one_is_kept(project: Project) -> None:
    before = live(project, 50)
    last = project.events()[-1].seq
    with put_together(project, state_store__restore_on_startup=False) as parts:
        assert (parts.journal.last_seq, parts.journal.epoch) == (0, 1)
        assert parts.journal.id != before.journal.id
    with open_journal(project.journal.with_name(f"events-{before.journal.id}.log")) as kept:
        assert kept.last_seq == last
        assert kept.verify().problems == []


def test_a_journal_in_use_is_refused_and_stays_where_it_is(project: Project) -> None:
    with put_together(project):
        for restore in (True, False):
            again = put_together(project, state_store__restore_on_startup=restore)
            with pytest.raises(JournalLockedError, match="is written by process"), again:
                pass
    assert [path.name for path in project.journal.parent.glob("events-*")] == []


def test_a_halt_outlives_the_session(project: Project) -> None:
    with put_together(project) as parts:
        events = [
            *parts.execution.take(parts.opened, 1),
            *parts.execution.take(CommandReceived("1", "halt", {"reason": "lunch"}, "me"), 2),
        ]
        parts.journal.append(events, critical=True)
    with put_together(project) as parts:
        assert parts.gate.reason == "lunch"
        assert isinstance(events[-1].data, RiskChanged)


# --- what changes between two starts --------------------------------------------------------------------------


def test_a_parameter_changed_in_the_file_is_a_change_once(project: Project) -> None:
    live(project, 30)
    with put_together(project, strategy__params={"fast": 12, "slow": 20, "qty": 0.5}) as parts:
        assert parts.changed == {"fast": 12}
        assert parts.execution.engine.strategy.fast == 10  # until the command is taken
        told = CommandReceived("1", "set_param", {"values": {"fast": 12}}, CONFIG_USER)
        events = [*parts.execution.take(parts.opened, 1), *parts.execution.take(told, 2)]
        parts.journal.append(events, critical=True)
    with put_together(project, strategy__params={"fast": 12, "slow": 20, "qty": 0.5}) as parts:
        assert parts.changed == {}
        assert parts.execution.engine.strategy.fast == 12


def test_a_change_is_not_forgotten_when_the_session_ends_before_it_took_effect(project: Project) -> None:
    live(project, 30)
    with put_together(project, strategy__params={"fast": 12}) as parts:
        parts.journal.append(parts.execution.take(parts.opened, 1), critical=True)
    with put_together(project, strategy__params={"fast": 12}) as parts:
        assert parts.changed == {"fast": 12}


def test_a_parameter_set_by_command_is_not_set_back_by_the_file(project: Project) -> None:
    with put_together(project) as parts:
        told = CommandReceived("1", "set_param", {"name": "fast", "value": 7}, "me")
        parts.journal.append(
            [*parts.execution.take(parts.opened, 1), *parts.execution.take(told, 2)], critical=True
        )
    with put_together(project) as parts:
        assert parts.changed == {}
        assert parts.execution.engine.strategy.fast == 7


def test_another_source_of_the_strategy_is_found_out_and_nothing_is_lost(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    idea(project, 5)
    live(project, 60)
    events, sound = project.events(), hashes(project)
    idea(project, 6)
    with put_together(project) as parts:
        assert "the journal cannot be replayed: at #" in parts.execution.engine.doubt
        assert "cannot be armed" in caplog.text
        assert parts.store.hash() == fingerprint(parts.execution.engine.state)
    assert project.events() == events
    idea(project, 5)
    assert hashes(project) == sound


def test_a_source_without_the_journals_parameters_is_told_with_a_way_on(project: Project) -> None:
    idea(project, 5)
    file = project.root / "strategies" / "idea.py"
    source = file.read_text(encoding="utf-8")
    declared = source.replace("def on_start", "n = param.Integer(3)\n\n    def on_start", 1)
    file.write_text(f"import param\n{declared}", encoding="utf-8")
    live(project, 60)
    file.write_text(source, encoding="utf-8")
    said = r"begun with parameters that the strategy does not take any more: Idea has no parameter 'n'.*fresh=True"
    with pytest.raises(StrategyError, match=said), put_together(project):
        pass


def test_another_source_that_does_the_same_is_welcome(project: Project) -> None:
    idea(project, 5)
    live(project, 60)
    file = project.root / "strategies" / "idea.py"
    file.write_text(file.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")
    with put_together(project) as parts:
        assert parts.execution.engine.doubt == ""


# --- what cannot be made -------------------------------------------------------------------------------------


def test_a_timeframe_that_the_bars_cannot_make_is_refused(project: Project) -> None:
    project.write(market_data=project.sections["market_data"] | {"timeframes": ["90s"]})
    said = r"90s bars cannot be made from .*, which has 1m bars"
    with pytest.raises(ConfigError, match=said), put_together(project):
        pass


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("tradekit.strategy.library:SmaCros", "has no strategy 'SmaCros'"),
        ("tradekit.strategy.libary:SmaCross", "no module 'tradekit.strategy.libary'"),
        ("strategies/gone.py:Idea", "gone.py does not exist"),
    ],
)
def test_a_strategy_that_is_not_there_is_refused_before_a_journal_begins(
    project: Project, path: str, said: str
) -> None:
    project.write(strategy={"class": path})
    with pytest.raises(StrategyError, match=said), put_together(project):
        pass
    assert not project.journal.exists()


def test_an_instrument_is_as_the_configuration_says(project: Project) -> None:
    project.write(instruments=[{"id": "BTCUSDT", "quote": "EUR", "tick": "0.25"}])
    with put_together(project) as parts:
        (spec,) = parts.opened.instruments
        assert (spec.quote, str(spec.tick), parts.opened.currency) == ("EUR", "0.25", "EUR")


def test_a_snapshot_is_never_ahead_of_the_journal(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    parts = live(project, 50)
    parts.snapshots.write(10_000, parts.store.state)
    assert len(set(hashes(project))) == 1
    assert "is ahead of its journal" in caplog.text
