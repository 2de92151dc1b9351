"""The Telegram simulator."""

from collections.abc import AsyncIterator

import pytest

from support.vendors.telegram.simulator import Telegram


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram() as running:
        yield running
