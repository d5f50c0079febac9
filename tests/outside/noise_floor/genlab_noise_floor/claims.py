"""What the noise floor claims, and how each claim is judged from the experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.contract import Claim
from engine.judging import PENDING, Judgement, Judges, decided, not_applicable

if TYPE_CHECKING:
    from genlab_noise_floor.experiment import NoiseFloor

SIGMAS = 4.0

CLAIMS = (
    Claim("NF1", "The risk follows its closed form", "second moments of an AR(1) process", "mean risk at the end", "4 SE"),
    Claim(
        "NF2",
        "Half the step, nearly half the floor",
        "Mandt et al. 2017, arXiv:1704.04289",
        "closed form's floor(eta)/floor(eta/2)",
        "4 SE",
    ),
)


def _follows(run: NoiseFloor) -> Judgement:
    if not run.done:
        return PENDING
    off = []
    for setting in run.settings:
        mean, error = run.final(setting)
        off.append(abs(mean - run.expected(setting.eta, run.step)) / error if error else abs(mean))
    worst = run.settings[int(np.argmax(off))]
    return decided(max(off) <= SIGMAS, run.final(worst)[0], f"{worst.label}, the worst of {len(off)}: {max(off):.1f} SE",
                   predicted=run.expected(worst.eta, run.step))  # fmt: skip


def _halves(run: NoiseFloor) -> Judgement:
    pairs = [(a, b) for a in run.settings for b in run.settings if np.isclose(a.eta, 2 * b.eta)]
    if not pairs:
        return not_applicable("needs two step sizes of which one is half the other")
    if not run.done:
        return PENDING
    large, small = pairs[0]
    (high, its_error), (low, other_error) = run.final(large), run.final(small)
    if not low:
        return not_applicable("needs sigma above 0")
    ratio, error = high / low, high / low * float(np.hypot(its_error / high, other_error / low))
    predicted = run.expected(large.eta, run.step) / run.expected(small.eta, run.step)
    return decided(abs(ratio - predicted) <= SIGMAS * error, ratio, f"{large.label} over {small.label}", predicted=predicted)


JUDGES: Judges[NoiseFloor] = {"NF1": _follows, "NF2": _halves}
