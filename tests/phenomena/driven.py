"""Drives a phenomenon as the runner does, without a thread: measure what is due, else compute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from engine.phenomenon import Phenomenon

Driven = TypeVar("Driven", bound=Phenomenon)
UNEVEN = (1e-6, 0.5, 1e-4, 0.01)  # budgets of very different lengths


def work(run: Driven, budget: float | Sequence[float] = 0.05, until: int | None = None) -> Driven:
    """Run to the end, or until the record of step `until` is made.

    budget: the seconds of one advance, or several that take turns from measurement to measurement.
    """
    budgets = [budget] if isinstance(budget, int | float) else budget
    while not run.done or run.due():
        if not run.due():
            run.advance(budgets[len(run.history) % len(budgets)])
        if run.due():
            run.history.append(run.step, run.measure())
            if until is not None and run.step >= until:
                break
    return run
