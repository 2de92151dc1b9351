"""What every test needs."""

import asyncio

# Without a set (if absent) loop, pytest-asyncio's first look makes one on Python 3.11 that nobody
# closes, which is a warning and so an error here.
asyncio.set_event_loop(None)
