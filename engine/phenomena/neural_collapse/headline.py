"""The headline of neural collapse: how far features of a class have become one point, when labels were fitted, and the angles.

Papyan, Han, Donoho 2020, arXiv:2008.08186.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.headline import Known, number, pooled, when
from engine.phenomena.neural_collapse.claims import SHRINKS
from engine.readings import Floats

if TYPE_CHECKING:
    from engine.phenomena.neural_collapse.experiment import NeuralCollapse


def clauses(run: NeuralCollapse, known: Known) -> Iterator[str]:
    """Of every kind of labels: whether features have collapsed; then when labels were fitted and at which NC1; then the angles."""
    loss = "" if run.config.loss == "half-squared" else f"{run.config.loss}, "
    for place, setting in enumerate(run.settings):
        _, values = run.readings.table("nc1", setting.name)
        first, now = float(np.median(values[0])), known.value(f"nc1_{setting.name}")
        subject, measure = (setting.short, "") if place else (f"{loss}{setting.label}", "NC1 ")
        yield f"{subject}{_collapsed(now / first, run.done)}, {measure}{number([first])} to {number([now])}"
    for setting in run.settings:
        steps = run.fitted_at(setting.name)
        then = f", NC1 then {number(_at(run, setting.name, steps))}" if np.isfinite(steps).all() else ""
        yield f"{when(setting.label, 'fitted', steps, run.history.last)}{then}"
        tested = "test images" if setting.name == "true" else "test images, shuffled too,"
        yield f"NC1 on {tested} {known.number(f'nc1_test_{setting.name}')}"
    angles = [known.number(f"nc2_angle_{setting.name}") for setting in run.settings]
    began = [number([float(np.median(run.readings.table("nc2-angle", setting.name)[1][0]))]) for setting in run.settings]
    yield f"cosines {' and '.join(angles)} from -1/{run.config.classes - 1} on average"
    yield f"they began {' and '.join(began)} from it"
    yield from pooled(run.seeds)


def _collapsed(left: float, done: bool) -> str:
    """What the share of NC1 that is left comes to; nothing where it is no number, of features that all coincide."""
    if not np.isfinite(left):
        return ""
    return " collapsed" if left <= SHRINKS else " not collapsed by the end" if done else " not yet collapsed"


def _at(run: NeuralCollapse, setting: str, steps: Floats) -> Floats:
    """NC1 at a step of each seed's own, (seeds,)."""
    there, values = run.readings.table("nc1", setting)
    return np.asarray(values[np.searchsorted(there, steps), np.arange(len(steps))])
