"""What the sweep through d computes: factorisations of every draw at every d, the shown spectra, the two maps, and the pixels of digits.

The seeds share the draws, so that their number costs nothing.
"""

from __future__ import annotations

from engine.contract.work import Work
from engine.data.regression import tests_of
from engine.phenomena.interpolation_threshold.config import InterpolationThresholdConfig
from engine.phenomena.interpolation_threshold.counts import DIGITS, MAPS
from engine.phenomena.interpolation_threshold.sweep import sweep_widths

CALLS, WRITTEN = 55, 50  # at one d: small operations; numbers written per entry of the smaller triangle, by what is no matrix product
NORMAL = 20  # elementwise operations that a random number costs
MAP = Work(solves=4e8, calls=2.2e4)  # some thirty linear programmes, whose sizes no knob changes from n = 100 on
PIXELS = Work(solves=3e9)  # 100 images, whatever n is


def work(config: InterpolationThresholdConfig, seeds: int) -> Work:
    """Eigenvalues and triangles at every d of every draw, pooled over the seeds; own rows also test, and have no maps."""
    n, draws = config.n, config.draws
    widths = sweep_widths(n, min(config.d_max, config.most / n)).tolist()
    widest = widths[-1]
    sizes = [min(n, d) for d in (*widths, min(config.shown_d, config.most))]
    eigenvalues = 4 / 3 * sum(size**3 for size in sizes)
    triangles = 4 * min(n, widest) ** 3 + 3 * n**2 * max(0, widest - n)
    tested = 2.0 * tests_of(config.dataset, n) * sum(widths)
    swept = Work(
        solves=eigenvalues + triangles + tested, elements=WRITTEN * n * sum(sizes) + NORMAL * n * widest, calls=CALLS * len(sizes)
    ).times(draws)
    pixels = PIXELS.times(min(DIGITS, draws) if config.digits else 0)
    return swept + pixels + MAP.times(0 if config.own_rows else min(MAPS, draws))
