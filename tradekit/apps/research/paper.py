"""A plan as the configuration of a paper session: the text that `tradekit run` takes, shown before it is written.

Pure; writes no file. What a paper session cannot do as the run did is refused or said.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any

import yaml

from tradekit.apps.research.plan import Plan
from tradekit.errors import ConfigError
from tradekit.model.instrument import duration
from tradekit.strategy.load import snake_name

__all__ = ["SPEEDS", "check_name", "free_name", "paper_config"]

SPEEDS = ("1", "60", "600", "max")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_CHARTED = ("15m", "1h")
_WORDS = {"none": None}  # as `--rules` has it; YAML says null
_HEAD = """\
# A paper session of {what}, promoted from the research page.
# {note}
# `tradekit run config/{name}.yaml` starts it; config/paper.yaml of tradekit explains the keys.

"""


def free_name(plan: Plan, taken: Collection[str]) -> str:
    """A session's name after the strategy's, with a number where it is taken."""
    bare = snake_name(plan.strategy.rpartition(":")[2]).replace("_", "-")[:56].strip("-")
    bare = bare if _NAME.fullmatch(bare) else "paper"
    return next(
        name for name in (bare, *(f"{bare}-{n}" for n in range(2, len(taken) + 3))) if name not in taken
    )


def check_name(name: str, taken: Collection[str]) -> str:
    """The same name; raises ConfigError for one that cannot be a session's, or that is taken."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"name {name!r}: write lower-case letters, digits and -, a letter or digit first")
    if name in taken:
        raise ConfigError(f"name {name!r} is taken by a configuration or a session; choose another")
    return name


def paper_config(
    plan: Plan, *, name: str, speed: str, strategy: str, data: Sequence[str], timeframe: str, note: str = ""
) -> str:
    """The YAML of a paper session that trades as the plan did, replaying its bars.

    strategy, data  as a configuration says them: "module:Class" or "strategies/file.py:Class", samples and files
    timeframe       of the bars; charts of 15m and 1h are kept beside it
    note            a line for the head of the file, such as the run's fingerprint

    Raises ConfigError for fill rules that a paper session does not have, or an unknown speed.
    """
    if speed not in SPEEDS:
        raise ConfigError(f"speed {speed!r}: choose one of {', '.join(SPEEDS)}")
    told: dict[str, Any] = {
        "session": {"name": name, "mode": "paper", "cash": _number(plan.cash), "armed": True},
        "strategy": {"class": strategy, "params": plan.params},
        "market_data": {
            "bars": list(data),
            "speed": speed if speed == "max" else int(speed),
            "timeframes": _timeframes(timeframe),
        },
        "broker": {
            "fee": _number(plan.fee), "slippage": _number(plan.slippage), "rules": _rules(plan.rules),
        },
        "risk": {"leverage": _number(plan.leverage)} if plan.leverage else {},
        "event_bus": {"event_log_file": f"logs/{name}.log"},
        "state_store": {"snapshot_dir": f"data/{name}"},
        "websocket": {"port": 0},
    }  # fmt: skip
    told = {section: values for section, values in told.items() if values}
    what = " ".join(strategy.rpartition(":")[2].split())
    head = _HEAD.format(what=what, name=name, note=" ".join(note.split()))
    return head + yaml.safe_dump(told, sort_keys=False, allow_unicode=True, default_flow_style=None)


def _rules(text: str) -> dict[str, Any]:
    profile, _, rest = text.partition(":")
    if profile != "default":
        raise ConfigError(
            f"rules {profile}: a paper session fills by tradekit's own rules; run with `default` to promote"
        )
    parts = (part.partition("=") for part in rest.split(",") if part.strip())
    return {key.strip(): _WORDS.get(value.strip().lower(), yaml.safe_load(value)) for key, _, value in parts}


def _timeframes(own: str) -> list[str]:
    length = duration(own)
    longer = [one for one in _CHARTED if duration(one) > length and duration(one) % length == 0]
    return [own, *longer]


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)
