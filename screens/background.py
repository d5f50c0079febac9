"""Work that blocks, in a thread that does not hold up the end of the app.

asyncio's own threads are waited for there, which is right for what writes and must not be cut off.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")
_working: set[threading.Thread] = set()


def unfinished() -> bool:
    """Whether something is still being done, which the interpreter's own end would pull down in the midst of native code."""
    return any(thread.is_alive() for thread in list(_working))


async def in_background(work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
    """Do something in a thread of its own and return what it returns, or raise what it raises."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Result] = loop.create_future()

    def settle(set_outcome: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: the app has ended
            loop.call_soon_threadsafe(lambda: None if outcome.done() else set_outcome())

    def attempt() -> None:
        try:
            result = work(*args, **kwargs)
        except BaseException as caught:
            error = caught
            settle(lambda: outcome.set_exception(error))
        else:
            settle(lambda: outcome.set_result(result))
        finally:
            _working.discard(thread)

    thread = threading.Thread(target=attempt, name="genlab background", daemon=True)
    _working.add(thread)
    thread.start()
    return await outcome
