"""The scalars of the interpolation threshold: the peaks at d = n, the valleys beside it, eigenvalues, separability.

Each seed's own draws are read, and medians over them, as the figures show.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.contract import Scalar
from engine.phenomena.interpolation_threshold.claims import spectral_distance
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.interpolation_threshold.experiment import InterpolationThreshold

PEAKED = {"test_mse": ("test-mse", "test MSE"), "norm": ("norm", "|w|^2"), "condition_number": ("condition-number", "condition number")}
SCALARS = (
    *(Scalar(f"{name}_peak", f"median {label} at its peak", log=True) for name, (_, label) in PEAKED.items()),
    *(Scalar(f"{name}_peak_d", f"features at the peak of median {label}", "features", log=True, whole=True)
      for name, (_, label) in PEAKED.items()),
    *(Scalar(f"{name}_at_n", f"median {label} at d = n", log=True) for name, (_, label) in PEAKED.items()),
    Scalar("smallest_eigenvalue_at_n", "median smallest eigenvalue of X^T X/n at d = n", log=True),
    Scalar("valley_below_d", "features at the least median test MSE below n", "features", log=True, whole=True),
    Scalar("valley_below_mse", "least median test MSE below n", log=True),
    Scalar("valley_beyond_d", "features at the least median test MSE beyond n", "features", log=True, whole=True),
    Scalar("valley_beyond_mse", "least median test MSE beyond n", log=True),
    Scalar("train_mse_half", "median training MSE at d = n/2", log=True),
    Scalar("residual_from_n", "largest relative training residual from d = n on", log=True),
    Scalar("singular_share", "share of draws without full rank at some d"),
    Scalar("spectral_distance", "Kolmogorov distance of the shown spectrum to Marchenko-Pastur", log=True),
    Scalar("separable_share_2d", "share of random labellings separable at n = 2d"),
)  # fmt: skip

Read = Callable[["InterpolationThreshold", NDArray[np.bool_]], float]


def _each(read: Read, otherwise: str = "pending", full_rank: bool = False) -> Callable[[InterpolationThreshold], Answer]:
    """Read each seed's draws; of full rank alone where a singular one would make the number infinite."""

    def answer(run: InterpolationThreshold) -> Answer:
        if not run.sweeps.done:
            return PENDING
        usable = run.regular if full_rank else np.ones(run.sweeps.done, dtype=bool)
        owner = np.arange(run.sweeps.done) % len(run.seeds)
        chosen = [usable & (owner == seed) for seed in range(len(run.seeds))]
        return found([read(run, mine) if mine.any() else np.nan for mine in chosen], otherwise)

    return answer


def _height(quantity: str) -> Read:
    return lambda run, mine: float(run.median(quantity, mine).max())


def _width(quantity: str) -> Read:
    return lambda run, mine: float(run.widths[run.peak(quantity, mine)])


def _at(quantity: str, share: float) -> Read:
    """The median at the d nearest to a multiple of n."""
    return lambda run, mine: float(run.median(quantity, mine)[np.abs(run.widths - round(share * run.design.n)).argmin()])


def _valley(side: int, place: bool) -> Read:
    """The least median test MSE below (-1) or beyond (1) n, or the d where it lies."""

    def read(run: InterpolationThreshold, mine: NDArray[np.bool_]) -> float:
        there = np.sign(run.widths - run.design.n) == side
        if not there.any():
            return np.nan
        widths, curve = run.widths[there], run.median("test-mse", mine)[there]
        return float(widths[curve.argmin()] if place else curve.min())

    return read


def _residual(run: InterpolationThreshold, mine: NDArray[np.bool_]) -> float:
    return float(run.sweeps["residual"][mine][:, run.widths >= run.design.n].max())


def _singular(run: InterpolationThreshold, mine: NDArray[np.bool_]) -> float:
    return float(1 - run.regular[mine].mean())


def _spectral_distance(run: InterpolationThreshold) -> Answer:
    if not run.isotropic:
        return absent("needs dataset none" if run.rows else "needs spectrum isotropic")
    return found(spectral_distance(run.design.n, run.shown_d, run.shown["eigenvalues"])) if run.shown.done else PENDING


def _separable(run: InterpolationThreshold) -> Answer:
    if run.rows:
        return absent("needs dataset none")
    if not run.maps.done:
        return PENDING
    at = [(np.flatnonzero(run.map_sizes == 2 * d), column) for column, d in enumerate(run.map_sizes)]
    shares = [run.mean_map("separable")[rows[0], column] for rows, column in at if rows.size]
    return found(np.mean(shares)) if shares else absent("needs n of 4 or more on the map")


FULL = "no draw of full rank"
BELOW, BEYOND = "no features below n", "needs d max beyond 1"
READERS: Readers[InterpolationThreshold] = {
    **{f"{name}_peak": _each(_height(quantity), FULL, full_rank=True) for name, (quantity, _) in PEAKED.items()},
    **{f"{name}_peak_d": _each(_width(quantity), FULL, full_rank=True) for name, (quantity, _) in PEAKED.items()},
    **{f"{name}_at_n": _each(_at(quantity, 1.0), FULL, full_rank=True) for name, (quantity, _) in PEAKED.items()},
    "smallest_eigenvalue_at_n": _each(_at("smallest-eigenvalue", 1.0)),
    "valley_below_d": _each(_valley(-1, True), BELOW), "valley_below_mse": _each(_valley(-1, False), BELOW),
    "valley_beyond_d": _each(_valley(1, True), BEYOND), "valley_beyond_mse": _each(_valley(1, False), BEYOND),
    "train_mse_half": _each(_at("train-mse", 0.5)),
    "residual_from_n": _each(_residual), "singular_share": _each(_singular),
    "spectral_distance": _spectral_distance, "separable_share_2d": _separable,
}  # fmt: skip
