"""The scalars of deep double descent: peaks and minima along width and time, thresholds, effective complexity.

Each seed's own curves are read; Nakkiran et al. 2020, arXiv:1912.02292, Definition 1, defines the complexity by an expected error, so
that is one number of all seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.deep_double_descent.networks import LabelKind
from engine.phenomena.deep_double_descent.sweeps import down_up_down, peak_position
from engine.readings import Floats
from engine.scalars import Answer, Readers, absent, bounded, found

if TYPE_CHECKING:
    from engine.phenomena.deep_double_descent.experiment import DeepDoubleDescent

SCALARS = (
    Scalar("loss_peak_h", "width of the peak of test loss", log=True),
    Scalar("loss_peak", "test loss at its peak in width", log=True),
    Scalar("loss_peak_ratio", "test loss, peak / higher of the minima beside it", log=True),
    Scalar("loss_first_minimum", "test loss at its first minimum in width", log=True),
    Scalar("loss_first_minimum_h", "width of the first minimum of test loss", log=True, whole=True),
    Scalar("loss_second_minimum", "test loss at its least from the peak on", log=True),
    Scalar("error_peak_h", "width of the peak of test error", log=True, whole=True),
    Scalar("error_peak", "test error at its peak in width"),
    Scalar("error_first_minimum", "test error at its first minimum in width"),
    Scalar("error_widest", "test error of the widest network"),
    Scalar("second_descent", "test error, widest network - first minimum"),
    Scalar("error_stopped", "least test error over widths and steps"),
    Scalar("train_error_widest", "training error of the widest network"),
    Scalar("fitted_h", "least width with training error at most eps", log=True, whole=True),
    Scalar("threshold_h", "width with nK parameters", log=True),
    Scalar("loss_peak_clean", "highest test loss in width on true labels, from the noisy first minimum on", log=True),
    Scalar("error_widest_clean", "test error of the widest network trained on true labels"),
    Scalar("epoch_rise", "widest network: test error at its peak in time - higher of the minima beside it"),
    Scalar("emc_narrowest", "effective complexity of the narrowest network swept", "samples", log=True, whole=True),
    Scalar("emc_widest", "effective complexity of the widest network swept", "samples", log=True, whole=True),
)

CLEAN, NO_RISE = "needs clean yes", "it never rises with the width"


def _widest(quantity: str, labels: LabelKind = "noisy") -> Callable[[DeepDoubleDescent], Answer]:
    def answer(run: DeepDoubleDescent) -> Answer:
        if labels == "clean" and not run.config.clean:
            return absent(CLEAN)
        return found(run.sweeps.latest(quantity, labels)[-1])

    return answer


def _first(quantity: str, read: Callable[[DeepDoubleDescent, Floats, int], float]) -> Callable[[DeepDoubleDescent], Answer]:
    """Read each seed's curve over width, (w,), at its first minimum; a curve that never rises has none."""

    def answer(run: DeepDoubleDescent) -> Answer:
        curves = run.sweeps.latest(quantity).T
        places = [down_up_down(curve)[:2] for curve in curves]
        values = [read(run, curve, low) if top > low else np.nan for curve, (low, top) in zip(curves, places, strict=True)]
        return found(values, NO_RISE)

    return answer


def _peak(quantity: str, read: Callable[[DeepDoubleDescent, Floats, int, int], float]) -> Callable[[DeepDoubleDescent], Answer]:
    """Read each seed's curve at its peak: (curve, first minimum, peak). One at the last width is a lower bound."""

    def answer(run: DeepDoubleDescent) -> Answer:
        curves = run.sweeps.latest(quantity).T
        places = [down_up_down(curve)[:2] for curve in curves]
        values = [read(run, curve, low, top) if top > low else np.nan for curve, (low, top) in zip(curves, places, strict=True)]
        return bounded(values, [top == curves.shape[1] - 1 for _, top in places], NO_RISE)

    return answer


