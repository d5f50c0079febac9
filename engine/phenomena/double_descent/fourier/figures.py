"""The figures of study fourier-features: squared loss, error and norm over the number of features, with the kernel that they approach.

Belkin et al. 2019, arXiv:1812.11118, Fig. 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Axis, Figure, Marker, Quantity, Series, Summary
from engine.phenomena.double_descent.config import FOURIER
from engine.readings import summarised

if TYPE_CHECKING:
    from engine.phenomena.double_descent.fourier.study import FourierFeatures

N_AXIS, EMPTY, DOMAIN = Axis("Fourier features N", log=True), "fills with preset belkin-rff-small", (FOURIER,)
FLOOR = 1e-6  # a training loss below this is 0 but for rounding
FIGURES = (
    Figure("fourier-loss", "Squared loss on images", N_AXIS, Axis("loss", log=True, lo=1e-3), ("fourier-loss/*",),
           "summed over classes; training: 0 from N = n", EMPTY, DOMAIN),
    Figure("fourier-error", "Test error on images", N_AXIS, Axis("error", lo=0.0), ("fourier-error/*",),
           "share of test images misread", EMPTY, DOMAIN),
    Figure("fourier-norm", "Norm on images", N_AXIS, Axis("|w|", log=True), ("fourier-norm/*",),
           "as Gaussian: the kernel's norm times sqrt(N/(N-n-1))", EMPTY, DOMAIN),
)  # fmt: skip
QUANTITIES = (
    Quantity("fits", "fits so far, those of the kernel included", per="run"),
    Quantity("fourier-features", "Fourier features of the last fit", per="run"),
    Quantity("fourier-loss", "test squared loss of the last fit, summed over classes", per="run"),
    Quantity("fourier-error", "test error of the last fit", per="run"),
    Quantity("fourier-norm", "norm |w| of the last fit", per="run"),
)
KERNEL = {"fourier-loss": "mse", "fourier-error": "error"}
SMOOTH = 60  # points of the norm's law


def series(study: FourierFeatures) -> Iterator[Series]:
    """Medians over whole curves with quartiles, or the first curve as far as it goes."""
    if not study.draws.done:
        return
    for figure, name, label in (
        ("fourier-loss", "mse", "test"), ("fourier-loss", "train", "training"), ("fourier-error", "error", "test")
    ):  # fmt: skip
        N, values = study.curve(name)
        kept = (values >= FLOOR).all(axis=0) if name == "train" else np.ones(N.size, dtype=bool)
        if kept.any():
            yield _over_curves(f"{figure}/{name}", label, N[kept], values[:, kept], label)
    N, norm = study.norm()
    yield _over_curves("fourier-norm/norm", "min-norm", N, norm, "norm")
    if study.whole:
        limit = float(np.sqrt(np.median(study.limit("norm2"))))
        x = np.geomspace(study.n + 10.0, float(study.N[-1]), SMOOTH)
        law = limit * np.sqrt(x / (x - study.n - 1))
        yield Series("fourier-norm/law", "as Gaussian", x, law, kind="theory", basis="asymptotic", group="norm")


def markers(study: FourierFeatures) -> Iterator[Marker]:
    """The threshold, and what the kernel gives."""
    for figure in ("fourier-loss", "fourier-error", "fourier-norm"):
        yield Marker(figure, "x", study.n, "N=n")
        if study.whole:
            value = np.sqrt(study.limit("norm2")) if figure == "fourier-norm" else study.limit(KERNEL[figure])
            yield Marker(figure, "y", float(np.median(value)), f"kernel: {np.median(value):.3g}", brief="kernel")


def _over_curves(name: str, label: str, N: np.ndarray[tuple[int, ...], np.dtype[np.int64]], values: object, group: str) -> Series:
    drawn = np.asarray(values, dtype=np.float64)
    return summarised(name, label, N, drawn.T, Summary.MEDIAN_QUARTILES, "curves", basis="simulation", group=group)
