"""The contract of brokers."""

from tradekit.testing.brokers import BrokerContract, LinkContract

__all__ = ["BrokerContract", "LinkContract"]
