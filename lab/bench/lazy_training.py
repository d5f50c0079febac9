"""Lazy training: how long an empirical tangent kernel takes, and a step of eight output scales as one ensemble against one alone."""

from __future__ import annotations

import time
from collections.abc import Sequence

from engine.phenomena.lazy_training.config import LazyTrainingConfig
from engine.phenomena.lazy_training.experiment import LazyTraining
from engine.phenomena.lazy_training.problem import MEMORY, draw_problem, first_weights
from engine.theory.kernels.tangent_kernel import tangent_kernel
from lab.bench.entry import Entry, Row, alternate

STEPS = 50


def measure_kernel(repeats: int) -> Sequence[Row]:
    """The kernel of a two-layer network on 200 examples, from its weights, estimate of memory included."""
    problem = draw_problem(0, 200, 20, 3)
    rows = []
    for m in (100, 1000):
        W, a = first_weights(0, m, 20, True)
        readings = []
        for _ in range(repeats):
            started = time.perf_counter()
            tangent_kernel(W, a, problem.X, limit=MEMORY)
            readings.append(time.perf_counter() - started)
        rows.append(Row(f"n=200, d=20, m={m}", "s", tuple(readings), 2.0, "lower"))
    return tuple(rows)


def measure_scales(repeats: int) -> Sequence[Row]:
    """One step of the quick preset's eight scales over one step of a single one."""

    def pace(alphas: tuple[float, ...]) -> float:
        run = LazyTraining(LazyTrainingConfig(alpha=alphas, widths=(100,)), (0,))
        run.train(5, 1e9)
        started = time.perf_counter()
        run.train(5 + STEPS, 1e9)
        return (time.perf_counter() - started) / STEPS

    pairs = alternate(lambda: pace(LazyTrainingConfig().alpha), lambda: pace((1.0,)), repeats)
    return (
        Row("a step of eight scales", "ms", tuple(1e3 * eight for eight, _ in pairs)),
        Row("eight scales over one", "x", tuple(eight / one for eight, one in pairs)),
    )


ENTRIES = (
    Entry("tangent-kernel", "empirical tangent kernel of a two-layer network", measure_kernel),
    Entry("output-scales", "eight output scales as one ensemble", measure_scales, 5),
)
