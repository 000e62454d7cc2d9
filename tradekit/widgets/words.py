"""Numbers, ages and sequence numbers as a trader reads them, at an instrument's own precision.

Knows no pane and no state; times stay UTC and are put into the reader's zone by the page.
"""

from decimal import Decimal

from tradekit.model.instrument import Instrument

__all__ = [
    "MINUS",
    "digits_of",
    "grouped",
    "milliseconds",
    "money",
    "price",
    "qty",
    "sequence",
    "signed",
    "tone",
]

MINUS = "\N{MINUS SIGN}"  # as wide as a digit and a plus, unlike the hyphen


def grouped(value: float | Decimal, digits: int) -> str:
    """`1,234.50`: thousands separated, fixed digits, a true minus sign; never "-0.00"."""
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0,.") else MINUS + text[1:]
    return text


def signed(value: float | Decimal, digits: int = 2) -> str:
    """The same with a plus sign in front of a gain; zero has no sign."""
    text = grouped(value, digits)
    return text if text.startswith(MINUS) or not text.strip("0,.") else f"+{text}"


def money(value: float | Decimal) -> str:
    """An amount of the account's currency, to the cent."""
    return grouped(value, 2)


def tone(value: float | Decimal) -> str:
    """Which colour goes with a number's sign: "up", "down" or ""."""
    return "up" if value > 0 else "down" if value < 0 else ""


def digits_of(step: Decimal | None, sample: float = 0.0) -> int:
    """Digits after the point that a price step needs; without one, what a price like `sample` reads well with."""
    if step is not None:
        exponent = step.normalize().as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else 0
    size = abs(sample)
    return 2 if size >= 50 or size == 0 else 4 if size >= 1 else 6


def price(value: float | Decimal | None, instrument: Instrument | None) -> str:
    """A price at the instrument's tick; "" for none."""
    if value is None:
        return ""
    return grouped(value, digits_of(instrument.tick if instrument is not None else None, float(value)))


def qty(value: Decimal) -> str:
    """A quantity as it is, without trailing zeros or exponent: exact, never rounded."""
    text = f"{value.normalize():,f}"
    return MINUS + text[1:] if text.startswith("-") else text


def sequence(seq: int) -> str:
    """A journal sequence number: `#48,219`."""
    return f"#{seq:,}"


def milliseconds(ns: int) -> int:
    """UTC nanoseconds as the milliseconds that a browser counts in; 0 stays 0 ("never")."""
    return ns // 1_000_000
