"""The strategy's parameters as a form: each as it was declared, with the value that is in force.

Pure; knows no widget. Whether a value is taken is the session's to say: the form only spares it what cannot be.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tradekit.state.shape import State
from tradekit.widgets import words

__all__ = ["form"]

Part = dict[str, Any]


def form(state: State, declared: Iterable[Mapping[str, Any]]) -> Part:
    """The rows of the form, and when a value was changed last (seq, UTC ms and by whom).

    declared  `strategy.declaration`'s rows; a parameter in force that is not among them is shown as it is
    """
    values = state.strategy.params
    rows = [{**row, "value": values.get(row["name"], row["default"])} for row in declared]
    named = {row["name"] for row in rows}
    others = [_undeclared(name, value) for name, value in values.items() if name not in named]
    return {"strategy": state.strategy.id, "rows": rows + others, "changed": _changed(state)}


def _undeclared(name: str, value: Any) -> Part:
    return {"name": name, "kind": "other", "doc": "", "default": None, "value": value, "constant": True}


def _changed(state: State) -> Part | None:
    for command in reversed(state.commands):
        if command.name == "set_param" and not command.refused:
            return {
                "seq": words.sequence(command.seq), "ts": words.milliseconds(command.ts), "user": command.user,
            }  # fmt: skip
    return None
