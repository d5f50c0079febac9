"""The claims of study fourier-features: the peak at N = n, the second valley, the fall of the norm to the kernel's.

Belkin et al. 2019, arXiv:1812.11118, Fig. 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim, Condition, within
from engine.judging import Judgement, Judges, decided, pending
from engine.phenomena.double_descent.config import FOURIER

if TYPE_CHECKING:
    from engine.phenomena.double_descent.experiment import DoubleDescent
    from engine.phenomena.double_descent.fourier.study import FourierFeatures

RATIO = 10.0  # RFF1: peak over the higher valley
RISE = 0.05  # RFF3: of the norm from one size to the next, by luck
FROM, LAW_ERROR = 1.4, 0.15  # RFF4: N/n, relative difference
FEWEST, PAST = 400, 4  # images; N over n

SOURCE, PRESETS = "arXiv:1812.11118, Fig. 2", ("belkin-rff-small", "belkin-rff")
CLEAN = within("noise", hi=0.0)
LONG = Condition(f"most features at least {PAST} times examples", lambda config: config.most_features >= PAST * config.examples)
IMAGES = Condition(
    "bandwidth 4 to 6 of digits5k or mnist", lambda config: 4 <= config.bandwidth <= 6 and config.images in ("digits5k", "mnist")
)
DOMAIN = (FOURIER, IMAGES, CLEAN, within("examples", FEWEST), LONG)
CLAIMS = (
    Claim("RFF1", "Test loss and test error peak at N = n", SOURCE,
          "argmax of both: n; peak of the loss over its higher valley", "one grid step; > 10", PRESETS, DOMAIN, 0.01),
    Claim("RFF2", "The second valley is the lower one, and at its lowest where features are most", SOURCE,
          "least test loss and error beyond n below those before; loss least at the largest N", "none", PRESETS, DOMAIN, 0.01),
    Claim("RFF3", "Beyond the peak the norm falls to the kernel's", SOURCE,
          "|w| over N > n: falling, never below the kernel's", "5 % a step", PRESETS, DOMAIN, 0.01),
    Claim("RFF4", "The norm falls as if features were Gaussian", "mean of an inverse Wishart matrix; ours",
          "|w|^2 over the kernel's, N >= 1.4 n: N/(N-n-1)", "15 %", PRESETS, DOMAIN, 0.01),
)  # fmt: skip


def _of_curves(judge: Callable[[FourierFeatures], Judgement]) -> Callable[[DoubleDescent], Judgement]:
    """A claim that waits for every curve."""

    def judged(run: DoubleDescent) -> Judgement:
        study = run.fourier
        assert study is not None  # the claims' domain
        return judge(study) if study.draws.complete else pending(f"after {study.draws.count} fits")

    return judged


def _peak(study: FourierFeatures) -> Judgement:
    loss, error = study.valleys("mse"), study.valleys("error")
    ratio = loss.height / max(loss.first_low, loss.second_low)
    place = {int(N): k for k, N in enumerate(study.N)}
    steps = max(abs(place[int(found.peak)] - study.place) for found in (loss, error))
    values = {"peak of the loss": loss.peak, "peak of the error": error.peak, "ratio": ratio}
    measured = f"N={loss.peak:,.0f}, {error.peak:,.0f}; {ratio:,.0f}x"
    return decided(steps <= 1 and ratio > RATIO, measured, predicted=f"N={study.n:,}; > {RATIO:g}x", values=values)


def _second(study: FourierFeatures) -> Judgement:
    loss, error = study.valleys("mse"), study.valleys("error")
    lows = {"loss": (loss.first_low, loss.second_low), "error": (error.first_low, error.second_low)}
    holds = all(second < first for first, second in lows.values()) and loss.second == study.N[-1]
    measured = "; ".join(f"{name} {first:.3g} to {second:.3g}" for name, (first, second) in lows.items())
    values = {f"{name}, {side}": low for name, both in lows.items() for side, low in zip(("first", "second"), both, strict=True)}
    return decided(holds, f"{measured}; least at N={loss.second:,.0f}", predicted=f"lower; at N={study.N[-1]:,}", values=values)


def _falls(study: FourierFeatures) -> Judgement:
    N, norm = study.norm()
    path, limit = norm.mean(axis=0)[study.place :], float(np.sqrt(study.limit("norm2")).mean())
    rise, least = float((path[1:] / path[:-1]).max()) - 1, float(path.min()) / limit
    measured = f"{path[0]:,.0f} at N = n, {path[-1]:,.1f} at N={N[-1]:,}, kernel {limit:,.1f}"
    values = {"norm at n": float(path[0]), "norm at the last": float(path[-1]), "kernel": limit, "largest step": rise}
    return decided(rise <= RISE and least >= 1 - RISE, measured, predicted="falling to the kernel's", values=values)


def _as_gaussian(study: FourierFeatures) -> Judgement:
    N, squares = study.curve("norm2")
    at = N / study.n >= FROM
    ratios = (squares[:, at] / study.limit("norm2")[:, None]).mean(axis=0)
    off = ratios / study.as_gaussian(N[at]) - 1
    worst = int(np.abs(off).argmax())
    values = {f"at N={int(size)}": float(ratio) for size, ratio in zip(N[at], ratios, strict=True)}
    note = f"at N={int(N[at][worst]):,}, the worst of {off.size}: {ratios[worst]:.3f}"
    return decided(
        abs(off[worst]) <= LAW_ERROR, f"off by {abs(off[worst]):.1%}", note, predicted=f"off by <= {LAW_ERROR:.0%}", values=values
    )


JUDGES: Judges[DoubleDescent] = {
    "RFF1": _of_curves(_peak), "RFF2": _of_curves(_second), "RFF3": _of_curves(_falls), "RFF4": _of_curves(_as_gaussian)
}  # fmt: skip
