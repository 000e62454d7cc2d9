"""What all sections of a configuration have in common: how a value is bounded, and that no key is unknown.

Knows no section.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["AtLeastOne", "Count", "Name", "Port", "Positive", "Seconds", "Section", "Text"]

Text = Annotated[str, Meta(min_length=1)]
Name = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]*$", max_length=64)]
Port = Annotated[int, Meta(ge=0, le=65535)]
Count = Annotated[int, Meta(ge=0)]
AtLeastOne = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0)]
Seconds = Positive


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all sections have in common: nothing is changed after loading, and no key is unknown."""
