"""What a command does: arm, halt, kill, cancel, flatten, set a parameter; each tells facts, none touches a venue.

`snapshot` and `stop` are the shell's to carry out; the engine only takes note. Knows no sender's rights.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tradekit.errors import TradekitError
from tradekit.model.session import COMMANDS, CommandReceived, CommandRefused, ParamsChanged, RiskChanged
from tradekit.strategy.freeze import assign, declared, freeze, parameters, thaw

if TYPE_CHECKING:
    from tradekit.trading.engine import Engine

__all__ = ["carry_out"]


def carry_out(engine: "Engine", command: CommandReceived) -> None:
    """Do as told, once for each command id; what cannot be done is told as refused, with the reason."""
    if sum(known.id == command.id for known in engine.state.commands) > 1:
        return
    action = _ACTIONS.get(command.name)
    if action is None:
        if command.name not in COMMANDS:
            _refuse(engine, command, f"no command {command.name!r}; there are {', '.join(COMMANDS)}")
        return
    try:
        action(engine, command, command.args)
    except (TradekitError, ValueError, TypeError) as error:
        _refuse(engine, command, str(error))


def _refuse(engine: "Engine", command: CommandReceived, reason: str) -> None:
    engine.tell(CommandRefused(command.id, command.name, reason))


def _reason(command: CommandReceived) -> str:
    return str(command.args.get("reason") or "")


def _arm(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    if engine.doubt:
        raise TradekitError(f"cannot be armed: {engine.doubt}")
    engine.tell(RiskChanged(True, False, False, _reason(command), command.user))


def _disarm(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    risk = engine.state.risk
    engine.tell(RiskChanged(False, risk.halted, risk.killed, _reason(command) or "disarmed", command.user))


def _halt(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    risk = engine.state.risk
    engine.tell(RiskChanged(risk.armed, True, risk.killed, _reason(command) or "halted", command.user))


def _kill(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    engine.tell(RiskChanged(False, True, True, _reason(command) or "killed", command.user))
    engine.dealing.cancel_all(None, "kill switch")


def _cancel(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    order_id = str(args.get("order_id", ""))
    if order_id not in engine.dealing.working:
        raise TradekitError(
            f"no working order {order_id!r}; working: {', '.join(engine.dealing.working) or 'none'}"
        )
    engine.dealing.cancel(order_id, f"canceled by {command.user}")


def _cancel_all(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    engine.dealing.cancel_all(args.get("instrument"), f"canceled by {command.user}")


def _flatten(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    engine.dealing.flatten(args.get("instrument"), f"flattened by {command.user}")


def _set_param(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    """Validate on the declared class, then start the strategy anew with the changed value, warmed up from the state."""
    strategy, name = engine.strategy, str(args.get("name", ""))
    known = declared(type(strategy))
    if name not in known:
        raise TradekitError(f"{type(strategy).__name__} has no parameter {name!r}; it has {', '.join(known)}")
    thaw(strategy)
    try:
        assign(strategy, name, args.get("value"))
        values = parameters(strategy)
    finally:
        freeze(strategy)
    engine.tell(ParamsChanged(engine.state.strategy.id, values))
    engine.series.clear_indicators()
    engine.restart_strategy({name: values[name]})


_ACTIONS: dict[str, Callable[["Engine", CommandReceived, dict[str, Any]], None]] = {
    "arm": _arm,
    "disarm": _disarm,
    "halt": _halt,
    "kill": _kill,
    "cancel": _cancel,
    "cancel_all": _cancel_all,
    "flatten": _flatten,
    "set_param": _set_param,
}
