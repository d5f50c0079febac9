"""The headline of neural collapse: when labels were fitted, and how far features of a class have become one point since.

Papyan, Han, Donoho 2020, arXiv:2008.08186.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.headline import Known, number, pooled, when

if TYPE_CHECKING:
    from engine.phenomena.neural_collapse.experiment import NeuralCollapse


def clauses(run: NeuralCollapse, known: Known) -> Iterator[str]:
    """Of every kind of labels: NC1, and when they were fitted; then the angles."""
    for place, setting in enumerate(run.settings):
        _, values = run.readings.table("nc1", setting.name)
        first, now = number([float(np.median(values[0]))]), number([known.value(f"nc1_{setting.name}")])
        yield f"{setting.label}: {'NC1' if place else 'scatter within classes (NC1)'} from {first} to {now}"
        yield when(setting.label, "fitted", run.fitted_at(setting.name), run.history.last)
        yield f"NC1 on test images {known.number(f'nc1_test_{setting.name}')}"
    angles = [known.number(f"nc2_angle_{setting.name}") for setting in run.settings]
    yield f"cosines {' and '.join(angles)} from -1/{run.config.classes - 1} on average"
    yield from pooled(run.seeds)
