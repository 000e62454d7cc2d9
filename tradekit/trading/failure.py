"""What is told when a strategy's callback raises: where and why, and that the session halts.

Pure; knows no engine.
"""

from tradekit.core.event import Fact
from tradekit.model.session import RiskChanged, StrategyFailed
from tradekit.state.shape import State

__all__ = ["failure"]


def failure(state: State, where: str, error: Exception) -> list[Fact]:
    """The facts that follow from an exception in the callback `where`: the failure with its line, and the halt."""
    line, trace = "", error.__traceback__
    while trace is not None:
        line = f" (line {trace.tb_lineno})"
        trace = trace.tb_next
    message = f"{type(error).__name__}: {error}"
    failed = StrategyFailed(state.strategy.id, where + line, message)
    risk = state.risk
    if risk.halted:
        return [failed]
    reason = f"the strategy failed in {where}: {message}"
    return [failed, RiskChanged(risk.armed, True, risk.killed, reason, "engine")]
