"""What is told when a strategy's callback raises: where and why, and that the session halts.

Pure; knows no engine.
"""

from tradekit.core.event import Fact
from tradekit.core.raised import line_in
from tradekit.errors import StrategyError, TradekitError
from tradekit.model.session import RiskChanged, StrategyFailed
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy

__all__ = ["failure", "raised_by"]


def failure(state: State, strategy: Strategy, where: str, error: Exception) -> list[Fact]:
    """The facts that follow from an exception in the callback `where`: the failure with its line, and the halt."""
    line = line_in(type(strategy), error)
    place = f"{where} ({line})" if line else where
    message = f"{type(error).__name__}: {error}"
    failed = StrategyFailed(state.strategy.id, place, message)
    risk = state.risk
    if risk.halted:
        return [failed]
    reason = f"the strategy failed in {place}: {message}"
    return [failed, RiskChanged(risk.armed, True, risk.killed, reason, "engine")]


def raised_by(strategy: Strategy, where: str, error: Exception) -> TradekitError:
    """What a backtest ends with: an error of tradekit's with its place in the strategy, any other as StrategyError."""
    name, line = f"{type(strategy).__name__}.{where}", line_in(type(strategy), error)
    if not isinstance(error, TradekitError):
        place = f"{name} ({line})" if line else name
        return StrategyError(f"{place} raised {type(error).__name__}: {error}")
    if line:
        error.place = error.place or f"{name}, {line}"
    return error
