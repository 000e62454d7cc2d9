"""A session's configuration as typed sections: every key, its unit and its default.

Knows no YAML and no trade: what a strategy, a source or a risk rule is called is for others to judge.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from msgspec import field

from tradekit.config.section import AtLeastOne, Count, Name, Port, Positive, Seconds, Section, Text
from tradekit.config.watch import (
    AlertsSection,
    DeadManRule,
    DeadManSection,
    MonitoringSection,
    ReconciliationSection,
)

__all__ = [
    "AlertsSection",
    "BrokerSection",
    "Config",
    "DashboardSection",
    "DeadManRule",
    "DeadManSection",
    "EventBusSection",
    "InstrumentSection",
    "MarketDataSection",
    "MonitoringSection",
    "ReconciliationSection",
    "SessionSection",
    "StateStoreSection",
    "StrategySection",
    "WebsocketSection",
]


class SessionSection(Section, frozen=True, kw_only=True):
    """`session`: who trades, with what money.

    name             name in `tradekit sessions` (lower-case letters, digits, -); "" is the file's stem
    mode             what orders are worth: paper, shadow or live
    account          the account's name
    currency         the account's currency; None is the first instrument's quote currency
    cash             opening balance of a new journal [currency]; a live session has the account's own
    account_type     what orders may do with the money there is: unlimited, cash or margin (docs/accounts.md)
    hedging          whether positions of one instrument are kept apart by name, instead of netted
    armed            whether orders may be sent from the first bar on; None is no where they leave the house, else yes
    rearm            what a live session that was armed does at its next start: waits for a human (manual), or goes on
                     once every book agrees (auto)
    step_deadline_s  the session halts when one step takes longer [s]
    folder           where token file and log lie; None is beside the journal
    """

    name: Name = ""
    mode: Literal["paper", "shadow", "live"] = "paper"
    account: Text = "paper"
    currency: Text | None = None
    cash: Decimal = Decimal(100_000)
    account_type: Literal["unlimited", "cash", "margin"] = "unlimited"
    hedging: bool = False
    armed: bool | None = None
    rearm: Literal["manual", "auto"] = "manual"
    step_deadline_s: Seconds = 1.0
    folder: Text | None = None


class StrategySection(Section, frozen=True, kw_only=True):
    """`strategy`: what decides.

    class   "module:Class", or "strategies/file.py:Class" with a path from the project root
    id      its name in orders and signals; None is the class's name in snake case
    params  its parameters by name; the others keep their declared defaults
    """

    class_path: Text | None = field(default=None, name="class")
    id: Text | None = None
    params: dict[str, Any] = {}


class InstrumentSection(Section, frozen=True, kw_only=True):
    """One of `instruments`: what to say otherwise than the data's source says; None keeps the source's word.

    tick, lot   smallest steps of price and quantity
    multiplier  quote currency per unit of price for one unit of quantity
    base        the other currency of a pair; `inverse` contracts pay in it
    kind        how it is paid: spot in full, a future or a perpetual by its profit
    calendar    of its exchange's sessions ("XNYS", "CMES", "FX"); 24/7 never rests
    margin, maintenance  initial and maintenance margin as fractions of a position's value
    contract    at Interactive Brokers, which one it is: "STK AAPL SMART USD" (docs/brokers.md)
    """

    id: Text
    quote: Text | None = None
    tick: Decimal | None = None
    lot: Decimal | None = None
    multiplier: Decimal | None = None
    base: Text | None = None
    inverse: bool | None = None
    kind: Literal["spot", "future", "perpetual"] | None = None
    calendar: Text | None = None
    margin: Decimal | None = None
    maintenance: Decimal | None = None
    contract: Text | None = None


class MarketDataSection(Section, frozen=True, kw_only=True):
    """`market_data`: what the session sees.

    source             where bars come from: replay, tail (files that grow: docs/tail.md), or a venue (ccxt, alpaca, ib)
    bars               of a replay: samples ("sample:BTCUSDT-1m") and files; of a tail: files; one instrument each
    speed              of a replay: how many times faster than it happened; "max" waits for nothing
    timeframes         kept and shown beside those the strategy asks for
    fast_forward_bars  of a replay: bars delivered at once at the very start, so that charts are full
    warmup_bars        of a venue or a tail: so many bars of the shortest timeframe before the first start warm
                       indicators up
    tape               of Alpaca: whose trades make the bars, iex (one exchange, free) or sip (all, by subscription)
    ticks              whether the forming bar is shown between closes
    """

    source: Text = "replay"
    bars: list[Text] = []
    speed: float | Text = 1.0
    timeframes: list[Text] = []
    fast_forward_bars: Count = 0
    warmup_bars: Count = 500
    tape: Literal["iex", "sip"] = "iex"
    ticks: bool = True


class BrokerSection(Section, frozen=True, kw_only=True):
    """`broker`: who carries orders out.

    fee       fraction of each trade's value (0.001 is 0.1 %), or a model: {model: per_share, amount: 0.005}
    slippage  fraction of the price by which market and stop orders fill worse, or a model
    rules     fill rules by name, {participation: 0.1}; docs/fills.md and docs/costs.md have them all
    borrow_rate, interest_rate  yearly rates (0.03 is 3 %) for what is sold short, and for cash that is owed
    drill     faults on the way to the venue by name, and a `seed` (docs/brokers.md); {} is a rough day, None none

    Of a venue, where it or the source of market data is one (docs/brokers.md):

    venue, market          of ccxt: which one, and spot or linear (perpetuals)
    key_from, secret_from  where the key and its secret are: env:NAME, file:PATH or keyring:SERVICE/NAME
    sandbox                the venue's own test exchange; of Alpaca the paper one
    url                    another address than the venue's, for a venue of one's own on this machine
    host, port             of ib: where TWS (7497 paper, 7496 live) or IB Gateway (4002, 4001) listens
    client_id              of ib: a number that no other program has there; market data takes the next one, the doctor
                           the one after that
    account                of ib: which one, where the login has several
    """

    name: Text = "paper"
    fee: Decimal | dict[str, Any] = Decimal(0)
    slippage: Decimal | dict[str, Any] = Decimal(0)
    rules: dict[str, Any] = {}
    borrow_rate: Decimal = Decimal(0)
    interest_rate: Decimal = Decimal(0)
    drill: dict[str, int | float | str] | None = None
    venue: Text = "binance"
    market: Literal["spot", "linear"] = "spot"
    key_from: Text | None = None
    secret_from: Text | None = None
    sandbox: bool = False
    url: Text | None = None
    host: Text = "127.0.0.1"
    port: Port = 7497
    client_id: AtLeastOne = 1
    account: Text | None = None


class DashboardSection(Section, frozen=True, kw_only=True):
    """`dashboard`: where `tradekit dashboard` serves, and how it looks.

    data_folder  its CSV and Parquet files are offered on the research page; None offers the samples alone
    """

    host: Text = "127.0.0.1"
    port: Port = 5006
    theme: Literal["dark", "light"] = "dark"
    data_folder: Text | None = None


class EventBusSection(Section, frozen=True, kw_only=True):
    """`event_bus`: events and their journal.

    enabled         false has a meaning in a backtest only
    persist_events  false keeps the journal in memory: nothing survives a restart
    event_log_file  the journal
    max_history     events kept in memory for late subscribers
    """

    enabled: bool = True
    persist_events: bool = True
    event_log_file: Text = "logs/events.log"
    max_history: Count = 1000


class StateStoreSection(Section, frozen=True, kw_only=True):
    """`state_store`: snapshots and what a start does with them.

    enabled                    false has a meaning in a backtest only
    snapshot_interval_minutes  a snapshot each so often [min] while events come, and at a clean stop
    snapshot_every_events      one after so many events as well; None leaves that out
    snapshot_every_mb          one after so many megabytes of journal as well [MB of 2^20 bytes]; None leaves that out
    max_snapshots              older ones are removed
    restore_on_startup         false starts a new journal and keeps the old one under its id
    replay_events_on_restore   false starts only from a snapshot at the journal's last event
    """

    enabled: bool = True
    snapshot_dir: Text = "data/state"
    snapshot_interval_minutes: Positive = 5.0
    snapshot_every_events: AtLeastOne | None = 100_000
    snapshot_every_mb: Positive | None = 64.0
    max_snapshots: AtLeastOne = 100
    restore_on_startup: bool = True
    replay_events_on_restore: bool = True


class WebsocketSection(Section, frozen=True, kw_only=True):
    """`websocket`: the bridge that notebooks and dashboards attach to.

    enabled             false starts the session without it: nothing can attach, and only signals stop it
    host, port          where it listens; port 0 takes a free one
    uri                 where clients connect; None follows from host and port
    reconnect_interval  a client that lost it tries again after at most so long [s]
    ping_interval       WebSocket ping [s]
    allowed_origins     web pages that may connect beside its own ("http://localhost:8888")
    allowed_hosts       Host names it answers to beside its own ("desk.local:8765")
    max_clients         connections at a time; `max_per_ip` from one address that is not this machine
    tls_cert, tls_key   the certificate (chain) and its key, PEM files: with them `host` may be another than this
                        machine's loopback, and clients connect to wss://
    limits              the bridge's other bounds by name, such as requests_per_s or queue_bytes
    """

    enabled: bool = True
    host: Text = "127.0.0.1"
    port: Port = 8765
    uri: Text | None = None
    reconnect_interval: Seconds = 5.0
    ping_interval: Seconds = 30.0
    allowed_origins: list[Text] = []
    allowed_hosts: list[Text] = []
    max_clients: AtLeastOne = 64
    max_per_ip: AtLeastOne = 8
    tls_cert: Text | None = None
    tls_key: Text | None = None
    limits: dict[str, int | float] = {}

    @property
    def scheme(self) -> str:
        """What its address begins with."""
        return "ws" if self.tls_cert is None else "wss"


class Config(Section, frozen=True, kw_only=True):
    """A whole configuration, checked.

    file, root  where it was read, and where its relative paths start
    digest      sha256 (hex) of what it says, defaults included; equal settings give equal digests
    risk        limits by rule name
    """

    session: SessionSection = SessionSection()
    strategy: StrategySection = StrategySection()
    instruments: list[InstrumentSection] = []
    market_data: MarketDataSection = MarketDataSection()
    broker: BrokerSection = BrokerSection()
    risk: dict[str, int | float | str] = {}
    reconciliation: ReconciliationSection = ReconciliationSection()
    dead_man: DeadManSection = DeadManSection()
    monitoring: MonitoringSection = MonitoringSection()
    alerts: AlertsSection = AlertsSection()
    dashboard: DashboardSection = DashboardSection()
    event_bus: EventBusSection = EventBusSection()
    state_store: StateStoreSection = StateStoreSection()
    websocket: WebsocketSection = WebsocketSection()
    file: Path = Path()
    root: Path = Path()
    digest: str = ""

    @property
    def journal(self) -> Path | None:
        """The journal's file; None when it is kept in memory."""
        return self.path(self.event_bus.event_log_file) if self.event_bus.persist_events else None

    @property
    def snapshots(self) -> Path:
        """The folder of the snapshots."""
        return self.path(self.state_store.snapshot_dir)

    @property
    def folder(self) -> Path:
        """Where token file and log lie."""
        if self.session.folder is not None:
            return self.path(self.session.folder)
        return self.path("data/sessions") if self.journal is None else self.journal.parent

    @property
    def token_file(self) -> Path:
        """Where the session writes its token (0600)."""
        return self.folder / f"{self.session.name}.token"

    @property
    def minted_file(self) -> Path:
        """Where the hashes of tokens minted for others are kept (0600)."""
        return self.folder / f"{self.session.name}.tokens"

    @property
    def alerts_file(self) -> Path:
        """Where it is noted how far each target of alerts has been told (0600)."""
        return self.folder / f"{self.session.name}.alerts"

    @property
    def latch_file(self) -> Path:
        """Where a kill is noted that the journal could not take (0600)."""
        return self.folder / f"{self.session.name}.killed"

    @property
    def log_file(self) -> Path:
        """Where the session's log goes when nobody reads its stderr."""
        return self.folder / f"{self.session.name}.session.log"

    @property
    def bars(self) -> list[str]:
        """The sources of bars as `load_bars` takes them: samples by name, files with their full path."""
        return [one if one.startswith("sample:") else str(self.path(one)) for one in self.market_data.bars]

    def path(self, text: str) -> Path:
        """A path of this configuration in full: relative ones start at `root`, ~ is the user's home."""
        return self.root / Path(text).expanduser()
