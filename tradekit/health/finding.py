"""A finding: one thing that was looked at, how it is, and what to do about it.

Knows nothing of what can be looked at.
"""

from enum import StrEnum

import msgspec

__all__ = ["Finding", "Grade", "note", "well", "wrong"]


class Grade(StrEnum):
    """How a thing is: well, worth a note, or wrong."""

    WELL = "well"
    NOTE = "note"
    WRONG = "wrong"


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, how it is, what was found in plain words, and what to do ("" when nothing)."""

    subject: str
    grade: Grade
    said: str
    remedy: str = ""


def well(subject: str, said: str) -> Finding:
    """It is as it should be."""
    return Finding(subject, Grade.WELL, said)


def note(subject: str, said: str, remedy: str = "") -> Finding:
    """It may be meant so, but somebody should know."""
    return Finding(subject, Grade.NOTE, said, remedy)


def wrong(subject: str, said: str, remedy: str = "") -> Finding:
    """It keeps a session from starting, or from doing its work."""
    return Finding(subject, Grade.WRONG, said, remedy)
