"""The headline of neural collapse: how far features of a class have become one point, and when labels were fitted.

Papyan, Han, Donoho 2020, arXiv:2008.08186.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.headline import Known, number, pooled, when
from engine.phenomena.neural_collapse.claims import SHRINKS

if TYPE_CHECKING:
    from engine.phenomena.neural_collapse.experiment import NeuralCollapse


def clauses(run: NeuralCollapse, known: Known) -> Iterator[str]:
    """Whether NC1 has collapsed, of every kind of labels; then when labels were fitted, and NC1 on test images."""
    loss, before = "" if run.config.loss == "half-squared" else f"{run.config.loss}: ", ""
    for place, setting in enumerate(run.settings):
        _, values = run.readings.table("nc1", setting.name)
        first, now = float(np.median(values[0])), known.value(f"nc1_{setting.name}")
        state, ends = _collapsed(now / first, run.done), f"{number([first])} to {number([now])}"
        if place:
            yield f"{setting.short} {ends}" if state == before else f"{setting.short}{state}, {ends}"
        else:
            yield f"{loss}NC1{state}{',' * bool(state)} {setting.label} {ends}"
        before = state
    for setting in run.settings:
        steps = run.fitted_at(setting.name)
        yield when(setting.label, "fitted", steps, run.history.last)
        tested = "test images" if setting.name == "true" else "test images, shuffled too,"
        yield f"NC1 on {tested} {known.number(f'nc1_test_{setting.name}')}"
    yield from pooled(run.seeds)


def _collapsed(left: float, done: bool) -> str:
    """What the share of NC1 that is left comes to; nothing where it is no number, of features that all coincide."""
    if not np.isfinite(left):
        return ""
    return " collapsed" if left <= SHRINKS else " not collapsed" if done else " not yet collapsed"
