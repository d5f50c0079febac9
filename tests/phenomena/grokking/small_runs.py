"""Runs of grokking at sizes that train in a second, for every test of it."""

from typing import Any

from engine.phenomena.grokking import SPEC
from engine.phenomena.grokking.experiment import Grokking

GROMOV: dict[str, Any] = {"p": 23, "width": 60, "fraction": 0.5, "steps": 120}
TRANSFORMER: dict[str, Any] = {"model": "transformer", "p": 11, "width": 64, "lr": 0.001, "steps": 100, "fraction": 0.5}


def make(seeds: tuple[int, ...] = (0,), preset: str = "custom", **knobs: Any) -> Grokking:
    """Preset quick with other knobs."""
    return Grokking(SPEC.configure("quick", knobs), seeds, "cpu", preset)


def of_preset(name: str, seeds: tuple[int, ...] = (0,), **knobs: Any) -> Grokking:
    """A preset as it is, or with other knobs."""
    return Grokking(SPEC.configure(name, knobs), seeds, "cpu", name)


def resumed(first: Grokking, again: Grokking) -> Grokking:
    """Put a fresh run where another stands, as the runner does, from a copy of its state."""
    saved = first.state()
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        again.history.append(step, record)
    again.step = first.step
    again.restore(type(saved)({name: item.copy() for name, item in saved.arrays.items()}, saved.scalars))
    return again
