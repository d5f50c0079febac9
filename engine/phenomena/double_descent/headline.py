"""The headline of double descent: where the test error peaks, and which of the two valleys beside the peak is lower.

Belkin et al. 2019, arXiv:1812.11118; Hastie et al. 2022, arXiv:1903.08560.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.headline import Known, number

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent


def clauses(run: DoubleDescent, known: Known) -> Iterator[str]:
    """Peak of the median, valleys of the mean over the draws so far, of all seeds together."""
    seen = run.simulated()
    if seen is None:
        return
    n, found = run.model.n, run.curves(run.kind, "test")
    assert found is not None  # or there were no valleys
    if found[0][0] < seen.peak < found[0][-1]:
        place = f"p = n = {n:,}" if seen.peak == n else f"p = {seen.peak:,.0f}, n = {n:,}"
        yield f"test MSE peaks at {place} (median {number([seen.height])})"
    else:
        yield f"test MSE has no peak inside: highest at p = {seen.peak:,.0f} (n = {n:,}): {number([seen.height])}"
    lows = [f"{number([low])} {side}" for low, side in ((seen.first_low, "below n"), (seen.second_low, "beyond")) if np.isfinite(low)]
    if lows:
        yield f"lowest {', '.join(lows)}"
    count = run.drawn.count
    yield f"{count:,} draw{'s' * (count != 1)} so far" if count < run.main_tasks else f"{count:,} draws"
    if known.has("digits_peak_n"):
        yield f"on digits the peak is at {known.count('digits_peak_n')} features"
