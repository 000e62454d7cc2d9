"""What several proofs share."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture
def quiet() -> Iterator[None]:
    """Ten thousand bad days are a long log."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
