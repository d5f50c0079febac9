"""How soon a turned knob shows: from posting the command to the snapshot whose curves belong to the new value."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from engine.contract import SetKnob, Step
from engine.errors import LabError
from engine.registry import spec
from engine.runner import Runner

PATIENCE = 30.0  # seconds for curves that should come in a tenth of one


def turned(phenomenon: str, turns: Sequence[tuple[str, Any]], preset: str = "quick", step: bool = False) -> list[float]:
    """Start a phenomenon's preset, turn one knob after the other, and return the seconds each took to show.

    The run is paused, so that curves which are not those of before can only be the new knob's. step: the first of them come with the
    next measurement, which is waited for.

    Raises:
        LabError: curves do not come.
    """
    run = Runner(phenomenon, spec(phenomenon).configure(preset), preset, (0,))
    try:
        run.post(Step())
        _until(lambda: run.latest().phase.value == "paused")
        return [_turn(run, name, value, step) for name, value in turns]
    finally:
        run.close()


def _turn(run: Runner, name: str, value: Any, step: bool) -> float:
    before, start = run.latest().series, time.perf_counter()
    told = list(value) if isinstance(value, tuple) else value  # as JSON has it
    run.post(SetKnob(name, value))
    if step:
        _until(lambda: run.latest().config[name] == told and run.latest().phase.value == "paused")
        run.post(Step())
    _until(lambda: run.latest().config[name] == told and run.latest().series is not before and bool(run.latest().series))
    return time.perf_counter() - start


def _until(there: Callable[[], bool]) -> None:
    deadline = time.perf_counter() + PATIENCE
    while not there():
        if time.perf_counter() > deadline:
            raise LabError(f"no curves within {PATIENCE:g} s of a turned knob")
        time.sleep(0.0005)
