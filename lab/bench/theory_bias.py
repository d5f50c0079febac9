"""Measurements of implicit bias: the logistic flow over 50 decades against the true descent steps that it replaces.

Each function does the work once a repeat and returns its readings; goals and rows are declared with the bench entries.
"""

from __future__ import annotations

import time

import numpy as np

from engine.phenomena.max_margin.separable_data import gauss_set
from engine.theory.inputs import Floats
from engine.theory.margins.hard_margin import hard_margin_svm
from engine.theory.margins.logistic_descent import LogisticDescent, logistic_step_limit
from engine.theory.margins.logistic_flow import separating_flow
from lab.bench.entry import alternate

N, D, SEED = 40, 10, 0
DECADES = 50
STEPS = 1_000_000
"""True steps that the flow replaces up to t = 1e6."""

MEASURED_STEPS = 20_000
"""Steps really timed a reading; every step costs the same, so the reading is scaled by 50."""


def flow_against_descent(repeats: int) -> list[tuple[float, float]]:
    """Return (seconds of SVM and flow to s = 1e50 at 1001 times, seconds of 1e6 true steps) pairs for gauss n=40, d=10.

    Descent is the vectorised NumPy loop of `LogisticDescent`, timed on 20,000 steps and scaled by 50.
    """
    Z = _rows()
    log_s = np.linspace(0, DECADES * np.log(10), 20 * DECADES + 1)
    descent = LogisticDescent(Z, 0.5 * logistic_step_limit(Z))

    def flow() -> float:
        start = time.perf_counter()
        separating_flow(hard_margin_svm(Z), log_s)
        return time.perf_counter() - start

    def steps() -> float:
        start = time.perf_counter()
        descent.advance(MEASURED_STEPS)
        return (time.perf_counter() - start) * STEPS / MEASURED_STEPS

    flow()
    steps()
    return alternate(flow, steps, repeats)


def flow_disagreement(steps: int = 200_000) -> tuple[list[int], list[float]]:
    """Return step counts 10, 100, ... `steps` and the difference |w/|w| - w_flow/|w_flow|| of true descent from the flow there."""
    Z = _rows()
    eta = 0.5 * logistic_step_limit(Z)
    counts = np.unique(np.append(10 ** np.arange(1, int(np.log10(steps)) + 1), steps))
    true = LogisticDescent(Z, eta).path(counts)
    flow = separating_flow(hard_margin_svm(Z), np.log(eta * counts)).w
    difference = true / np.linalg.norm(true, axis=1)[:, None] - flow / np.linalg.norm(flow, axis=1)[:, None]
    return counts.tolist(), np.linalg.norm(difference, axis=1).tolist()


def _rows() -> Floats:
    return gauss_set(N, D, np.random.default_rng(SEED))[0].rows
