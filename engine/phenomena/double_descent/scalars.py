"""The scalars of double descent: where the curve peaks and how high, its valleys on either side, what a tuned ridge leaves.

Each seed's own draws are read. At the peak the median over them speaks, since the mean is infinite; away from it the mean does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Scalar
from engine.phenomena.double_descent.curves import Valleys, valleys
from engine.phenomena.double_descent.fourier import scalars as fourier
from engine.phenomena.double_descent.multiple import scalars as multiple
from engine.phenomena.double_descent.network import scalars as network
from engine.phenomena.double_descent.stopping import scalars as stopping
from engine.scalars import PENDING, Answer, Readers, absent, found

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent

NESTED_SCALARS = (
    Scalar("peak_p", "features at the peak of median test MSE", "features", log=True, whole=True),
    Scalar("peak_over_n", "p/n at the peak of median test MSE"),
    Scalar("peak_mse", "median test MSE at its peak", log=True),
    Scalar("first_valley_p", "features at the least mean test MSE below n", "features", whole=True),
    Scalar("first_valley_mse", "least mean test MSE below n", log=True),
    Scalar("second_valley_p", "features at the least mean test MSE beyond n", "features", log=True, whole=True),
    Scalar("second_valley_mse", "least mean test MSE beyond n", log=True),
    Scalar("valley_ratio", "least mean test MSE, beyond n / below n", log=True),
    Scalar("first_valley_mse_theory", "least expected test MSE below n, by theory", log=True),
    Scalar("second_valley_mse_theory", "least expected test MSE beyond n, by theory", log=True),
    Scalar("mse_all_features", "mean test MSE with all D features", log=True),
    Scalar("excess_risk_all_features", "mean excess risk with all D features", log=True),
    Scalar("norm_peak", "median |w|^2 at p = n", log=True),
    Scalar("tuned_mse", "least mean test MSE over p with the best ridge", log=True),
    Scalar("digits_peak_n", "Fourier features at the peak of test MSE on digits", "features", log=True, whole=True),
    Scalar("digits_peak_ratio", "test MSE on digits, peak / higher valley", log=True),
    Scalar("digits_valley_ratio", "test MSE on digits, second / first valley", log=True),
)  # fmt: skip
SCALARS = (*NESTED_SCALARS, *multiple.SCALARS, *stopping.SCALARS, *fourier.SCALARS, *network.SCALARS)
DIGITS, SIDE = "needs digits above 0", "no features on that side of n"


def _valleys(read: Callable[[DoubleDescent, Valleys], float], otherwise: str = SIDE) -> Callable[[DoubleDescent], Answer]:
    def answer(run: DoubleDescent) -> Answer:
        seen = [run.simulated(seed) for seed in range(len(run.seeds))]
        if all(item is None for item in seen):
            return PENDING
        return found([np.nan if item is None else read(run, item) for item in seen], otherwise)

    return answer


def _peak(read: Callable[[DoubleDescent, Valleys], float]) -> Callable[[DoubleDescent], Answer]:
    """A curve that is highest at its first or last p (with the best ridge, say) has no peak."""
    return _valleys(lambda run, seen: read(run, seen) if _inside(run, seen.peak) else np.nan, "no peak: highest at an end of the curve")


def _inside(run: DoubleDescent, p: float) -> bool:
    found = run.curves(run.kind, "test")
    return found is not None and bool(found[0][0] < p < found[0][-1])


def _over_n(run: DoubleDescent, seen: Valleys) -> float:
    return seen.peak / run.model.n


def _theory(read: Callable[[Valleys], float]) -> Callable[[DoubleDescent], Answer]:
    def answer(run: DoubleDescent) -> Answer:
        return absent("there is no theory of these features") if run.predicted is None else found(read(run.predicted), SIDE)

    return answer


def _all_features(excess: bool) -> Callable[[DoubleDescent], Answer]:
    """From Gaussian and ReLU features the noise of the test label can be taken away; digits have no known noise."""

    def answer(run: DoubleDescent) -> Answer:
        if excess and run.config.own_rows:
            return absent("needs dataset none: the noise of your own targets is not known")
        if excess and run.config.features == "fourier":
            return absent("needs features identity or relu: the noise of digits is not known")
        noise = run.config.sigma**2 if excess else 0.0
        if run.model.D - run.model.n < 2:
            return absent(f"the mean is infinite at D = {run.model.D}, within 1 of n")
        curves = [run.curves(run.kind, "test", seed) for seed in range(len(run.seeds))]
        return found([np.nan if curve is None else curve[1][:, -1].mean() - noise for curve in curves], PENDING.reason)

    return answer


def _norm_peak(run: DoubleDescent) -> Answer:
    curves = [run.curves(run.kind, "norm", seed) for seed in range(len(run.seeds))]
    return found([np.nan if curve is None else np.median(curve[1][:, curve[0] == run.model.n]) for curve in curves], PENDING.reason)


def _tuned(run: DoubleDescent) -> Answer:
    curves = [run.curves("best", "test", seed) for seed in range(len(run.seeds))]
    return found([np.nan if curve is None else curve[1].mean(axis=0).min() for curve in curves], PENDING.reason)


def _digits(read: Callable[[Valleys], float]) -> Callable[[DoubleDescent], Answer]:
    def answer(run: DoubleDescent) -> Answer:
        model, curves = run.digits.model, run.digits.whole
        if model is None:
            return absent(DIGITS)
        if not curves:
            return PENDING
        missing = [np.nan] * (len(run.seeds) - len(curves))
        return found([read(valleys(curve.N, curve.mse, model.n)) for curve in curves] + missing)

    return answer


NESTED_READERS: Readers[DoubleDescent] = {
    "peak_p": _peak(lambda _, seen: seen.peak),
    "peak_over_n": _peak(_over_n),
    "peak_mse": _peak(lambda _, seen: seen.height),
    "first_valley_p": _valleys(lambda _, seen: seen.first),
    "first_valley_mse": _valleys(lambda _, seen: seen.first_low),
    "second_valley_p": _valleys(lambda _, seen: seen.second),
    "second_valley_mse": _valleys(lambda _, seen: seen.second_low),
    "valley_ratio": _valleys(lambda _, seen: seen.second_low / seen.first_low),
    "first_valley_mse_theory": _theory(lambda seen: seen.first_low),
    "second_valley_mse_theory": _theory(lambda seen: seen.second_low),
    "mse_all_features": _all_features(excess=False),
    "excess_risk_all_features": _all_features(excess=True),
    "norm_peak": _norm_peak,
    "tuned_mse": _tuned,
    "digits_peak_n": _digits(lambda seen: seen.peak),
    "digits_peak_ratio": _digits(lambda seen: seen.height / max(seen.first_low, seen.second_low)),
    "digits_valley_ratio": _digits(lambda seen: seen.second_low / seen.first_low),
}


def _of_nested(read: Callable[[DoubleDescent], Answer]) -> Callable[[DoubleDescent], Answer]:
    return lambda run: absent("needs study nested") if run.study is not None else read(run)


READERS: Readers[DoubleDescent] = {
    **{name: _of_nested(read) for name, read in NESTED_READERS.items()}, **multiple.READERS, **stopping.READERS,
    **fourier.READERS, **network.READERS,
}  # fmt: skip
