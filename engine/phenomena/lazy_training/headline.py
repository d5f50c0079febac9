"""The headline of lazy training: test errors at both ends of the output scale, and the tangent kernel's.

Chizat et al. 2019, arXiv:1812.07956.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled

if TYPE_CHECKING:
    from engine.phenomena.lazy_training.experiment import LazyTraining


def clauses(run: LazyTraining, known: Known) -> Iterator[str]:
    """Networks as they are at the last measured step, the linearised model (the tangent kernel K0) after infinite time."""
    least, most = (f"alpha {run.alphas[place]:,g}" for place in (0, -1))
    linearised = known.number("test_error_linearised")
    if least == most:
        yield f"test MSE {known.number('test_error_rich')} at {least}, tangent kernel {linearised}"
    else:
        ends = f"test MSE {known.number('test_error_rich')} at {least}, {known.number('test_error_lazy')} at {most}"
        yield from (f"{ends}, tangent kernel {linearised}",) if len(run.seeds) == 1 else (ends, f"tangent kernel {linearised}")
    worst, step = float(run.latest("train-residual", run.scales).max()), f"step {run.history.last:,}"
    if not run.trained:
        yield f"{step}, some still in training"
    else:
        yield f"all at residual {run.config.tol:g} by {step}" if worst <= run.config.tol else f"residual up to {worst:.2g} at {step}"
    if known.has("weight_slope"):
        yield f"|w-w0|/|w0| ~ alpha^{known.number('weight_slope')}"
    yield from pooled(run.seeds)
