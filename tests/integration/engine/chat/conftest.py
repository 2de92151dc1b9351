"""One stack for a whole file."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from support import chat as support


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chat() -> AsyncIterator[support.Chat]:
    with tempfile.TemporaryDirectory(prefix="polyant-chat-") as folder:
        Path(folder).chmod(0o711)  # noqa: ASYNC240  one chmod; PostgreSQL runs as another user
        async with support.running(Path(folder)) as found:
            yield found
