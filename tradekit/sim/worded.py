"""Fill rules and cost models from plain values, as a configuration writes them. Knows no file."""

from collections.abc import Mapping
from typing import Any

from tradekit.errors import ConfigError, did_you_mean
from tradekit.sim.fees import Fee, FixedFee, MakerTakerFee, PercentFee, PerShareFee, TieredFee, fee_model
from tradekit.sim.rules import Rules
from tradekit.sim.slippage import (
    FixedSlippage,
    PercentSlippage,
    Slippage,
    VolumeShareSlippage,
    slippage_model,
)

__all__ = ["rules_from"]

_FEES: dict[str, type[Any]] = {
    "percent": PercentFee,
    "fixed": FixedFee,
    "per_share": PerShareFee,
    "maker_taker": MakerTakerFee,
    "tiered": TieredFee,
}
_SLIPPAGES: dict[str, type[Any]] = {
    "percent": PercentSlippage,
    "fixed": FixedSlippage,
    "volume_share": VolumeShareSlippage,
}


def rules_from(rules: Mapping[str, Any], *, fee: object = 0, slippage: object = 0) -> Rules:
    """Rules from their fields; fee and slippage are fractions, or mappings such as {model: fixed, amount: 1}.

    Raises ConfigError that names the key that is unknown, missing or wrong.
    """
    known = [name for name in Rules.__struct_fields__ if name not in ("fee", "slippage")]
    _refuse_unknown(rules, known, "rules")
    charged: Fee = _model(fee, _FEES, "fee") if isinstance(fee, Mapping) else fee_model(fee)
    slipped: Slippage = (
        _model(slippage, _SLIPPAGES, "slippage")
        if isinstance(slippage, Mapping)
        else slippage_model(slippage)
    )
    return Rules(**rules, fee=charged, slippage=slipped)


def _model(given: Mapping[str, Any], kinds: Mapping[str, type[Any]], what: str) -> Any:
    name = str(given.get("model"))
    if name not in kinds:
        raise ConfigError(
            f"{what}: model is {name!r}; write one of {', '.join(kinds)}{did_you_mean(name, kinds)}"
        )
    kind = kinds[name]
    terms = {key: value for key, value in given.items() if key != "model"}
    _refuse_unknown(terms, kind.__struct_fields__, f"{what}: {name}")
    try:
        return kind(**terms)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{what}: {name}: {error}; docs/costs.md has its terms") from error


def _refuse_unknown(given: Mapping[str, Any], known: Any, where: str) -> None:
    for key in given:
        if key not in known:
            raise ConfigError(
                f"{where}: unknown key {key!r}{did_you_mean(str(key), known)}; known here: {', '.join(known)}"
            )
