"""The scalars of study fourier-features: peak, valleys and ends of loss, error and norm, and what the kernel has; seed by seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.double_descent.curves import Valleys
from engine.phenomena.double_descent.study import by_seed
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent
    from engine.phenomena.double_descent.fourier.study import FourierFeatures
    from engine.theory.inputs import Floats

SCALARS = (
    Scalar("fourier_peak_n", "Fourier features at the peak of test loss on images", "features", log=True, whole=True),
    Scalar("fourier_peak_loss", "test loss on images at its peak, summed over classes", log=True),
    Scalar("fourier_first_loss", "least test loss on images below n, summed over classes", log=True),
    Scalar("fourier_second_loss", "least test loss on images beyond n, summed over classes", log=True),
    Scalar("fourier_second_error", "least test error on images beyond n"),
    Scalar("fourier_norm_peak", "norm |w| at N = n on images", log=True),
    Scalar("fourier_norm_last", "norm |w| at the most features on images", log=True),
    Scalar("kernel_norm", "norm of the kernel that features of images approach", log=True),
    Scalar("kernel_loss", "test loss of that kernel, summed over classes", log=True),
    Scalar("kernel_error", "test error of that kernel"),
)  # fmt: skip


def _of_curves(read: Callable[[FourierFeatures], list[float]]) -> Callable[[DoubleDescent], Answer]:
    def answer(run: DoubleDescent) -> Answer:
        if run.fourier is None:
            return absent("needs study fourier-features")
        return found(read(run.fourier)) if run.fourier.whole else PENDING

    return answer


def _valley(read: Callable[[Valleys], float], name: str = "mse") -> Callable[[DoubleDescent], Answer]:
    return _of_curves(lambda study: [np.nan if seen is None else read(seen) for seen in study.valleys_by_seed(name)])


def _medians(study: FourierFeatures, values: Floats) -> list[float]:
    """The median of values (curves,) of each seed."""
    return [float(np.median(own)) if len(own) else np.nan for own in by_seed(values, len(study.seeds))]


def _norm_at(study: FourierFeatures, place: int) -> list[float]:
    return _medians(study, study.norm()[1][:, place])


READERS: Readers[DoubleDescent] = {
    "fourier_peak_n": _valley(lambda seen: seen.peak),
    "fourier_peak_loss": _valley(lambda seen: seen.height),
    "fourier_first_loss": _valley(lambda seen: seen.first_low),
    "fourier_second_loss": _valley(lambda seen: seen.second_low),
    "fourier_second_error": _valley(lambda seen: seen.second_low, "error"),
    "fourier_norm_peak": _of_curves(lambda study: _norm_at(study, study.place)),
    "fourier_norm_last": _of_curves(lambda study: _norm_at(study, -1)),
    "kernel_norm": _of_curves(lambda study: _medians(study, np.sqrt(study.limit("norm2")))),
    "kernel_loss": _of_curves(lambda study: _medians(study, study.limit("mse"))),
    "kernel_error": _of_curves(lambda study: _medians(study, study.limit("error"))),
}
