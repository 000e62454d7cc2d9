"""How venues spell what a scripted one may say: kinds, statuses, sides, types, times and numbers, by one word each.

Pure tables and look-ups. Knows neither keys nor statements.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite

import msgspec

from tradekit.errors import OrderError, did_you_mean
from tradekit.model.instrument import Instrument, Kind
from tradekit.model.money import exact
from tradekit.model.order import OrderType, Side
from tradekit.model.said import What

__all__ = [
    "CALLS",
    "STATES",
    "STATUSES",
    "call_of",
    "instrument_of",
    "kind_of",
    "moment",
    "number_of",
    "side_of",
    "spec_of",
    "status_of",
    "tif_of",
    "type_of",
    "word",
]

CALLS = ("submit", "cancel", "replace")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_COUNTED = re.compile(r"-?(?!\d{8}$)\d+(\.\d*)?")  # a number, and no date
_RELIABLE = 15  # decimal digits that a double keeps


def _table(**others: str) -> dict[str, str]:
    return {other: name for name, words in others.items() for other in words.split()}


_KINDS = _table(
    new="accepted ack acknowledged open opened placed",
    canceled="cancelled cancel canceled_by_venue",
    expired="expire",
    rejected="reject order_rejected",
    replaced="replace amended modified updated",
    cancel_rejected="cancel_reject",
    replace_rejected="replace_reject modify_rejected amend_rejected",
    fill="partial_fill partially_filled partial part_filled filled full_fill executed trade execution liquidation adl",
    bust="busted trade_bust trade_cancel trade_canceled",
    order="order_status order_update status",
    not_found="order_not_found unknown_order",
    open_orders="orders",
    executions="fills trades",
    positions="position",
    balances="balance account",
    disconnect="disconnected",
    reconnect="reconnected connected",
)
_CALLS = _table(submit="place create new order_submit", cancel="cancel_order", replace="amend modify edit")
_STATUS = _table(
    new="new open accepted working active live submitted submitting created pending pending_new pending_submit "
    "pending_create open_pending validation_pending put_order_req_received pre_submitted presubmitted "
    "untriggered trigger_pending effective triggered pending_cancel cancel_pending pending_replace "
    "pending_update modify_pending partially_filled part_filled partial_fill partial part_traded parttraded "
    "not_traded nottraded held suspended stopped calculated done_for_day accepted_for_bidding inactive",
    canceled="canceled cancelled api_cancelled partially_canceled partial_canceled partially_filled_canceled "
    "mmp_canceled deactivated cancelled_amo",
    filled="filled full_fill fully_filled executed complete completed closed all_traded alltraded",
    rejected="rejected reject failed invalid",
    expired="expired expired_in_match lapsed",
    replaced="replaced modified amended",
)
STATES = frozenset(_STATUS)
"""Every word for where an order stands."""
_SIDES = _table(buy="b bid bot bought long", sell="s ask sld sold short sell_short")
_TYPES = _table(
    market="mkt",
    limit="lmt limit_maker post_only",
    stop="stp stop_market stop_loss",
    stop_limit="stp_lmt stop_loss_limit",
    trailing_stop="trail trailing_stop_market",
    market_if_touched="mit take_profit take_profit_market",
    limit_if_touched="lit take_profit_limit",
)
_SWAPS = ("PERP", "SWAP")
_QUOTES = ("USDT", "USDC", "BUSD", "USD", "EUR")
# quotes too, where a whole name stands before them
_PAID_IN = ("BTC", "ETH", "BNB", "GBP", "JPY", "INR", "KRW")
_STEPS = ("tick", "lot", "multiplier", "min_notional", "max_qty", "margin", "maintenance")
_VENUE = re.compile(r"\.[A-Z]{3,}$")
_TIFS = _table(
    gtc="good_till_cancel good_til_canceled good_till_canceled",
    ioc="immediate_or_cancel",
    fok="fill_or_kill",
    gtd="good_till_date good_til_date gtt",
    at_open="opg on_open",
    at_close="cls on_close",
)
STATUSES = (
    "new",
    "open",
    "accepted",
    "working",
    "partially_filled",
    "canceled",
    "filled",
    "rejected",
    "expired",
)


def spec_of(told: str | Mapping[str, object] | Instrument) -> Instrument:
    """An instrument as it is told: by its name alone, by a mapping of its fields, or as one; its numbers exact."""
    if isinstance(told, Instrument):
        return msgspec.structs.replace(told, **_exact({name: getattr(told, name) for name in _STEPS}))
    if isinstance(told, str):
        return instrument_of(told)
    known = Instrument.__struct_fields__
    if not isinstance(told, Mapping) or "id" not in told:
        raise OrderError(
            f"instrument is {told!r}: give a name, an Instrument, or a dict with id and its other fields"
        )
    for name in told:
        if name not in known:
            raise OrderError(
                f"an instrument has no {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}"
            )
    try:
        return msgspec.convert(
            {**msgspec.to_builtins(instrument_of(str(told["id"]))), **_exact(told)}, Instrument
        )
    except msgspec.ValidationError as error:
        raise OrderError(f"instrument {told['id']}: {error}") from error


def _exact(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields with exact numbers for what is counted."""
    return {
        name: exact(value, name=name) if name in _STEPS and value is not None else value
        for name, value in fields.items()
    }


