"""The contract of brokers, with its asserts rewritten so that a failing one shows its values."""

import pytest

pytest.register_assert_rewrite("tradekit.testing.brokers", "tradekit.testing.talk")

from tradekit.testing.brokers import BrokerContract, LinkContract  # noqa: E402

__all__ = ["BrokerContract", "LinkContract"]
