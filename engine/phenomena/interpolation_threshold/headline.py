"""The headline of the interpolation threshold: where the test error peaks, what lies beside, and what X^T X is like at d = n.

Belkin et al. 2020, arXiv:1903.07571; Marchenko, Pastur 1967.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.headline import Known, pooled

if TYPE_CHECKING:
    from engine.phenomena.interpolation_threshold.experiment import InterpolationThreshold


def clauses(run: InterpolationThreshold, known: Known) -> Iterator[str]:
    """Medians over the draws so far."""
    done, of = run.sweeps.done, run.sweeps.count
    if known.has("test_mse_peak"):
        d, n = known.count("test_mse_peak_d"), f"{run.design.n:,}"
        place = f"d = n = {n}" if d == n else f"d = {d} (n = {n})"
        yield f"median test MSE peaks at {place}: {known.number('test_mse_peak')}"
        if known.has("valley_below_mse", "valley_beyond_mse"):
            yield f"lowest {known.number('valley_below_mse')} below n, {known.number('valley_beyond_mse')} beyond"
    elif done:
        yield f"{done:,} of {of:,} draws, none of full rank at every d"
    if done:
        yield f"smallest eigenvalue {known.number('smallest_eigenvalue_at_n')} at d = n"
        yield f"{done:,} of {of:,} draws" if done < of else f"{done:,} draws"
    elif known.has("spectral_distance"):
        yield f"eigenvalues of {run.shown.done:,} draws at d = {run.shown_d:,}: {known.number('spectral_distance')} from Marchenko-Pastur"
    yield from pooled(run.seeds)
