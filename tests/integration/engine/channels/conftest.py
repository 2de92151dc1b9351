"""The simulators of vendors."""

from collections.abc import AsyncIterator

import pytest

from support.vendors.slack.simulator import Slack
from support.vendors.telegram.simulator import Telegram


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    async with Telegram() as running:
        yield running


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack() as running:
        yield running
