"""The sections of a configuration that say what is watched, and what is done about it.

Knows no trade: what a rule or a target of alerts is called is for others to judge.
"""

from decimal import Decimal
from typing import Literal

from tradekit.config.section import AtLeastOne, Seconds, Section, Text

__all__ = ["AlertsSection", "DeadManRule", "DeadManSection", "MonitoringSection", "ReconciliationSection"]


class ReconciliationSection(Section, frozen=True, kw_only=True):
    """`reconciliation`: how the venue's books are compared with the session's (docs/desk.md).

    every_s      from one round to the next [s]
    tolerance_s  a difference that is younger may be a report on its way: it is not told [s]
    answer_s     what was sent or asked and has no answer after so long is in doubt [s]
    rounds       rounds that a difference, or a failure to ask, may last before only reducing orders go out
    look_ups     look-ups without a trace that end an order, over at least `span_s` [s]
    cash         difference of cash that is none [its currency]
    accept       by kind of difference: true settles it without a human, false waits for one
    """

    every_s: Seconds = 30.0
    tolerance_s: Seconds = 5.0
    answer_s: Seconds = 10.0
    rounds: AtLeastOne = 3
    look_ups: AtLeastOne = 3
    span_s: Seconds = 60.0
    cash: Decimal = Decimal("0.01")
    accept: dict[str, bool] = {}


class DeadManRule(Section, frozen=True, kw_only=True):
    """One rule of `dead_man`: how long is too long [s], and what is done then."""

    after_s: Seconds
    then: Literal["reduce_only", "cancel", "flatten"] = "reduce_only"


class DeadManSection(Section, frozen=True, kw_only=True):
    """`dead_man`: what is done when something was silent for too long (docs/risk.md); None is off.

    feed            nothing was told of an instrument whose market is open
    clients         no dashboard or notebook was connected
    reconciliation  no comparison of the books had all its answers
    """

    feed: DeadManRule | None = None
    clients: DeadManRule | None = None
    reconciliation: DeadManRule | None = None


class MonitoringSection(Section, frozen=True, kw_only=True):
    """`monitoring`: what a session says of itself.

    log_level     the log's least level
    metrics       whether `/metrics` is served
    daily_report  the folder into which a page is written when a day ends (docs/trade-log.md); None writes none
    """

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    metrics: bool = True
    daily_report: Text | None = None


class AlertsSection(Section, frozen=True, kw_only=True):
    """`alerts`: who is told of what happens, at once (docs/alerts.md).

    targets     where the addresses are, one each: env:NAME, file:PATH, keyring:SERVICE/NAME, credential:NAME
    least       the least grade that is told
    per_minute  messages that a target gets in a minute; what comes beyond them goes as a digest
    kinds       by kind of alert: another grade than its own, or never
    """

    targets: list[Text] = []
    least: Literal["info", "warning", "critical"] = "warning"
    per_minute: AtLeastOne = 6
    kinds: dict[str, Literal["info", "warning", "critical", "never"]] = {}
