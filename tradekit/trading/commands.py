"""What a command does: arm, halt, kill, submit, replace, cancel, flatten, set parameters; none touches a venue.

`snapshot` and `stop` are the shell's to carry out; the engine only takes note. Knows no sender's rights.
"""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tradekit.errors import TradekitError
from tradekit.model.doubt import EXTERNAL, OrderClaimed
from tradekit.model.order import Side, Status
from tradekit.model.session import (
    COMMANDS,
    CommandReceived,
    CommandRefused,
    ParamsChanged,
    RiskChanged,
    params_of,
)
from tradekit.state.shape import Order
from tradekit.strategy.freeze import assign_all, declared, freeze, parameters, thaw
from tradekit.strategy.wishes import Wishes
from tradekit.trading.reconcile.settle import resolution, unsettled

if TYPE_CHECKING:
    from tradekit.trading.engine import Engine

__all__ = ["carry_out"]

_ORDER_WORDS = frozenset(inspect.signature(Wishes.buy).parameters) - {"self", "qty", "instrument"}
_KINDS: dict[str, type[str | bool]] = {
    **dict.fromkeys(("position", "group", "after", "tag", "reason"), str),
    **dict.fromkeys(("reduce_only", "post_only"), bool),
}
_CHANGE_WORDS = frozenset(inspect.signature(Wishes.replace).parameters) - {"self", "order_id"}


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
    books = engine.state.health.reconciliation
    if books.status in ("due", "failed", "open"):
        raise TradekitError(f"cannot be armed: {unsettled(books)}")
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


def _submit(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    """A user's own order. It is the strategy's like any other, so risk, goal and position count it."""
    terms = dict(args)
    side, qty = terms.pop("side", None), terms.pop("qty", None)
    if side not in set(Side):
        raise TradekitError(f"side is {side!r}: say buy or sell")
    known = engine.state.instruments
    instrument = terms.pop("instrument", None) or (next(iter(known)) if len(known) == 1 else None)
    if instrument is None:
        raise TradekitError(f"name the instrument: the session has {', '.join(known) or 'none'}")
    _known(terms, _ORDER_WORDS)
    terms["reason"] = _signed(command, "submitted")
    order = engine.state.orders[engine.order(Side(side), qty, instrument=instrument, **terms)]
    if order.status is Status.DENIED:
        raise TradekitError(f"{order.id} was denied by {order.note}")


def _replace(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    terms = dict(args)
    order = _working(engine, str(terms.pop("order_id", "")))
    _known(terms, _CHANGE_WORDS)
    terms["reason"] = _signed(command, "replaced")
    if not engine.replace(order.id, **terms):
        waits = "it is to be canceled" if order.cancel_requested else "a replacement of it is under way"
        if order.cancel_requested or order.replace_requested:
            raise TradekitError(f"{order.id} cannot be replaced now: {waits}")
        raise TradekitError(order.note or f"{order.id} has these terms already")


def _known(terms: dict[str, Any], words: frozenset[str]) -> None:
    """Check the names of terms, and the kind of those that are no numbers: what is told must be read again."""
    unknown = sorted(terms.keys() - words)
    if unknown:
        raise TradekitError(
            f"{', '.join(unknown)} is no term of an order; there are {', '.join(sorted(words))}"
        )
    for name, kind in _KINDS.items():
        if not isinstance(terms.get(name, kind()), kind):
            raise TradekitError(
                f"{name} is {terms[name]!r}: give {'true or false' if kind is bool else 'a text'}"
            )


def _signed(command: CommandReceived, done: str) -> str:
    """Who did it, and why if that was said: the reason that a user's order carries."""
    said = _reason(command)
    return f"{done} by {command.user}" + (f": {said}" if said else "")


def _working(engine: "Engine", order_id: str) -> Order:
    order = engine.dealing.working.get(order_id)
    if order is None:
        raise TradekitError(
            f"no working order {order_id!r}; working: {', '.join(engine.dealing.working) or 'none'}"
        )
    return order


def _cancel(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    order = _working(engine, str(args.get("order_id", "")))
    if order.strategy == EXTERNAL and not order.claimed:
        raise TradekitError(f"{order.id} was not sent here: claim it before you cancel it")
    engine.dealing.cancel(order.id, f"canceled by {command.user}")


def _cancel_all(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    engine.dealing.cancel_all(args.get("instrument"), f"canceled by {command.user}")


def _flatten(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    engine.dealing.flatten(args.get("instrument"), f"flattened by {command.user}")


def _set_param(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    """Validate on the declared class, then start the strategy anew with the changed values, warmed up from the state.

    All of them or none.
    """
    strategy, wanted = engine.strategy, params_of(args)
    known = declared(type(strategy))
    if not wanted:
        raise TradekitError("set_param names no parameter: give name and value, or values")
    for name in wanted:
        if name not in known:
            there = ", ".join(known)
            raise TradekitError(f"{type(strategy).__name__} has no parameter {name!r}; it has {there}")
    thaw(strategy)
    try:
        assign_all(strategy, wanted)
        values = parameters(strategy)
    finally:
        freeze(strategy)
    engine.tell(ParamsChanged(engine.state.strategy.id, values))
    engine.series.clear_indicators()
    engine.restart_strategy({name: values[name] for name in wanted})


def _claim(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    order = _working(engine, str(args.get("order_id", "")))
    if order.strategy != EXTERNAL:
        raise TradekitError(f"{order.id} is this session's own: there is nothing to claim")
    engine.tell(OrderClaimed(order.id, order.instrument, command.user))


def _resolve(engine: "Engine", command: CommandReceived, args: dict[str, Any]) -> None:
    """Accept what a difference proposes, or refuse it: then our books stay as they are."""
    name, accept = str(args.get("difference", "")), args.get("accept")
    known = {one.id: one for one in engine.state.health.reconciliation.open}
    if name not in known:
        raise TradekitError(f"no open difference {name!r}; open: {', '.join(known) or 'none'}")
    if not isinstance(accept, bool):
        raise TradekitError(f"accept is {accept!r}: say true or false")
    for fact in resolution(engine.state, known[name], accept=accept, user=command.user):
        engine.tell(fact)


_ACTIONS: dict[str, Callable[["Engine", CommandReceived, dict[str, Any]], None]] = {
    "arm": _arm,
    "disarm": _disarm,
    "halt": _halt,
    "kill": _kill,
    "cancel": _cancel,
    "cancel_all": _cancel_all,
    "flatten": _flatten,
    "set_param": _set_param,
    "submit": _submit,
    "replace": _replace,
    "claim": _claim,
    "resolve": _resolve,
}
