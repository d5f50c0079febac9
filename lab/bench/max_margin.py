"""Bench of max margin: the flow over 50 decades against the true steps that it replaces, and how far the two disagree."""

from __future__ import annotations

from lab.bench.entry import Entry, Row
from lab.bench.theory_bias import DECADES, STEPS, D, N, flow_against_descent, flow_disagreement

SECONDS, TIMES_FASTER = 0.2, 100.0


def measure_flow(repeats: int) -> list[Row]:
    """Return seconds of the flow, how many times faster than true steps it is, and the disagreement with true descent."""
    pairs = flow_against_descent(repeats)
    problem = f"gauss n={N}, d={D}"
    counts, away = flow_disagreement()
    rows = [
        Row(f"SVM and flow over {DECADES} decades, {problem}", "s", tuple(flow for flow, _ in pairs), SECONDS, "lower"),
        Row(f"true descent to step {STEPS:,} against the flow, {problem}", "x", tuple(steps / flow for flow, steps in pairs), TIMES_FASTER),
    ]
    for step, distance in zip(counts, away, strict=True):
        rows.append(Row(f"direction of true descent from the flow's at step {step:,}", "", (distance,)))
    return rows


ENTRIES = (Entry("flow", "logistic flow over 50 decades against the true descent steps it replaces", measure_flow),)
