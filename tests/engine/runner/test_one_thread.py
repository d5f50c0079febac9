"""A run has one thread, whoever sends its first commands at the same time: an export begins it as well as the screen."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine.contract import Start, Step


def test_commands_of_several_threads_begin_one(runner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[threading.Thread] = []

    class SlowToBegin(threading.Thread):
        def start(self) -> None:
            if self.name == "genlab run":
                begun.append(self)
                time.sleep(0.05)  # the others come meanwhile
            super().start()

    item = runner()
    together = threading.Barrier(4)

    def send(command: Any) -> None:
        together.wait()
        item.post(command)

    with ThreadPoolExecutor(4) as pool:
        monkeypatch.setattr("engine.runner.session.threading.Thread", SlowToBegin)
        list(pool.map(send, (Start(), Step(), Start(), Step())))
    assert len(begun) == 1


def test_a_run_that_is_closed_first_begins_none(runner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    item = runner()
    assert item.close()
    monkeypatch.setattr("engine.runner.session.threading.Thread.start", lambda self: pytest.fail("begun after close"))
    item.post(Start())
