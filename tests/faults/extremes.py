"""Every phenomenon with every knob at its least and greatest value, the rest reduced, driven through `state` and `restore`."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from engine import registry
from engine.config import Knob
from engine.errors import Diverged, LabError
from engine.interruption import Interrupted, interruptible, within
from engine.phenomenon import AnyPhenomenon
from engine.state import State
from engine.store import frozen
from engine.store.strict_json import dumps, loads
from tests.golden.cases import CASES

LARGEST = 10_000  # a whole number beyond asks for gigabytes in some knob or other
RESTORED = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)  # moments
BASES = {case.phenomenon: dict(case.knobs) for case in reversed(CASES)}  # of each phenomenon the first
BASES["max-margin"] |= {"data": "gauss", "n": 20, "d": 6, "gd_steps": 500}  # four points have neither n nor d
BASES["deep-double-descent"]["dataset"] = "digits196"  # MNIST-1D takes seconds to draw


def extremes(knob: Knob) -> list[Any]:
    """The values of a knob that are worth trying beside the reduced ones."""
    if knob.kind == "choice":
        return list(knob.choices)
    if knob.kind == "bool":
        return [False, True]
    ends = [end for end in (knob.lo, knob.hi) if end is not None]
    if knob.kind in ("ints", "floats"):
        return [(end,) for end in ends]
    return ends


def trials() -> list[tuple[str, str, Any]]:
    """(phenomenon, knob, value) of every trial; the knob is empty for the reduced run itself."""
    found: list[tuple[str, str, Any]] = []
    for name in registry.names():
        found.append((name, "", None))
        for knob in registry.spec(name).config.knobs():
            found += [(name, knob.name, value) for value in extremes(knob)]
    return found


class Unreached(Exception):
    """The trial cannot be built in seconds, or has no solution."""


@contextlib.contextmanager
def _seconds(limit: float) -> Iterator[None]:
    def ring(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def built(name: str, knob: str, value: Any, seconds: float) -> AnyPhenomenon:
    """Return the phenomenon of a trial, built in about so many seconds.

    Raises:
        Unreached: says why there is none.
    """
    spec = registry.spec(name)
    numbers = value if isinstance(value, tuple) else (value,)
    if any(isinstance(item, int | float) and item > LARGEST for item in numbers) and spec.config.knob(knob).kind in ("int", "ints"):
        raise Unreached("too large")
    kind = registry.load(name)
    try:
        config = spec.configure("quick", {**BASES[name], **({knob: value} if knob else {})})
        with interruptible(within(seconds)), _seconds(2 * seconds):
            return kind(config, (0,))
    except (LabError, Interrupted, TimeoutError, MemoryError) as error:
        raise Unreached(f"{type(error).__name__}: {error}") from error


def again(run: AnyPhenomenon, saved: State) -> AnyPhenomenon:
    """Return a fresh phenomenon that takes up a state, as it does when a stored run goes on."""
    fresh = type(run)(run.config, run.seeds, run.device, run.preset)
    for step, record in zip(run.history.steps, run.history.records, strict=True):
        fresh.history.append(step, record)
    fresh.step = run.step
    fresh.restore(State({name: array.copy() for name, array in saved.arrays.items()}, loads(dumps(saved.scalars))))
    return fresh


def assert_same(one: State, two: State, where: str) -> None:
    """Two states are equal to the last bit."""
    assert loads(dumps(one.scalars)) == loads(dumps(two.scalars)) or dumps(one.scalars) == dumps(two.scalars), where
    assert one.arrays.keys() == two.arrays.keys(), where
    for name, array in one.arrays.items():
        other = np.asarray(two.arrays[name])
        assert (array.dtype, array.shape, array.tobytes()) == (other.dtype, other.shape, other.tobytes()), f"{where}: {name}"


def drive(run: AnyPhenomenon, seconds: float) -> tuple[int, bool]:
    """Save at every moment for about so many seconds, and restore what was saved at ever rarer ones.

    Returns:
        The number of moments, at least four, and whether the end was reached.
    """
    moments, deadline = 0, time.monotonic() + seconds
    while True:
        saved = frozen(run.state())
        over = run.done and not run.due()
        late = time.monotonic() > deadline
        if moments == 0 or over or (moments in RESTORED and not late):
            assert_same(saved, frozen(again(run, saved).state()), f"moment {moments}, step {run.step}")
        if over or (late and moments >= 3):
            return moments + 1, over
        moments += 1
        try:
            if run.due():
                run.history.append(run.step, run.measure())
            else:
                run.advance(1e-9)
        except Diverged:
            return moments, True
