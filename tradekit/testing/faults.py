"""What may go wrong between a session and its venue, and who decides when: a seed, or a script.

Knows no broker: `testing.faulty` carries the faults out.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from tradekit.core.clock import seeded
from tradekit.errors import ConfigError, did_you_mean

__all__ = ["Fate", "Fault", "Faults", "Scripted", "Seeded", "faults_of"]


class Fault(StrEnum):
    """One thing that goes wrong."""

    LOST_REQUEST = "lost_request"  # the venue never sees it, and we hear nothing
    LOST_REPLY = "lost_reply"  # the venue carries it out, and we hear nothing
    TWICE = "twice"  # the venue sees it a second time
    REJECT = "reject"  # the venue refuses it for no reason of ours
    LOST_REPORT = "lost_report"  # a report never comes
    REPEATED_REPORT = "repeated_report"  # it comes again, later
    DISCONNECT = "disconnect"  # the line breaks, with all that is on it
    FOREIGN = "foreign"  # somebody else trades on the account
    BUST = "bust"  # the venue cancels a trade


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How likely each fault is at each step, as a fraction (0.05 is one in twenty).

    delay_s     requests, answers and reports are under way for up to so long, each for itself: they overtake each other
    timeout_s   after so long an answer that was lost is waited for no more
    down_s      a broken line stays broken for up to so long
    skew_s      how far the venue's clock is ahead of ours
    per_second  requests in a second above which the venue answers that there are too many; 0 is without bound
    until_s     after so long nothing goes wrong any more, counted from the first request; 0 is never
    """

    lost_request: float = 0.0
    lost_reply: float = 0.0
    twice: float = 0.0
    reject: float = 0.0
    lost_report: float = 0.0
    repeated_report: float = 0.0
    disconnect: float = 0.0
    foreign: float = 0.0
    bust: float = 0.0
    delay_s: float = 0.0
    timeout_s: float = 5.0
    down_s: float = 20.0
    skew_s: float = 0.0
    per_second: float = 0.0
    until_s: float = 0.0

    def __post_init__(self) -> None:
        """Raises ConfigError for what is no fraction, or no length of time."""
        for fault in Fault:
            chance = getattr(self, fault)
            if not 0 <= chance <= 1:
                raise ConfigError(f"{fault} is {chance}: give a fraction from 0 to 1, for example 0.05")
        for name in ("delay_s", "timeout_s", "down_s", "per_second", "until_s"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}: give 0 or more")


ROUGH = Faults(
    lost_request=0.05, lost_reply=0.05, twice=0.02, reject=0.03, lost_report=0.05, repeated_report=0.05,
    disconnect=0.01, delay_s=2.0,
)  # fmt: skip


def faults_of(said: Mapping[str, object]) -> Faults:
    """Faults by name; raises ConfigError that names what there is. Nothing said is a rough day."""
    known = Faults.__struct_fields__
    for name in said:
        if name not in known:
            raise ConfigError(
                f"no fault is called {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}"
            )
    try:
        return msgspec.convert(dict(said), Faults) if said else ROUGH
    except msgspec.ValidationError as error:
        raise ConfigError(str(error)) from error


class Fate(Protocol):
    """Decides what goes wrong next."""

    def strikes(self, fault: Fault, step: str) -> bool:
        """Whether a fault happens at a step: the call ("submit"), the question ("open_orders") or "report"."""

    def part(self) -> float:
        """A fraction, for how long something takes of what it may take at most."""


class Seeded:
    """Chance, the same for the same seed."""

    def __init__(self, faults: Faults, seed: int | str) -> None:
        self._faults = faults
        self._chance = seeded(seed)

    def strikes(self, fault: Fault, step: str) -> bool:
        """By the fault's likelihood; what cannot happen draws no number."""
        likely: float = getattr(self._faults, fault)
        return likely > 0 and self._chance.random() < likely

    def part(self) -> float:
        """Anything from 0 to 1."""
        return self._chance.random()


class Scripted:
    """What a script says, and nothing else: {"submit 2": "lost_reply"} loses the answer to the second submit.

    Each step is counted from 1, by its name.
    """

    def __init__(self, script: Mapping[str, str]) -> None:
        self._script = {step: Fault(fault) for step, fault in script.items()}
        self._counts: dict[tuple[str, Fault], int] = {}

    def strikes(self, fault: Fault, step: str) -> bool:
        """Whether the script has this fault for this step, by how often it was asked for it."""
        count = self._counts[step, fault] = self._counts.get((step, fault), 0) + 1
        return self._script.get(f"{step} {count}") is fault

    def part(self) -> float:
        """Half of it."""
        return 0.5
