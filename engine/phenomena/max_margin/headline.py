"""The headline of max-margin: what error x ln s comes to, how far descent's direction is from the SVM's, how much of the margin it has.

Soudry et al. 2018, arXiv:1710.10345; Gunasekar et al. 2018, arXiv:1802.08246.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.headline import Known, pooled, step

if TYPE_CHECKING:
    from engine.phenomena.max_margin.experiment import MaxMargin

PARALLEL = 1e-6  # a constant below is none: the direction falls faster than 1/ln s


def clauses(run: MaxMargin, known: Known) -> Iterator[str]:
    """Descent's true steps, or before the first the margin that there is to be found; then the flow's law."""
    if not known.has("direction_error_gd"):
        yield f"largest margin {known.number('margin')}, {known.count('support_vectors')} rows on it"
    else:
        taken = step([walk.steps[len(walk.path) - 1] for _, walk in run.walks("gd")])
        share = known.percent("own_margin_gd")
        yield f"GD at step {taken}: {known.number('direction_error_gd')} off the SVM's direction, {share} of its margin"
    if known.has("direction_constant", "direction_constant_theory") and known.value("direction_constant_theory") > PARALLEL:
        measured, theory = (f"{known.value(name):.4g}" for name in ("direction_constant", "direction_constant_theory"))
        yield f"flow: direction error x ln s = {measured} at s = 1e{run.log_s[-1] / np.log(10):.0f}, limit {theory}"
    yield from pooled(run.seeds)
