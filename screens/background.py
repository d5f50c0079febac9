"""Work that blocks, in a thread that does not hold up the end of the app; asyncio's own threads are waited for there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


async def in_background(work: Callable[[], Result]) -> Result:
    """Do something in a thread of its own and return what it returns, or raise what it raises."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Result] = loop.create_future()

    def settle(set_outcome: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: the app has ended
            loop.call_soon_threadsafe(lambda: None if outcome.done() else set_outcome())

    def attempt() -> None:
        try:
            result = work()
        except BaseException as caught:
            error = caught
            settle(lambda: outcome.set_exception(error))
        else:
            settle(lambda: outcome.set_result(result))

    threading.Thread(target=attempt, name="genlab background", daemon=True).start()
    return await outcome