def _beyond(read: Callable[[Floats, int, int, int], float]) -> Callable[[DeepDoubleDescent], Answer]:
    """Read what needs widths beyond the peak of the test loss: (curve, first minimum, peak, second minimum)."""

    def answer(run: DeepDoubleDescent) -> Answer:
        curves = run.sweeps.latest("test-loss").T
        inside = [low < top < len(curve) - 1 for curve in curves for low, top in [down_up_down(curve)[:2]]]
        values = [read(curve, *down_up_down(curve)) if seen else np.nan for curve, seen in zip(curves, inside, strict=True)]
        return found(values, "no peak inside the widths")

    return answer


def _stopped(run: DeepDoubleDescent) -> Answer:
    return found(run.sweeps.over_width("test-error").min(axis=(0, 1)))


def _fitted_h(run: DeepDoubleDescent) -> Answer:
    """That of seeds of which no network fits is at least the largest width."""
    widths, fits = run.sweeps.widths, run.sweeps.latest("train-error") <= run.config.eps  # (w, seeds)
    first = np.where(fits.any(axis=0), widths[fits.argmax(axis=0)], widths[-1])
    return bounded(first, np.atleast_1d(~fits.any(axis=0)))


def _clean_peak(run: DeepDoubleDescent) -> Answer:
    if not run.config.clean:
        return absent(CLEAN)
    if len(run.sweeps.widths) < 2:
        return absent("needs two widths")
    noisy, clean = run.sweeps.latest("test-loss"), run.sweeps.latest("test-loss", "clean")
    return found([other[min(down_up_down(curve)[0], len(other) - 2) : -1].max() for curve, other in zip(noisy.T, clean.T, strict=True)])


def _emc(row: int) -> Callable[[DeepDoubleDescent], Answer]:
    """The largest size trained that is fitted; where that is the largest of all, a lower bound."""

    def answer(run: DeepDoubleDescent) -> Answer:
        if not run.sweeps.swept.size:
            return absent("needs several sample sizes: the knob samples")
        sizes, place = run.sweeps.sizes, int(run.sweeps.complexities()[row, -1])
        if place < 0:
            return found(0.0) if sizes[0] == 1 else absent(f"below {sizes[0]}, the least size trained")
        return bounded(sizes[place], [place == len(sizes) - 1])

    return answer


def _threshold(run: DeepDoubleDescent) -> Answer:
    return found(run.threshold)


READERS: Readers[DeepDoubleDescent] = {
    "loss_peak_h": _peak("test-loss", lambda run, curve, low, _: peak_position(run.sweeps.widths[low:], curve[low:])),
    "loss_peak": _peak("test-loss", lambda _, curve, low, top: float(curve[top])),
    "loss_peak_ratio": _beyond(lambda curve, low, top, end: float(curve[top] / max(curve[low], curve[end]))),
    "loss_first_minimum": _first("test-loss", lambda _, curve, low: float(curve[low])),
    "loss_first_minimum_h": _first("test-loss", lambda run, _, low: float(run.sweeps.widths[low])),
    "loss_second_minimum": _beyond(lambda curve, low, top, end: float(curve[end])),
    "error_peak_h": _peak("test-error", lambda run, _, low, top: float(run.sweeps.widths[top])),
    "error_peak": _peak("test-error", lambda _, curve, low, top: float(curve[top])),
    "error_first_minimum": _first("test-error", lambda _, curve, low: float(curve[low])),
    "error_widest": _widest("test-error"),
    "second_descent": _first("test-error", lambda _, curve, low: float(curve[-1] - curve[low])),
    "error_stopped": _stopped,
    "train_error_widest": _widest("train-error"),
    "fitted_h": _fitted_h,
    "threshold_h": _threshold,
    "loss_peak_clean": _clean_peak,
    "error_widest_clean": _widest("test-error", "clean"),
    "epoch_rise": lambda run: found(run.sweeps.late_rise()),
    "emc_narrowest": _emc(0),
    "emc_widest": _emc(-1),
}
