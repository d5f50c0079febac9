"""Drives a phenomenon as the runner does, without a thread: measure what is due, else compute."""

from __future__ import annotations

from typing import TypeVar

from engine.phenomenon import Phenomenon

Driven = TypeVar("Driven", bound=Phenomenon)


def work(run: Driven, budget: float = 0.05, until: int | None = None) -> Driven:
    """Run to the end, or until the record of step `until` is made; `budget` is the seconds of one advance."""
    while not run.done or run.due():
        if not run.due():
            run.advance(budget)
        if run.due():
            run.history.append(run.step, run.measure())
            if until is not None and run.step >= until:
                break
    return run
