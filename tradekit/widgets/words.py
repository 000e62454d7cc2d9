"""Numbers, ages and sequence numbers as a trader reads them, at an instrument's own precision.

Knows no pane and no state; times stay UTC and are put into the reader's zone by the page.
"""

from decimal import Decimal

from tradekit.model.instrument import Instrument

__all__ = [
    "MINUS",
    "digits_of",
    "gain",
    "grouped",
    "milliseconds",
    "money",
    "price",
    "qty",
    "sequence",
    "signed",
    "tone",
    "unit",
]

_CENTS = frozenset(
    (
        *("USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF"),
        *("TRY", "ZAR", "MXN", "BRL", "INR", "CNY", "CNH", "HKD", "SGD", "KRW", "TWD", "THB"),
        *("USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USDP", "DAI", "PYUSD", "EURC"),
    )
)  # currencies that are told to the hundredth
_CENT, _QUANTUM = 2, 8  # digits of those, and of every other: the ledger's own quantum

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


def money(value: float | Decimal, currency: str = "") -> str:
    """An amount: to the cent, or to the ledger's quantum in a coin; an exact one below a cent is never told as none."""
    text = grouped(value, _QUANTUM if value and currency and currency not in _CENTS else _CENT)
    if isinstance(value, Decimal) and value and not text.strip("0,."):
        return qty(value)
    return text


def gain(value: float | Decimal, currency: str = "") -> tuple[str, str]:
    """An amount with its sign, and the colour that goes with what is told: none for what rounds to nothing."""
    text = money(value, currency)
    if text.startswith(MINUS):
        return text, "down"
    return (f"+{text}", "up") if text.strip("0,.") else (text, "")


def unit(currency: str, currencies: int) -> str:
    """What stands behind an amount: its currency, "" where all amounts are of the account's one."""
    return f" {currency}" if currencies > 1 and currency else ""


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
