"""Parameters as plain attributes while a strategy runs, and as declared ones again afterwards.

Reading a `param` attribute costs about 2 us, a plain one a few ns; a run reads them on every bar. Knows no engine.
"""

import dis
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

from tradekit.errors import StrategyError
from tradekit.strategy.base import Strategy

__all__ = ["assign", "assign_all", "declared", "freeze", "parameters", "thaw"]


def parameters(strategy: Strategy) -> dict[str, Any]:
    """The values of the declared parameters by name (without param's own `name`), as plain JSON values."""
    known: Any = type(strategy).param
    return {name: known[name].serialize(getattr(strategy, name)) for name in declared(type(strategy))}


def assign(strategy: Strategy, name: str, value: Any) -> None:
    """Set a parameter to a value, or to what a plain JSON value stands for (a list for a tuple, a text for a date).

    Raises ValueError or TypeError, as param does, for a value that the parameter does not take.
    """
    try:
        setattr(strategy, name, value)
    except (ValueError, TypeError):
        known: Any = type(strategy).param
        try:
            meant = known[name].deserialize(value)
        except Exception:
            meant = value  # it stands for nothing: say what is wrong with the value itself
        setattr(strategy, name, meant)


def assign_all(strategy: Strategy, values: Mapping[str, Any]) -> None:
    """Set every parameter that `values` names, or none of them; raises what `assign` raises."""
    before = {name: getattr(strategy, name) for name in values}
    done: list[str] = []
    try:
        for name, value in values.items():
            assign(strategy, name, value)
            done.append(name)
    except (ValueError, TypeError):
        for name in done:
            setattr(strategy, name, before[name])
        raise


def declared(cls: type[Strategy]) -> list[str]:
    """Names of the declared parameters, in the order of declaration."""
    return [name for name in cls.param if name != "name"]


def freeze(strategy: Strategy) -> None:
    """Shadow the parameters by plain attributes of a run-time subclass.

    Raises StrategyError where the strategy's own code assigns to one of its parameters: they stand still in a run.
    """
    cls = type(strategy)
    if "_declared_by" in cls.__dict__:
        return
    values = {name: getattr(strategy, name) for name in declared(cls)}
    for name, where in _assignments(cls, set(values)):
        raise StrategyError(
            f"{where} assigns to the parameter {name!r}: parameters stand still during a run; "
            f"keep the changing value in an attribute of another name"
        )
    make: Any = type(cls)  # param's metaclass
    running = make(cls.__name__, (cls,), {"__module__": cls.__module__, "__doc__": cls.__doc__})
    type.__setattr__(running, "_declared_by", cls)
    for name, value in values.items():
        type.__setattr__(running, name, value)  # past param's metaclass, which would make a Parameter of it
    strategy.__class__ = running


def thaw(strategy: Strategy) -> None:
    """Give a strategy its declared class back."""
    cls = type(strategy).__dict__.get("_declared_by")
    if cls is not None:
        strategy.__class__ = cls


def _assignments(cls: type, names: set[str]) -> Iterator[tuple[str, str]]:
    for owner in cls.__mro__:
        if owner is Strategy or not issubclass(owner, Strategy):
            continue
        for attribute in owner.__dict__.values():
            if isinstance(attribute, FunctionType):
                yield from _stores(attribute.__code__, names, f"{owner.__name__}.{attribute.__name__}")


def _stores(code: CodeType, names: set[str], where: str) -> Iterator[tuple[str, str]]:
    """Places where `self.NAME = ...` or `self.NAME += ...` stores one of `names`.

    `self` is the function's first argument.
    """
    if not code.co_argcount:
        return
    me, steps = code.co_varnames[0], list(dis.get_instructions(code))
    line = code.co_firstlineno
    for n, step in enumerate(steps):
        line = step.positions.lineno if step.positions and step.positions.lineno else line
        if step.opname == "STORE_ATTR" and step.argval in names and _stored_on(me, steps[:n], step.argval):
            yield step.argval, f"{where} (line {line})"


def _stored_on(me: str, before: list[dis.Instruction], name: str) -> bool:
    """Whether the object that is stored on is `me`: loaded just before, or read and kept for a `+=`."""
    source = before[-1]
    if source.opname == "SWAP":
        reads = [n for n, s in enumerate(before) if s.argval == name and before[n - 1].opname == "COPY"]
        source = before[reads[-1] - 2] if reads else source
    loaded = source.argval  # one name, or the two of a joined load, of which the last is the object
    return bool((loaded[-1] if isinstance(loaded, tuple) else loaded) == me)
