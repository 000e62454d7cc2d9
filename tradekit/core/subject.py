"""Subjects, the dotted addresses of events (`order.filled.BTC-USD`), and the patterns that choose among them.

`*` stands for one token, a last `>` for one or more. Knows no event and no subscriber.
"""

from tradekit.errors import ConfigError

__all__ = ["fits", "may_fit", "subject_matches", "tokens"]


def subject_matches(pattern: str, subject: str) -> bool:
    """Whether a subject such as `order.filled.BTC-USD` fits; raises ConfigError for a bad pattern."""
    return fits(tokens(pattern), subject.split("."))


def tokens(pattern: str) -> list[str]:
    """A pattern taken apart; raises ConfigError where it is not understood."""
    parts = pattern.split(".")
    if not all(parts) or ">" in parts[:-1]:
        raise ConfigError(
            f"subject pattern {pattern!r} is not understood; join tokens with dots, `*` stands for one token "
            f"and a last `>` for the rest: order.*.BTC-USD, order.>"
        )
    return parts


def fits(pattern: list[str], subject: list[str]) -> bool:
    """The same as `subject_matches`, for both taken apart already."""
    if pattern[-1] == ">":
        pattern = pattern[:-1]
        if len(subject) <= len(pattern):
            return False
    elif len(pattern) != len(subject):
        return False
    return all(p in ("*", s) for p, s in zip(pattern, subject, strict=False))


def may_fit(pattern: list[str], tag: str) -> bool:
    """Whether any event of the type `tag` can have a subject that fits."""
    return all(p in ("*", ">", s) for p, s in zip(pattern, tag.split("."), strict=False))
