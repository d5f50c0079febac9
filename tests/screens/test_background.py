"""Work in the background answers, fails where it is awaited, and does not hold up the end of the loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from screens.background import in_background, unfinished


def test_what_is_done_is_returned_and_what_fails_is_raised() -> None:
    assert asyncio.run(in_background(divmod, 7, 2)) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_background(divmod, 7, 0))


def test_the_loop_ends_while_something_is_still_done() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(60)
        done.set()

    async def leave() -> None:
        task = asyncio.create_task(in_background(work))
        while not begun.is_set():
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())
    assert unfinished() and not done.is_set()
    go_on.set()
    assert done.wait(60)
    while unfinished():  # the thread ends right after
        threading.Event().wait(0.001)
