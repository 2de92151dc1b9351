"""What every test needs."""

import asyncio

from hypothesis import settings

# Without a set (if absent) loop, pytest-asyncio's first look makes one on Python 3.11 that nobody
# closes, which is a warning and so an error here.
asyncio.set_event_loop(None)

# How long an example takes says something about the machine; the time limit of a test is enough.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
