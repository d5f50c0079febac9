"""Vacuous bounds: how soon the quick preset has a PAC-Bayes certificate below 1, and what it is."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from lab.bench.table import Entry, Row


def measure_certificate(repeats: int) -> Sequence[Row]:
    """Run the quick preset of both arms up to its certificates, without a screen."""
    from engine.registry import load

    seconds, true, random = [], [], []
    for _ in range(repeats):
        started = perf_counter()
        kind = load("vacuous-bounds")
        run = kind(kind.spec.configure("quick"), (0,), "cpu", "quick")
        while not run.done:
            if not run.due():
                run.advance(0.02)
            if run.due():
                run.history.append(run.step, run.measure())
        seconds.append(perf_counter() - started)
        record = run.history.records[-1]
        true.append(float(record["PAC-Bayes true"]))
        random.append(float(record["PAC-Bayes random"]))
    return (
        Row("quick preset to its certificates", "s", tuple(seconds), 15.0, "lower", "both arms, all bounds"),
        Row("certificate, true labels", "", tuple(true), 1.0, "lower"),
        Row("certificate, random labels", "", tuple(random)),
    )


ENTRIES = (Entry("pac-bayes", "a PAC-Bayes certificate below 1", measure_certificate, 3),)