def instrument_of(name: str) -> Instrument:
    """An instrument by its name alone: base and quote where it has both ("BTC/USDT", "BTC-USD", "BTCUSDT"), else USD.

    One that is named a swap ("BTC-PERP", "BTC/USDT:USDT") is a perpetual; a venue's name behind it (".BINANCE") is none
    of its own.
    """
    plain, _, settled = _VENUE.sub("", name).partition(":")
    parts = re.split(r"[/\-_]", plain)
    named = [part for part in parts if part.upper() not in _SWAPS]
    base, quote = (*named, "", "")[:2]
    if not quote:
        quotes = (*_QUOTES, *(one for one in _PAID_IN if len(base) >= len(one) + 3))
        quote = next((one for one in quotes if base.endswith(one) and base != one), "")
        base = base.removesuffix(quote)
    kind = Kind.PERPETUAL if settled or len(named) < len(parts) else Kind.SPOT
    return Instrument(id=name, base=base, quote=quote or "USD", kind=kind)


def word(told: object) -> str:
    """A word in small letters, its parts joined by "_": "PartiallyFilled", "PARTIALLY-FILLED", "partially filled"."""
    parts = str(told).strip()
    if not parts.isupper():
        parts = _HUMP.sub("_", parts)
    return re.sub(r"[\s\-]+", "_", parts).lower()


def kind_of(told: object, kinds: Iterable[str]) -> str:
    """A report's kind by its one name; a word that is no kind is given back."""
    kind = word(told)
    return kind if kind in kinds else _KINDS.get(kind, kind)


def call_of(told: str) -> str:
    """What a failure is about by its one name."""
    about = word(told)
    return _CALLS.get(about, about)


def status_of(told: object, qty: Decimal | None, cum: Decimal | None) -> What:
    """What a status says; one that is closed with less than its quantity is not said to have filled."""
    status = word(told)
    if status not in _STATUS:
        raise OrderError(f"status is {told!r}: give one of {', '.join(STATUSES)}")
    if status == "closed" and qty is not None and cum is not None and cum < qty:
        return What.NEW
    return What(_STATUS[status])


def side_of(told: object) -> Side:
    """A side; raises OrderError for a word that is none."""
    side = word(told)
    side = _SIDES.get(side, side)
    if side not in set(Side):
        raise OrderError(f"side is {told!r}: say buy or sell")
    return Side(side)


def type_of(told: object) -> OrderType:
    """An order's type; raises OrderError for a word that is none."""
    name = word(told)
    name = _TYPES.get(name, name)
    if name not in set(OrderType):
        raise OrderError(f"type is {told!r}: give one of {', '.join(OrderType)}; of an auction is the tif")
    return OrderType(name)


def tif_of(told: object) -> str:
    """How long an order lives by its one word; a word that is none is given back."""
    name = word(told)
    return _TIFS.get(name, name)


def number_of(told: Mapping[str, object], key: str) -> Decimal | None:
    """An exact number, None where it is not told; of a float the digits that it keeps, so 0.1 + 0.2 is 0.3."""
    if key not in told:
        return None
    value = told[key]
    return exact(f"{value:.{_RELIABLE}g}" if isinstance(value, float) else value, name=key)


def moment(ts: object, start: int) -> int:
    """A time [UTC ns] from nano-, micro- or milliseconds, a datetime, ISO text, or seconds since 1970 or `start`.

    A number may be text; eight digits are a date.
    """
    if isinstance(ts, str):
        ts = _read(ts)
    if isinstance(ts, datetime):
        aware = ts if ts.tzinfo is not None else ts.replace(tzinfo=UTC)
        return int(Decimal(repr(aware.timestamp())) * 1_000_000_000)
    if isinstance(ts, int | float | Decimal) and not isinstance(ts, bool) and isfinite(ts):
        for least, factor in ((10**17, 1), (10**14, 1_000), (10**11, 1_000_000), (10**9, 1_000_000_000)):
            if ts >= least:
                return int(ts) * factor
        return start + int(ts * 1_000_000_000)
    raise _no_time(ts)


def _read(ts: str) -> Decimal | datetime:
    """A time that is told as text."""
    text = ts.strip()
    try:
        if _COUNTED.fullmatch(text):
            return Decimal(text)
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise _no_time(ts) from error


def _no_time(ts: object) -> OrderError:
    return OrderError(
        f"ts is {ts!r}: give UTC nanoseconds, a datetime, ISO text, or seconds since the desk's start"
    )
